use super::*;
use expect_test::expect;
use score::{Genre, PitchClass};
use std::collections::BTreeSet;
use std::fmt::Write;

/// One line a parameter: id, group, name, default as the host shows it.
fn listing(params: &TributaryParams) -> String {
    let mut text = String::new();
    for (id, param, group) in params.param_map() {
        // SAFETY: the pointers lead into `params`, which outlives them.
        let (name, value) = unsafe {
            (param.name(), param.normalized_value_to_string(param.default_normalized_value(), true))
        };
        writeln!(text, "{id} | {group} | {name} | {value}").unwrap();
    }
    text
}

/// Ids and meanings may be added, never changed: projects and automation refer to them.
#[test]
fn ids_groups_and_defaults_are_stable() {
    expect![[r#"
        g_classical | Blend | Classical | 0 %
        g_jazz | Blend | Jazz | 0 %
        g_rock | Blend | Rock | 0 %
        g_electronic | Blend | Electronic | 0 %
        g_folk | Blend | Folk | 0 %
        g_hiphop | Blend | Hip-hop | 0 %
        s_1 | Blend | Style 1 | 0 %
        s_2 | Blend | Style 2 | 0 %
        s_3 | Blend | Style 3 | 0 %
        s_4 | Blend | Style 4 | 0 %
        strength | Blend | Strength | 100 %
        dr_on | Drums | Drums on | On
        dr_density | Drums | Drums density | 50 %
        dr_register | Drums | Drums register | 0 %
        dr_level | Drums | Drums level | 0.0 dB
        dr_pan | Drums | Drums pan | C
        dr_mute | Drums | Drums mute | Off
        dr_solo | Drums | Drums solo | Off
        dr_own | Drums | Drums own | 0 %
        dr_g_classical | Drums/Own blend | Drums Classical | 0 %
        dr_g_jazz | Drums/Own blend | Drums Jazz | 0 %
        dr_g_rock | Drums/Own blend | Drums Rock | 0 %
        dr_g_electronic | Drums/Own blend | Drums Electronic | 0 %
        dr_g_folk | Drums/Own blend | Drums Folk | 0 %
        dr_g_hiphop | Drums/Own blend | Drums Hip-hop | 0 %
        dr_s_1 | Drums/Own blend | Drums Style 1 | 0 %
        dr_s_2 | Drums/Own blend | Drums Style 2 | 0 %
        dr_s_3 | Drums/Own blend | Drums Style 3 | 0 %
        dr_s_4 | Drums/Own blend | Drums Style 4 | 0 %
        ba_on | Bass | Bass on | On
        ba_density | Bass | Bass density | 50 %
        ba_register | Bass | Bass register | 0 %
        ba_level | Bass | Bass level | 0.0 dB
        ba_pan | Bass | Bass pan | C
        ba_mute | Bass | Bass mute | Off
        ba_solo | Bass | Bass solo | Off
        ba_own | Bass | Bass own | 0 %
        ba_g_classical | Bass/Own blend | Bass Classical | 0 %
        ba_g_jazz | Bass/Own blend | Bass Jazz | 0 %
        ba_g_rock | Bass/Own blend | Bass Rock | 0 %
        ba_g_electronic | Bass/Own blend | Bass Electronic | 0 %
        ba_g_folk | Bass/Own blend | Bass Folk | 0 %
        ba_g_hiphop | Bass/Own blend | Bass Hip-hop | 0 %
        ba_s_1 | Bass/Own blend | Bass Style 1 | 0 %
        ba_s_2 | Bass/Own blend | Bass Style 2 | 0 %
        ba_s_3 | Bass/Own blend | Bass Style 3 | 0 %
        ba_s_4 | Bass/Own blend | Bass Style 4 | 0 %
        ch_on | Chords | Chords on | On
        ch_density | Chords | Chords density | 50 %
        ch_register | Chords | Chords register | 0 %
        ch_level | Chords | Chords level | 0.0 dB
        ch_pan | Chords | Chords pan | C
        ch_mute | Chords | Chords mute | Off
        ch_solo | Chords | Chords solo | Off
        ch_own | Chords | Chords own | 0 %
        ch_g_classical | Chords/Own blend | Chords Classical | 0 %
        ch_g_jazz | Chords/Own blend | Chords Jazz | 0 %
        ch_g_rock | Chords/Own blend | Chords Rock | 0 %
        ch_g_electronic | Chords/Own blend | Chords Electronic | 0 %
        ch_g_folk | Chords/Own blend | Chords Folk | 0 %
        ch_g_hiphop | Chords/Own blend | Chords Hip-hop | 0 %
        ch_s_1 | Chords/Own blend | Chords Style 1 | 0 %
        ch_s_2 | Chords/Own blend | Chords Style 2 | 0 %
        ch_s_3 | Chords/Own blend | Chords Style 3 | 0 %
        ch_s_4 | Chords/Own blend | Chords Style 4 | 0 %
        ld_on | Lead | Lead on | On
        ld_density | Lead | Lead density | 50 %
        ld_register | Lead | Lead register | 0 %
        ld_level | Lead | Lead level | 0.0 dB
        ld_pan | Lead | Lead pan | C
        ld_mute | Lead | Lead mute | Off
        ld_solo | Lead | Lead solo | Off
        ld_own | Lead | Lead own | 0 %
        ld_g_classical | Lead/Own blend | Lead Classical | 0 %
        ld_g_jazz | Lead/Own blend | Lead Jazz | 0 %
        ld_g_rock | Lead/Own blend | Lead Rock | 0 %
        ld_g_electronic | Lead/Own blend | Lead Electronic | 0 %
        ld_g_folk | Lead/Own blend | Lead Folk | 0 %
        ld_g_hiphop | Lead/Own blend | Lead Hip-hop | 0 %
        ld_s_1 | Lead/Own blend | Lead Style 1 | 0 %
        ld_s_2 | Lead/Own blend | Lead Style 2 | 0 %
        ld_s_3 | Lead/Own blend | Lead Style 3 | 0 %
        ld_s_4 | Lead/Own blend | Lead Style 4 | 0 %
        dr_patch | Patches | Drums patch | Auto
        ba_patch | Patches | Bass patch | Auto
        ch_patch | Patches | Chords patch | Auto
        ld_patch | Patches | Lead patch | Auto
        ha_own | Harmony | Harmony own | 0 %
        ha_g_classical | Harmony/Own blend | Harmony Classical | 0 %
        ha_g_jazz | Harmony/Own blend | Harmony Jazz | 0 %
        ha_g_rock | Harmony/Own blend | Harmony Rock | 0 %
        ha_g_electronic | Harmony/Own blend | Harmony Electronic | 0 %
        ha_g_folk | Harmony/Own blend | Harmony Folk | 0 %
        ha_g_hiphop | Harmony/Own blend | Harmony Hip-hop | 0 %
        ha_s_1 | Harmony/Own blend | Harmony Style 1 | 0 %
        ha_s_2 | Harmony/Own blend | Harmony Style 2 | 0 %
        ha_s_3 | Harmony/Own blend | Harmony Style 3 | 0 %
        ha_s_4 | Harmony/Own blend | Harmony Style 4 | 0 %
        key | Music | Key | C
        scale | Music | Scale | Free major
        adventure | Music | Adventure | 50 %
        swing | Music | Swing | 0 %
        humanize | Music | Humanize | 80 %
        seed | Music | Seed | 1
        phrase | Music | Phrase | Off
        evolve | Music | Evolve | 0 %
        hold | Music | Hold | Off
        ending | Music | Ending | Off
        follow | Follow | Follow | Off
        input | Follow | Input | Eat
        bus_send | Follow | Bus send | Off
        bus_receive | Follow | Bus receive | 1
        lookahead | Engine | Lookahead | 1.0 beats
        channels | Engine | MIDI channels | One a part
        single_part | Engine | Single part | Lead
        run | Engine | Run | Off
        tempo | Engine | Tempo | 120.0 BPM
        sound | Engine | Sound | On
        gain | Engine | Gain | 0.0 dB
        bypass | Engine | Bypass | Off
        outputs | Engine | Outputs | Mix
    "#]]
    .assert_eq(&listing(&TributaryParams::default()));
}

#[test]
fn ids_are_unique_ascii_and_without_colliding_hashes() {
    let params = TributaryParams::default();
    let ids: Vec<String> = params.param_map().into_iter().map(|(id, ..)| id).collect();
    let plain =
        |id: &String| id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    assert!(ids.iter().all(plain), "{ids:?}");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    // Both plugin formats know a parameter by 31 bits of this hash of its id.
    let hash = |id: &String| {
        id.bytes().fold(0_u32, |hash, b| hash.wrapping_mul(31).wrapping_add(b.into())) & 0x7FFF_FFFF
    };
    assert_eq!(ids.iter().map(hash).collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn names_are_unique_and_owned_by_their_part() {
    let params = TributaryParams::default();
    // SAFETY: the pointers lead into `params`, which outlives them.
    let names: Vec<&str> = params
        .param_map()
        .iter()
        .map(|(_, param, _)| unsafe { &*(param.name() as *const str) })
        .collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

/// The defaults of the host's list and of the engine are the same music.
#[test]
fn default_parameters_are_default_controls() {
    assert_eq!(TributaryParams::default().controls(), Controls::default());
}

#[test]
fn choices_follow_the_vocabulary() {
    assert_eq!(KeyChoice::variants(), PitchClass::NAMES);
    for (index, name) in KeyChoice::variants().iter().enumerate() {
        assert_eq!(KeyChoice::from_index(index).pitch_class().name(), *name);
    }
    let lower = |names: &[&str]| names.iter().map(|n| n.to_lowercase()).collect::<Vec<_>>();
    assert_eq!(lower(ScaleChoice::variants()), score::Scale::ALL.map(|scale| scale.name()));
    assert_eq!(lower(PartChoice::variants()), Part::ALL.map(|part| part.name()));
    let params = TributaryParams::default();
    let genres = params.common.blend.weights().map(|param| param.name().to_lowercase());
    assert_eq!(genres, Genre::ALL.map(|genre| genre.name().to_string()));
    for (part, params) in Part::ALL.iter().zip(params.parts()) {
        assert_eq!(params.on.name().to_lowercase(), format!("{} on", part.name()));
    }
}

/// What a host shows can be typed back.
#[test]
fn every_value_survives_its_text() {
    let params = TributaryParams::default();
    for (id, param, _) in params.param_map() {
        for share in [0.0, 0.25, 0.5, 1.0] {
            // SAFETY: the pointers lead into `params`, which outlives them.
            let (text, again) = unsafe {
                let text = param.normalized_value_to_string(share, true);
                let back = param.string_to_normalized_value(&text);
                let again = back.map(|back| param.normalized_value_to_string(back, true));
                (text, again)
            };
            assert_eq!(again.as_deref(), Some(text.as_str()), "{id}");
        }
    }
}

#[test]
fn the_bottom_of_a_level_is_silence() {
    let range = decibels("Level");
    assert_eq!(range.normalized_value_to_string(0.0, true), "-inf dB");
    assert_eq!(range.normalized_value_to_string(1.0, true), "6.0 dB");
    assert_eq!(audible(range.preview_plain(0.0)), 0.0);
    assert_eq!(range.default_plain_value(), 1.0);
}

/// Whatever a host sets, what goes on to the band is a number.
#[test]
fn values_that_are_no_numbers_are_their_defaults() {
    let default = TributaryParams::default();
    for nonsense in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let params = TributaryParams::default();
        let mut n_set = 0;
        for (_, param, _) in params.param_map() {
            if let ParamPtr::FloatParam(param) = param {
                // SAFETY: the pointers lead into `params`.
                unsafe {
                    nice_plug::params::InternalParamMut::_internal_set_plain_value(
                        &*param, nonsense,
                    )
                };
                n_set += 1;
            }
        }
        assert!(n_set > 40);
        assert_eq!(params.controls(), default.controls());
        assert_eq!(params.form(), default.form());
        assert_eq!((params.lookahead(), params.tempo()), (1.0, Tempo::DEFAULT));
        assert_eq!((params.gain(), params.level(Part::Bass)), (1.0, 1.0));
    }
}

/// What was composed while the host stood must be good when it starts, and hosts do not come back to
/// the last digit.
#[test]
fn knobs_are_heard_in_steps_of_half_a_percent() {
    let params = TributaryParams::default();
    let heard = |jazz: f32, swing: f32| {
        let values = [
            (&params.common.blend.electronic, 1.0),
            (&params.common.blend.jazz, jazz),
            (&params.music.swing, swing),
        ];
        for (param, value) in values {
            // SAFETY: no other thread knows these parameters.
            unsafe {
                nice_plug::params::InternalParamMut::_internal_set_plain_value(param, value);
            }
        }
        params.controls()
    };
    let stood = heard(0.0, 0.2);
    assert_eq!(stood.swing, 0.2);
    assert_eq!(heard(0.0009, 0.199), stood);
    assert_ne!(heard(0.005, 0.2), stood);
    assert_ne!(heard(0.0, 0.205), stood);
}
