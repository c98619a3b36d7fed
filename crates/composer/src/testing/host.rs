//! A host made of a list: actions at samples, cut into blocks of any size.

use player::{Form, Playhead};
use score::{Controls, Meter, Tempo};

/// What a user or a host does.
// A few actions a script; a box would only make scripts harder to write.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Starts the transport; nothing when it plays.
    Play,
    /// Stops it where it is.
    Stop,
    /// Goes to a position in beats.
    Seek(f64),
    /// Drifts by so many seconds, forwards or backwards.
    Slip(f64),
    /// Sets or switches off the loop, in beats.
    Loop(Option<(f64, f64)>),
    /// Sets the tempo in BPM.
    Tempo(f64),
    /// Goes to a tempo in BPM in a straight line over so many samples.
    Ramp(f64, u64),
    /// Sets the meter; a bar begins here.
    Meter(u32, u32),
    /// Moves parameters.
    Controls(Controls),
    /// Sets how music is used again.
    Form(Form),
    /// Sets how many beats ahead beats are committed.
    Lookahead(f64),
    /// Changes the rate in Hz; below 1 kHz it is only told.
    SampleRate(f64),
    /// Switches the instrument off, or on again.
    Bypass(bool),
    /// Resets the plugin.
    Reset,
    /// From here on tells this position instead of its own, or its own again.
    Claim(Option<f64>),
}

/// What a host tells about bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bars {
    /// Only the meter.
    #[default]
    Untold,
    /// Where the current bar began.
    Start,
    /// Where it began, and its number.
    StartAndNumber,
}

/// A session with a host, told in advance.
#[derive(Clone, Debug)]
pub struct Script {
    /// Sorted by sample.
    pub actions: Vec<(u64, Action)>,
    /// Length.
    pub n_samples: u64,
    /// In Hz, until an action changes it.
    pub sample_rate: f64,
    /// Whether the host ends a block at the loop's end; others go round inside it.
    pub splits_at_loop_end: bool,
    /// Whether the host goes round at all; others show a loop and play on behind it.
    pub follows_loop: bool,
    /// Rounds positions as CLAP does, to `2^-31` beats.
    pub fixed_point: bool,
    /// What it tells about bars.
    pub bars: Bars,
    /// Largest error of the positions it tells, in samples; drawn anew every block.
    pub jitter_samples: f64,
}

/// One block as a plugin is called for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// At its first sample.
    pub playhead: Playhead,
    /// At its first sample.
    pub controls: Controls,
    /// At its first sample.
    pub form: Form,
    /// At its first sample.
    pub lookahead_beats: f64,
    /// Whether the host resets the plugin before it.
    pub resets: bool,
    /// Whether the instrument is switched off.
    pub bypassed: bool,
    /// Its length.
    pub n_samples: usize,
}

impl Script {
    /// Plays from the song's start for `n_samples` at 48 kHz, 120 BPM.
    pub fn play(n_samples: u64) -> Self {
        Self {
            actions: vec![(0, Action::Play)],
            n_samples,
            sample_rate: 48_000.0,
            splits_at_loop_end: true,
            follows_loop: true,
            fixed_point: false,
            bars: Bars::Untold,
            jitter_samples: 0.0,
        }
    }

    /// The same with actions before all others.
    #[must_use]
    pub fn after(mut self, actions: impl IntoIterator<Item = Action>) -> Self {
        let first: Vec<_> = actions.into_iter().map(|action| (0, action)).collect();
        self.actions.splice(0..0, first);
        self
    }

    /// The same with another action, which has its place among those there.
    #[must_use]
    pub fn with(mut self, sample: u64, action: Action) -> Self {
        let at = self.actions.partition_point(|(other, _)| *other <= sample);
        self.actions.insert(at, (sample, action));
        self
    }

