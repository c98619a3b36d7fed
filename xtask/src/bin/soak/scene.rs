//! Who plays: instances that have nothing in common.

use hosting::{Script, Song};
use score::{Blend, Controls, Genre, Part};

use crate::{BLOCK, RATE, STAND_BLOCKS, TEMPO};

/// Parameter ids in the order of [`Genre::ALL`].
const GENRES: [&str; 6] = ["classical", "jazz", "rock", "electronic", "folk", "hiphop"];
/// Prefixes in the order of [`Part::ALL`].
const PARTS: [&str; 4] = ["dr", "ba", "ch", "ld"];

/// One instance.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    pub seed: u32,
    /// Two active genres with their weights.
    blend: [(Genre, f32); 2],
    /// A part that follows a genre of its own.
    own: Option<(Part, Genre)>,
    /// Where in the song it starts, in beats.
    pub start: f64,
    /// Whether it makes sound of its own too; the others send notes alone.
    sound: bool,
}

/// `n` instances: every pair of genres, in two proportions, every third with a part of its own.
pub fn scene(n: usize) -> Vec<Voice> {
    let pairs = (0..6).flat_map(|first| (first + 1..6).map(move |second| (first, second)));
    let pairs: Vec<_> = pairs.map(|(a, b)| (Genre::ALL[a], Genre::ALL[b])).collect();
    (0..n)
        .map(|idx| {
            let (first, second) = pairs[idx % pairs.len()];
            let other = if idx / pairs.len() % 2 == 0 { 1.0 } else { 0.5 };
            let own = (idx % 3 == 2).then(|| (Part::ALL[idx / 3 % 4], second));
            Voice {
                seed: 1 + idx as u32,
                blend: [(first, 1.0), (second, other)],
                own,
                start: (idx % 8 * 4) as f64,
                sound: idx % 4 == 0,
            }
        })
        .collect()
}

impl Voice {
    /// What its host does: stands for a second, plays, stops.
    pub fn script(&self, minutes: f64) -> Script {
        let mut script = Script::new(RATE, BLOCK as u32);
        let song = Song { tempo: TEMPO, ..Song::default() };
        script.stand(&song, self.start, BLOCK, STAND_BLOCKS);
        script.play(&song, self.start, self.start + minutes * TEMPO, &[BLOCK]);
        script.stop(BLOCK, 4);
        script.setting("seed", &self.seed.to_string());
        script.setting("sound", if self.sound { "on" } else { "off" });
        for (genre, weight) in self.blend {
            script.value(&format!("g_{}", GENRES[genre.index()]), f64::from(weight));
        }
        if let Some((part, genre)) = self.own {
            let part = PARTS[part.index()];
            script.value(&format!("{part}_own"), 1.0);
            script.value(&format!("{part}_g_{}", GENRES[genre.index()]), 1.0);
        }
        script
    }

    /// The same as controls of a session.
    pub fn controls(&self) -> Controls {
        let mut weights = [0.0; Blend::LEN];
        for (genre, weight) in self.blend {
            weights[genre.index()] = weight;
        }
        let blend = Blend::new(weights);
        let mut controls = Controls { seed: self.seed, blend, ..Controls::default() };
        if let Some((part, genre)) = self.own {
            let part = &mut controls.parts[part.index()];
            (part.own, part.blend) = (1.0, Blend::pure(genre));
        }
        controls
    }
}
