//! Names of General MIDI drum keys, in the order of a drum chart.

use score::Pitch;

/// Lines of a drum chart from the top, each with the keys that are written on it.
const LINES: [(&str, &[u8]); 32] = [
    ("Crash", &[49, 57]),
    ("Splash", &[55]),
    ("China", &[52]),
    ("Ride", &[51, 59]),
    ("Ride bell", &[53]),
    ("Open hat", &[46]),
    ("Hat", &[42]),
    ("Pedal hat", &[44]),
    ("Shaker", &[82]),
    ("Maracas", &[70]),
    ("Cabasa", &[69]),
    ("Tambourine", &[54]),
    ("Triangle", &[80, 81]),
    ("Cowbell", &[56]),
    ("Claves", &[75]),
    ("Wood block", &[76, 77]),
    ("Agogo", &[67, 68]),
    ("Whistle", &[71, 72]),
    ("Guiro", &[73, 74]),
    ("Cuica", &[78, 79]),
    ("Vibraslap", &[58]),
    ("Bongo", &[60, 61]),
    ("Conga", &[62, 63, 64]),
    ("Timbale", &[65, 66]),
    ("Clap", &[39]),
    ("Rim", &[37]),
    ("Snare", &[38, 40]),
    ("High tom", &[48, 50]),
    ("Mid tom", &[45, 47]),
    ("Low tom", &[41, 43]),
    ("Kick", &[35, 36]),
    ("Other", &[]),
];

/// The line of a drum key, `0..=31` from the top; keys without a name share the last.
pub fn line(key: Pitch) -> usize {
    LINES.iter().position(|(_, keys)| keys.contains(&key.number())).unwrap_or(LINES.len() - 1)
}

/// The name of a line.
///
/// # Panics
/// Above 31.
pub fn line_name(line: usize) -> &'static str {
    LINES[line].0
}

/// The name of a drum key, for example `Snare`.
pub fn name(key: Pitch) -> &'static str {
    line_name(line(key))
}
