//! Plays scheduled notes on the audio thread.
