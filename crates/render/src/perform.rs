//! Plays a song from its start to its last bar and writes down what was heard.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use player::{EventKind, PlayerEvent};
use score::{
    BeatFrame, Blend, GenreNames, Meter, Note, Part, Piece, Pitch, Progression, Tempo, Ticks,
    Velocity,
};
use synth::Synth;

use crate::automation::Automation;
use crate::host::{MakeGenerator, OfflineHost};
use crate::parameters::Settings;
use crate::performance::{Beat, Performance};

/// Automation reaches the music in steps of this many beats; commits fall on the same places.
const AUTOMATION_STEP_BEATS: f64 = 0.5;

/// What is heard after the last bar while the sound dies away, in seconds.
const TAIL_SECS: f64 = 2.5;

/// How long the last beat's chord may take to be published behind its notes.
const PREVIEW_LIMIT: Duration = Duration::from_secs(2);

/// What to play.
#[derive(Clone, Debug)]
pub struct Song {
    /// What it is called in pictures and files.
    pub title: String,
    /// Bars to play, at least 1.
    pub n_bars: u32,
    /// Constant tempo.
    pub tempo: Tempo,
    /// Constant meter.
    pub meter: Meter,
    /// How everything is set where no automation says otherwise.
    pub settings: Settings,
    /// What changes on the way.
    pub automation: Automation,
    /// Chords to follow; the model's own where there are none.
    pub chords: Progression,
    /// Whether the last four bars close it.
    pub ending: bool,
    /// In Hz.
    pub sample_rate: u32,
    /// Samples a block, `1..=8192`. Changes nothing that is heard.
    pub block: usize,
    /// Whether to make sound.
    pub sound: bool,
}

/// Stereo sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audio {
    /// In Hz.
    pub sample_rate: u32,
    /// Left channel.
    pub left: Vec<f32>,
    /// Right channel, as long as the left.
    pub right: Vec<f32>,
}

/// A song as it was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendering {
    /// Notes, chords and controls.
    pub performance: Performance,
    /// The sound, if it was asked for.
    pub audio: Option<Audio>,
    /// Notes that came late or too late, and beats that were not composed in time; 0 offline.
    pub n_late: u32,
    /// Beats of parts that were composed again because they would have copied a training song;
    /// some may have been composed ahead of the song's end.
    pub n_redrawn: u32,
    /// Those of them where the notes that did so were forbidden.
    pub n_redraws_forced: u32,
}

impl Default for Song {
    /// Sixteen bars of everything at its default, without sound.
    fn default() -> Self {
        Self {
            title: "Tributary".to_owned(),
            n_bars: 16,
            tempo: Tempo::DEFAULT,
            meter: Meter::COMMON,
            settings: Settings::default(),
            automation: Automation::default(),
            chords: Progression::EMPTY,
            ending: false,
            sample_rate: 48_000,
            block: 512,
            sound: false,
        }
    }
}

impl Song {
    /// Length in beats.
    pub fn n_beats(&self) -> f64 {
        f64::from(self.n_bars) * self.meter.bar_beats()
    }

    /// Whether the ending has to be asked for at that beat, so that it begins with the fourth bar
    /// from the end: after the beat before that bar's first has been, and before that one is.
    fn is_ending_at(&self, beat: f64) -> bool {
        let closing_beats = f64::from(self.n_bars.min(4)) * self.meter.bar_beats();
        self.ending && beat >= self.n_beats() - closing_beats - 3.0 * AUTOMATION_STEP_BEATS
    }
}

