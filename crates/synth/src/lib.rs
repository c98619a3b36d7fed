//! The built-in sound: allocation-free voices for the four parts.
