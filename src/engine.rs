//! The band of one instance: player, clock, channels and sound on the **audio thread**, and the
//! link over which the editor watches.

#![cfg_attr(
    not(test),
    deny(clippy::disallowed_types, clippy::disallowed_methods, clippy::disallowed_macros)
)]

use crate::editor::{Wake, WindowThread};
use crate::follow::{self, Input, Key, bus};
use crate::host::{BlockPlace, Channels, Heard, NoteOutput, TransportReader};
use crate::model_file::Model;
use crate::params::{OutputsChoice, TributaryParams};
use crate::sound_font::FontEnds;
use composer::{Capture, Commands, Memory, Offline, Preview, PreviewReader};
use composer::{Player, Report, Session, Settings, WorkerHandle, session};
use nice_plug::context::process::SendEventError;
use nice_plug::prelude::{NoteEvent, Transport};
use parking_lot::{Mutex, MutexGuard};
use player::{Clock, EventKind, PlayerEvent, Playhead, Status};
use score::{Controls, Part};
use std::sync::Arc;
use std::time::Duration;
use synth::{PartOutputs, Synth};

/// How long an offline render waits for one beat before it goes on without it; the first wait
/// covers loading the model on a slow machine.
const OFFLINE_LIMIT: Duration = Duration::from_secs(30);

/// How long the built-in sound goes on after it was switched off, to fade.
const SOUND_FADE_SECS: f32 = 0.1;

/// The audio thread's half of an instance.
pub struct Band {
    player: Box<Player>,
    offline: Offline,
    /// Whether the host renders faster or slower than real time, and waiting is allowed.
    renders_offline: bool,
    place: BlockPlace,
    transport: TransportReader,
    clock: Clock,
    output: NoteOutput,
    input: Input,
    synth: Synth,
    fonts: FontEnds,
    /// Parts that are muted, or not among those that play solo.
    silenced: [bool; 4],
    sample_rate: f32,
    /// Samples for which the built-in sound is still rendered after it was switched off.
    sound_left: usize,
    bypassed: bool,
    /// Takes the instance from the composing thread when it goes.
    _worker: WorkerHandle,
}

impl Band {
    /// Joins the composing thread, and shows the editor where to look; `memory` is what the project
    /// saves of the music, `model` what composes it.
    ///
    /// Not for the audio thread.
    pub fn start(
        sample_rate: f32,
        memory: Arc<Memory>,
        model: Arc<Model>,
        fonts: FontEnds,
        link: &Link,
    ) -> Self {
        let wake = link.wake.clone();
        let settings = Settings::default()
            .with_memory(memory)
            .with_successor(model.successor())
            .with_listener(move || wake.ring());
        let Session { player, worker, preview, status, report, commands, capture, offline } =
            session::start(move || model.make(), settings);
        *link.view() = Some(View { status, report, preview, commands, capture });
        Self {
            player,
            offline,
            renders_offline: false,
            place: BlockPlace::default(),
            transport: TransportReader::default(),
            clock: Clock::new(),
            output: NoteOutput::new(),
            input: Input::default(),
            synth: Synth::new(sample_rate),
            fonts,
            silenced: [false; 4],
            sample_rate,
            sound_left: 0,
            bypassed: false,
            _worker: worker,
        }
    }

    /// Takes over a host's settings. Not for the audio thread.
    pub fn configure(&mut self, sample_rate: f32, renders_offline: bool) {
        if self.sample_rate != sample_rate {
            self.synth = Synth::new(sample_rate);
            self.sample_rate = sample_rate;
        }
        self.renders_offline = renders_offline;
    }

    /// Forgets the transport and what is sounding; the ends of notes go out with the next block.
    pub fn reset(&mut self) {
        self.player.reset();
        self.place = BlockPlace::default();
        self.transport.reset();
        self.input.reset();
        self.clock = Clock::new();
        self.synth.reset();
        self.sound_left = 0;
    }

    /// Where the next piece is played: the host's place, or the own clock's. `samples` is where
    /// one channel of it goes.
    pub fn playhead(
        &mut self,
        host: &Transport,
        params: &TributaryParams,
        samples: &[f32],
    ) -> Playhead {
        let n_samples = samples.len();
        let offset = self.place.offset(samples);
        let tempo = params.tempo();
        let host = self.transport.read(host, tempo, offset, n_samples);
        let run = params.engine.run.value();
        self.clock.playhead(&host, run, tempo, f64::from(self.sample_rate), n_samples)
    }

