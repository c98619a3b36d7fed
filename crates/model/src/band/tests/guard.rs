//! The originality guard over models that copy.

use candle_core::{Device, Tensor};
use score::line::{self, PITCHED, Token};

use super::*;
use crate::FormTable;
use crate::originality::{LIMIT, Watch};
use crate::style::Style;
use crate::weights::Weights;

const N_BEATS: i64 = 48;

/// The controls of a model that goes the same ways over and over, and copies itself the more.
fn narrow(beat: i64) -> Controls {
    Controls { adventure: 0.1, ..lively(beat) }
}

/// A network that always has bars repeat in one way, if in any.
fn weights_of(seed: u64, form: Option<Form>) -> Weights {
    let mut weights = weights::random(&Config::TINY, seed).unwrap();
    if let Some(form) = form {
        let n_forms = Form::ALL.len();
        let share = |i: usize| f32::from(u8::from(i % n_forms == form as usize - 1));
        let shares: Vec<f32> = (0..FormTable::LEN).map(share).collect();
        let shares = Tensor::from_vec(shares, FormTable::SHAPE.as_slice(), &Device::Cpu).unwrap();
        weights.insert(FormTable::NAME.to_owned(), shares);
    }
    weights
}

fn network_of(weights: &Weights) -> Arc<Network> {
    Arc::new(Network::new(Config::TINY, weights, Kernels::Fused).unwrap())
}

fn guarded(mut weights: Weights, training: &[Vec<Token>]) -> Arc<Network> {
    let filter = OriginalityFilter::new(training.iter().map(Vec::as_slice));
    weights.extend(filter.tensors().unwrap());
    network_of(&weights)
}

fn compose(
    model: &mut BandModel,
    n_beats: i64,
    controls: impl Fn(i64) -> Controls,
) -> Vec<HistoryBeat> {
    let mut history: Vec<HistoryBeat> = Vec::new();
    for beat in 0..n_beats {
        let music = model.compose(&history, &frame(beat), &controls(beat), 0).unwrap();
        history.push(HistoryBeat { frame: frame(beat), music });
    }
    history
}

/// Lines of what the network composes, and of what it does instead once it is guarded against
/// these, over and over.
fn evasions(
    weights: &Weights,
    n_rounds: usize,
    compose: impl Fn(&mut BandModel) -> Vec<HistoryBeat>,
) -> Vec<Vec<Token>> {
    let mut lines = Vec::new();
    for _ in 0..n_rounds {
        let network = guarded(weights.clone(), &lines);
        lines.extend(line::lines(&compose(&mut BandModel::new(network))));
    }
    lines
}

fn n_notes(song: &[HistoryBeat], part: Part) -> usize {
    song.iter().map(|beat| beat.music.parts[part.index()].len()).sum()
}

/// Notes of the longest stretch of a part that stands in a training line as well.
fn longest_run(song: &[HistoryBeat], training: &[Vec<Token>]) -> usize {
    let mut longest = 0;
    for line in line::lines(song) {
        for known in training {
            // Lengths of the equal stretches that end at each of its tokens.
            let mut ending = vec![0; known.len() + 1];
            for token in &line {
                for at in (0..known.len()).rev() {
                    ending[at + 1] = if known[at] == *token { ending[at] + 1 } else { 0 };
                    longest = longest.max(ending[at + 1] + 1);
                }
            }
        }
    }
    longest
}

#[test]
fn a_model_that_copies_is_stopped_whatever_repeats() {
    let mut n_redrawn = 0;
    for (seed, form) in [
        (1, None),
        (2, Some(Form::New)),
        (3, Some(Form::Again1)),
        (4, Some(Form::Again2)),
        (5, Some(Form::Again8)),
    ] {
        let weights = weights_of(seed, form);
        let copied = compose(&mut BandModel::new(network_of(&weights)), N_BEATS, narrow);
        let training = evasions(&weights, 6, |model| compose(model, N_BEATS, narrow));
        let network = guarded(weights, &training);
        let mut unguarded = BandModel::new(network.clone()).unguarded();
        let free = compose(&mut unguarded, N_BEATS, narrow);
        assert_eq!((&free, unguarded.redraws()), (&copied, Redraws::default()));
        assert!(longest_run(&free, &training) > 2 * LIMIT);
        let mut model = BandModel::new(network);
        let song = compose(&mut model, N_BEATS, narrow);
        let (run, redraws) = (longest_run(&song, &training), model.redraws());
        println!("{form:?}: a run of {run} notes, {redraws:?}");
        assert!((LIMIT / 2..=LIMIT).contains(&run), "{form:?}: a run of {run} notes");
        assert!(redraws.beats > 0 && redraws.forced <= redraws.beats);
        n_redrawn += redraws.beats;
        let notes = PITCHED.map(|part| [n_notes(&song, part), n_notes(&free, part)]);
        println!("notes of each part, and without the guard: {notes:?}");
        assert!(notes.iter().all(|[n, _]| *n > 2 * LIMIT), "a part stays silent");
    }
    assert!(n_redrawn > 10, "{n_redrawn} beats drawn again show little");
}

