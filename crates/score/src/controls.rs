//! Everything a player can turn that changes which notes are composed.

use crate::genre::N_STYLES;
use crate::{Blend, GivenChord, PitchClass};

/// The notes that pitched parts may use, counted from the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scale {
    /// The model chooses freely around a major key.
    #[default]
    FreeMajor,
    /// The model chooses freely around a minor key.
    FreeMinor,
    /// Major, exactly.
    Major,
    /// Natural minor, exactly.
    Minor,
    /// Dorian, exactly.
    Dorian,
    /// Mixolydian, exactly.
    Mixolydian,
    /// Major pentatonic, exactly.
    MajorPentatonic,
    /// Minor pentatonic, exactly.
    MinorPentatonic,
    /// Harmonic minor, exactly.
    HarmonicMinor,
}

impl Scale {
    /// All scales, in the order of the host parameter.
    pub const ALL: [Self; 9] = [
        Self::FreeMajor,
        Self::FreeMinor,
        Self::Major,
        Self::Minor,
        Self::Dorian,
        Self::Mixolydian,
        Self::MajorPentatonic,
        Self::MinorPentatonic,
        Self::HarmonicMinor,
    ];

    /// The name as people write it, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FreeMajor => "free major",
            Self::FreeMinor => "free minor",
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Dorian => "dorian",
            Self::Mixolydian => "mixolydian",
            Self::MajorPentatonic => "major pentatonic",
            Self::MinorPentatonic => "minor pentatonic",
            Self::HarmonicMinor => "harmonic minor",
        }
    }

    /// Reads a scale's [`name`](Self::name).
    ///
    /// # Errors
    /// [`crate::Error::Unreadable`].
    pub fn parse(text: &str) -> crate::Result<Self> {
        let plain = |s: &str| s.trim().to_ascii_lowercase().replace(['-', '_'], " ");
        Self::ALL.into_iter().find(|scale| scale.name() == plain(text)).ok_or_else(|| {
            crate::Error::Unreadable {
                what: "scale",
                found: text.into(),
                expected: "free major, free minor, major, minor, dorian, mixolydian, major \
                           pentatonic, minor pentatonic or harmonic minor",
            }
        })
    }

    /// Allowed pitch classes counted from the key, bit 0 is the tonic; all bits when free.
    pub const fn mask(self) -> u16 {
        match self {
            Self::FreeMajor | Self::FreeMinor => 0b1111_1111_1111,
            Self::Major => 0b1010_1011_0101,
            Self::Minor => 0b0101_1010_1101,
            Self::Dorian => 0b0110_1010_1101,
            Self::Mixolydian => 0b0110_1011_0101,
            Self::MajorPentatonic => 0b0010_1001_0101,
            Self::MinorPentatonic => 0b0100_1010_1001,
            Self::HarmonicMinor => 0b1001_1010_1101,
        }
    }

    /// Whether the scale belongs to a minor key.
    pub const fn is_minor(self) -> bool {
        matches!(
            self,
            Self::FreeMinor
                | Self::Minor
                | Self::Dorian
                | Self::MinorPentatonic
                | Self::HarmonicMinor
        )
    }
}

/// What a player can turn for one part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartControls {
    /// Whether the part plays; the others know.
    pub on: bool,
    /// `0.0..=1.0` from sparse to dense; 0.5 leaves it to the model.
    pub density: f32,
    /// `-1.0..=1.0` from low to high; 0 leaves it to the model.
    pub register: f32,
    /// `0.0..=1.0` from the common blend to this part's own.
    pub own: f32,
    /// The part's own blend.
    pub blend: Blend,
}

impl Default for PartControls {
    fn default() -> Self {
        Self { on: true, density: 0.5, register: 0.0, own: 0.0, blend: Blend::default() }
    }
}

/// Everything that decides a beat's notes besides the weights and the music before it.
///
/// Captured by the audio thread at the sample where a beat is committed, so it is `Copy` and
/// owns nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Controls {
    /// The common blend.
    pub blend: Blend,
    /// `0.0..=2.0`: pull towards the blend; 1.0 is the default.
    pub strength: f32,
    /// One entry a part, in the order of [`crate::Part::ALL`].
    pub parts: [PartControls; 4],
    /// `0.0..=1.0` from the common blend to the harmony's own.
    pub harmony_own: f32,
    /// The blend that chooses chords.
    pub harmony_blend: Blend,
    /// The tonic.
    pub key: PitchClass,
    /// The allowed notes.
    pub scale: Scale,
    /// `0.0..=1.0`: 0 plays the likeliest notes, 0.5 samples the model as it was trained.
    pub adventure: f32,
    /// `0.0..=1.0`: delays off-beat eighths up to a triplet feel.
    pub swing: f32,
    /// `0.0..=1.0`: share of the model's micro-timing and dynamics that is played.
    pub humanize: f32,
    /// Brings the music to an end: the next four bars close it, then it rests until this is off.
    pub ending: bool,
    /// The chord to follow, as it sounds; the model's own without.
    pub follow: Option<GivenChord>,
    /// Bars of the phrases that are traded: the lead answers what was played into the one before,
    /// see [`crate::answer`]. Without, it plays as the model likes.
    pub answer: Option<u8>,
    /// Equal seeds give equal music.
    pub seed: u32,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            blend: Blend::default(),
            strength: 1.0,
            parts: [PartControls::default(); 4],
            harmony_own: 0.0,
            harmony_blend: Blend::default(),
            key: PitchClass::new(0),
            scale: Scale::FreeMajor,
            adventure: 0.5,
            swing: 0.0,
            humanize: 0.8,
            ending: false,
            follow: None,
            answer: None,
            seed: 1,
        }
    }
}

impl Controls {
    /// The normalised blend that a part follows, its own share counted in.
    pub fn part_blend(&self, part: crate::Part) -> Blend {
        let own = &self.parts[part.index()];
        self.blend.lerp(&own.blend, own.own.clamp(0.0, 1.0))
    }

    /// The normalised blend that chords follow.
    pub fn harmony(&self) -> Blend {
        self.blend.lerp(&self.harmony_blend, self.harmony_own.clamp(0.0, 1.0))
    }

    /// The same for a model of `n_genres` genres and for the styles there are, see
    /// [`Blend::within`].
    #[must_use]
    pub fn within(&self, n_genres: usize, styles: [bool; N_STYLES]) -> Self {
        let mut controls = *self;
        controls.blend = controls.blend.within(n_genres, styles);
        controls.harmony_blend = controls.harmony_blend.within(n_genres, styles);
        for part in &mut controls.parts {
            part.blend = part.blend.within(n_genres, styles);
        }
        controls
    }

    /// Which parts play: bit `i` is part `i` of [`crate::Part::ALL`].
    pub fn part_mask(&self) -> u8 {
        (0..4).map(|i| u8::from(self.parts[i].on) << i).sum()
    }
}
