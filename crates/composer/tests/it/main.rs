//! The promises of player and composer together, without a host.

// Exact samples, the first sample, response to controls.
mod flow;
// Knobs and notes, to the sample.
mod response;
// Starts, stops, seeks, tempo, meter and what else a host does.
mod transport;
// Loops of every length.
mod loops;
// What these share.
mod scene;
// Any split into blocks plays the same.
mod invariance;
// Any host against a plain model.
mod random_host;
// Whatever happens, every note ends once.
mod no_hung_notes;
// Loops, phrases and takes: what is used again and what is made anew.
mod form;
// What `hold` keeps, and what a project saves of it.
mod hold;
// Takes, phrases and locks: what commands change and what stays.
mod takes;
// Generators that fail, hang or are dropped at work.
mod failure;
// What is heard of the music, bar by bar.
mod judge;
// What the editor and the user get: preview, capture, status.
mod output;
// What is played into the band, and that it is answered.
mod answer;
// Another generator for a session that has one.
mod successor;