#[test]
fn a_bar_brought_back_from_far_is_stopped_and_the_rest_of_it_varies() {
    let weights = weights_of(6, Some(Form::Again16));
    let controls = |_| Controls::default();
    let copied = compose(&mut BandModel::new(network_of(&weights)), 96, controls);
    assert!(copied[64..].iter().any(|beat| beat.music.forms[2] == Some(Form::Again16)));
    // What comes back is known from the second time on alone.
    let training = line::lines(&copied[64..]);
    let mut model = BandModel::new(guarded(weights, &training)).unguarded();
    let mut history = compose(&mut model, 64, controls);
    assert_eq!(history, copied[..64]);
    model.is_guarded = true;
    let mut n_varied = 0;
    for beat in 64..96 {
        let music = model.compose(&history, &frame(beat), &controls(beat), 0).unwrap();
        let before = history.last().filter(|_| beat % 4 > 0).map(|last| last.music.forms);
        for slot in 2..5 {
            let was_varied = before.is_some_and(|forms| forms[slot] == Some(Form::Varied));
            n_varied += usize::from(was_varied);
            assert!(!was_varied || music.forms[slot] == Some(Form::Varied));
        }
        history.push(HistoryBeat { frame: frame(beat), music });
    }
    assert!(n_varied > 0);
    let run = longest_run(&history[64..], &training);
    assert!(run <= LIMIT, "a run of {run} notes");
    assert!(longest_run(&copied[64..], &training) > 2 * LIMIT);
}

#[test]
fn music_that_copies_nothing_stays_as_it_is() {
    let weights = weights_of(7, Some(Form::Varied));
    let other = compose(&mut BandModel::new(network(8)), N_BEATS, lively);
    let free = compose(&mut BandModel::new(network_of(&weights)), N_BEATS, lively);
    let mut model = BandModel::new(guarded(weights, &line::lines(&other)));
    assert_eq!(compose(&mut model, N_BEATS, lively), free);
    assert_eq!(model.redraws(), Redraws::default());
}

#[test]
fn what_is_drawn_again_depends_on_the_arguments_alone() {
    let n_beats = HISTORY_BEATS as i64 + 8;
    let controls = |_| Controls { parts: quiet(), ..narrow(0) };
    let mut n_redrawn = 0;
    // Most weights evade what they have copied before it is long enough.
    for seed in 9..60 {
        let form = if seed % 2 == 1 { Form::Again2 } else { Form::New };
        let weights = weights_of(seed, Some(form));
        let training = evasions(&weights, 6, |model| compose(model, n_beats, controls));
        let network = guarded(weights, &training);
        let mut kept = BandModel::new(network.clone());
        let (mut song, mut redrawn): (Vec<HistoryBeat>, Vec<usize>) = (Vec::new(), Vec::new());
        for beat in 0..n_beats {
            let before = kept.redraws();
            let music = kept.compose(&song, &frame(beat), &controls(beat), 0).unwrap();
            redrawn.extend((kept.redraws() != before).then_some(beat as usize));
            song.push(HistoryBeat { frame: frame(beat), music });
        }
        n_redrawn += redrawn.len();
        for beat in redrawn.iter().copied().chain(HISTORY_BEATS..song.len()) {
            let (history, frame) = (&song[..beat], frame(beat as i64));
            let mut model = BandModel::new(network.clone());
            let compose = |model: &mut BandModel, history| {
                model.compose(history, &frame, &controls(0), 0).unwrap()
            };
            assert_eq!(compose(&mut model, history), song[beat].music, "beat {beat}");
            assert_eq!(model.redraws().beats > 0, redrawn.contains(&beat));
            let last = &history[beat.saturating_sub(HISTORY_BEATS)..];
            assert_eq!(compose(&mut model, last), song[beat].music, "beat {beat}");
        }
        if n_redrawn > 4 {
            return;
        }
    }
    panic!("{n_redrawn} beats drawn again show little");
}

