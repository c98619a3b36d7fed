//! Held-out windows: the same every time, spread over all songs of a genre.

use crate::songs::{Song, Songs};
use score::window::Window;

/// Beats of a held-out window; the steps may end it earlier.
const N_BEATS: usize = 96;

/// Up to `n` windows of a genre, the first of each song before the second of any, songs of all
/// collections in turn.
pub fn windows(songs: &Songs, genre: usize, n: usize) -> Vec<Window> {
    let mut by_source: Vec<(&str, Vec<&Song>)> = Vec::new();
    for song in songs.songs.iter().filter(|song| song.genre == genre) {
        let name = song.entry.source.source.as_str();
        match by_source.iter_mut().find(|(source, _)| *source == name) {
            Some((_, members)) => members.push(song),
            None => by_source.push((name, vec![song])),
        }
    }
    let most_songs = by_source.iter().map(|(_, members)| members.len()).max().unwrap_or(0);
    let most_starts = songs.songs.iter().map(|s| s.entry.fresh_starts.len()).max().unwrap_or(0);
    let mut windows = Vec::new();
    // Every eighth block, so that windows of one song do not overlap.
    for round in (0..most_starts).step_by(8) {
        for i in 0..most_songs {
            for (_, members) in &by_source {
                let Some(song) = members.get(i) else { continue };
                let Some(start) = song.entry.fresh_starts.get(round) else { continue };
                if windows.len() == n {
                    return windows;
                }
                windows.push(crate::windows::cut(song, *start as usize, N_BEATS));
            }
        }
    }
    windows
}
