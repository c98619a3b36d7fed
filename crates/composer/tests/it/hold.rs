use std::sync::Arc;

use composer::testing::{Action, HashGenerator, Mishap, NoteStreamChecker, Script, drive_on};
use composer::{Command, Keepsake, Memory, Settings, SteppedSession, session};
use player::{EventKind, Form};
use score::{Blend, Controls, Genre, Part, PitchClass};

/// Samples of a beat at 120 BPM and 48 kHz.
const BEAT: u64 = 24_000;

const HOLD: Form = Form { evolve: 0.0, phrase_bars: 0, hold: true };

/// A session that is played stretch by stretch; one line a beat, as in [`Band::play`].
struct Band {
    session: SteppedSession,
    memory: Arc<Memory>,
    checker: NoteStreamChecker,
    controls: Controls,
    form: Form,
    meter: (u32, u32),
}

impl Band {
    fn new() -> Self {
        Self::with(Keepsake::default())
    }

    /// A band of a project that was saved.
    fn with(keepsake: Keepsake) -> Self {
        let memory = Arc::new(Memory::default());
        memory.restore(keepsake);
        let settings = Settings::default().with_memory(memory.clone());
        let session = session::start_stepped(HashGenerator::new(Mishap::None).boxed(), settings);
        let checker = NoteStreamChecker::new();
        let (controls, form) = (Controls::default(), Form::default());
        Self { session, memory, checker, controls, form, meter: (4, 4) }
    }

    /// What a project would save, after a way through its file.
    fn saved(&self) -> Keepsake {
        let text = serde_json::to_string(&self.memory.save()).unwrap();
        let keepsake = serde_json::from_str(&text).unwrap();
        assert_eq!(self.memory.save(), keepsake);
        keepsake
    }

    fn set_form(&mut self, form: Form) -> &mut Self {
        self.form = form;
        self.session.player.set_form(form);
        self
    }

    fn turn_to(&mut self, genre: Genre) -> &mut Self {
        self.controls.blend = Blend::pure(genre);
        self
    }

    /// The beats `from..to` of the song, each as the notes that begin in it by place in the beat.
    fn play(&mut self, from: u64, to: u64) -> Vec<String> {
        self.run(from, to - from, vec![(0, Action::Play)])
    }

    /// `n_beats` of a loop, entered at its start.
    fn go_round(&mut self, range: (f64, f64), n_beats: u64) -> Vec<String> {
        let actions = vec![(0, Action::Loop(Some(range))), (0, Action::Play)];
        self.run(range.0 as u64, n_beats, actions)
    }

    /// Stands for a beat.
    fn stand(&mut self, at: u64) -> &mut Self {
        let events = self.run(at, 1, vec![]);
        assert_eq!(events, [""]);
        self
    }

    fn run(&mut self, from: u64, n_beats: u64, mut actions: Vec<(u64, Action)>) -> Vec<String> {
        let (numerator, denominator) = self.meter;
        let first = [
            (0, Action::Controls(self.controls)),
            (0, Action::Form(self.form)),
            (0, Action::Meter(numerator, denominator)),
            (0, Action::Seek(from as f64)),
        ];
        actions.splice(0..0, first);
        let script = Script { actions, ..Script::play(n_beats * BEAT) };
        let mut beats = vec![String::new(); n_beats as usize];
        let events = drive_on(&mut self.session, &script.blocks(&[512]), &mut self.checker);
        for (sample, kind) in events {
            if let EventKind::NoteOn { part, pitch, velocity, .. } = kind {
                let at = sample % BEAT;
                let (part, pitch, velocity) = (part.name(), pitch.number(), velocity.number());
                let note = format!("{at} {part} {pitch} {velocity};");
                beats[(sample / BEAT) as usize].push_str(&note);
            }
        }
        beats
    }
}

/// The notes of one part.
fn of(part: Part, beats: &[String]) -> Vec<String> {
    let notes = |beat: &String| {
        beat.split(';').filter(|note| note.contains(part.name())).collect::<Vec<_>>().join(";")
    };
    beats.iter().map(notes).collect()
}

fn n_equal(a: &[String], b: &[String]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a == b).count()
}

#[test]
fn it_keeps_the_last_bars_whatever_is_turned() {
    let mut band = Band::new();
    let free = band.play(0, 20);
    // The beat at 20 is committed; the one at 21 is the first with hold.
    band.set_form(Form { evolve: 1.0, ..HOLD }).turn_to(Genre::Rock);
    let held = band.play(20, 53);
    let last_bars: Vec<String> = free[5..].iter().chain(&held[..1]).cloned().collect();
    assert_eq!(held[1..17], last_bars);
    assert_eq!(held[17..33], last_bars);
    assert!(n_equal(&free[..4], &free[4..8]) == 0, "the music before repeats anyway");
    assert!(band.memory.save().holds());
}

