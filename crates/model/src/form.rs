//! Which bars repeat which: drawn a bar at a time, as songs of the blend's genres do it.

use candle_core::Tensor;
use score::random::Random;
use score::steps::N_SLOTS;
use score::{BeatFrame, Blend, Controls, Form, Genre, HistoryBeat, Part, TICKS_PER_QUARTER};

use crate::Result;
use crate::conditioning::classes;
use crate::pull::Pull;
use crate::sampler::RandomKey;
use crate::style::Styles;

/// Slot numbers of random keys; chords and parts have those below.
const FIRST_KEY: u32 = 8;

/// What a bar's forms are drawn for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub history: &'a [HistoryBeat],
    pub frame: &'a BeatFrame,
    pub controls: &'a Controls,
    pub styles: &'a Styles,
    pub pass: u32,
    /// Takes of the parts; a new one repeats nothing of an old one.
    pub takes: [u32; 4],
    /// Parts that may not rest.
    pub must_play: [bool; 4],
    /// Forms that are given, where there are any.
    pub given: [Option<Option<Form>>; N_SLOTS],
}

/// How often a bar has each form, given what is known when it starts.
///
/// What is given besides the form of the bar before is, for harmony, the bar's place in a phrase
/// of eight; for a part, the form of the harmony's bar.
#[derive(Clone, Debug, PartialEq)]
pub struct FormTable {
    /// `[genre][slot][given][before][form]`; each last row sums to 1, or to 0 where nothing is
    /// known.
    shares: Vec<f32>,
}

impl FormTable {
    /// Name of the table among the tensors of a file.
    pub const NAME: &str = "form.shares";

    /// Its shape: genres, slots, what is given, the class before, forms.
    pub const SHAPE: [usize; 5] =
        [Genre::COUNT, N_SLOTS, Form::N_CLASSES, Form::N_CLASSES, Form::ALL.len()];

    /// Number of shares.
    pub const LEN: usize = {
        let [a, b, c, d, e] = Self::SHAPE;
        a * b * c * d * e
    };

    /// A table of a tensor of [`Self::SHAPE`].
    ///
    /// # Errors
    /// [`crate::Error::Tensor`] if it is no `f32`.
    pub(crate) fn of_tensor(tensor: &Tensor) -> Result<Self> {
        Ok(Self { shares: tensor.flatten_all()?.to_vec1()? })
    }

    fn row(&self, genre: usize, slot: usize, given: usize, before: usize) -> &[f32] {
        let [_, slots, givens, befores, forms] = Self::SHAPE;
        let row = ((genre * slots + slot) * givens + given) * befores + before;
        &self.shares[row * forms..(row + 1) * forms]
    }

