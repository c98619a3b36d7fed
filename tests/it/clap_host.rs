//! The CLAP in its host.

use crate::support::clap;
use crate::{
    automation, bad_input, instances, interruptions, invariance, promises, random_host, sound,
    transport,
};

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
                the_library_is_never_unloaded,
            }
            sound {
                each_part_has_an_output_of_its_own,
                outputs_have_the_mix_the_parts_or_both,
                part_outputs_may_be_left_out,
                patches_change_the_sound_alone,
                a_sound_font_plays_or_is_left,
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
            transport {
                a_song_starts_anywhere,
                a_seek_is_a_start,
                loops_repeat_exactly,
                a_loop_that_lands_late_keeps_its_first_notes,
                a_playhead_that_drifts_is_followed,
                tempo_changes_are_followed_to_the_sample,
                meters_change_inside_bars,
                hosts_that_tell_little_are_followed,
                a_transport_may_come_and_go,
                recording_changes_nothing,
            }
            interruptions {
                bypass_ends_every_note,
                an_interruption_is_a_start,
                a_state_loaded_while_playing_moves_the_knobs,
                instances_are_dropped_while_they_play,
            }
            instances {
                sixteen_instances_play_as_each_alone,
                instances_come_and_go_beside_others,
                a_duplicated_track_plays_the_same,
            }
            bad_input {
                strange_transports_are_survived,
                strange_input_notes_are_survived,
                strange_values_are_survived,
                late_values_are_survived,
                strange_sample_rates_are_survived,
                broken_states_change_nothing,
            }
            random_host {
                a_random_host_hears_a_clean_stream_twice,
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

/// A transport that changes inside a block is heard as if the host had ended the block there.
#[test]
fn a_transport_inside_a_block_cuts_it() {
    use hosting::{Block, Script, Song, Transport, TransportChange};
    let plain = |beats: f64, playing: bool| Song::default().at(beats, playing);
    let faster = Song { tempo: 150.0, ..Song::default() };
    let waltz = Song { meter: (3, 4), ..Song::default() };
    let looped = Song { loop_beats: Some((2.0, 4.0)), ..Song::default() };
    // Before and at the change; blocks of a beat that change half-way, at 48 kHz.
    let changes: [(&str, Transport, Transport); 6] = [
        ("a tempo", plain(3.0, true), faster.at(3.5, true)),
        ("a meter", plain(3.5, true), Transport { bar_start_beats: 4.0, ..waltz.at(4.0, true) }),
        ("a stop", plain(3.0, true), plain(3.5, false)),
        ("a start", plain(3.0, false), plain(3.0, true)),
        ("a loop", plain(3.0, true), looped.at(3.5, true)),
        ("a loop's end", looped.at(3.5, true), looped.at(2.0, true)),
    ];
    for (what, before, at) in changes {
        let play = |cut: bool| {
            let mut script = Script::new(48_000.0, 24_000);
            script.setting("sound", "off");
            script.value("g_hiphop", 1.0);
            crate::support::dense(&mut script);
            if before.playing {
                script.play(&Song::default(), 0.0, before.position_beats, &[512]);
            }
            let half = |transport| Block { frames: 12_000, transport, ..Block::default() };
            let mut blocks = vec![half(Some(before)), half(Some(at))];
            blocks[0].change(7_000, "g_rock", 1.0);
            blocks[1].change(7_000, "g_rock", 0.0);
            if !cut {
                let mut second = blocks.pop().unwrap();
                second.changes.iter_mut().for_each(|change| change.offset += 12_000);
                blocks[0].frames = 24_000;
                blocks[0].changes.append(&mut second.changes);
                blocks[0].transports = vec![TransportChange { offset: 12_000, transport: at }];
            }
            script.blocks.append(&mut blocks);
            let song = Song { tempo: at.tempo, meter: at.meter, loop_beats: at.loop_beats };
            let beats = if at.playing { 12_000.0 / 48_000.0 * at.tempo / 60.0 } else { 0.0 };
            let from = at.position_beats + beats;
            script.play(&song, from, from + 4.0, &[512]);
            script.stop(480, 2);
            let recording = crate::support::run(&clap(), &script);
            crate::streams::assert_clean(what, &script, &recording);
            recording
        };
        crate::streams::assert_same_music(what, &play(true), &play(false));
    }
}

/// A transport that changes after the block's end is one that the next block knows better.
#[test]
fn a_transport_after_its_block_is_passed_over() {
    use hosting::TransportChange;
    let plain = crate::support::song(6.0, &[512]);
    let mut late = plain.clone();
    for (block, offset) in late.blocks.iter_mut().zip([512, 513, 5_000, u32::MAX].repeat(20)) {
        let transport = hosting::Song::default().at(77.0, false);
        block.transports = vec![TransportChange { offset, transport }; 2];
    }
    let play = |script| {
        let recording = crate::support::run(&clap(), script);
        crate::streams::assert_clean("late transports", script, &recording)
    };
    assert_eq!(play(&plain), play(&late));
}
