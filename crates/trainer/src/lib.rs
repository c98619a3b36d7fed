//! From a corpus of MIDI files to weights and tables.
