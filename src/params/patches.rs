//! How each part sounds: patch, place, mute and solo.

use super::TributaryParams;
use super::values::number;
use nice_plug::prelude::*;
use score::Part;

/// A patch a part.
#[derive(Params)]
pub struct PatchParams {
    /// Of the drums.
    #[id = "dr_patch"]
    pub drums: EnumParam<DrumsPatch>,
    /// Of the bass.
    #[id = "ba_patch"]
    pub bass: EnumParam<BassPatch>,
    /// Of the chords.
    #[id = "ch_patch"]
    pub chords: EnumParam<ChordsPatch>,
    /// Of the lead.
    #[id = "ld_patch"]
    pub lead: EnumParam<LeadPatch>,
}

/// Patches of the drums: the blend's choice, then those of [`synth::Patch::of`] in their order.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the patches")]
pub enum DrumsPatch {
    #[id = "auto"]
    Auto,
    #[id = "acoustic"]
    Acoustic,
    #[id = "brushes"]
    Brushes,
    #[id = "electronic"]
    Electronic,
    #[id = "orchestral"]
    Orchestral,
    #[id = "lo_fi"]
    #[name = "Lo-fi"]
    LoFi,
}

/// Patches of the bass: the blend's choice, then those of [`synth::Patch::of`] in their order.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the patches")]
pub enum BassPatch {
    #[id = "auto"]
    Auto,
    #[id = "upright"]
    Upright,
    #[id = "finger"]
    Finger,
    #[id = "synth"]
    Synth,
    #[id = "sub"]
    Sub,
    #[id = "contrabass"]
    Contrabass,
}

/// Patches of the chords: the blend's choice, then those of [`synth::Patch::of`] in their order.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the patches")]
pub enum ChordsPatch {
    #[id = "auto"]
    Auto,
    #[id = "piano"]
    Piano,
    #[id = "electric_piano"]
    #[name = "Electric piano"]
    ElectricPiano,
    #[id = "organ"]
    Organ,
    #[id = "strings"]
    Strings,
    #[id = "pad"]
    Pad,
    #[id = "steel_guitar"]
    #[name = "Steel guitar"]
    SteelGuitar,
    #[id = "electric_guitar"]
    #[name = "Electric guitar"]
    ElectricGuitar,
}

/// Patches of the lead: the blend's choice, then those of [`synth::Patch::of`] in their order.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the patches")]
pub enum LeadPatch {
    #[id = "auto"]
    Auto,
    #[id = "violin"]
    Violin,
    #[id = "flute"]
    Flute,
    #[id = "clarinet"]
    Clarinet,
    #[id = "trumpet"]
    Trumpet,
    #[id = "electric_guitar"]
    #[name = "Electric guitar"]
    ElectricGuitar,
    #[id = "saw_lead"]
    #[name = "Saw lead"]
    SawLead,
    #[id = "bell_pluck"]
    #[name = "Bell pluck"]
    BellPluck,
}

impl Default for PatchParams {
    fn default() -> Self {
        Self {
            drums: EnumParam::new("Drums patch", DrumsPatch::Auto),
            bass: EnumParam::new("Bass patch", BassPatch::Auto),
            chords: EnumParam::new("Chords patch", ChordsPatch::Auto),
            lead: EnumParam::new("Lead patch", LeadPatch::Auto),
        }
    }
}

impl PatchParams {
    /// The chosen patch of a part as a place in [`synth::Patch::of`]; `None` for the blend's.
    pub fn chosen(&self, part: Part) -> Option<usize> {
        let choice = match part {
            Part::Drums => self.drums.value() as usize,
            Part::Bass => self.bass.value() as usize,
            Part::Chords => self.chords.value() as usize,
            Part::Lead => self.lead.value() as usize,
        };
        choice.checked_sub(1)
    }
}

impl TributaryParams {
    /// Place of a part between left (-1) and right (1).
    pub fn pan(&self, part: Part) -> f32 {
        number(&self.parts()[part.index()].pan)
    }

    /// Parts that are muted, or not among those that play solo.
    pub fn silenced(&self) -> [bool; 4] {
        let is_solo = self.parts().iter().any(|part| part.solo.value());
        self.parts().map(|part| part.mute.value() || (is_solo && !part.solo.value()))
    }

    /// What a part sounds like, as a place in [`synth::Patch::of`]: the choice, or what suits the
    /// part's blend.
    pub fn patch(&self, part: Part) -> usize {
        self.patches.chosen(part).unwrap_or_else(|| {
            let own = self.parts()[part.index()];
            let styles = &self.styles;
            let common = styles.in_genres(&self.common.blend.with(&self.common.styles));
            let own_blend = styles.in_genres(&own.blend.with(&own.styles));
            let blend = common.lerp(&own_blend, number(&own.own));
            synth::Patch::for_blend(part, &blend)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds_the_patches_of<E: Enum>(part: Part) {
        let names = synth::Patch::of(part).iter().map(|patch| patch.name);
        let expected: Vec<&str> = std::iter::once("Auto").chain(names).collect();
        assert_eq!(E::variants(), expected);
    }

    #[test]
    fn choices_are_the_patches() {
        holds_the_patches_of::<DrumsPatch>(Part::Drums);
        holds_the_patches_of::<BassPatch>(Part::Bass);
        holds_the_patches_of::<ChordsPatch>(Part::Chords);
        holds_the_patches_of::<LeadPatch>(Part::Lead);
    }
}
