//! A plugin that does on purpose, on the **audio thread**, what no plugin may.
//!
//! Its one parameter chooses the fault. The tests load it in both hosts to prove that the real-time
//! guard sees each; it is not bundled, and nothing depends on it.

mod faults;

use std::num::NonZeroU32;
use std::sync::Arc;

use nice_plug::prelude::*;

use crate::faults::{Fault, Helper};

/// The plugin.
#[derive(Default)]
pub struct Misbehaving {
    params: Arc<FaultParams>,
    helper: Option<Helper>,
}

/// What to do wrong.
#[derive(Params)]
pub struct FaultParams {
    /// The fault, committed once a process call.
    #[id = "fault"]
    pub fault: EnumParam<Fault>,
}

impl Default for FaultParams {
    fn default() -> Self {
        Self { fault: EnumParam::new("Fault", Fault::Nothing) }
    }
}

impl Plugin for Misbehaving {
    const NAME: &'static str = "Misbehaving";
    const VENDOR: &'static str = "Tributary";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[AudioIOLayout {
        main_input_channels: None,
        main_output_channels: NonZeroU32::new(2),
        ..AudioIOLayout::const_default()
    }];
    const MIDI_INPUT: MidiConfig = MidiConfig::Basic;
    const MIDI_OUTPUT: MidiConfig = MidiConfig::Basic;

    type Editor = ();
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        _buffer_config: &BufferConfig,
        _context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.helper.get_or_insert_with(Helper::start);
        true
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        _context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        for channel in buffer.as_slice() {
            channel.fill(0.0);
        }
        if let Some(helper) = &self.helper {
            self.params.fault.value().commit(helper);
        }
        ProcessStatus::Normal
    }
}

impl ClapPlugin for Misbehaving {
    const CLAP_ID: &'static str = "org.tributary.misbehaving";
    const CLAP_DESCRIPTION: Option<&'static str> = Some("Breaks the audio thread's rules");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[ClapFeature::Instrument];
}

impl Vst3Plugin for Misbehaving {
    const VST3_CLASS_ID: [u8; 16] = *b"TributaryMisbehv";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] = &[Vst3SubCategory::Instrument];
}

nice_export_clap!(Misbehaving);
nice_export_vst3!(Misbehaving);
