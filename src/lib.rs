//! Tributary: the plugin shell.

pub mod host;
pub mod params;
