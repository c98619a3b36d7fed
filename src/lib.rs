//! Tributary: a CLAP and VST3 instrument that composes a four-part band.
//!
//! The plugin shell: it joins the host's audio thread (`process`), the composing thread (shared by
//! all instances, see [`engine::Band`]) and the GUI thread ([`editor`]), and is the only crate that knows the
//! plugin framework. It makes no music of its own; see the `composer` and `player` crates.
//!
//! ```
//! use tributary::params::TributaryParams;
//!
//! // What a project without any change plays.
//! assert_eq!(TributaryParams::default().controls(), score::Controls::default());
//! ```
//!
//! Start at [`Tributary`] and its `process`, which is a list of calls.

mod clap;
pub mod editor;
pub mod edits;
pub mod engine;
mod first_block;
pub mod follow;
pub mod host;
mod messages;
mod midi_file;
pub mod model_file;
pub mod params;
pub mod presets;
pub mod sound_font;
mod spare_outputs;
pub mod state;
pub mod styles;
mod vst3;
mod weights;

use crate::editor::TributaryEditor;
use crate::engine::{Band, HostNotes, Link};
use crate::messages::{Last, Messages};
use crate::params::TributaryParams;
use nice_plug::context::process::SendEventError;
use nice_plug::prelude::*;
use std::num::NonZeroU32;
use std::sync::Arc;

/// One instance of the plugin.
#[derive(Default)]
pub struct Tributary {
    params: Arc<TributaryParams>,
    /// Shared with the editor, which is made before there is a band.
    link: Arc<Link>,
    /// Made by the first activation, so that scanning a plugin starts nothing and loads nothing.
    band: Option<Band>,
    messages: Messages,
}

impl Plugin for Tributary {
    const NAME: &'static str = "Tributary";
    const VENDOR: &'static str = "Tributary";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    // Some hosts refuse an instrument without audio, and some want one output alone.
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[
        AudioIOLayout {
            main_output_channels: NonZeroU32::new(2),
            aux_output_ports: &[new_nonzero_u32(2); 4],
            names: PortNames {
                layout: Some("Band and parts"),
                // The framework names the main output by this.
                main_input: Some("Band"),
                main_output: Some("Band"),
                aux_outputs: &["Drums", "Bass", "Chords", "Lead"],
                ..PortNames::const_default()
            },
            ..AudioIOLayout::const_default()
        },
        AudioIOLayout {
            main_output_channels: NonZeroU32::new(2),
            names: PortNames {
                layout: Some("Band"),
                main_input: Some("Band"),
                main_output: Some("Band"),
                ..PortNames::const_default()
            },
            ..AudioIOLayout::const_default()
        },
    ];

    const MIDI_INPUT: MidiConfig = MidiConfig::Basic;
    const MIDI_OUTPUT: MidiConfig = MidiConfig::Basic;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = TributaryEditor;
    type SysExMessage = ();
    type BackgroundTask = Last;

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        Messages::receiver()
    }

    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        self.messages = Messages::through(executor);
        Some(TributaryEditor::new(self.params.clone(), self.link.clone()))
    }

    fn filter_state(state: &mut PluginState) {
        state::repair(state);
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        buffer_config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        if context.plugin_api() != PluginApi::Vst3 {
            // Only a VST3's messages take that way.
            self.messages = Messages::default();
        }
        let sample_rate = buffer_config.sample_rate;
        let band = self.band.get_or_insert_with(|| {
            let memory = self.params.music_memory.memory();
            let model = self.params.model.model().clone();
            let fonts = self.params.sound_font.connect();
            Band::start(sample_rate, memory, model, fonts, &self.link)
        });
        let is_offline = buffer_config.process_mode == ProcessMode::Offline;
        band.configure(sample_rate, is_offline);
        self.params.sound_font.activate(sample_rate, is_offline);
        true
    }

    fn deactivate(&mut self) {
        self.messages.wait();
    }

    fn reset(&mut self) {
        if let Some(band) = &mut self.band {
            band.reset();
        }
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        first_block::know_this_thread();
        let n_samples = buffer.samples();
        let (Some(band), [left, right]) = (&mut self.band, buffer.as_slice()) else {
            buffer.as_slice().iter_mut().for_each(|channel| channel.fill(0.0));
            // What is not taken stays in the queue.
            while context.next_event().is_some() {}
            return ProcessStatus::Normal;
        };
        let params = &*self.params;
        let parts = host::part_outputs(aux);
        let playhead = band.playhead(context.transport(), params, left);
        band.follow(params, n_samples);
        band.play_along(&playhead, params, [left, right], parts, &mut Events(context));
        ProcessStatus::KeepAlive
    }
}

/// The host's notes of one block.
struct Events<'a, C>(&'a mut C);

impl<C: ProcessContext<Tributary>> HostNotes for Events<'_, C> {
    fn next(&mut self) -> Option<NoteEvent<()>> {
        self.0.next_event()
    }

    fn send(&mut self, event: NoteEvent<()>) -> Result<(), SendEventError> {
        self.0.try_send_event(event).map_err(|(_, error)| error)
    }
}

impl ClapPlugin for Tributary {
    const CLAP_ID: &'static str = "org.tributary.tributary";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("A four-part band that composes itself in a continuous blend of six genres");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] =
        &[ClapFeature::Instrument, ClapFeature::Synthesizer, ClapFeature::Stereo];
}

impl Vst3Plugin for Tributary {
    const VST3_CLASS_ID: [u8; 16] = *b"TributaryBandInC";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Instrument, Vst3SubCategory::Synth, Vst3SubCategory::Stereo];
}
