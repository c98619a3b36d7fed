use std::collections::BTreeSet;

use score::random::Random;
use score::{BeatFrame, GridBeat, Meter, Tempo, Velocity};

use super::*;
use crate::{Config, weights};

/// Notes of a line: cells and key numbers.
type Notes = Vec<(i64, u8)>;

/// Random music of few intervals and times, as music has them.
fn music(seed: u64, n: usize) -> Notes {
    let mut random = Random::new(seed);
    let mut cell = 0;
    let mut note = |_| {
        cell += [3, 6, 6, 12][random.below(4)];
        (cell, 55 + [0u8, 2, 4, 5, 7, 9, 11, 12][random.below(8)])
    };
    (0..n).map(&mut note).collect()
}

fn tokens(notes: &[(i64, u8)]) -> Vec<Token> {
    let mut end = LineEnd::default();
    notes.iter().filter_map(|(cell, pitch)| end.push(*cell, *pitch)).collect()
}

fn filter<'a>(songs: impl IntoIterator<Item = &'a Notes>) -> OriginalityFilter {
    let lines: Vec<Vec<Token>> = songs.into_iter().map(|notes| tokens(notes)).collect();
    OriginalityFilter::new(lines.iter().map(Vec::as_slice))
}

/// Numbers of the notes at which the watch speaks up.
fn caught(filter: &OriginalityFilter, notes: &[(i64, u8)]) -> Vec<usize> {
    let mut watch = Watch::new(filter);
    (0..notes.len()).filter(|i| watch.push(notes[*i].0, notes[*i].1)).collect()
}

#[test]
fn a_copy_is_caught_in_any_key_from_any_note_on() {
    let songs: Vec<Notes> = (0..40).map(|seed| music(seed, 150)).collect();
    let filter = filter(&songs);
    for from in 0..4 * STRIDE {
        let shift = from as u8 % 12;
        let mut notes = music(1_000 + from as u64, 50);
        let start = notes[49].0 + 100;
        let copy = songs[from][from..from + LIMIT + 20].iter();
        notes.extend(copy.map(|(cell, pitch)| (start + cell, pitch + shift)));
        let end = notes[notes.len() - 1].0;
        notes.extend(music(2_000, 50).iter().map(|(cell, pitch)| (end + cell, *pitch)));
        let caught = caught(&filter, &notes);
        let (first, last) = (caught[0], caught[caught.len() - 1]);
        // One more stretch at either end where the filter happens to be wrong.
        assert!((50 + FIRST - STRIDE..=50 + LIMIT).contains(&first), "from {from} at {first}");
        assert!((65 + LIMIT..70 + LIMIT + STRIDE).contains(&last), "from {from} up to {last}");
        assert_eq!(caught, (first..=last).step_by(STRIDE).collect::<Vec<_>>());
    }
}

/// Number of the first note that can be one too many: the end of three stretches in step.
const FIRST: usize = N + 2 * STRIDE;

#[test]
fn a_run_is_too_long_at_the_limit_or_a_few_notes_before() {
    let song = music(1, 200);
    let filter = filter([&song]);
    for from in 0..40 {
        let first = FIRST + (STRIDE - from % STRIDE) % STRIDE;
        assert!(first <= LIMIT);
        assert_eq!(caught(&filter, &song[from..from + first]), Vec::<usize>::new());
        assert_eq!(caught(&filter, &song[from..=from + first]), [first]);
        // Any other note in its place is none of the run.
        let mut other = song[from..=from + first].to_vec();
        other[first].1 ^= 1;
        assert_eq!(caught(&filter, &other), Vec::<usize>::new());
    }
}

#[test]
fn a_rest_ends_a_run_and_slow_music_is_as_any() {
    let song = music(1, 200);
    let mut gap = song[20..21 + LIMIT].to_vec();
    gap[LIMIT / 2..].iter_mut().for_each(|note| note.0 += 24);
    assert_eq!(caught(&filter([&song]), &gap), Vec::<usize>::new());
    let slow: Notes = song.iter().map(|(cell, pitch)| (40 * cell, *pitch)).collect();
    assert_eq!(caught(&filter([&slow]), &slow[..=FIRST]), [FIRST]);
}

