//! What a plugin played.

use crate::{Error, Result};

/// Whether a note starts or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A note starts.
    On,
    /// A note ends.
    Off,
}

/// One note event that the plugin sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HostEvent {
    /// When, in samples: from the start of the recording, or of the block in an
    /// [`Output`](crate::Output).
    pub sample: i64,
    /// Start or end.
    pub kind: EventKind,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI key, 0..=127.
    pub key: u8,
    /// Velocity, 0.0..=1.0.
    pub velocity: f32,
    /// The note id that arrived. VST3 builds of the framework replace the plugin's own id by key
    /// and channel, so ids do not compare across formats.
    pub note_id: i32,
}

impl HostEvent {
    pub(crate) fn checked(
        sample: i64,
        kind: EventKind,
        channel: i32,
        key: i32,
        velocity: f64,
        note_id: i32,
    ) -> Result<Self> {
        let invalid = || Error::EventInvalid { channel, key, velocity };
        let in_range = (0..16).contains(&channel)
            && (0..128).contains(&key)
            && (0.0..=1.0).contains(&velocity);
        if !in_range {
            return Err(invalid());
        }
        Ok(Self {
            sample,
            kind,
            channel: channel as u8,
            key: key as u8,
            velocity: velocity as f32,
            note_id,
        })
    }
}

/// What somebody does to a control of the plugin's editor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EditKind {
    /// A gesture begins: the control is touched.
    Begin,
    /// The parameter has another value, normalised to 0.0..=1.0.
    Set(f64),
    /// The gesture ends.
    End,
}

/// One thing that the plugin told its host about a parameter, which the host would record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edit {
    /// The parameter's numeric id, see [`stable_id`](crate::stable_id).
    pub parameter: u32,
    /// What happens to it.
    pub kind: EditKind,
}

/// A note with both its ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlayedNote {
    /// First sample.
    pub start: i64,
    /// The sample of its note-off, at least `start`.
    pub end: i64,
    /// MIDI channel, 0..=15.
    pub channel: u8,
    /// MIDI key, 0..=127.
    pub key: u8,
    /// Velocity, 0.0..=1.0.
    pub velocity: f32,
}

/// The sound of one output bus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BusAudio {
    /// Name of the bus.
    pub name: String,
    /// Samples by channel, each as long as the recording.
    pub channels: Vec<Vec<f32>>,
}

impl BusAudio {
    /// The largest absolute sample.
    pub fn peak(&self) -> f32 {
        self.channels.iter().flatten().fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    /// Root mean square over all channels; 0 for no samples.
    pub fn rms(&self) -> f32 {
        let count = self.channels.iter().map(Vec::len).sum::<usize>().max(1);
        let power: f64 = self.channels.iter().flatten().map(|x| f64::from(*x).powi(2)).sum();
        (power / count as f64).sqrt() as f32
    }
}

/// Everything a plugin sent while a script ran.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// Frames a second.
    pub sample_rate: f64,
    /// Length in frames.
    pub frames: i64,
    /// Note events by time.
    pub events: Vec<HostEvent>,
    /// Number of other events.
    pub other_events: usize,
    /// What was done in the plugin's editor, in order.
    pub edits: Vec<Edit>,
    /// Number of events that the host refused.
    pub refused_events: usize,
    /// Number of states that the plugin refused, see [`Action`](crate::Action).
    pub refused_states: usize,
    /// Number of notes that sound after each block.
    pub sounding: Vec<usize>,
    /// Sound by output bus, main first.
    pub audio: Vec<BusAudio>,
    /// Wall time of each process call in nanoseconds.
    pub block_nanoseconds: Vec<u64>,
    /// Normalised values of all parameters after the last block, in the plugin's order.
    pub values: Vec<f64>,
    /// The plugin's state after the last block.
    pub state: Vec<u8>,
}