/// A band with a style on its first knob, whose songs hold some lines.
fn with_style(network: &Arc<Network>, songs: &[Vec<Token>]) -> BandModel {
    let style = Some(Arc::new(Style::of_lines(network, songs)));
    let styles = Styles::new([style, None, None, None], network).unwrap();
    BandModel::new(network.clone()).with_styles(styles)
}

#[test]
fn songs_of_a_style_are_copied_no_further() {
    let network = network_of(&weights_of(1, None));
    let turned_to = |share: f32| {
        move |beat| {
            let mut weights = [0.0; Blend::LEN];
            (weights[1], weights[Genre::COUNT]) = (1.0 - share, share);
            Controls { blend: Blend::new(weights), ..narrow(beat) }
        }
    };
    let in_style = turned_to(1.0);
    let mut songs = Vec::new();
    for _ in 0..6 {
        let song = compose(&mut with_style(&network, &songs), N_BEATS, in_style);
        songs.extend(line::lines(&song));
    }
    let free = compose(&mut with_style(&network, &songs).unguarded(), N_BEATS, in_style);
    assert!(longest_run(&free, &songs) > 2 * LIMIT);
    let mut model = with_style(&network, &songs);
    let run = longest_run(&compose(&mut model, N_BEATS, in_style), &songs);
    assert!((LIMIT / 2..=LIMIT).contains(&run), "a run of {run} notes");
    assert!(model.redraws().beats > 0);
    // A style that is not heard forbids nothing.
    let silent = compose(&mut with_style(&network, &songs), N_BEATS, turned_to(0.0));
    assert_eq!(silent, compose(&mut with_style(&network, &[]), N_BEATS, turned_to(0.0)));
}

#[test]
fn what_is_given_is_kept_even_if_it_copies() {
    let weights = weights_of(10, None);
    let copied = compose(&mut BandModel::new(network_of(&weights)), 24, lively);
    let mut model = BandModel::new(guarded(weights, &line::lines(&copied)));
    let mut history: Vec<HistoryBeat> = Vec::new();
    for (beat, known) in (0..).zip(&copied) {
        let mut given = Given::default();
        for part in PITCHED {
            given.parts[part.index()] = Some(&known.music.parts[part.index()]);
        }
        let (frame, controls) = (frame(beat), lively(beat));
        let music = model.compose_around(&history, &frame, &controls, 0, &given).unwrap();
        for part in PITCHED.into_iter().filter(|part| controls.parts[part.index()].on) {
            assert_eq!(music.parts[part.index()], known.music.parts[part.index()]);
        }
        history.push(HistoryBeat { frame, music });
    }
    assert_eq!(model.redraws(), Redraws::default());
    let bass = longest_run(&history, &line::lines(&copied)[..1]);
    assert!(bass > LIMIT, "{bass} notes");
}

#[test]
fn a_part_rests_where_everything_would_be_copied() {
    let everything = OriginalityFilter::of_everything();
    let network = network(11);
    let plan = Plan::new(
        &Controls::default(),
        1.0,
        network.genres().len(),
        network.weight_map(),
        &Styles::default(),
        Blending::default(),
    );
    let mut model = BandModel::new(network.clone());
    let mut history: Vec<HistoryBeat> = Vec::new();
    for beat in 0..24 {
        let (frame, controls) = (frame(beat), Controls::default());
        model.read(&history, &frame, &controls, &plan).unwrap();
        let n_streams = plan.streams.len();
        let mut turn = Turn {
            trunk: Streams {
                decoder: model.decoder.as_mut().unwrap(),
                streams: &mut model.streams[..n_streams],
            },
            context: &mut model.context,
            logits: &mut model.logits,
            plain: &mut model.plain,
            plan: &plan,
            styles: &Styles::default(),
            grammar: &Grammar::new(&controls),
            forms: None,
            steadiness: None,
            guard: Some(&everything),
            is_guarded: true,
            redraws: &mut model.redraws,
        };
        let music = turn.beat(&history, &frame, &controls, 0, &Given::default(), Role::Free);
        history.push(HistoryBeat { frame, music });
    }
    let [bass, chords, lead] = PITCHED.map(|part| n_notes(&history, part));
    assert!(bass == chords && chords == lead && (LIMIT - 4..=LIMIT).contains(&bass), "{bass}");
    assert!(n_notes(&history, Part::Drums) > 3 * LIMIT, "drums have no line");
    assert!(model.redraws().forced > 0 && model.redraws().beats >= model.redraws().forced);
    for part in PITCHED {
        let mut watch = Watch::after(&everything, &history, part);
        assert!(watch.push(24 * 24, 60), "{part:?} is at the limit");
    }
}