    /// The blocks of this script: cut at every action, and by `sizes`, over and over.
    ///
    /// Sizes of 0 give blocks of 0 samples.
    ///
    /// # Panics
    /// When no size is positive.
    pub fn blocks(&self, sizes: &[usize]) -> Vec<Block> {
        assert!(sizes.iter().any(|size| *size > 0), "blocks of 0 samples get nowhere");
        let mut host = Host::new(self);
        let mut blocks = Vec::new();
        let mut actions = self.actions.iter().peekable();
        let mut sizes = sizes.iter().cycle();
        let mut sample = 0;
        while sample < self.n_samples {
            while let Some((_, action)) = actions.next_if(|(at, _)| *at <= sample) {
                host.act(*action, sample);
            }
            host.end_ramp(sample);
            let mut end = actions.peek().map_or(self.n_samples, |(at, _)| *at).min(self.n_samples);
            end = end.min(sample + sizes.next().map_or(64, |n| *n as u64));
            end = end.min(host.ramp_end().unwrap_or(end));
            let playhead = host.playhead(sample);
            if self.splits_at_loop_end
                && let Some(loop_end) = host.loop_end_after(sample)
            {
                end = end.min(loop_end);
            }
            blocks.push(Block {
                playhead,
                controls: host.controls,
                form: host.form,
                lookahead_beats: host.lookahead_beats,
                resets: std::mem::take(&mut host.resets),
                bypassed: host.bypassed,
                n_samples: (end - sample) as usize,
            });
            sample = end;
        }
        blocks
    }
}

/// A tempo on its way, from the sample that positions are counted from.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    to: Tempo,
    n_samples: u64,
}

struct Host<'a> {
    script: &'a Script,
    playing: bool,
    base_beats: f64,
    base_sample: u64,
    sample_rate: f64,
    /// The same unless it tells nonsense.
    told_rate: f64,
    loop_range: Option<(f64, f64)>,
    tempo: Tempo,
    ramp: Option<Ramp>,
    meter: Meter,
    /// Start and number of a bar, the first in this meter.
    bar: (f64, i64),
    controls: Controls,
    form: Form,
    lookahead_beats: f64,
    bypassed: bool,
    resets: bool,
    claims: Option<f64>,
}

impl<'a> Host<'a> {
    fn new(script: &'a Script) -> Self {
        Self {
            script,
            playing: false,
            base_beats: 0.0,
            base_sample: 0,
            sample_rate: script.sample_rate,
            told_rate: script.sample_rate,
            loop_range: None,
            tempo: Tempo::DEFAULT,
            ramp: None,
            meter: Meter::COMMON,
            bar: (0.0, 0),
            controls: Controls::default(),
            form: Form::default(),
            lookahead_beats: 1.0,
            bypassed: false,
            resets: false,
            claims: None,
        }
    }

    fn samples_per_beat(&self) -> f64 {
        self.tempo.samples_per_beat(self.sample_rate)
    }

    /// The tempo `n_samples` after the base.
    fn tempo_after(&self, n_samples: u64) -> Tempo {
        let Some(ramp) = self.ramp else { return self.tempo };
        let share = n_samples.min(ramp.n_samples) as f64 / ramp.n_samples.max(1) as f64;
        Tempo::new(self.tempo.bpm() + (ramp.to.bpm() - self.tempo.bpm()) * share)
    }

    fn ramp_end(&self) -> Option<u64> {
        self.ramp.map(|ramp| self.base_sample + ramp.n_samples)
    }

    fn end_ramp(&mut self, sample: u64) {
        if self.ramp_end().is_some_and(|end| sample >= end) {
            self.rebase(sample);
            self.ramp = None;
        }
    }

    /// The loop that the host goes round, if it does.
    fn followed_loop(&self) -> Option<(f64, f64)> {
        let is_one = |(start, end): &(f64, f64)| (1e-4..1e9).contains(&(end - start));
        self.loop_range.filter(is_one).filter(|_| self.script.follows_loop && self.playing)
    }

