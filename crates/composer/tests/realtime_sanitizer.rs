//! The audio thread's code under RealtimeSanitizer, which comes with a nightly compiler.
//!
//! `cargo xtask sanitize` builds this with `--cfg rtsan`; without it there is nothing here.

#![cfg(rtsan)]
#![feature(sanitize)]

use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use composer::{Generator, PatternGenerator, Player, Session, Settings, session};
use player::{EventKind, Form, PlayerEvent, Playhead};
use score::Controls;
use synth::Synth;

const BLOCK: usize = 256;

/// What an audio thread does with a block; the sanitizer ends the program where it blocks.
#[sanitize(realtime = "nonblocking")]
fn process(
    player: &mut Player,
    synth: &mut Synth,
    playhead: &Playhead,
    controls: &Controls,
    [left, right]: [&mut [f32; BLOCK]; 2],
) -> usize {
    let mut n_starts = 0;
    player.fill_block(playhead, BLOCK, controls, &mut |event: PlayerEvent| {
        match event.kind {
            EventKind::NoteOn { part, pitch, velocity, .. } => {
                n_starts += 1;
                synth.note_on(part, pitch, velocity);
            }
            EventKind::NoteOff { part, pitch, .. } => synth.note_off(part, pitch),
        }
        true
    });
    synth.render(left, right);
    n_starts
}

#[sanitize(realtime = "nonblocking")]
fn allocate() -> Vec<f32> {
    black_box(vec![0.0; BLOCK])
}

#[test]
fn playing_seeking_and_stopping_never_block() {
    let make = || Ok(Box::new(PatternGenerator::new()) as Box<dyn Generator>);
    let Session { mut player, worker, .. } = session::start(make, Settings::default());
    let mut synth = Synth::new(48_000.0);
    let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
    let mut controls = Controls::default();
    let mut playhead = Playhead { playing: true, ..Playhead::standing(48_000.0) };
    let mut n_starts = 0;
    for block in 0..4_000 {
        match block % 1_000 {
            250 => playhead = Playhead { ..playhead.advanced(7_777_777) },
            500 => playhead = Playhead { playing: false, ..playhead },
            550 => playhead = Playhead { playing: true, ..playhead },
            600 => controls.seed += 1,
            700 => player.set_form(Form { hold: true, ..Form::default() }),
            800 => player.set_form(Form::default()),
            900 => player.reset(),
            _ => {}
        }
        n_starts += process(&mut player, &mut synth, &playhead, &controls, [&mut left, &mut right]);
        playhead = playhead.advanced(BLOCK);
        // The composing thread gets a turn.
        std::thread::sleep(Duration::from_micros(50));
    }
    assert!(n_starts > 100, "{n_starts} notes");
    drop(worker);
}

/// The sanitizer itself is there and bites: it ends a program that allocates.
#[test]
fn an_allocation_is_caught() {
    if std::env::var_os("ALLOCATE").is_some() {
        drop(allocate());
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "an_allocation_is_caught"])
        .env("ALLOCATE", "1")
        .output()
        .unwrap();
    assert!(!child.status.success());
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(said.contains("RealtimeSanitizer"), "{said}");
}
