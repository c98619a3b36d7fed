use std::sync::Arc;

use composer::testing::{Action, HashGenerator, Mishap, NoteStreamChecker, Script, drive_on};
use composer::{Command, Keepsake, Memory, Settings, SteppedSession, Take, session};
use player::{EventKind, Form};
use score::{Blend, Controls, Genre, Part};

/// Samples of a beat at 120 BPM and 48 kHz.
const BEAT: u64 = 24_000;

/// A session that goes round a loop of some beats from 0 on, and its project.
struct Band {
    session: SteppedSession,
    memory: Arc<Memory>,
    checker: NoteStreamChecker,
    script: Script,
    n_beats: u64,
    /// Beats that were played.
    played: u64,
}

impl Band {
    fn new(n_beats: u64) -> Self {
        Self::with(n_beats, Keepsake::default(), [])
    }

    fn with<const N: usize>(n_beats: u64, keepsake: Keepsake, actions: [Action; N]) -> Self {
        let memory = Arc::new(Memory::default());
        memory.restore(keepsake);
        let settings = Settings::default().with_memory(memory.clone());
        let session = session::start_stepped(HashGenerator::new(Mishap::None).boxed(), settings);
        let mut script = Script::play(0).after(actions);
        script.actions.insert(0, (0, Action::Loop(Some((0.0, n_beats as f64)))));
        let checker = NoteStreamChecker::new();
        let mut band = Self { session, memory, checker, script, n_beats, played: 0 };
        // Makes the generator, then follows what the project says.
        (0..2).for_each(|_| _ = band.session.worker.step());
        band
    }

    /// From the next pass on.
    fn then(&mut self, action: Action) -> &mut Self {
        self.script.actions.push((self.played * BEAT, action));
        self
    }

    fn send(&mut self, command: Command) -> &mut Self {
        self.session.commands.send(command).expect("room");
        self
    }

    /// One pass of the loop, a line a beat; the beat after it is committed behind it.
    fn pass(&mut self) -> Vec<String> {
        self.script.n_samples = (self.played + self.n_beats) * BEAT;
        let blocks = self.script.blocks(&[500]);
        let n_blocks = (BEAT / 500) as usize;
        let from = self.played as usize * n_blocks;
        let to = from + self.n_beats as usize * n_blocks;
        let mut beats = vec![String::new(); self.n_beats as usize];
        for (sample, kind) in drive_on(&mut self.session, &blocks[from..to], &mut self.checker) {
            if let EventKind::NoteOn { part, pitch, velocity, .. } = kind {
                let beat = (sample / BEAT) as usize % self.n_beats as usize;
                let (at, part) = (sample % BEAT, part.name());
                let note = format!("{at} {part} {} {};", pitch.number(), velocity.number());
                beats[beat].push_str(&note);
            }
        }
        self.played += self.n_beats;
        beats
    }

    /// The second pass after something was changed: the first begins with a beat that was
    /// committed before.
    fn settled(&mut self) -> Vec<String> {
        self.pass();
        self.pass()
    }

    fn saved(&self) -> Keepsake {
        let text = serde_json::to_string(&self.memory.save()).unwrap();
        let keepsake = serde_json::from_str(&text).unwrap();
        assert_eq!(self.memory.save(), keepsake);
        keepsake
    }

    fn take(&self, part: Part) -> Take {
        self.memory.parts()[part.index()]
    }
}

fn of(part: Part, beats: &[String]) -> Vec<String> {
    let notes = |beat: &String| {
        beat.split(';').filter(|note| note.contains(part.name())).collect::<Vec<_>>().join(";")
    };
    beats.iter().map(notes).collect()
}

fn jazz() -> Action {
    Action::Controls(Controls { blend: Blend::pure(Genre::Jazz), ..Controls::default() })
}

const EVOLVE: Action = Action::Form(Form { evolve: 1.0, phrase_bars: 0, hold: false });

#[test]
fn takes_come_back_as_they_were() {
    let mut band = Band::new(4);
    let first = band.settled();
    let mut takes = vec![first.clone()];
    for _ in 0..3 {
        takes.push(band.send(Command::Regenerate(Part::Lead)).settled());
    }
    for (idx, take) in takes.iter().enumerate() {
        assert_eq!(of(Part::Bass, take), of(Part::Bass, &first));
        let leads = takes.iter().filter(|other| of(Part::Lead, other) == of(Part::Lead, take));
        assert_eq!(leads.count(), 1, "take {idx}");
    }
    assert_eq!(band.take(Part::Lead), Take { current: 3, newest: 3, locked: false });
    for idx in [2, 1, 0, 0] {
        assert_eq!(band.send(Command::PreviousTake(Part::Lead)).settled(), takes[idx], "{idx}");
    }
    for idx in [1, 2, 3, 3] {
        assert_eq!(band.send(Command::NextTake(Part::Lead)).settled(), takes[idx], "{idx}");
    }
    assert_eq!(band.send(Command::FirstTakes).settled(), first);
    // What is new is none of those that were.
    let newest = band.send(Command::Regenerate(Part::Lead)).settled();
    assert!(!takes.contains(&newest));
    assert_eq!(band.take(Part::Lead), Take { current: 4, newest: 4, locked: false });
}

