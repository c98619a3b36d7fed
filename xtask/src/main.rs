//! Tasks of the repository: bundle, demo, test, bench.
fn main() {}
