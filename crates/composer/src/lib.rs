//! The background thread that keeps the band's music composed ahead of the playhead.