    /// The forms of the bar that a beat lies in: harmony, then the parts.
    ///
    /// Drawn where the bar starts and kept from there.
    pub(crate) fn forms(&self, occasion: &Occasion) -> [Option<Form>; N_SLOTS] {
        let Occasion { history, frame, controls, styles, pass, takes, must_play, given } =
            *occasion;
        let mut forms = given.map(Option::flatten);
        let before = history.last();
        let bar = frame.meter.bar_ticks().0;
        let is_on = |slot: usize| slot == 0 || controls.parts[slot - 1].on;
        if frame.offset_in_bar().0 > 0 || bar % TICKS_PER_QUARTER != 0 {
            let Some(last) = before.filter(|last| last.frame.bar_start == frame.bar_start) else {
                return forms;
            };
            let is_same_take =
                |slot: usize| slot == 0 || last.music.takes[slot - 1] == takes[slot - 1];
            for slot in (0..N_SLOTS).filter(|slot| given[*slot].is_none()) {
                forms[slot] = last.music.forms[slot].filter(|_| is_on(slot) && is_same_take(slot));
            }
            return forms;
        }
        let asked = asked(controls, styles);
        let past = Past { history, length: (bar / TICKS_PER_QUARTER) as usize, takes, asked };
        for slot in (0..N_SLOTS).filter(|slot| is_on(*slot) && given[*slot].is_none()) {
            let (known, blend) = match slot.checked_sub(1) {
                None => (frame.bar_number.rem_euclid(8) as usize, controls.harmony()),
                Some(part) => {
                    (usize::from(Form::class(forms[0])), controls.part_blend(Part::ALL[part]))
                }
            };
            let class = before.map_or(0, |last| Form::class(last.music.forms[slot]));
            let mut odds = [0.0; Form::ALL.len()];
            for (genre, weight) in styles.in_genres(&blend).into_iter().enumerate() {
                let row = self.row(genre, slot, known, usize::from(class));
                odds.iter_mut().zip(row).for_each(|(share, of)| *share += weight * of);
            }
            let rests = slot == 0 || !must_play[slot - 1];
            let rest_odds = match slot.checked_sub(1) {
                None => 1.0,
                Some(part) => Pull::of(Part::ALL[part], controls).rest_odds(),
            };
            for (share, form) in odds.iter_mut().zip(Form::ALL) {
                let is_possible = match form.bars_back() {
                    None => rests || form != Form::Rest,
                    Some(bars) => past.can_repeat(slot, bars),
                };
                *share *= f32::from(u8::from(is_possible));
                if form == Form::Rest {
                    *share *= rest_odds;
                }
            }
            let slot_key = FIRST_KEY + slot as u32;
            let key = RandomKey { seed: controls.seed, pass, beat: frame.beat, slot: slot_key };
            forms[slot] = draw(&odds, &mut key.stream()).map(|form| past.latest(slot, form));
        }
        forms
    }
}

fn draw(odds: &[f32; Form::ALL.len()], random: &mut Random) -> Option<Form> {
    let mut left = random.uniform() * odds.iter().sum::<f32>();
    let mut drawn = None;
    for (form, share) in Form::ALL.into_iter().zip(odds).filter(|(_, share)| **share > 0.0) {
        drawn = Some(form);
        left -= share;
        if left < 0.0 {
            break;
        }
    }
    drawn
}

/// Steps in which a weight is remembered, and how many of them two blends may lie apart in all.
const WEIGHT_STEPS: f32 = 15.0;
const NEAR_STEPS: u64 = 5;

/// What controls ask of each slot: four bits a genre's weight, then three a density and a register,
/// and from bit 32 on four a style's weight.
pub(crate) fn asked(controls: &Controls, styles: &Styles) -> [u64; N_SLOTS] {
    let classes = |part: Part| {
        let (density, register) = classes(&controls.parts[part.index()]);
        u64::from(density) | u64::from(register) << 3
    };
    core::array::from_fn(|slot| {
        let (blend, classes) = match slot.checked_sub(1) {
            None => (controls.harmony(), 0),
            Some(part) => (controls.part_blend(Part::ALL[part]), classes(Part::ALL[part])),
        };
        let packed = styles.shares(&blend).into_iter().enumerate().map(|(place, weight)| {
            // PANIC: weights are shares, so this fits four bits.
            ((weight * WEIGHT_STEPS + 0.5) as u64) << weight_shift(place)
        });
        packed.sum::<u64>() | classes << 24
    })
}

/// Where the weight of a genre or style lies in what is asked.
fn weight_shift(place: usize) -> usize {
    if place < Genre::COUNT { 4 * place } else { 32 + 4 * (place - Genre::COUNT) }
}

/// Whether two wishes differ by no more than a little of the blend.
fn is_alike(a: u64, b: u64) -> bool {
    a >> 24 & 0xff == b >> 24 & 0xff && apart(a, b) <= NEAR_STEPS
}

/// Steps that the weights of two wishes lie apart in all.
fn apart(a: u64, b: u64) -> u64 {
    let weight = |asked: u64, place: usize| asked >> weight_shift(place) & 15;
    (0..Blend::LEN).map(|place| weight(a, place).abs_diff(weight(b, place))).sum()
}

