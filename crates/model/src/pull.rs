//! How the density and register of a part pull at what is drawn.
//!
//! A pull is an exponential tilt of the model's own distribution: at the middle of a knob nothing
//! changes, whatever the genre, and each step away from it changes odds by the same factor. The
//! network also knows classes of density and register, but those are bands over all genres and
//! parts: in most places some of them never occur, and asking for them does nothing or harm.

use score::{Controls, Part, PartControls, steps};

/// Nats by which a full turn of density moves the odds against the end of a beat.
const DENSITY: f32 = 2.2;

/// Of that, the share by which chords grow instead of being struck more often: where most bars
/// repeat, there is little room for more strokes.
const CHORDS_GROW: f32 = 0.35;

/// Nats by which a full turn of register moves the odds that a chord grows. Chords are drawn from
/// the lowest note up, and ended early where few notes are left above.
const HIGH_CHORDS_GROW: f32 = 0.5;

/// Nats by which a full turn of density moves the odds against a bar of rest.
const REST: f32 = 3.0;

/// Nats an octave by which a full turn of register moves the odds of pitches.
const REGISTER: f32 = 1.2;

/// Turns of the chords' register that a full turn of the bass's takes back: what lies above a bass
/// goes along with it, which nobody has asked for.
const BASS_LIFTS: f32 = 0.12;

/// The same of the lead's register and the chords'.
const CHORDS_LIFT: f32 = 0.2;

/// Turns of the chords' register that a full turn of the drums' density gives back: chords lie lower
/// over dense drums.
const DRUMS_LOWER: f32 = 0.05;

/// The pulls of a part's knobs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pull {
    /// `-1.0..=1.0`, from sparse to dense.
    density: f32,
    /// `-1.0..=1.0`, from low to high.
    register: f32,
    /// Nats on the odds that another note is struck with the last.
    growth: f32,
}

