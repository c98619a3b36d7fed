//! Tributary as a program of its own: `tributary_standalone --help` lists backends and options.

use nice_plug::prelude::nice_export_standalone;
use tributary::Tributary;

fn main() {
    nice_export_standalone::<Tributary>();
}
