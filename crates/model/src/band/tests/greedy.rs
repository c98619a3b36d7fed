//! The decoder against the plain candle network, on music of the shipped model.

use std::path::Path;

use candle_core::Tensor;

use super::*;
use crate::WeightMap;
use crate::network::Batch;
use crate::steadiness::Steadiness;
use crate::weights::{self, Manifest};

fn shipped() -> Arc<Network> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let config = Manifest::from_bytes(&read("tributary-v4.json")).unwrap().config;
    let mut weights = weights::read(&read("tributary-v4.safetensors"), &config).unwrap();
    // What repeats is copied, what copies drawn again, weights mapped and touch kept alike, whatever
    // the logits are.
    let beside = [
        FormTable::NAME,
        WeightMap::NAME,
        Steadiness::NAME,
        OriginalityFilter::NAME,
        OriginalityFilter::PARAMETERS,
    ];
    weights.retain(|name, _| !beside.contains(&name.as_str()));
    // Else candle would compute with other numbers than the decoder.
    for (name, rounded) in weights::rounded(&weights).unwrap() {
        let values = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(values(&weights[&name]) == values(&rounded), "{name} is not rounded");
    }
    Arc::new(Network::new(config, &weights, Kernels::Stock).unwrap())
}

/// Every other beat is the likeliest one, those between are drawn. Parts are asked for a little less
/// than usual, so that none is asked to play after a rest: its steps would hide what came before,
/// which `encode` does not know.
fn controls(genres: &[Genre], beat: i64) -> Controls {
    let mut shares = [0.0; Blend::LEN];
    genres.iter().for_each(|genre| shares[genre.index()] = 1.0);
    let adventure = if beat % 2 == 0 { 0.0 } else { 0.5 };
    let mut controls = Controls { blend: Blend::new(shares), adventure, ..Controls::default() };
    controls.parts.iter_mut().for_each(|part| part.density = 0.44);
    controls
}

fn compose(network: &Arc<Network>, genres: &[Genre], n_beats: i64) -> Vec<HistoryBeat> {
    play(network, true, 0, n_beats, |beat| controls(genres, beat))
}

fn window(history: &[HistoryBeat], beat: usize) -> &[HistoryBeat] {
    &history[beat.saturating_sub(HISTORY_BEATS)..beat]
}

/// The beat from which the model reads at `beat`.
fn anchor_of(network: &Network, history: &[HistoryBeat], beat: usize) -> usize {
    let budget = network.config().context_len - MAX_BEAT_STEPS;
    let window = window(history, beat);
    beat - window.len() + anchor(window, &frame(beat as i64), 15, budget)
}

/// Steps of each beat of `beats`.
fn encode(
    history: &[HistoryBeat],
    beats: std::ops::Range<usize>,
    controls: &Controls,
) -> Vec<Vec<[u16; N_INPUTS]>> {
    let encode = |beat: usize| {
        let frame = history[beat].frame;
        let conditions = conditioning::conditions(controls, &frame, 0);
        let mut steps = Vec::new();
        let encoder = BeatEncoder::new(window(history, beat), frame, conditions);
        encoder.encode(&history[beat].music, [(false, false); 4], &mut steps);
        steps.into_iter().map(|step| step.inputs).collect()
    };
    beats.map(encode).collect()
}

/// What candle's heads read of `steps`, `(N, D)`, under a stream of a plan.
fn hidden(network: &Network, mix: &crate::decoder::StreamMix, steps: &[[u16; N_INPUTS]]) -> Tensor {
    let under = |step: &[u16; N_INPUTS]| {
        let mut step = *step;
        let slot = usize::from(step[steps::COND]) / steps::N_CONDITIONS;
        let genre = mix[slot].weights().iter().position(|weight| *weight == 1.0).unwrap();
        step[steps::COND] = (slot * steps::N_CONDITIONS + genre) as u16;
        step
    };
    let inputs: Vec<[u16; N_INPUTS]> = steps.iter().map(under).collect();
    let segments = vec![0; inputs.len()];
    let batch = Batch { n_steps: inputs.len(), inputs: &inputs, targets: &[], segments: &segments };
    network.hidden(&batch).unwrap()
}