impl Pull {
    pub(crate) fn of(part: Part, controls: &Controls) -> Self {
        let finite = |value: f32| if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 };
        let of = |part: Part| {
            let PartControls { density, register, .. } = controls.parts[part.index()];
            (finite(2.0 * density - 1.0), finite(register))
        };
        let heard =
            |part: Part| if controls.parts[part.index()].on { of(part) } else { (0.0, 0.0) };
        let lifted = match part {
            Part::Chords => BASS_LIFTS * heard(Part::Bass).1 - DRUMS_LOWER * heard(Part::Drums).0,
            Part::Lead => CHORDS_LIFT * heard(Part::Chords).1,
            Part::Drums | Part::Bass => 0.0,
        };
        let (density, register) = of(part);
        let register = register - lifted;
        let growth = match part {
            Part::Chords => CHORDS_GROW * DENSITY * density + HIGH_CHORDS_GROW * register,
            Part::Drums => DENSITY * density,
            _ => 0.0,
        };
        Self { density, register, growth }
    }

    /// Whether the part is asked for less than it would play of itself.
    pub(crate) fn is_sparse(self) -> bool {
        self.density < -0.1
    }

    /// Whether it is asked for more.
    pub(crate) fn is_dense(self) -> bool {
        self.density > 0.1
    }

    /// On logits of positions, where [`steps::END`] ends the beat: who plays more begins more notes.
    ///
    /// The odds of `last`, the position of the note before, stay what they are against the end
    /// but for chords, which also grow and shrink, and for drums, which are struck together with
    /// others as before.
    pub(crate) fn positions(self, last: Option<u8>, logits: &mut [f32]) {
        let end = (usize::from(steps::END), 0.0);
        for (class, growth) in
            last.map(|last| (usize::from(last), self.growth)).into_iter().chain([end])
        {
            if let Some(logit) = logits.get_mut(class) {
                *logit += growth - DENSITY * self.density;
            }
        }
    }

    /// On logits of the symbols of a pitched part.
    pub(crate) fn symbols(self, logits: &mut [f32]) {
        if self.register == 0.0 {
            return;
        }
        let pitched = &mut logits[..usize::from(steps::DRUM_SYMBOLS)];
        for (symbol, logit) in pitched.iter_mut().enumerate() {
            let octaves = (f32::from(steps::symbol_pitch(symbol as u16)) - 60.0) / 12.0;
            *logit += REGISTER * self.register * octaves;
        }
    }

    /// What the odds of a bar of rest are multiplied by.
    pub(crate) fn rest_odds(self) -> f32 {
        crate::math::exp(-REST * self.density)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pull_of(part: Part, density: f32, register: f32) -> Pull {
        let mut controls = Controls::default();
        controls.parts[part.index()] =
            PartControls { density, register, ..PartControls::default() };
        Pull::of(part, &controls)
    }

    fn pull(density: f32, register: f32) -> Pull {
        pull_of(Part::Lead, density, register)
    }

    #[test]
    fn the_middle_changes_nothing_and_the_ends_pull_both_ways() {
        let logits = vec![0.5; steps::N_NOTE_SYMBOLS];
        let symbols = |register: f32| {
            let mut pulled = logits.clone();
            pull(0.5, register).symbols(&mut pulled);
            pulled
        };
        assert_eq!(symbols(0.0), logits);
        let pitched = usize::from(steps::DRUM_SYMBOLS);
        assert!(symbols(0.4)[..pitched].is_sorted_by(|a, b| a < b));
        assert!(symbols(-0.4)[..pitched].is_sorted_by(|a, b| a > b));
        assert_eq!(symbols(1.0)[pitched..], logits[pitched..], "drums have no register");
        let end = |density: f32| {
            let mut pulled = vec![0.5; usize::from(steps::END) + 1];
            pull(density, 0.0).positions(Some(3), &mut pulled);
            assert_eq!(pulled[3], pulled[usize::from(steps::END)]);
            assert!(pulled[4..usize::from(steps::END)].iter().all(|logit| *logit == 0.5));
            pulled[usize::from(steps::END)]
        };
        assert!(end(0.0) > end(0.3) && end(0.3) > end(0.5) && end(0.5) == 0.5 && end(1.0) < 0.5);
        let growth = |density: f32, register: f32| {
            let mut pulled = vec![0.5; usize::from(steps::END) + 1];
            pull_of(Part::Chords, density, register).positions(Some(3), &mut pulled);
            pulled[3] - pulled[usize::from(steps::END)]
        };
        assert_eq!(growth(0.5, 0.0), 0.0);
        assert!(growth(1.0, 0.0) > 0.5 && growth(0.0, 0.0) < -0.5);
        assert!(growth(0.5, 1.0) > 0.2 && growth(0.5, -1.0) < -0.2);
        // Drums are struck together as often, whatever the density; chords stay where the bass goes.
        let stacked = |density: f32| {
            let mut pulled = vec![0.5; usize::from(steps::END) + 1];
            pull_of(Part::Drums, density, 0.0).positions(Some(3), &mut pulled);
            pulled
        };
        assert!(stacked(1.0)[..5].iter().all(|logit| *logit == 0.5) && stacked(1.0)[24] < 0.5);
        let mut controls = Controls::default();
        controls.parts[Part::Bass.index()].register = 1.0;
        assert!(Pull::of(Part::Chords, &controls).register < 0.0);
        assert_eq!(Pull::of(Part::Lead, &controls).register, 0.0);
        controls.parts[Part::Chords.index()].register = 1.0;
        assert!(Pull::of(Part::Lead, &controls).register < 0.0);
        assert!(Pull::of(Part::Chords, &controls).register > 0.7);
        controls.parts[Part::Chords.index()].on = false;
        assert_eq!(Pull::of(Part::Lead, &controls).register, 0.0);
        assert_eq!(pull(0.5, 0.0).rest_odds(), 1.0);
        assert!(pull(0.2, 0.0).rest_odds() > 1.0 && pull(1.0, 0.0).rest_odds() < 0.1);
        assert_eq!(pull(f32::NAN, f32::INFINITY), Pull::default());
    }
}