#[test]
fn it_keeps_the_first_phrase_when_it_is_on_from_the_start() {
    let mut band = Band::new();
    band.set_form(Form { phrase_bars: 2, evolve: 1.0, ..HOLD });
    let beats = band.play(0, 32);
    assert_eq!(n_equal(&beats[..4], &beats[4..8]), 0);
    for round in 1..4 {
        assert_eq!(beats[..8], beats[8 * round..8 * round + 8], "round {round}");
    }
    // What is played again is what was heard.
    band.stand(0);
    assert_eq!(band.play(0, 32), beats);
}

#[test]
fn it_survives_stops_jumps_and_loops() {
    let mut band = Band::new();
    band.set_form(HOLD);
    let phrase = band.play(0, 20)[..16].to_vec();
    band.turn_to(Genre::Jazz).stand(20);
    assert_eq!(band.play(4, 12), phrase[4..12]);
    assert_eq!(band.play(96, 112), phrase);
    band.stand(3);
    let looped = band.go_round((8.0, 12.0), 8);
    assert_eq!((&looped[..4], &looped[4..]), (&phrase[8..12], &phrase[8..12]));
}

#[test]
fn it_is_forgotten_with_the_first_beat_without_it() {
    let mut band = Band::new();
    let phrase = band.set_form(HOLD).play(0, 20)[..16].to_vec();
    band.set_form(Form::default());
    let free = band.play(20, 24);
    assert_eq!(n_equal(&free, &phrase[4..8]), 1, "only the beat that was committed");
    assert!(!band.memory.save().holds());
    // The last bars that were heard count, so the next phrase is there at once.
    band.set_form(HOLD);
    let again = band.play(24, 44);
    assert_ne!(again[1..17], phrase[9..]);
    assert_eq!(again[..3], again[16..19]);
}

#[test]
fn it_is_forgotten_by_beats_that_a_jump_overtook() {
    let mut band = Band::new();
    let phrase = band.set_form(HOLD).play(0, 20)[..16].to_vec();
    // A worker that is late never answers these.
    band.set_form(Form::default());
    let controls = band.controls;
    let playing = |position_beats: f64| player::Playhead {
        playing: true,
        position_beats,
        ..player::Playhead::standing(48_000.0)
    };
    for block in 0..200 {
        let playhead = playing(20.0 + f64::from(block) * 512.0 / BEAT as f64);
        band.session.player.fill_block(&playhead, 512, &controls, &mut |_| true);
    }
    band.set_form(HOLD);
    band.session.player.fill_block(&playing(64.0), 512, &controls, &mut |_| true);
    while band.session.worker.step() {}
    assert!(!band.memory.save().holds());
    band.checker = NoteStreamChecker::new();
    band.session.player.stop_all(&mut |_| true);
    assert_ne!(band.play(96, 112), phrase);
}

#[test]
fn it_plays_only_where_it_suits_the_bar() {
    let mut band = Band::new();
    let phrase = band.set_form(HOLD).play(0, 16);
    band.meter = (3, 4);
    let waltz = band.stand(48).play(48, 60);
    assert_eq!(n_equal(&waltz, &phrase[..12]), 0);
    band.meter = (4, 4);
    assert_eq!(band.stand(16).play(16, 32), phrase);
}

#[test]
fn a_shorter_loop_is_kept_as_it_is() {
    let mut band = Band::new();
    band.set_form(Form { evolve: 1.0, ..HOLD });
    let beats = band.go_round((4.0, 8.0), 12);
    assert_eq!((&beats[..4], &beats[4..8]), (&beats[4..8], &beats[8..12]));
    let saved = band.saved();
    assert!(saved.holds());
    band.turn_to(Genre::Folk).stand(4);
    assert_eq!(band.go_round((4.0, 8.0), 12), beats);
    // Outside the loop the same bar goes on.
    assert_eq!(band.stand(8).play(8, 16)[..4], beats[..4]);
}

#[test]
fn nothing_evolves_before_there_is_a_phrase_either() {
    let mut band = Band::new();
    let evolving = Form { evolve: 1.0, phrase_bars: 8, hold: false };
    let first = band.set_form(evolving).go_round((0.0, 8.0), 10);
    assert_eq!(n_equal(&first[..2], &first[8..]), 0);
    band.set_form(Form { hold: true, ..evolving });
    let actions = vec![(0, Action::Loop(Some((0.0, 8.0)))), (0, Action::Play)];
    // The beat at 2 is committed already.
    assert_eq!(band.run(2, 6, actions)[1..], first[3..8]);
}

#[test]
fn odd_bars_are_taken_together_until_they_are_whole_beats() {
    let mut band = Band::new();
    band.meter = (7, 8);
    band.set_form(Form { phrase_bars: 1, ..HOLD });
    let beats = band.play(0, 21);
    assert_eq!((&beats[..7], &beats[7..14]), (&beats[7..14], &beats[14..21]));
    assert_eq!(n_equal(&beats[..3], &beats[4..7]), 0);
}

