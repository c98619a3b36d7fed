//! Other settings near or far from those that are: what dice may do to a band.

use score::random::Random;

use super::{Role, Table, Values};

/// The groups of six weights, by the prefix of their ids; the first is the common blend.
const BLENDS: [&str; 6] = ["", "dr_", "ba_", "ch_", "ld_", "ha_"];

const GENRES: [&str; 6] = ["g_classical", "g_jazz", "g_rock", "g_electronic", "g_folk", "g_hiphop"];

/// Where numbers that are drawn lie, as shares of their range: beyond, a band hardly plays or
/// hardly fits together.
const RANGES: [(&str, f32, f32); 14] = [
    ("strength", 0.4, 0.7),
    ("dr_density", 0.35, 0.75),
    ("ba_density", 0.35, 0.7),
    ("ch_density", 0.35, 0.7),
    ("ld_density", 0.35, 0.75),
    ("ba_register", 0.3, 0.55),
    ("ch_register", 0.35, 0.65),
    ("ld_register", 0.4, 0.7),
    ("adventure", 0.35, 0.65),
    ("swing", 0.0, 0.5),
    ("humanize", 0.3, 1.0),
    ("evolve", 0.0, 0.5),
    ("phrase", 0.5, 1.0),
    ("scale", 0.0, 1.0),
];

/// Values at a distance from `values`, from 0, where nothing changes, to 1, where all that is drawn
/// is drawn anew. Equal seeds give equal values.
///
/// Blends, densities, registers, manner and form move; parts stay on or off, and levels, key,
/// tempo, seed, routing and everything else of the project stay as they are. Choices (scale,
/// phrase) change with a probability of the distance squared.
pub fn randomized(table: &Table<'_>, values: &[f32], distance: f32, seed: u64) -> Values {
    let mut random = Random::new(seed);
    let distance = if distance.is_finite() { distance.clamp(0.0, 1.0) } else { 0.0 };
    let mut drawn: Values = vec![None; table.len()];
    if distance == 0.0 {
        return drawn;
    }
    let mut put = |id: &str, target: f32, share: f32| {
        if let Some(idx) = table.find(id).filter(|idx| table.role(*idx) == Role::Music) {
            let from = values.get(idx).copied().unwrap_or_else(|| table.default(idx));
            drawn[idx] = Some((from + (target - from) * share).clamp(0.0, 1.0));
        }
    };
    for prefix in BLENDS {
        let is_common = prefix.is_empty();
        // The common blend always has a direction; a voice leaves it every second time.
        let leaves = !is_common && random.chance(0.5);
        let target = blend(&mut random, if is_common { 3 } else { 2 });
        let own = if leaves { 0.4 + 0.6 * random.uniform() } else { 0.0 };
        if !is_common {
            put(&format!("{prefix}own"), own, distance);
        }
        // What a voice that does not leave would play says nothing, so it stays.
        if is_common || leaves {
            for (genre, weight) in GENRES.iter().zip(target) {
                put(&format!("{prefix}{genre}"), weight, distance);
            }
        }
    }
    for (id, lowest, highest) in RANGES {
        let target = lowest + (highest - lowest) * random.uniform();
        let changes = random.chance(distance * distance);
        match id {
            "phrase" | "scale" if changes => put(id, target, 1.0),
            "phrase" | "scale" => {}
            id => put(id, target, distance),
        }
    }
    drawn
}

/// Weights of one to `n_most` genres, the heaviest of them 1.
fn blend(random: &mut Random, n_most: usize) -> [f32; 6] {
    let mut weights = [0.0; 6];
    weights[random.below(6)] = 1.0;
    for _ in 0..random.below(n_most) {
        let other = random.below(6);
        weights[other] = f32::max(weights[other], 0.2 + 0.8 * random.uniform());
    }
    weights
}
