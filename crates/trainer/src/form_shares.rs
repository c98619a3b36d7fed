//! How often the bars of songs repeat earlier ones: the table that a model draws form from.

use std::collections::BTreeMap;

use anyhow::Result;
use candle_core::{Device, Tensor};
use model::FormTable;
use score::form::{forms, likeness};
use score::steps::N_SLOTS;
use score::{Form, Genre};

use crate::recipe::Recipe;
use crate::songs::{Song, Songs};

/// Bars of one song that count, so that long ones do not outweigh many.
const BARS_A_SONG: usize = 64;

/// Bars of people's songs below which a slot of a genre counts others.
const ENOUGH_BARS: f32 = 400.0;

/// Bars among which a part that rests throughout counts as absent.
const PRESENCE_BARS: usize = 8;

/// Weight in bars of what is known less closely.
const PRIOR_BARS: f32 = 4.0;

const N_FORMS: usize = Form::ALL.len();

/// Bars by what is given, the class of the bar before, and form.
#[derive(Clone)]
struct Counts([[[f32; N_FORMS]; Form::N_CLASSES]; Form::N_CLASSES]);

impl Counts {
    const ZERO: Self = Self([[[0.0; N_FORMS]; Form::N_CLASSES]; Form::N_CLASSES]);

    fn total(&self) -> f32 {
        self.0.iter().flatten().flatten().sum()
    }

    fn add(&mut self, other: &Self, weight: f32) {
        let numbers = self.0.iter_mut().flatten().flatten();
        numbers.zip(other.0.iter().flatten().flatten()).for_each(|(a, b)| *a += weight * b);
    }

    /// Shares `[given][before][form]`; what was seen seldom leans on what is given alone, and that
    /// on all bars. Class 0, nothing known, is the sum over all.
    fn shares(&self) -> Vec<f32> {
        let sum = |rows: &mut dyn Iterator<Item = &[f32; N_FORMS]>| {
            rows.fold([0.0; N_FORMS], |sum, row| core::array::from_fn(|i| sum[i] + row[i]))
        };
        let all = lean(sum(&mut self.0.iter().flatten()), [1.0 / N_FORMS as f32; N_FORMS]);
        let mut shares = Vec::with_capacity(Form::N_CLASSES * Form::N_CLASSES * N_FORMS);
        for (given, rows) in self.0.iter().enumerate() {
            let of_given = match given {
                0 if sum(&mut rows.iter()).iter().sum::<f32>() == 0.0 => all,
                _ => lean(sum(&mut rows.iter()), all),
            };
            for (before, row) in rows.iter().enumerate() {
                let anywhere = sum(&mut self.0.iter().map(|rows| &rows[before]));
                let prior = if given == 0 { lean(anywhere, of_given) } else { of_given };
                shares.extend(lean(*row, prior));
            }
        }
        shares
    }
}

/// Counts as shares, with [`PRIOR_BARS`] more bars of `prior`.
fn lean(counts: [f32; N_FORMS], prior: [f32; N_FORMS]) -> [f32; N_FORMS] {
    let total: f32 = counts.iter().sum::<f32>() + PRIOR_BARS;
    core::array::from_fn(|i| (counts[i] + PRIOR_BARS * prior[i]) / total)
}

/// The tensor [`FormTable::NAME`] of songs: of those that people made, else made or arranged, where
/// these have enough bars; collections by their shares in the recipe.
///
/// # Errors
/// Tensors that cannot be made.
pub fn table(songs: &Songs, recipe: &Recipe) -> Result<Tensor> {
    let mut shares = Vec::with_capacity(FormTable::LEN);
    for genre in 0..Genre::COUNT {
        let members: Vec<&Song> = songs.songs.iter().filter(|song| song.genre == genre).collect();
        let collections = songs.index.genres.get(genre).and_then(|name| recipe.sources.get(name));
        let share = |source: &str| {
            collections.map_or(1.0, |shares| shares.get(source).copied().unwrap_or(0.0))
        };
        let made_by = |origins: &[&str]| {
            let is_among = |song: &&&Song| origins.contains(&song.entry.source.origin.as_str());
            counts(members.iter().filter(is_among), share)
        };
        let all = counts(members.iter(), share);
        let choices = [made_by(&["human"]), made_by(&["human", "arranged"])];
        for (slot, all) in all.iter().enumerate() {
            let enough = choices.iter().map(|counts| &counts[slot]);
            let chosen = enough.into_iter().find(|counts| counts.total() >= ENOUGH_BARS);
            let chosen = chosen.unwrap_or(all);
            match chosen.total() {
                0.0 => shares.extend([0.0; Form::N_CLASSES * Form::N_CLASSES * N_FORMS]),
                _ => shares.extend(chosen.shares()),
            }
        }
    }
    Ok(Tensor::from_vec(shares, FormTable::SHAPE.as_slice(), &Device::Cpu)?)
}