    /// Takes over what is turned while the music goes on.
    pub fn follow(&mut self, params: &TributaryParams, n_samples: usize) {
        self.player.set_lookahead(params.lookahead());
        self.player.set_form(params.form());
        self.silenced = params.silenced();
        for part in Part::ALL {
            let level = if self.silenced[part.index()] { 0.0 } else { params.level(part) };
            self.synth.set_level(part, level);
            self.synth.set_pan(part, params.pan(part));
            self.synth.set_patch(part, params.patch(part));
        }
        self.fonts.exchange(&mut self.synth, self.sample_rate);
        self.bypassed = params.engine.bypass.value();
        let audible = params.engine.sound.value() && !self.bypassed;
        self.synth.set_gain(if audible { params.gain() } else { 0.0 });
        if audible {
            self.sound_left = (SOUND_FADE_SECS * self.sample_rate) as usize;
        } else if self.sound_left > 0 {
            self.sound_left = self.sound_left.saturating_sub(n_samples);
            if self.sound_left == 0 {
                // What was ringing must not go on where it stopped.
                self.synth.reset();
            }
        }
    }

    /// Plays a block with the notes that come in, in pieces between these, so that a chord reaches
    /// the beats that are committed from its own sample on.
    ///
    /// Waits for the composer only when the host renders offline.
    pub fn play_along(
        &mut self,
        playhead: &Playhead,
        params: &TributaryParams,
        [left, right]: [&mut [f32]; 2],
        mut parts: PartOutputs,
        host: &mut impl HostNotes,
    ) {
        let n_samples = left.len().min(right.len());
        let outputs = params.engine.outputs.value();
        if outputs == OutputsChoice::Mix {
            parts.iter_mut().flatten().for_each(|side| side.fill(0.0));
            parts = Default::default();
        }
        let (source, channels) = (params.source(), params.channels());
        let mut controls = params.controls();
        self.player.set_progression(self.input.progression(source, &params.typed));
        self.player.set_chord_line(bus::followed(source));
        self.player.set_sends_chords(params.bus_send() > 0);
        self.output.settle(self.bypassed, 0, |event| host.send(event));
        let mut next = host.next();
        let mut from = 0;
        loop {
            while let Some(event) = next.filter(|event| event.timing() as usize <= from) {
                self.hear(&event);
                self.pass(event, from as u32, params.passes_input(), host);
                next = host.next();
            }
            let until = next.map_or(n_samples, |event| n_samples.min(event.timing() as usize));
            controls.follow = self.input.chord(source);
            let piece = from..until;
            let outputs = parts.each_mut().map(|part| {
                part.each_mut().map(|side| side.get_mut(piece.clone()).unwrap_or_default())
            });
            let (Some(left), Some(right)) = (left.get_mut(piece.clone()), right.get_mut(piece))
            else {
                return;
            };
            let playhead = playhead.advanced(from);
            self.play(&playhead, &controls, channels, [left, right], outputs, |event| {
                host.send(later(event, from as u32))
            });
            bus::send(params.bus_send(), self.player.chords());
            from = until;
            if from >= n_samples {
                break;
            }
        }
        if outputs == OutputsChoice::Parts {
            left.fill(0.0);
            right.fill(0.0);
        }
        // Events beyond the block are heard at its end.
        while let Some(event) = next {
            self.hear(&event);
            let last = n_samples.saturating_sub(1) as u32;
            self.pass(event, last, params.passes_input(), host);
            next = host.next();
        }
    }

    /// Hears a note that came in: as part of a chord, and as part of a phrase to answer.
    fn hear(&mut self, event: &NoteEvent<()>) {
        self.input.hear(event);
        if let Some(Key { pitch: Some(pitch), velocity }) = follow::key(event) {
            self.player.hear(pitch, velocity);
        }
    }

    /// Hands a note that came in on to the host; ends go out even when nothing begins any more.
    fn pass(&mut self, event: NoteEvent<()>, offset: u32, begins: bool, host: &mut impl HostNotes) {
        let synth = &mut self.synth;
        let hear = |heard| {
            if let Heard::Off(part, pitch) = heard {
                synth.note_off(part, pitch);
            }
        };
        self.output.pass(event, offset, begins && !self.bypassed, |event| host.send(event), hear);
    }

    /// Plays a stretch: notes through `send`, sound into both channels, and each part's into its
    /// own channels where there are any.
    ///
    /// Waits for the composer only when the host renders offline.
    pub fn play(
        &mut self,
        playhead: &Playhead,
        controls: &Controls,
        channels: Channels,
        [left, right]: [&mut [f32]; 2],
        parts: PartOutputs,
        mut send: impl FnMut(NoteEvent<()>) -> Result<(), SendEventError>,
    ) {
        let n_samples = left.len().min(right.len());
        let mut sound = Sound {
            synth: &mut self.synth,
            audible: self.sound_left > 0,
            n_rendered: 0,
            left: &mut left[..n_samples],
            right: &mut right[..n_samples],
            parts,
        };
        let output = &mut self.output;
        let silenced = self.silenced;
        for part in Part::ALL.into_iter().filter(|part| silenced[part.index()]) {
            output.end_part(part, 0, &mut send, |heard| sound.hear(0, heard));
        }
        let mut emit = |event: PlayerEvent| {
            let at = event.offset as usize;
            if matches!(event.kind, EventKind::NoteOn { part, .. } if silenced[part.index()]) {
                return true;
            }
            output.forward(event, channels, &mut send, |heard| sound.hear(at, heard))
        };
        if self.bypassed {
            self.player.stop_all(&mut emit);
        } else if self.renders_offline {
            let (player, limit) = (&mut self.player, OFFLINE_LIMIT);
            // What did not come is counted where the editor sees it.
            let _ =
                self.offline.fill_block(player, playhead, n_samples, controls, limit, &mut emit);
        } else {
            self.player.fill_block(playhead, n_samples, controls, &mut emit);
        }
        sound.render_until(n_samples);
    }
}