#[test]
fn random_music_is_not_caught() {
    let songs: Vec<Notes> = (0..300).map(|seed| music(seed, 1_000)).collect();
    let filter = filter(&songs);
    let others: Vec<Notes> = (0..100).map(|seed| music(10_000 + seed, 1_000)).collect();
    let stretches = others.iter().map(|notes| tokens(notes));
    let held: Vec<bool> = stretches
        .flat_map(|line| line.windows(N).map(|stretch| filter.holds(stretch)).collect::<Vec<_>>())
        .collect();
    let share = held.iter().filter(|held| **held).count() as f64 / held.len() as f64;
    println!(
        "{} bytes, {:.3} of the bits set, {share:.4} of {} new stretches held",
        filter.n_bytes(),
        filter.fill(),
        held.len()
    );
    assert!((0.005..0.03).contains(&share), "{share} of new stretches held");
    let n_caught: usize = others.iter().map(|notes| caught(&filter, notes).len()).sum();
    assert!(20_000 * n_caught <= held.len(), "{n_caught} of {} notes caught", held.len());
    let known = tokens(&songs[7]);
    assert!(known.windows(N).step_by(STRIDE).all(|stretch| filter.holds(stretch)));
}

#[test]
fn a_repeated_figure_is_caught_if_it_is_repeated_in_training_too() {
    let ostinato = |figure: &[u8], n: usize| -> Notes {
        (0..n).map(|i| (6 * i as i64, 40 + figure[i % figure.len()])).collect()
    };
    let mut songs: Vec<Notes> = (0..40).map(|seed| music(seed, 150)).collect();
    for period in 1..8 {
        let figure = &[0, 7, 3, 10, 5, 12, 2][..period];
        let new = ostinato(figure, 200);
        assert_eq!(caught(&filter(&songs), &new), Vec::<usize>::new(), "of {period} notes");
        songs.push(ostinato(figure, 60));
        let caught = caught(&filter(&songs), &new[3..]);
        assert!((FIRST..=LIMIT).contains(&caught[0]) && caught.len() >= 160 / STRIDE);
        songs.pop();
    }
}

fn beats(notes: &Notes) -> Vec<HistoryBeat> {
    let n_beats = notes.last().map_or(0, |note| note.0 / CELLS_PER_BEAT + 1);
    let beat = |beat: i64| {
        let mut music = GridBeat::default();
        let here = notes.iter().filter(|note| note.0 / CELLS_PER_BEAT == beat);
        music.parts[2].extend(here.map(|(cell, pitch)| GridNote {
            position: (cell % CELLS_PER_BEAT) as u8,
            pitch: *pitch,
            duration: 6,
            velocity: Velocity::clamped(90),
            micro: 0,
        }));
        HistoryBeat { frame: BeatFrame::regular(beat, Meter::COMMON, Tempo::DEFAULT), music }
    };
    (0..n_beats).map(beat).collect()
}

#[test]
fn what_lies_further_back_than_the_limit_changes_nothing() {
    let song = music(3, 400);
    let filter = filter([&song]);
    let mut history = beats(&song);
    history.truncate(60);
    let next: Vec<(i64, u8)> =
        song.iter().filter(|note| note.0 >= 60 * CELLS_PER_BEAT).copied().collect();
    let notes = |history: &[HistoryBeat]| -> usize {
        history.iter().map(|beat| beat.music.parts[2].len()).sum()
    };
    let answers = |history: &[HistoryBeat]| {
        let mut watch = Watch::after(&filter, history, Part::Chords);
        next[..80].iter().map(|note| watch.push(note.0, note.1)).collect::<Vec<_>>()
    };
    let all = answers(&history);
    assert_eq!(all.iter().filter(|caught| **caught).count(), 80 / STRIDE);
    for first in (0..40).filter(|first| notes(&history[*first..]) >= LIMIT) {
        assert_eq!(answers(&history[first..]), all, "from {first}");
    }
    let few = &history[54..];
    let n_silent = answers(few).iter().take_while(|caught| !**caught).count();
    assert!((FIRST..=LIMIT).contains(&(notes(few) + n_silent)));
    let other_part = Watch::after(&filter, &history, Part::Lead);
    assert_eq!((other_part.held, other_part.end), (0, LineEnd::default()));
}