/// Steps that the blends of a beat's slots lie apart from those of now, in all.
fn slots_apart(beat: &HistoryBeat, now: &[u64; N_SLOTS]) -> u64 {
    let slots = beat.music.asked.iter().zip(now);
    // What nobody asked for is given music.
    slots.filter(|(then, _)| **then != 0).map(|(then, now)| apart(*then, *now)).sum()
}

/// How far the blends that history was asked for lie from those of now, `0.0..=1.0`: 0 where nothing
/// was turned, 1 where all of it is other genres' music.
pub(crate) fn lag(history: &[HistoryBeat], controls: &Controls, styles: &Styles) -> f32 {
    let now = asked(controls, styles);
    let farthest = 2.0 * WEIGHT_STEPS * N_SLOTS as f32;
    let lags = history.iter().map(|beat| slots_apart(beat, &now) as f32 / farthest);
    lags.sum::<f32>() / history.len().max(1) as f32
}

/// Steps that two blends may lie apart in all, as a mean over the slots, for music of one to be read
/// as the beginning of music of the other.
const FAR_STEPS: u64 = 6;

/// Beats that are read whatever they were asked for, so that music turns and does not break off.
const LEAST_READ: usize = 4;

/// What is read is cut at such beats, so that what was read before mostly stays.
const CUT_BEATS: i64 = 4;

/// The end of history from where on blends were about what they are now.
///
/// Music is the strongest reason for what comes next: under a blend that was left long ago a band
/// would go on in it whatever is asked for.
pub(crate) fn still_asked_for<'a>(
    history: &'a [HistoryBeat],
    controls: &Controls,
    styles: &Styles,
) -> &'a [HistoryBeat] {
    let now = asked(controls, styles);
    let is_far = |beat: &HistoryBeat| slots_apart(beat, &now) > FAR_STEPS * N_SLOTS as u64;
    let Some(last_far) = history.iter().rposition(is_far) else { return history };
    let later = history[last_far + 1..].iter();
    let cut = later.take_while(|beat| beat.frame.beat.rem_euclid(CUT_BEATS) != 0).count();
    let first = (last_far + 1 + cut).min(history.len().saturating_sub(LEAST_READ));
    &history[first..]
}

/// The bars before a bar, each `length` beats long.
#[derive(Clone, Copy)]
struct Past<'a> {
    history: &'a [HistoryBeat],
    length: usize,
    takes: [u32; 4],
    asked: [u64; N_SLOTS],
}

impl<'a> Past<'a> {
    fn bar(&self, bars_back: usize) -> Option<&'a [HistoryBeat]> {
        let start = self.history.len().checked_sub(bars_back * self.length)?;
        Some(&self.history[start..start + self.length])
    }

    /// Whether that bar is known, holds something, is of the same take, and was asked for in about
    /// the same words: a knob that has been turned shall be heard.
    fn can_repeat(&self, slot: usize, bars_back: usize) -> bool {
        let Some(bar) = self.bar(bars_back) else { return false };
        if !bar.iter().all(|beat| is_alike(beat.music.asked[slot], self.asked[slot])) {
            return false;
        }
        match slot.checked_sub(1) {
            None => bar.iter().any(|beat| beat.music.chord.is_some()),
            Some(part) => {
                bar.iter().any(|beat| !beat.music.parts[part].is_empty())
                    && bar.iter().all(|beat| beat.music.takes[part] == self.takes[part])
            }
        }
    }

    /// The form that names the latest of equal bars, which is how bars are named in training.
    fn latest(&self, slot: usize, form: Form) -> Form {
        let Some(model) = form.bars_back().and_then(|bars| self.bar(bars)) else { return form };
        let equals = |bars: usize| {
            self.bar(bars).is_some_and(|bar| score::form::likeness(model, bar, slot) >= 1.0)
        };
        Form::REPEATS.iter().find(|(_, bars)| equals(*bars)).map_or(form, |(form, _)| *form)
    }
}

#[cfg(test)]
mod tests;