/// Candle's logits, a stream each, of steps that are known beforehand.
struct Reference<'a> {
    network: &'a Network,
    hidden: Vec<Tensor>,
    steps: &'a [[u16; N_INPUTS]],
    n_read: usize,
    logits: Vec<Vec<f32>>,
}

impl Reference<'_> {
    fn speak(&mut self, head: impl Fn(&Network, &Tensor) -> Vec<Tensor>) {
        let row = |hidden: &Tensor| hidden.narrow(0, self.n_read - 1, 1).unwrap();
        let logits = |hidden: &Tensor| -> Vec<f32> {
            let parts = head(self.network, &row(hidden));
            parts.iter().flat_map(|part| part.get(0).unwrap().to_vec1().unwrap()).collect()
        };
        self.logits = self.hidden.iter().map(logits).collect();
    }

    fn spoken(&self) -> impl Iterator<Item = &[f32]> {
        self.logits.iter().map(Vec::as_slice)
    }
}

fn one(class: usize) -> Arc<[u32]> {
    [class as u32].into()
}

impl Trunk for Reference<'_> {
    fn append(&mut self, step: &[u16; N_INPUTS]) {
        assert_eq!(self.steps.get(self.n_read), Some(step), "candle goes on differently");
        self.n_read += 1;
    }

    fn truncate(&mut self, _: usize) {
        unreachable!("nothing is drawn again without a guard");
    }

    fn chord(&mut self) -> impl Iterator<Item = &[f32]> {
        self.speak(|network, h| vec![network.chord_logits(h).unwrap()]);
        self.spoken()
    }

    fn pos(&mut self) -> impl Iterator<Item = &[f32]> {
        self.speak(|network, h| vec![network.pos_logits(h).unwrap()]);
        self.spoken()
    }

    fn sym(&mut self, pos: usize) -> impl Iterator<Item = &[f32]> {
        self.speak(|network, h| vec![network.sym_logits(h, &one(pos)).unwrap()]);
        self.spoken()
    }

    fn dur(&mut self, pos: usize, sym: usize) -> impl Iterator<Item = &[f32]> {
        self.speak(|network, h| vec![network.dur_logits(h, &one(pos), &one(sym)).unwrap()]);
        self.spoken()
    }

    fn expression(&mut self, pos: usize, sym: usize, dur: usize) -> impl Iterator<Item = &[f32]> {
        let (pos, sym, dur) = (one(pos), one(sym), one(dur));
        self.speak(|network, h| {
            let vel = network.vel_logits(h, &pos, &sym, &dur).unwrap();
            vec![vel, network.micro_logits(h, &pos, &sym, &dur).unwrap()]
        });
        self.spoken()
    }
}