impl Recording {
    /// The notes, by start. Every on must have its off and every off its on.
    ///
    /// # Errors
    /// [`Error::Unpaired`] for the first event that does not pair.
    pub fn notes(&self) -> Result<Vec<PlayedNote>> {
        pair_notes(&self.events)
    }

    /// The events without note ids and off velocities: what must be equal across formats.
    pub fn music(&self) -> Vec<(i64, EventKind, u8, u8, u32)> {
        let on_velocity = |event: &HostEvent| match event.kind {
            EventKind::On => event.velocity.to_bits(),
            EventKind::Off => 0,
        };
        self.events
            .iter()
            .map(|event| (event.sample, event.kind, event.channel, event.key, on_velocity(event)))
            .collect()
    }
}

/// Pairs note events. A key of a channel may not start again before it has ended.
///
/// # Errors
/// [`Error::Unpaired`] for a second start, an end without a start, or a start without an end.
pub fn pair_notes(events: &[HostEvent]) -> Result<Vec<PlayedNote>> {
    let mut sounding: [[Option<usize>; 128]; 16] = [[None; 128]; 16];
    let mut notes: Vec<PlayedNote> = Vec::new();
    for event in events {
        let HostEvent { sample, channel, key, velocity, .. } = *event;
        let unpaired = |what| Error::Unpaired { sample, channel, key, what };
        let slot = &mut sounding[usize::from(channel)][usize::from(key)];
        match event.kind {
            EventKind::On if slot.is_some() => {
                return Err(unpaired("the note starts while it still sounds"));
            }
            EventKind::On => {
                *slot = Some(notes.len());
                notes.push(PlayedNote { start: sample, end: sample, channel, key, velocity });
            }
            EventKind::Off => match slot.take() {
                Some(index) => notes[index].end = sample,
                None => return Err(unpaired("the note ends without having started")),
            },
        }
    }
    if let Some(index) = sounding.iter().flatten().flatten().min() {
        let PlayedNote { start, channel, key, .. } = notes[*index];
        let what = "the note never ends";
        return Err(Error::Unpaired { sample: start, channel, key, what });
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(sample: i64, kind: EventKind, key: u8) -> HostEvent {
        HostEvent { sample, kind, channel: 1, key, velocity: 0.5, note_id: -1 }
    }

    #[test]
    fn notes_get_their_ends() {
        let events = [
            event(0, EventKind::On, 60),
            event(5, EventKind::On, 64),
            event(9, EventKind::Off, 60),
            event(9, EventKind::On, 60),
            event(12, EventKind::Off, 64),
            event(20, EventKind::Off, 60),
        ];
        let notes = pair_notes(&events).unwrap();
        let spans: Vec<_> = notes.iter().map(|note| (note.start, note.end, note.key)).collect();
        assert_eq!(spans, [(0, 9, 60), (5, 12, 64), (9, 20, 60)]);
    }

    #[test]
    fn events_that_do_not_pair_are_refused() {
        let twice = [event(0, EventKind::On, 60), event(1, EventKind::On, 60)];
        assert!(pair_notes(&twice).unwrap_err().to_string().contains("still sounds"));
        let lone_off = [event(3, EventKind::Off, 60)];
        assert!(pair_notes(&lone_off).unwrap_err().to_string().contains("without having started"));
        let open = [event(7, EventKind::On, 61)];
        assert!(pair_notes(&open).unwrap_err().to_string().starts_with("sample 7"));
    }

    #[test]
    fn values_outside_midi_are_refused() {
        assert!(HostEvent::checked(0, EventKind::On, 16, 60, 0.5, 0).is_err());
        assert!(HostEvent::checked(0, EventKind::On, 0, 128, 0.5, 0).is_err());
        assert!(HostEvent::checked(0, EventKind::On, 0, 60, f64::NAN, 0).is_err());
        assert!(HostEvent::checked(0, EventKind::On, 0, 60, 1.0, 0).is_ok());
    }
}
