//! Renders a blend to files without a DAW.