#[test]
fn the_key_still_moves_what_is_held() {
    let mut band = Band::new();
    let phrase = band.set_form(HOLD).play(0, 20)[..16].to_vec();
    band.controls.key = PitchClass::new(2);
    let higher = band.stand(0).play(0, 16);
    assert_eq!(of(Part::Drums, &higher), of(Part::Drums, &phrase));
    assert_eq!(n_equal(&of(Part::Lead, &higher), &of(Part::Lead, &phrase)), 0);
}

#[test]
fn a_regenerated_part_is_kept_too() {
    let mut band = Band::new();
    let phrase = band.set_form(HOLD).play(0, 16);
    band.session.commands.send(Command::Regenerate(Part::Lead)).unwrap();
    // The beat at 16 is committed already.
    let renewed = band.play(16, 33)[1..].to_vec();
    for part in [Part::Drums, Part::Bass, Part::Chords] {
        let mut before = of(part, &phrase);
        before.rotate_left(1);
        assert_eq!(of(part, &renewed), before, "{}", part.name());
    }
    let mut lead = of(Part::Lead, &phrase);
    lead.rotate_left(1);
    assert_eq!(n_equal(&of(Part::Lead, &renewed), &lead), 0);
    assert_eq!(band.play(33, 49), renewed);
    let mut reloaded = Band::with(band.saved());
    reloaded.set_form(HOLD).turn_to(Genre::Rock);
    assert_eq!(reloaded.play(33, 49), renewed);
}

#[test]
fn takes_are_saved_without_a_phrase() {
    let mut band = Band::new();
    let first = band.play(0, 8);
    band.session.commands.send(Command::Regenerate(Part::Bass)).unwrap();
    let second = band.stand(0).play(0, 8);
    assert_ne!(first, second);
    assert_eq!(Band::with(band.saved()).play(0, 8), second);
    assert_eq!(Band::with(Keepsake::default()).play(0, 8), first);
}

#[test]
fn a_saved_phrase_is_played_after_loading() {
    let mut band = Band::new();
    band.play(0, 13);
    let phrase = band.set_form(HOLD).play(13, 48)[19..35].to_vec();
    let saved = band.saved();
    // Before the first block, and while another project plays.
    assert_eq!(Band::with(saved.clone()).set_form(HOLD).play(32, 48), phrase);
    let mut other = Band::new();
    other.set_form(HOLD).turn_to(Genre::Classical).play(0, 31);
    other.memory.restore(saved.clone());
    // The beat at 31 was committed before.
    assert_eq!(other.play(31, 48)[1..], phrase);
    assert_eq!(other.saved(), saved);
    // Saving before the composing thread has seen it loses nothing.
    other.memory.restore(saved.clone());
    assert_eq!(other.saved(), saved);
}

#[test]
fn a_start_inside_the_form_repeats_what_was_heard_of_it() {
    let mut band = Band::new();
    band.set_form(Form { phrase_bars: 2, ..Form::default() });
    // In the middle of A': its end, A and A'' follow.
    let beats = band.play(12, 32);
    let (end, a, second) = (&beats[..4], &beats[4..12], &beats[12..20]);
    assert_eq!(a[4..], *end);
    assert_eq!(second[..4], a[..4]);
    assert_eq!(n_equal(&second[4..], &a[4..]), 0);
}

#[test]
fn a_phrase_that_was_primed_and_not_heard_is_none() {
    let round = (0.0, 1.0);
    let mut band = Band::new();
    band.set_form(HOLD);
    // Standing in a loop of a beat, its second pass is asked for too.
    assert_eq!(band.run(0, 1, vec![(0, Action::Loop(Some(round)))]), [""]);
    assert!(!band.memory.save().holds());
    let mut straight = Band::new();
    straight.set_form(HOLD).turn_to(Genre::Jazz);
    band.turn_to(Genre::Jazz);
    assert_eq!(band.run(0, 1, vec![(0, Action::Loop(Some(round)))]), [""]);
    assert_eq!(band.go_round(round, 4), straight.go_round(round, 4));
    assert!(band.memory.save().holds());
}

#[test]
fn a_pass_that_was_given_up_is_no_gap_in_the_phrase() {
    let mut band = Band::new();
    band.set_form(Form { phrase_bars: 1, ..Form::default() });
    // The loop is opened when its second pass has been asked for.
    let actions = vec![
        (0, Action::Loop(Some((0.0, 4.0)))),
        (0, Action::Play),
        (3 * BEAT + 100, Action::Loop(None)),
        (4 * BEAT, Action::Form(Form { phrase_bars: 1, ..HOLD })),
    ];
    let beats = band.run(0, 12, actions);
    // The beat at 5 is the first with hold; the bar before it goes on.
    assert_eq!((&beats[1..5], &beats[1..4]), (&beats[5..9], &beats[9..12]));
}
