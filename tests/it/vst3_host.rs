//! The VST3 in its host.

use crate::clap_host::keeps;
use crate::promises;
use crate::support::{IRREGULAR, assert_same_music, clap, run, song, vst3};

keeps! { vst3();
    a_band_plays_and_every_note_ends,
    notes_start_on_their_exact_sample,
    blocks_of_every_size_give_the_same_notes,
    sample_rates_give_the_same_notes,
    automation_reaches_the_music_after_the_lookahead,
    a_state_brings_back_parameters_and_music,
    a_broken_state_does_no_harm,
    no_note_hangs_whatever_the_transport_does,
    without_a_transport_the_plugin_keeps_its_own_time,
    standing_still_is_silent_until_run_is_on,
    careless_hosts_are_survived,
    a_small_event_buffer_loses_no_note_end,
    two_instances_do_not_meet,
    instances_can_be_dropped_while_they_compose,
    parameters_are_in_order,
}

#[test]
fn in_real_time_it_plays_what_it_bounces() {
    promises::real_time_equals_offline(&vst3());
}

/// The same script gives the same events, sample for sample, in both formats.
#[test]
fn it_plays_what_the_clap_plays() {
    let mut script = song(32.0, &IRREGULAR);
    script.glide("g_rock", (4.0, 0.0), (20.0, 1.0)).unwrap();
    script.set_at(12.5, "ld_density", 1.0).unwrap();
    script.set_at(16.125, "swing", 0.6).unwrap();
    assert_same_music("VST3 after CLAP", &run(&clap(), &script), &run(&vst3(), &script));
}

/// Both formats list the same parameters in the same groups.
#[test]
fn it_lists_the_parameters_that_the_clap_lists() {
    let list = |bundle| -> Vec<_> {
        let instance = hosting::load(bundle).unwrap();
        instance
            .parameters()
            .iter()
            .map(|p| (p.id, p.name.clone(), p.module.clone(), p.steps))
            .collect()
    };
    assert_eq!(list(clap()), list(vst3()));
}

/// A host may tell an active plugin to become active.
#[test]
fn being_activated_twice_does_no_harm() {
    use hosting::Instance;
    let script = song(4.0, &[512]);
    let mut instance = hosting::Vst3Instance::load(&vst3()).unwrap();
    let mut processor = instance.activate(&script.setup).unwrap();
    // Refusing is right, as is doing nothing.
    let _ = instance.activate_again();
    let mut output = hosting::Output::default();
    let mut events = 0;
    for (index, block) in script.blocks.iter().enumerate() {
        processor.process(block, index as i64 * 512, &mut output).unwrap();
        events += output.events.len();
    }
    instance.deactivate(processor).unwrap();
    assert!(events > 0);
}