#[test]
fn equal_lines_give_equal_filters() {
    let songs: Vec<Notes> = (0..30).map(|seed| music(seed, 150)).collect();
    let forward = filter(&songs);
    assert_eq!(filter(songs.iter().rev().chain(&songs)), forward);
    assert_ne!(filter(&songs[1..]), forward);
    let stretches: BTreeSet<Vec<Token>> = songs
        .iter()
        .flat_map(|notes| {
            tokens(notes).windows(N).step_by(STRIDE).map(<[Token]>::to_vec).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(forward.blocks.len(), stretches.len().div_ceil(STRETCHES_A_BLOCK));
    let empty = OriginalityFilter::new([]);
    assert_eq!((empty.n_bytes(), empty.fill()), (BLOCK_BYTES, 0.0));
    assert_eq!(caught(&empty, &songs[0]), Vec::<usize>::new());
}

fn with_filter(filter: &OriginalityFilter) -> Weights {
    let mut weights = weights::random(&Config::TINY, 1).unwrap();
    weights.extend(filter.tensors().unwrap());
    weights
}

#[test]
fn a_filter_survives_a_file() {
    let songs: Vec<Notes> = (0..30).map(|seed| music(seed, 150)).collect();
    let filter = filter(&songs);
    let weights = weights::rounded(&with_filter(&filter)).unwrap();
    let bytes = weights::write(&weights).unwrap();
    let back = weights::read(&bytes, &Config::TINY).unwrap();
    assert_eq!(OriginalityFilter::of_weights(&back).unwrap().as_ref(), Some(&filter));
    assert_eq!(weights::write(&back).unwrap(), bytes);
    let without = weights::random(&Config::TINY, 1).unwrap();
    assert_eq!(OriginalityFilter::of_weights(&without).unwrap(), None);
}

#[test]
fn a_filter_that_cannot_be_is_refused() {
    let songs: Vec<Notes> = (0..30).map(|seed| music(seed, 150)).collect();
    let filter = filter(&songs);
    let refusal = |change: &dyn Fn(&mut Weights)| {
        let mut weights = with_filter(&filter);
        change(&mut weights);
        let bytes = weights::write(&weights).unwrap();
        weights::read(&bytes, &Config::TINY).unwrap_err().to_string()
    };
    let put = |name: &'static str, tensor: Tensor| {
        refusal(&move |weights| drop(weights.insert(name.to_owned(), tensor.clone())))
    };
    let (blocks, parameters) = (OriginalityFilter::NAME, OriginalityFilter::PARAMETERS);
    let zeros = |shape: &[usize], dtype| Tensor::zeros(shape, dtype, &Device::Cpu).unwrap();
    let numbers = |numbers: [u32; 4]| Tensor::new(&numbers, &Device::Cpu).unwrap();
    for (found, expected) in [
        (
            refusal(&|weights| drop(weights.remove(parameters))),
            "weights: missing tensor originality.parameters",
        ),
        (
            refusal(&|weights| drop(weights.remove(blocks))),
            "weights: missing tensor originality.filter",
        ),
        (
            put(blocks, zeros(&[8, 63], DType::U8)),
            "weights: originality.filter: expected shape [8, 64], found [8, 63]",
        ),
        (
            put(blocks, zeros(&[0, 64], DType::U8)),
            "weights: originality.filter: expected shape [1, 64], found [0, 64]",
        ),
        (
            put(blocks, zeros(&[512], DType::U8)),
            "weights: originality.filter: expected shape [512, 64], found [512]",
        ),
        (
            put(blocks, zeros(&[8, 64], DType::U32)),
            "weights: originality.filter: expected type U8, found U32",
        ),
        (
            put(blocks, zeros(&[8, 64], DType::F32)),
            "weights: originality.filter: expected type U8 or U32, found BF16",
        ),
        (
            put(parameters, zeros(&[4], DType::U8)),
            "weights: originality.parameters: expected type U32, found U8",
        ),
        (
            put(parameters, zeros(&[3], DType::U32)),
            "weights: originality.parameters: expected shape [4], found [3]",
        ),
        (
            put(parameters, numbers([2, 18, 5, 5])),
            "weights: originality guard: version is 2, expected 1 to 1",
        ),
        (
            put(parameters, numbers([1, 25, 5, 5])),
            "weights: originality guard: tokens in a stretch is 25, expected 2 to 24",
        ),
        (
            put(parameters, numbers([1, 18, 0, 5])),
            "weights: originality guard: stride is 0, expected 1 to 7",
        ),
        (
            put(parameters, numbers([1, 18, 8, 5])),
            "weights: originality guard: stride is 8, expected 1 to 7",
        ),
        (
            put(parameters, numbers([1, 18, 5, 6])),
            "weights: originality guard: probes is 6, expected 1 to 5",
        ),
        (
            put(blocks, Tensor::full(255u8, (8, 64), &Device::Cpu).unwrap()),
            "weights: originality guard: share of bits set is 1, expected at most 0.6",
        ),
    ] {
        assert_eq!(found, expected);
    }
}
