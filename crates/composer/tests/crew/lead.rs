use composer::testing::{Action, HashGenerator, Mishap, Script};
use player::{BeatRequest, MAX_LEAD_SECS, Player, Playhead, RequestKind, Status, connect};
use score::{Controls, Tempo};

/// What a player asks for while it plays a script, block by block.
fn requests(script: &Script, lookahead: f64, n_samples: usize) -> Vec<(Playhead, BeatRequest)> {
    let status = Status::new();
    let (mut player, mut end) = connect(&status);
    player.set_lookahead(lookahead);
    let mut requests = Vec::new();
    for block in script.blocks(&[n_samples]) {
        player.fill_block(&block.playhead, block.n_samples, &block.controls, &mut |_| true);
        while let Ok(request) = end.requests.pop() {
            requests.push((block.playhead, request));
        }
    }
    requests
}

#[test]
fn a_commit_tells_the_seconds_until_its_beat() {
    for (bpm, lookahead) in [(120.0, 1.0), (300.0, 0.5), (40.0, 4.0)] {
        let mut script = Script::play(48_000 * 10);
        script.actions.insert(0, (0, Action::Tempo(bpm)));
        let requests = requests(&script, lookahead, 100);
        assert!(requests.len() > 5);
        for (playhead, request) in requests {
            let beats = request.frame.beat as f64 - playhead.position_beats;
            let expected = (beats * 60.0 / bpm).max(0.0);
            let lead = f64::from(request.lead_secs);
            assert!((lead - expected).abs() < 1.0 / 48_000.0, "{lead} s for {expected} s");
            assert!(!request.waits);
        }
    }
}

#[test]
fn a_beat_of_the_next_pass_is_as_far_as_the_way_through_the_loop() {
    let mut script = Script::play(48_000 * 4);
    script.actions.insert(0, (0, Action::Loop(Some((0.0, 3.0)))));
    let requests = requests(&script, 1.0, 240);
    let commits: Vec<_> = requests.iter().skip(2).collect();
    assert!(commits.iter().any(|(_, request)| request.pass > 0 && request.frame.beat == 0));
    for (_, request) in commits {
        // Asked for one beat ahead, in a block that begins at most 5 ms before.
        assert!((0.5..0.506).contains(&request.lead_secs), "{}", request.lead_secs);
    }
}

#[test]
fn leads_are_finite_whatever_a_host_says() {
    for tempo in [f64::NAN, 0.0, -3.0, 1e-9, 1e9, f64::INFINITY] {
        for position in [0.0, -1e15, 1e15, f64::NAN] {
            for sample_rate in [48_000.0, f64::NAN, 1.0, 1e12] {
                let status = Status::new();
                let (mut player, mut end) = connect(&status);
                let playhead = Playhead {
                    playing: true,
                    position_beats: position,
                    tempo: Tempo::new(tempo),
                    ..Playhead::standing(sample_rate)
                };
                player.set_lookahead(4.0);
                player.fill_block(&playhead, 512, &Controls::default(), &mut |_| true);
                while let Ok(request) = end.requests.pop() {
                    assert!((0.0..=MAX_LEAD_SECS).contains(&request.lead_secs));
                }
            }
        }
    }
}

#[test]
fn requests_tell_hosts_that_wait_from_those_that_play() {
    let status = Status::new();
    let (mut player, mut end): (Player<&Status>, _) = connect(&status);
    let playhead = Playhead { playing: true, ..Playhead::standing(48_000.0) };
    let controls = Controls::default();
    player.begin_block(&playhead, 512, &controls);
    player.finish_block(&mut |_| true);
    assert!(end.requests.pop().is_ok_and(|request| request.waits));
    let playhead = Playhead { position_beats: 40.0, ..playhead };
    player.fill_block(&playhead, 512, &controls, &mut |_| true);
    let asked: Vec<BeatRequest> = std::iter::from_fn(|| end.requests.pop().ok()).collect();
    let again = asked.iter().find(|request| request.frame.beat == 40).expect("asked for");
    assert!(!again.waits && again.kind == RequestKind::Commit);
}

#[test]
fn notes_do_not_depend_on_leads() {
    // The same beats, asked for early and late in a block.
    let play = |n_samples| {
        let make = HashGenerator::new(Mishap::None).boxed();
        let mut session = composer::session::start_stepped(make, composer::Settings::default());
        composer::testing::drive(&mut session, &Script::play(96_000).blocks(&[n_samples]))
    };
    assert_eq!(play(64), play(20_000));
}