    fn position(&mut self, sample: u64) -> f64 {
        if !self.playing {
            return self.base_beats;
        }
        let n_samples = sample - self.base_sample;
        let since = match self.ramp {
            None => n_samples as f64 / self.samples_per_beat(),
            Some(_) => {
                let mean = (self.tempo.bpm() + self.tempo_after(n_samples).bpm()) / 2.0;
                n_samples as f64 * mean / (60.0 * self.sample_rate)
            }
        };
        let position = self.base_beats + since;
        match self.followed_loop() {
            // A thousandth of a sample early still counts as the loop's end.
            Some((start, end))
                if self.base_beats < end && position >= end - 1e-3 / self.samples_per_beat() =>
            {
                let n_passes = ((position - start) / (end - start) + 1e-9).floor();
                self.base_beats -= n_passes * (end - start);
                (self.base_beats + since).max(start)
            }
            _ => position,
        }
    }

    /// Counts positions from `sample` on.
    fn rebase(&mut self, sample: u64) {
        let n_samples = sample - self.base_sample;
        self.base_beats = self.position(sample);
        self.tempo = self.tempo_after(n_samples);
        if let Some(ramp) = &mut self.ramp {
            ramp.n_samples = ramp.n_samples.saturating_sub(n_samples);
        }
        self.base_sample = sample;
    }

    fn act(&mut self, action: Action, sample: u64) {
        self.rebase(sample);
        match action {
            Action::Play => self.playing = true,
            Action::Stop => self.playing = false,
            Action::Seek(beats) => self.base_beats = beats,
            Action::Slip(secs) => self.base_beats += secs * self.tempo.bpm() / 60.0,
            Action::Loop(range) => self.loop_range = range,
            Action::Tempo(bpm) => (self.tempo, self.ramp) = (Tempo::new(bpm), None),
            Action::Ramp(bpm, n_samples) => {
                self.ramp = Some(Ramp { to: Tempo::new(bpm), n_samples });
            }
            Action::Meter(numerator, denominator) => {
                self.bar = (self.base_beats, self.bar_at(self.base_beats).1 + 1);
                self.meter = Meter::new(numerator, denominator).unwrap_or_default();
            }
            Action::Controls(controls) => self.controls = controls,
            Action::Form(form) => self.form = form,
            Action::Lookahead(beats) => self.lookahead_beats = beats,
            Action::SampleRate(rate) => {
                self.told_rate = rate;
                if (1e3..1e7).contains(&rate) {
                    self.sample_rate = rate;
                }
            }
            Action::Bypass(bypassed) => self.bypassed = bypassed,
            Action::Reset => self.resets = true,
            Action::Claim(position) => self.claims = position,
        }
    }

    /// Start and number of the bar at a position.
    fn bar_at(&self, beats: f64) -> (f64, i64) {
        let bar_beats = self.meter.bar_beats();
        let n_bars = ((beats - self.bar.0) / bar_beats + 1e-6).floor();
        (self.bar.0 + n_bars * bar_beats, self.bar.1 + n_bars as i64)
    }

    fn playhead(&mut self, sample: u64) -> Playhead {
        let mut beats = self.position(sample);
        if self.script.jitter_samples > 0.0 {
            let error = crate::random::unit(crate::random::key(1, 0, sample as i64, 0));
            let error = (f64::from(error) * 2.0 - 1.0) * self.script.jitter_samples;
            beats += error / self.samples_per_beat();
        }
        let (mut bar_start, bar_number) = self.bar_at(beats);
        if self.script.fixed_point {
            let unit = (1u64 << 31) as f64;
            beats = (beats * unit).round() / unit;
            bar_start = (bar_start * unit).round() / unit;
        }
        let bars = self.script.bars;
        Playhead {
            playing: self.playing,
            position_beats: self.claims.unwrap_or(beats),
            tempo: self.tempo_after(sample - self.base_sample),
            meter: self.meter,
            bar_start_beats: (bars != Bars::Untold).then_some(bar_start),
            bar_number: (bars == Bars::StartAndNumber).then_some(bar_number),
            loop_range: self.loop_range,
            ..Playhead::standing(self.told_rate)
        }
    }

    fn loop_end_after(&mut self, sample: u64) -> Option<u64> {
        let position = self.position(sample);
        let (_, end) = self.followed_loop().filter(|(_, end)| position < *end)?;
        if self.ramp.is_some() {
            return None;
        }
        let samples = ((end - position) * self.samples_per_beat() - 1e-3).ceil();
        Some(sample + (samples as u64).max(1))
    }
}