/// Plays a song with the generator that `make_generator` makes.
///
/// # Errors
/// When the song has no length, or when composing fails.
pub fn perform(song: &Song, make_generator: MakeGenerator) -> Result<Rendering> {
    if song.n_bars == 0 || song.block == 0 || song.sample_rate == 0 {
        bail!("a song needs at least one bar, one sample a block and a sample rate");
    }
    let rate = f64::from(song.sample_rate);
    let mut host = OfflineHost::start(make_generator, song.tempo, song.meter, rate);
    host.set_chords(&song.chords);
    host.set_playing(true);
    let n_samples = host.sample_of(song.n_beats());
    let mut recorder = Recorder::new(song, n_samples);
    let mut beats = BTreeMap::new();
    let (mut at, mut step) = (0, 0.0);
    while at < n_samples {
        // A block is cut where automation may reach a commit, so that blocks of any size capture
        // the same controls.
        while host.sample_of((step + 1.0) * AUTOMATION_STEP_BEATS) <= at {
            step += 1.0;
        }
        let next_step = host.sample_of((step + 1.0) * AUTOMATION_STEP_BEATS);
        let block_end = (at / song.block as u64 + 1) * song.block as u64;
        let end = next_step.min(block_end).min(n_samples);
        let mut settings = song.automation.at(step * AUTOMATION_STEP_BEATS, &song.settings);
        settings.controls.ending |= song.is_ending_at(step * AUTOMATION_STEP_BEATS);
        host.set_form(settings.form);
        recorder.set_levels(&settings);
        let n_piece = (end - at) as usize;
        let mut events = Vec::new();
        host.play_block(n_piece, &settings.controls, &mut |event| events.push(event))?;
        recorder.play(&events, n_piece);
        collect_beats(&mut host, &mut beats);
        if let Some(failure) = host.session.report.failure() {
            bail!("{failure}");
        }
        at = end;
    }
    let last_beat = song.n_beats().ceil() as i64 - 1;
    let deadline = Instant::now() + PREVIEW_LIMIT;
    while !beats.contains_key(&last_beat) && Instant::now() < deadline {
        // A beat is shown after its notes are handed over; a stop would show other beats.
        std::thread::sleep(Duration::from_micros(200));
        collect_beats(&mut host, &mut beats);
    }
    host.set_playing(false);
    let mut events = Vec::new();
    host.play_block(1, &song.settings.controls, &mut |event| events.push(event))?;
    recorder.stop(&events);
    let status = &host.session.status;
    let n_late = status.late() + status.dropped() + status.underruns();
    let beats: Vec<Beat> = (0..song.n_beats().ceil() as i64)
        .map(|beat| {
            beats.remove(&beat).unwrap_or_else(|| Beat {
                frame: BeatFrame::regular(beat, song.meter, song.tempo),
                chord: None,
                controls: None,
                heard: None,
            })
        })
        .collect();
    let genres = host.session.report.genres();
    let (piece, audio) = recorder.finish(&beats, song, &genres);
    Ok(Rendering {
        performance: Performance { title: song.title.clone(), piece, beats, genres },
        audio,
        n_late,
        n_redrawn: status.redrawn(),
        n_redraws_forced: status.redraws_forced(),
    })
}

/// Takes the newest beats out of the preview.
fn collect_beats(host: &mut OfflineHost, beats: &mut BTreeMap<i64, Beat>) {
    for beat in &host.session.preview.read().beats {
        let kept = Beat {
            frame: beat.frame,
            chord: beat.chord,
            controls: Some(beat.controls),
            heard: beat.heard,
        };
        beats.insert(beat.frame.beat, kept);
    }
}

/// A note that is sounding.
struct OpenNote {
    onset: u64,
    part: Part,
    pitch: Pitch,
    velocity: Velocity,
}

/// Writes down events and makes them sound.
struct Recorder {
    synth: Option<Synth>,
    audio: Audio,
    /// Samples played.
    now: u64,
    /// Ticks a sample.
    scale: f64,
    n_samples: u64,
    open: BTreeMap<i32, OpenNote>,
    parts: [Vec<Note>; 4],
}

impl Recorder {
    fn new(song: &Song, n_samples: u64) -> Self {
        let rate = f64::from(song.sample_rate);
        let scale = score::TICKS_PER_QUARTER as f64 / song.tempo.samples_per_beat(rate);
        let room = if song.sound { n_samples as usize } else { 0 };
        Self {
            synth: song.sound.then(|| Synth::new(song.sample_rate as f32)),
            audio: Audio {
                sample_rate: song.sample_rate,
                left: Vec::with_capacity(room),
                right: Vec::with_capacity(room),
            },
            now: 0,
            scale,
            n_samples,
            open: BTreeMap::new(),
            parts: Default::default(),
        }
    }