/// The host's side of notes, both ways.
pub trait HostNotes {
    /// The next note that comes in, in order of time.
    fn next(&mut self) -> Option<NoteEvent<()>>;
    /// Takes a note that goes out.
    ///
    /// # Errors
    /// When the host has no room.
    fn send(&mut self, event: NoteEvent<()>) -> Result<(), SendEventError>;
}

/// An event of a piece that begins `from` samples inside the block.
fn later(mut event: NoteEvent<()>, from: u32) -> NoteEvent<()> {
    if let NoteEvent::NoteOn { timing, .. } | NoteEvent::NoteOff { timing, .. } = &mut event {
        *timing = timing.saturating_add(from);
    }
    event
}

/// The built-in sound of one stretch, rendered up to each note in turn.
struct Sound<'a> {
    synth: &'a mut Synth,
    audible: bool,
    n_rendered: usize,
    left: &'a mut [f32],
    right: &'a mut [f32],
    parts: PartOutputs<'a>,
}

impl Sound<'_> {
    fn render_until(&mut self, end: usize) {
        let end = end.clamp(self.n_rendered, self.left.len());
        let (left, right) =
            (&mut self.left[self.n_rendered..end], &mut self.right[self.n_rendered..end]);
        let range = self.n_rendered..end;
        let mut parts = self.parts.each_mut().map(|part| {
            part.each_mut().map(|side| side.get_mut(range.clone()).unwrap_or_default())
        });
        if self.audible {
            self.synth.render_parts(left, right, parts);
        } else {
            left.fill(0.0);
            right.fill(0.0);
            parts.iter_mut().flatten().for_each(|side| side.fill(0.0));
        }
        self.n_rendered = end;
    }

    fn hear(&mut self, at: usize, heard: Heard) {
        self.render_until(at);
        match heard {
            Heard::On(part, pitch, velocity) if self.audible => {
                self.synth.note_on(part, pitch, velocity);
            }
            Heard::On(..) => {}
            Heard::Off(part, pitch) => self.synth.note_off(part, pitch),
        }
    }
}

/// Where the editor finds the band, once there is one.
///
/// The editor is made before the host activates the plugin; the audio thread never looks here.
#[derive(Default)]
#[cfg_attr(
    not(test),
    expect(clippy::disallowed_types, reason = "the track's name is for the editor")
)]
pub struct Link {
    view: Mutex<Option<View>>,
    /// Has the open window drawn.
    pub wake: Wake,
    /// The open window's.
    pub window_thread: WindowThread,
    /// Name of the host's track; empty where it tells none.
    track: Mutex<String>,
}

impl Link {
    /// What the editor may see; `None` before the first activation.
    pub fn view(&self) -> MutexGuard<'_, Option<View>> {
        self.view.lock()
    }

    /// Name of the host's track; empty where it tells none.
    #[cfg_attr(not(test), expect(clippy::disallowed_types, reason = "not by the audio thread"))]
    pub fn track(&self) -> String {
        self.track.lock().clone()
    }

    /// Follows the host's name for the track.
    pub fn set_track(&self, name: &str) {
        name.trim().clone_into(&mut *self.track.lock());
        self.wake.ring();
    }
}

/// What the editor may see and ask for.
pub struct View {
    /// Counters and positions.
    pub status: Arc<Status>,
    /// Why the model is not playing, if it is not.
    pub report: Arc<Report>,
    /// To the composing thread.
    pub commands: Commands,
    /// The last bars.
    pub capture: Arc<Capture>,
    preview: PreviewReader,
}

impl View {
    /// Takes the newest snapshot; says whether there is a newer one.
    pub fn refresh(&mut self) -> bool {
        self.preview.update()
    }

    /// The beats around the playhead as of the last [`refresh`](Self::refresh).
    pub fn preview(&self) -> &Preview {
        self.preview.output_buffer()
    }
}

#[cfg(test)]
impl View {
    /// What is seen of a session that composes stored patterns, and its worker to step by hand.
    pub fn of_patterns() -> (Self, composer::Worker) {
        let patterns = || Ok(Box::new(composer::PatternGenerator::new()) as Box<_>);
        let session = session::start_stepped(patterns, Settings::default());
        let composer::SteppedSession { worker, preview, status, report, commands, capture, .. } =
            session;
        (Self { status, report, commands, capture, preview }, worker)
    }
}

#[cfg(test)]
mod tests;
