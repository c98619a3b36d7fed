//! What can be got back of the songs that a style was learnt from: by whoever has the file, the
//! network and the first bars of a song, and takes the guard away.

use std::sync::Arc;

use model::style::{About, Fit, Listener, Song as StyleSong};
use model::{BandModel, OriginalityFilter, Style, Styles, originality};
use render::{Song, perform};
use score::line::{Token, lines};
use score::window::Window;
use score::{Blend, Controls, Genre, HistoryBeat, N_STYLES};

const N_BARS: usize = 64;

/// Sixty-four bars of a tune in which little repeats.
fn source() -> StyleSong {
    let mut song = Song { n_bars: N_BARS as u32, ..Song::default() };
    let blend = Blend::pure(Genre::Classical);
    song.settings.controls =
        Controls { blend, seed: 11, adventure: 0.8, humanize: 0.0, ..Controls::default() };
    let piece = perform(&song, render::generator(None, &[]).unwrap().0).unwrap().performance.piece;
    let beats = score::quantize::quantize(&piece, false);
    StyleSong { name: "source".into(), beats, dynamics: true }
}

/// The longest run of tokens that both have, in notes.
fn longest_run(ours: &[HistoryBeat], theirs: &[HistoryBeat]) -> usize {
    let of_lines = |a: &[Token], b: &[Token]| {
        let (mut longest, mut before) = (0, vec![0; b.len() + 1]);
        for x in a {
            let mut runs = vec![0; b.len() + 1];
            for (j, _) in b.iter().enumerate().filter(|(_, y)| *y == x) {
                runs[j + 1] = before[j] + 1;
                longest = longest.max(runs[j + 1]);
            }
            before = runs;
        }
        // A token lies between two notes.
        if longest > 0 { longest + 1 } else { 0 }
    };
    let theirs = lines(theirs);
    let pairs = lines(ours).into_iter().flat_map(|a| theirs.iter().map(move |b| of_lines(&a, b)));
    pairs.max().unwrap_or(0)
}

#[test]
fn a_style_does_not_give_its_songs_back() {
    let network = render::shipped().unwrap();
    let song = source();
    assert_eq!(song.beats.len(), 4 * N_BARS);
    let mut fit = Fit::new(&network, vec![song.clone()], 1).unwrap();
    while !fit.is_done() {
        fit.step();
    }
    let style = Arc::new(fit.finish(About::default()));
    let knobs: [Option<Arc<Style>>; N_STYLES] = [Some(style.clone()), None, None, None];
    let styles = Styles::new(knobs, &network).unwrap();
    let mut weights = [0.0; Blend::LEN];
    weights[Genre::COUNT] = 1.0;
    let attack = |n_known: usize, adventure: f32, seed: u32, guarded: bool| {
        let band = BandModel::new(network.clone()).with_styles(styles.clone());
        let mut band = if guarded { band } else { band.unguarded() };
        let controls =
            Controls { blend: Blend::new(weights), adventure, seed, ..Controls::default() };
        let mut heard = song.beats[..n_known].to_vec();
        for beat in &song.beats[n_known..] {
            let music = band.compose(&heard, &beat.frame, &controls, 0).unwrap();
            heard.push(HistoryBeat { frame: beat.frame, music });
        }
        longest_run(&heard[n_known..], &song.beats)
    };
    let mut longest = 0;
    for known_bars in [0, 8, 24, 40] {
        for (adventure, seed) in [(0.0, 1), (0.5, 2)] {
            let run = attack(4 * known_bars, adventure, seed, false);
            println!("{known_bars} bars known, adventure {adventure}: a run of {run} notes");
            longest = longest.max(run);
        }
    }
    assert!(longest <= originality::LIMIT, "a run of {longest} notes came back without the guard");
    assert!(attack(96, 0.0, 1, true) <= originality::LIMIT);
    // Whoever has the song finds it.
    assert!(longest_run(&song.beats, &song.beats) > 2 * originality::LIMIT);

    // The filter cannot tell the notes either: it holds fewer bits than they are worth under the
    // style, so that each stretch has many others beside it that it would not deny.
    let bytes = style.to_bytes().unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let n_bits = 8 * tensors.tensor(OriginalityFilter::NAME).unwrap().data().len();
    let n_pitched: usize = lines(&song.beats).iter().map(Vec::len).sum();
    let listener = Listener::new(&network).unwrap();
    let window = Window::cut(&song.beats, 0, 96);
    let steps = window.encode(window.conditions(), network.config().context_len);
    let worth = listener.nats(&listener.style(&style), &steps).bits_per_note();
    let held = n_bits as f64 / n_pitched as f64;
    println!("the filter holds {held:.2} bits a note, of {worth:.2} that a note is worth");
    assert!(held < worth);
}
