//! A host that does everything a host may do, in an order that a seed decides.

use hosting::{
    Action, Block, InputNote, Instance, Parameter, ParameterChange, ParameterList, Script, Song,
    Transport,
};

/// Frames a second of the random host.
const RATE: f64 = 48_000.0;

/// The largest block, in frames; also what is announced.
const MAX_FRAMES: usize = 2048;

/// How many times faster than the clock blocks are sent. Most blocks are followed by a sleep all the
/// same, in which the threads that wait for work go to sleep: only then does waking one show.
const SPEED: f64 = 2.0;

/// The song stands, then plays undisturbed for so long, so that there is music to disturb.
const LEAD_IN_FRAMES: usize = 96_000;

/// A small random number generator (SplitMix64): equal seeds give equal hosts on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// A real-time script of `seconds` of the clock's time that restores `states` while it plays.
pub fn script(seed: u64, seconds: f64, parameters: &ParameterList, states: &[Vec<u8>]) -> Script {
    let mut random = Random::new(seed);
    let mut script = Script::new(RATE, MAX_FRAMES as u32).in_real_time(SPEED);
    let mut host = Host { song: Song::default(), beat: 0.0, playing: false, has_transport: true };
    let mut held: Vec<u8> = Vec::new();
    let mut bypassed = false;
    let total = (seconds * SPEED * RATE) as usize;
    let mut done = 0;
    while done < total {
        let before = actions(&mut random, &script);
        let is_first_of_thread =
            done == 0 || before.iter().any(|action| matches!(action, Action::Activate(_)));
        // A thread's first block has frames, so that the plugin runs at all, and is quiet: a first
        // edit or note that comes later must be as free as others.
        let frames = if is_first_of_thread { 64 } else { block_frames(&mut random) };
        let leads_in = done < LEAD_IN_FRAMES;
        if leads_in {
            host.playing = done > LEAD_IN_FRAMES / 4;
        } else {
            host.move_on(&mut random);
        }
        let transport = host.transport();
        let (mut changes, mut notes) = (Vec::new(), Vec::new());
        if !is_first_of_thread && !leads_in {
            changes = self::changes(&mut random, parameters, &mut bypassed, frames);
            notes = self::notes(&mut random, &mut held, frames);
        }
        script.blocks.push(Block { before, frames, transport, changes, notes, ..Block::default() });
        host.pass(frames);
        done += frames;
    }
    // Spread over the run, and the last well before its end.
    let spacing = script.blocks.len() / (states.len() + 2);
    for (number, state) in (1..).zip(states) {
        let block = &mut script.blocks[number * spacing];
        block.before.push(Action::LoadStateMeanwhile(state.clone()));
    }
    script
}

/// Seldom, the host cuts the stream, or starts again on another thread.
fn actions(random: &mut Random, script: &Script) -> Vec<Action> {
    match random.below(400) {
        0 => vec![Action::Reset],
        1 => vec![Action::StopProcessing],
        2 => vec![Action::Activate(script.setup)],
        _ => Vec::new(),
    }
}

fn block_frames(random: &mut Random) -> usize {
    match random.below(16) {
        0 => 0,
        1 => 1,
        2..=4 => 1 + random.below(64),
        5..=9 => random.one_of(&[64, 128, 256, 480, 512]),
        _ => random.below(MAX_FRAMES + 1),
    }
}

/// Edits: now and then one, seldom many; every parameter, the switches included, at any frame, to
/// any value and often to an end of the range.
fn changes(
    random: &mut Random,
    parameters: &ParameterList,
    bypassed: &mut bool,
    frames: usize,
) -> Vec<ParameterChange> {
    let n = match random.below(20) {
        0 => 1 + random.below(24),
        1..=6 => 1 + random.below(3),
        _ => 0,
    };
    let mut edit = |parameter: String, value: f64| {
        let offset = random.below(frames.max(1)) as u32;
        (ParameterChange { offset, parameter, value }, random.next())
    };
    let mut changes = Vec::new();
    for _ in 0..n {
        let (mut change, chosen) = edit(String::new(), 0.0);
        let mut own = Random::new(chosen);
        let chosen = own.below(parameters.len() + 3);
        // The switches of the whole engine come up more often than the others.
        change.parameter = match chosen.checked_sub(parameters.len()) {
            Some(switch) => ["sound", "run", "seed"][switch].to_owned(),
            None => full_name(parameters.iter().nth(chosen).expect("an index below the length")),
        };
        change.value = value(&mut own, &change.parameter);
        changes.push(change);
    }
    let (toggle, luck) = edit("bypass".to_owned(), if *bypassed { 0.0 } else { 1.0 });
    // The bypass is pressed now and then, and soon released: the band is there to be heard.
    if luck % 100 < if *bypassed { 20 } else { 2 } {
        *bypassed = !*bypassed;
        changes.push(toggle);
    }
    changes.sort_by_key(|change| change.offset);
    changes
}