#[test]
fn a_phrase_is_composed_anew_and_the_rest_stays() {
    let mut band = Band::new(32);
    let first = band.settled();
    let again = band.send(Command::RegeneratePhrase { beat: 21 }).settled();
    assert_eq!(again[..16], first[..16]);
    for beat in 16..32 {
        assert_ne!(again[beat], first[beat], "{beat}");
    }
    let thrice = band.send(Command::RegeneratePhrase { beat: 16 }).settled();
    assert_eq!(thrice[..16], first[..16]);
    assert!((16..32).all(|beat| thrice[beat] != again[beat] && thrice[beat] != first[beat]));
    assert_eq!(band.send(Command::TakePhraseBack).settled(), again);
    assert_eq!(band.send(Command::TakePhraseBack).settled(), first);
    assert_eq!(band.send(Command::TakePhraseBack).settled(), first);
}

#[test]
fn a_held_phrase_is_composed_anew_and_kept() {
    let hold = Action::Form(Form { evolve: 0.0, phrase_bars: 1, hold: true });
    let mut band = Band::new(4);
    let first = band.settled();
    assert_eq!(band.then(hold).settled(), first);
    let again = band.send(Command::RegeneratePhrase { beat: 0 }).settled();
    assert!((0..4).all(|beat| again[beat] != first[beat]));
    assert_eq!(band.then(jazz()).settled(), again);
    // A project that is saved now plays it.
    let mut restored = Band::with(4, band.saved(), [hold]);
    assert_eq!(restored.settled(), again);
}

#[test]
fn a_locked_part_stays_whatever_is_asked_for() {
    let mut band = Band::new(8);
    let first = band.settled();
    band.send(Command::Lock(Part::Bass, true)).then(EVOLVE).then(jazz());
    band.send(Command::RegenerateAll).send(Command::RegeneratePhrase { beat: 0 });
    let (second, third) = (band.settled(), band.pass());
    for others in [&second, &third] {
        assert_eq!(of(Part::Bass, others), of(Part::Bass, &first));
        for part in [Part::Drums, Part::Chords, Part::Lead] {
            let (others, first) = (of(part, others), of(part, &first));
            assert!(others.iter().zip(&first).all(|(a, b)| a != b), "{}", part.name());
        }
    }
    assert_ne!(second, third);
    assert_eq!(band.take(Part::Bass), Take { current: 0, newest: 0, locked: true });
    assert_eq!(band.take(Part::Lead), Take { current: 1, newest: 1, locked: false });
    // A project that is saved now keeps it, whatever it is played with.
    let mut restored = Band::with(8, band.saved(), [jazz(), EVOLVE]);
    assert_eq!(of(Part::Bass, &restored.pass()), of(Part::Bass, &first));
    assert_eq!(of(Part::Bass, &restored.pass()), of(Part::Bass, &first));
    assert_eq!(restored.saved(), band.saved());
    let free = band.send(Command::Lock(Part::Bass, false)).settled();
    assert!((0..8).all(|beat| of(Part::Bass, &free)[beat] != of(Part::Bass, &first)[beat]));
}

#[test]
fn a_lock_on_what_was_not_heard_changes_nothing() {
    let mut band = Band::new(8);
    band.send(Command::Lock(Part::Lead, true));
    let locked = band.settled();
    assert_eq!(locked, Band::new(8).settled());
    assert!(band.take(Part::Lead).locked);
}

#[test]
fn equal_hands_make_equal_music() {
    let play = |keepsake: Keepsake| {
        let mut band = Band::with(8, keepsake, []);
        let mut beats = band.settled();
        let commands = [
            Command::Regenerate(Part::Drums),
            Command::Lock(Part::Drums, true),
            Command::RegenerateAll,
            Command::PreviousTake(Part::Chords),
            Command::RegeneratePhrase { beat: 5 },
            Command::Lock(Part::Drums, false),
        ];
        for command in commands {
            beats.extend(band.send(command).settled());
        }
        (beats, band.saved())
    };
    let (beats, saved) = play(Keepsake::default());
    assert_eq!(play(Keepsake::default()), (beats, saved.clone()));
    // And whoever saves what was restored saves the same.
    let mut again = Band::with(8, saved.clone(), []);
    again.settled();
    assert_eq!(again.saved(), saved);
}

/// Whatever a project says of takes, phrases and locks, restoring it does no harm.
#[test]
fn absurd_projects_do_no_harm() {
    let texts = [
        r#"{"takes":[4294967295,0,0,7],"newest":[0,0,0,0]}"#,
        r#"{"renewed":[[9223372036854775807,-9223372036854775808,0],[-5,5,4294967295]]}"#,
        r#"{"locked":[[9,[]],[1,[{"beat":0,"meter":[0,0],"at":-1,"chord":9999,"take":3,
            "notes":[[7,1,1,1,1,1],[0,-9,999,-9,999,99]]}]],[1,[]]]}"#,
        r#"{"held":{"first":-9223372036854775808,"renewal":3,"cells":[{"meter":[4,4],"at":0,
            "asked":0,"takes":[0,0,0,0],"chord":0,"notes":[],"shelf":[[9,0,[]],[3,0,[[0,0,0,0,0,0]]]],
            "renewal":4}]}}"#,
    ];
    for text in texts {
        let mut band = Band::with(8, serde_json::from_str(text).unwrap(), [EVOLVE]);
        for part in Part::ALL {
            band.send(Command::Regenerate(part)).send(Command::PreviousTake(part));
        }
        band.send(Command::RegeneratePhrase { beat: i64::MAX });
        band.send(Command::RegeneratePhrase { beat: i64::MIN });
        band.pass();
        band.send(Command::RegeneratePhrase { beat: i64::MIN }).settled();
        band.saved();
    }
}