/// Composes all beats that are read from the anchor of `beats.start` again, by candle's logits.
fn compose_again(
    network: &Network,
    history: &[HistoryBeat],
    genres: &[Genre],
    beats: std::ops::Range<usize>,
) {
    let any = controls(genres, 0);
    let plan = Plan::new(
        &any,
        1.0,
        Genre::COUNT,
        &WeightMap::default(),
        &Styles::default(),
        Blending::default(),
    );
    let first = anchor_of(network, history, beats.start);
    let steps = encode(history, first..beats.end, &any);
    let all = steps.concat();
    let hidden: Vec<Tensor> = plan.streams.iter().map(|mix| hidden(network, mix, &all)).collect();
    let mut n_read = steps[..beats.start - first].iter().map(Vec::len).sum();
    let (mut context, mut logits, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for beat in beats {
        let controls = controls(genres, beat as i64);
        let mut turn = Turn {
            trunk: Reference {
                network,
                hidden: hidden.clone(),
                steps: &all,
                n_read,
                logits: vec![],
            },
            context: &mut context,
            logits: &mut logits,
            plain: &mut plain,
            plan: &plan,
            styles: &Styles::default(),
            grammar: &Grammar::new(&controls),
            forms: None,
            steadiness: None,
            guard: None,
            is_guarded: false,
            redraws: &mut Redraws::default(),
        };
        let frame = frame(beat as i64);
        let music =
            turn.beat(window(history, beat), &frame, &controls, 0, &Given::default(), Role::Free);
        assert_eq!(music, history[beat].music, "beat {beat}");
        n_read = turn.trunk.n_read;
    }
}

/// Whether this is the process to work in. Candle's threads spin while they wait for each other,
/// so the test `name` starts itself again with one.
fn is_alone(name: &str) -> bool {
    const CHILD: &str = "MODEL_TESTS_ALONE";
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let name = format!("band::tests::greedy::{name}");
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .envs([(CHILD, "1"), ("RAYON_NUM_THREADS", "1"), ("CANDLE_NUM_THREADS", "1")])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{errors}");
    print!("{text}");
    false
}

#[test]
fn candle_s_likeliest_notes_are_the_decoder_s() {
    if !is_alone("candle_s_likeliest_notes_are_the_decoder_s") {
        return;
    }
    let network = shipped();
    // Candle reads one condition a stream: what five genres are pulled away from is the sixth.
    for (genres, n_beats) in [(&Genre::ALL[1..], 48), (&[Genre::Classical], 64)] {
        let history = compose(&network, genres, n_beats);
        let notes: usize =
            history.iter().flat_map(|b| b.music.parts.each_ref()).map(Vec::len).sum();
        assert!(notes > 3 * history.len(), "{notes} notes show little");
        let mut start = 0;
        for beat in 1..=history.len() {
            let is_same =
                |beat| anchor_of(&network, &history, beat) == anchor_of(&network, &history, start);
            if beat == history.len() || !is_same(beat) {
                compose_again(&network, &history, genres, start..beat);
                start = beat;
            }
        }
    }
}

/// Largest difference of a logit, against the largest logit of its head.
///
/// Both sum in `f32` but in other orders, which is worth some 1e-6 after six layers; ten times as
/// much would be a mistake.
const TOLERANCE: f32 = 2e-5;

#[test]
fn the_shipped_model_s_logits_are_candle_s() {
    if !is_alone("the_shipped_model_s_logits_are_candle_s") {
        return;
    }
    let network = shipped();
    let genres = [Genre::Rock];
    let history = compose(&network, &genres, 40);
    let plan = Plan::new(
        &controls(&genres, 0),
        1.0,
        Genre::COUNT,
        &WeightMap::default(),
        &Styles::default(),
        Blending::default(),
    );
    let steps = encode(&history, 0..history.len(), &controls(&genres, 0)).concat();
    let steps = &steps[..network.config().context_len];
    let hidden = plan.streams.iter().map(|mix| hidden(&network, mix, steps)).collect();
    let mut reference = Reference { network: &network, hidden, steps, n_read: 0, logits: vec![] };
    let packed = network.packed().unwrap();
    let mut decoder = Decoder::new(packed.clone());
    let mut streams: Vec<Stream> =
        plan.streams.iter().map(|mix| Stream::new(&packed, *mix)).collect();
    let mut trunk = Streams { decoder: &mut decoder, streams: &mut streams };
    let mut worst = 0.0f32;
    let mut compare = |found: Vec<&[f32]>, expected: Vec<&[f32]>| {
        assert_eq!(found.len(), plan.streams.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.len(), expected.len());
            let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() <= TOLERANCE * largest, "{a} {b} of {largest}");
                worst = worst.max((a - b).abs() / largest);
            }
        }
    };
    for (i, step) in steps.iter().enumerate() {
        trunk.append(step);
        reference.append(step);
        let (pos, sym, dur) = (i % 24, (i * 7) % 192, i % 33);
        compare(trunk.chord().collect(), reference.chord().collect());
        compare(trunk.pos().collect(), reference.pos().collect());
        compare(trunk.sym(pos).collect(), reference.sym(pos).collect());
        compare(trunk.dur(pos, sym).collect(), reference.dur(pos, sym).collect());
        compare(
            trunk.expression(pos, sym, dur).collect(),
            reference.expression(pos, sym, dur).collect(),
        );
    }
    println!("logits differ by up to {worst:.1e} of the largest");
}