fn full_name(parameter: &Parameter) -> String {
    format!("{}/{}", parameter.module, parameter.name)
}

/// A value for a parameter by its full name; the band mostly stays switched on.
fn value(random: &mut Random, name: &str) -> f64 {
    let mostly = |on: bool| f64::from(u8::from(on));
    match random.below(3) {
        _ if name.ends_with("Bypass") => 0.0,
        _ if name.ends_with(" on") => mostly(random.chance(0.9)),
        _ if name.ends_with(" density") => 0.4 + 0.6 * random.unit(),
        0 => random.one_of(&[0.0, 1.0]),
        _ => random.unit(),
    }
}

/// States of an instance with random settings.
pub fn states(instance: &mut dyn Instance, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed ^ 0x5eed);
    let parameters: Vec<_> = instance.parameters().iter().cloned().collect();
    (0..6)
        .map(|_| {
            for parameter in &parameters {
                if random.chance(0.3) {
                    let value = value(&mut random, &full_name(parameter));
                    instance.set(parameter, value).expect("a parameter of the plugin");
                }
            }
            instance.save_state().expect("a plugin that saves")
        })
        .collect()
}

fn notes(random: &mut Random, held: &mut Vec<u8>, frames: usize) -> Vec<InputNote> {
    let mut notes = Vec::new();
    if frames > 0 && random.chance(0.2) {
        for _ in 0..1 + random.below(4) {
            let offset = random.below(frames) as u32;
            let off = random.chance(0.5).then(|| held.pop()).flatten();
            let key = off.unwrap_or_else(|| random.below(128) as u8);
            if off.is_none() {
                held.push(key);
            }
            let velocity = random.unit() as f32;
            notes.push(InputNote { offset, on: off.is_none(), channel: 0, key, velocity });
        }
    }
    notes.sort_by_key(|note| note.offset);
    notes
}

/// Where the host's song is.
struct Host {
    song: Song,
    beat: f64,
    playing: bool,
    has_transport: bool,
}

impl Host {
    /// What the user does between two blocks.
    fn move_on(&mut self, random: &mut Random) {
        if random.chance(if self.playing { 0.005 } else { 0.05 }) {
            self.playing = !self.playing;
        }
        if random.chance(0.005) {
            // Also before the song's start, as in a pre-roll.
            self.beat = random.unit() * 64.0 - 4.0;
        }
        if random.chance(0.01) {
            self.song.tempo = 40.0 + random.unit() * 220.0;
        }
        if random.chance(0.005) {
            self.song.meter = random.one_of(&[(4, 4), (3, 4), (6, 8), (7, 8), (5, 4), (2, 2)]);
        }
        if random.chance(0.01) {
            let start = (self.beat + random.unit() * 2.0).max(0.0);
            let length = random.one_of(&[0.25, 0.75, 1.0, 2.0, 3.5, 4.0]);
            self.song.loop_beats = match self.song.loop_beats {
                Some(_) => None,
                None => Some((start, start + length)),
            };
        }
        if random.chance(if self.has_transport { 0.003 } else { 0.1 }) {
            self.has_transport = !self.has_transport;
        }
    }

    fn transport(&self) -> Option<Transport> {
        self.has_transport.then(|| self.song.at(self.beat, self.playing))
    }

    /// Time passes, and a loop comes round.
    fn pass(&mut self, frames: usize) {
        if !self.playing {
            return;
        }
        let before = self.beat;
        self.beat += frames as f64 * self.song.tempo / 60.0 / RATE;
        if let Some((start, end)) = self.song.loop_beats
            && before < end
            && self.beat >= end
        {
            self.beat = start + (self.beat - end) % (end - start);
        }
    }
}