    fn set_levels(&mut self, settings: &Settings) {
        let linear = |db: f32| if db <= -60.0 { 0.0 } else { 10f32.powf(db / 20.0) };
        if let Some(synth) = &mut self.synth {
            for part in Part::ALL {
                let level = linear(settings.levels_db[part.index()]);
                synth.set_level(part, if settings.is_silenced(part) { 0.0 } else { level });
                synth.set_pan(part, settings.pans[part.index()]);
                synth.set_patch(part, settings.patch(part));
            }
            synth.set_gain(linear(settings.gain_db));
        }
    }

    /// Plays a block with its events.
    fn play(&mut self, events: &[PlayerEvent], n_samples: usize) {
        let start = self.now;
        for event in events {
            self.sound_until(start + u64::from(event.offset));
            self.event(event);
        }
        self.sound_until(start + n_samples as u64);
    }

    /// Ends what the events end, and lets the sound die away.
    fn stop(&mut self, events: &[PlayerEvent]) {
        events.iter().for_each(|event| self.event(event));
        if self.synth.is_some() {
            let tail = f64::from(self.audio.sample_rate) * TAIL_SECS;
            self.sound_until(self.now + tail as u64);
        }
    }

    fn sound_until(&mut self, end: u64) {
        if let Some(synth) = &mut self.synth {
            let (from, to) = (self.now as usize, end as usize);
            self.audio.left.resize(to, 0.0);
            self.audio.right.resize(to, 0.0);
            synth.render(&mut self.audio.left[from..to], &mut self.audio.right[from..to]);
        }
        self.now = end;
    }

    fn event(&mut self, event: &PlayerEvent) {
        match event.kind {
            EventKind::NoteOn { part, pitch, velocity, note_id } => {
                if let Some(synth) = &mut self.synth {
                    synth.note_on(part, pitch, velocity);
                }
                let note = OpenNote { onset: self.now, part, pitch, velocity };
                self.open.insert(note_id, note);
            }
            EventKind::NoteOff { part, pitch, note_id } => {
                if let Some(synth) = &mut self.synth {
                    synth.note_off(part, pitch);
                }
                if let Some(note) = self.open.remove(&note_id) {
                    self.close(note, self.now);
                }
            }
        }
    }

    fn close(&mut self, note: OpenNote, end: u64) {
        let ticks = |sample: u64| Ticks((sample as f64 * self.scale).round() as i64);
        let onset = ticks(note.onset);
        let duration = (ticks(end.min(self.n_samples)) - onset).max(Ticks(1));
        let part = note.part;
        let note = Note { onset, duration, pitch: note.pitch, velocity: note.velocity };
        self.parts[part.index()].push(note);
    }

    /// The music with tempo, meter and markers, and the sound.
    fn finish(
        mut self,
        beats: &[Beat],
        song: &Song,
        genres: &GenreNames,
    ) -> (Piece, Option<Audio>) {
        for note in std::mem::take(&mut self.open).into_values() {
            self.close(note, self.n_samples);
        }
        let mut piece = Piece {
            parts: self.parts,
            tempos: vec![(Ticks(0), song.tempo)],
            meters: vec![(Ticks(0), song.meter)],
            markers: Vec::new(),
        };
        for beat in beats {
            let at = Ticks::from_beat(beat.frame.beat);
            let Some(blend) = beat.blend() else { continue };
            // The first beat of a bar names the blend, if it is not the one before.
            let begins_bar = at - beat.frame.bar_start < Ticks::from_beat(1);
            let text = describe(&blend, genres);
            if begins_bar && piece.markers.last().is_none_or(|(_, last)| *last != text) {
                piece.markers.push((at, text));
            }
        }
        piece.sort();
        (piece, self.synth.is_some().then_some(self.audio))
    }
}

/// A blend in words, for example `jazz 60 hip-hop 40`: percent, what is below 1 left out.
pub fn describe(blend: &Blend, genres: &GenreNames) -> String {
    let blend = blend.within(genres.len(), genres.styles_present()).normalized();
    let percent = |idx: usize| (blend.weights()[idx] * 100.0).round() as i32;
    let mut present: Vec<usize> = (0..Blend::LEN).filter(|idx| percent(*idx) > 0).collect();
    present.sort_by_key(|idx| -percent(*idx));
    let word = |idx: usize| format!("{} {}", genres.of_weight(idx), percent(idx));
    present.into_iter().map(word).collect::<Vec<_>>().join(" ")
}
