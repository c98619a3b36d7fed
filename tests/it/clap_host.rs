//! The CLAP in its host.

use crate::support::clap;
use crate::{automation, invariance, promises};

/// One test a promise, so that they run side by side and are named where they fail.
macro_rules! keeps {
    ($bundle:expr; $($theme:ident { $($promise:ident),+ $(,)? })+) => {
        $($(
            #[test]
            fn $promise() {
                $theme::$promise(&$bundle);
            }
        )+)+
    };
}

/// Every promise that both formats keep. Those about real time are named for their test group.
macro_rules! keeps_all {
    ($bundle:expr) => {
        $crate::clap_host::keeps! { $bundle;
            promises {
                a_band_plays_and_every_note_ends,
                notes_start_on_their_exact_sample,
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
            invariance {
                any_split_gives_the_same_notes,
                blocks_of_one_sample_give_the_same_notes,
                every_sample_rate_gives_the_same_ticks,
                every_run_gives_the_same_notes,
            }
            automation {
                a_genre_knob_reaches_exactly_its_cell,
                a_part_switch_reaches_exactly_its_cell,
            }
        }

        #[test]
        fn in_real_time_it_plays_what_it_bounces() {
            invariance::real_time_equals_offline(&$bundle);
        }
    };
}
pub(crate) use {keeps, keeps_all};

keeps_all! { clap() }

/// CLAP keeps the plugin's note ids: an off carries the id of its on, and sounding ids differ.
#[test]
fn note_ids_pair_ons_with_offs() {
    use hosting::EventKind;
    let recording = crate::support::run(&clap(), &crate::support::song(16.0, &[512]));
    let mut sounding = std::collections::HashMap::new();
    for event in &recording.events {
        let key = (event.channel, event.key);
        match event.kind {
            EventKind::On => {
                assert!(event.note_id >= 0, "{event:?} has no id");
                assert!(!sounding.values().any(|id| *id == event.note_id), "{event:?}");
                sounding.insert(key, event.note_id);
            }
            EventKind::Off => assert_eq!(sounding.remove(&key), Some(event.note_id), "{event:?}"),
        }
    }
}
