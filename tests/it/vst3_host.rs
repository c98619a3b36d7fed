//! The VST3 in its host.

use crate::clap_host::keeps_all;
use crate::streams::assert_same_music;
use crate::support::{IRREGULAR, clap, run, song, vst3};
use crate::{
    automation, bad_input, instances, interruptions, invariance, promises, random_host, sound,
    transport,
};

keeps_all! { vst3() }

/// The same script gives the same events, sample for sample, in both formats.
#[test]
fn it_plays_what_the_clap_plays() {
    let mut script = song(32.0, &IRREGULAR);
    script.glide("g_rock", (4.0, 0.0), (20.0, 1.0)).unwrap();
    script.set_at(12.5, "ld_density", 1.0).unwrap();
    script.set_at(16.125, "swing", 0.6).unwrap();
    assert_same_music("VST3 after CLAP", &run(&clap(), &script), &run(&vst3(), &script));
}

/// A random host gets the same from both.
#[test]
fn a_random_host_hears_what_it_hears_from_the_clap() {
    for seed in random_host::seeds() {
        let play = |bundle: &std::path::Path| {
            run(bundle, &random_host::script(seed, false, &random_host::states(bundle)))
        };
        assert_same_music(&format!("seed {seed}"), &play(&clap()), &play(&vst3()));
    }
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