/// Counts a slot, as many as there are bars in all.
fn counts<'a>(
    songs: impl Iterator<Item = &'a &'a Song>,
    share: impl Fn(&str) -> f32,
) -> [Counts; N_SLOTS] {
    let mut sources: BTreeMap<&str, [Counts; N_SLOTS]> = BTreeMap::new();
    for song in songs {
        let name = song.entry.source.source.as_str();
        let counts = sources.entry(name).or_insert_with(|| core::array::from_fn(|_| Counts::ZERO));
        count(song, counts);
    }
    core::array::from_fn(|slot| {
        let totals: Vec<(f32, f32)> =
            sources.iter().map(|(name, c)| (share(name), c[slot].total())).collect();
        let heard = totals.iter().filter(|(_, total)| *total > 0.0);
        let (shares, bars) =
            heard.fold((0.0, 0.0), |(s, b), (share, total)| (s + share, b + total));
        let mut sum = Counts::ZERO;
        for (counts, (share, total)) in sources.values().zip(&totals) {
            if *total > 0.0 && shares > 0.0 {
                sum.add(&counts[slot], share / shares * bars / total);
            }
        }
        sum
    })
}

/// Adds the bars of a song.
fn count(song: &Song, counts: &mut [Counts; N_SLOTS]) {
    let is_start = |at: &usize| song.beats[*at].frame.offset_in_bar().0 == 0;
    let of_beats = forms(&song.beats);
    let starts: Vec<usize> = (0..song.beats.len()).filter(is_start).take(BARS_A_SONG).collect();
    let bars: Vec<([Option<Form>; N_SLOTS], i64)> = (0..starts.len())
        .map(|bar| {
            let near = of_beats[starts[bar]];
            let forms = core::array::from_fn(|slot| far_form(song, &starts, bar, slot, near[slot]));
            (forms, song.beats[starts[bar]].frame.bar_number)
        })
        .collect();
    for (slot, counts) in counts.iter_mut().enumerate() {
        for (i, (forms, number)) in bars.iter().enumerate() {
            let block = i / PRESENCE_BARS * PRESENCE_BARS;
            let block = &bars[block..(block + PRESENCE_BARS).min(bars.len())];
            let is_absent = block.iter().all(|(forms, _)| forms[slot] == Some(Form::Rest));
            let Some(form) = forms[slot].filter(|_| !is_absent) else { continue };
            let given = match slot {
                0 => number.rem_euclid(8) as usize,
                _ => usize::from(Form::class(forms[0])),
            };
            let before = i.checked_sub(1).map_or(0, |i| Form::class(bars[i].0[slot]));
            counts.0[given][usize::from(before)][form as usize - 1] += 1.0;
        }
    }
}

/// The form of a bar that is new by itself, but equals one at another distance than forms name:
/// the repetition of the nearest distance there is.
fn far_form(
    song: &Song,
    starts: &[usize],
    bar: usize,
    slot: usize,
    near: Option<Form>,
) -> Option<Form> {
    if !matches!(near, Some(Form::New | Form::Varied)) {
        return near;
    }
    let beats = |bar: usize| {
        let end = starts.get(bar + 1).copied().unwrap_or(song.beats.len());
        &song.beats[starts[bar]..end]
    };
    let back = (1..=bar).find(|back| {
        let before = beats(bar - back);
        before.len() == beats(bar).len() && likeness(beats(bar), before, slot) == 1.0
    });
    // Nearest by ratio.
    let named = |back: usize| {
        let ratio = |bars: usize| (back as f32 / bars as f32).ln().abs();
        Form::REPEATS.iter().min_by(|a, b| ratio(a.1).total_cmp(&ratio(b.1)))
    };
    back.and_then(named).map_or(near, |(form, _)| Some(*form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sum_to_one_and_lean_on_what_is_known() {
        let mut counts = Counts::ZERO;
        counts.0[3][2][4] = 96.0;
        counts.0[3][1][0] = 4.0;
        let shares = counts.shares();
        assert_eq!(shares.len(), Form::N_CLASSES * Form::N_CLASSES * N_FORMS);
        for row in shares.chunks(N_FORMS) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{row:?}");
        }
        let row = |given: usize, before: usize| {
            &shares[(given * Form::N_CLASSES + before) * N_FORMS..][..N_FORMS]
        };
        assert!(row(3, 2)[4] > 0.97);
        assert!(row(3, 1)[0] > 0.5 && row(3, 1)[4] > 0.4, "half of four bars and a prior");
        assert!(row(3, 7)[4] > 0.9, "nothing seen before: as given");
        assert!(row(0, 1)[0] > row(0, 2)[0], "nothing given: by the bar before");
        assert!(row(5, 5)[4] > 0.9, "nothing seen at all: as everywhere");
    }
}
