//! The network that composes: a pure function from context and controls to notes.
