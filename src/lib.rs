//! Tributary: the plugin shell.
