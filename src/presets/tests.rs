use super::*;
use crate::edits::tests::turn;
use crate::params::TributaryParams;
use ::presets::factory;
use proptest::prelude::*;
use score::{Controls, Genre};

/// Parameters as a preset leaves them.
fn loaded(preset: &Preset) -> TributaryParams {
    let params = TributaryParams::default();
    put(&params, &fit(preset, &Table::new(&params), &preset.name));
    params
}

fn put(params: &TributaryParams, fit: &Fit) {
    assert_eq!(fit.problems, Vec::<String>::new());
    for (idx, value) in fit.values.iter().enumerate() {
        if let Some(value) = value {
            turn(params, idx, *value);
        }
    }
}

fn written(params: &TributaryParams, with_song: bool) -> Preset {
    let table = Table::new(params);
    let values = capture(&table, &table.values(), with_song);
    Preset { name: "Written".into(), values, ..Preset::default() }
}

/// What a preset says of the music, as the plugin counts: exact or not at all.
fn everything(params: &TributaryParams) -> (Controls, player::Form, f64) {
    (params.controls(), params.form(), params.tempo().bpm())
}

/// Levels are saved to a hundred thousandth; at the bottom that tells silence from the faintest.
fn has_levels_of(params: &TributaryParams, other: &TributaryParams) -> bool {
    let levels = score::Part::ALL.map(|part| (params.level(part), other.level(part)));
    levels.iter().all(|(a, b)| (a - b).abs() <= 1e-5 * b || a.max(*b) < 1.01e-3)
}

#[test]
fn every_factory_preset_fits_and_sounds_like_no_other() {
    let presets = factory();
    assert!(presets.len() >= 24, "{}", presets.len());
    let mut seen: Vec<(String, Controls)> = Vec::new();
    for preset in presets {
        let params = loaded(&preset);
        let controls = params.controls();
        let is_default = controls == Controls { seed: controls.seed, ..Controls::default() };
        assert!(!is_default, "{}", preset.name);
        assert!(controls.parts.iter().any(|part| part.on), "{}", preset.name);
        assert!((60.0..=190.0).contains(&params.tempo().bpm()), "{}", preset.name);
        for (name, other) in &seen {
            assert_ne!(controls, *other, "{} is {name}", preset.name);
        }
        seen.push((preset.name, controls));
    }
    for genre in Genre::ALL {
        let name = format!("Pure {}", genre.name());
        let (_, controls) = seen.iter().find(|(known, _)| *known == name).expect(&name);
        assert_eq!(controls.blend.normalized(), score::Blend::pure(genre));
    }
}

/// Numbers of some controls in a row.
fn numbers(controls: &Controls) -> Vec<f32> {
    let Controls { strength, harmony_own, adventure, swing, humanize, .. } = *controls;
    let mut numbers = vec![strength, harmony_own, adventure, swing, humanize];
    numbers.extend(controls.blend.weights().iter().chain(controls.harmony_blend.weights()));
    for part in &controls.parts {
        numbers.extend([f32::from(part.on), part.density, part.register, part.own]);
        numbers.extend(part.blend.weights());
    }
    numbers
}

/// What the renderer plays is what the plugin plays.
#[test]
fn the_renderer_reads_factory_presets_alike() {
    for preset in factory() {
        let (params, band) = (loaded(&preset), render::preset(&preset.name).unwrap());
        let (ours, theirs) = (params.controls(), band.settings.controls);
        let pairs = numbers(&ours).into_iter().zip(numbers(&theirs));
        // A host's values go through shares of their range.
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6), "{}", preset.name);
        assert_eq!((ours.key, ours.scale, ours.seed), (theirs.key, theirs.scale, theirs.seed));
        let form = params.form();
        assert_eq!(form.phrase_bars, band.settings.form.phrase_bars);
        assert!((form.evolve - band.settings.form.evolve).abs() < 1e-6);
        assert_eq!(Some(params.tempo()), band.tempo, "{}", preset.name);
    }
}

#[test]
fn every_factory_preset_survives_saving() {
    for preset in factory() {
        let params = loaded(&preset);
        let text = written(&params, true).to_toml();
        let (again, notices) = Preset::parse(&text, "again").unwrap();
        assert_eq!(notices, Vec::<String>::new());
        assert_eq!(everything(&loaded(&again)), everything(&params), "{}", preset.name);
        assert!(has_levels_of(&loaded(&again), &params), "{}", preset.name);
        // What the file says is what is saved, whoever wrote it.
        let without_song = written(&params, false).values;
        for setting in &preset.values {
            let is_song = Role::of(&setting.id, "") == Role::Song;
            assert!(is_song || without_song.contains(setting), "{}: {setting:?}", preset.name);
        }
    }
}

#[test]
fn what_belongs_to_the_project_stays() {
    let params = TributaryParams::default();
    let table = Table::new(&params);
    let own = [
        "seed",
        "key",
        "tempo",
        "bypass",
        "gain",
        "channels",
        "single_part",
        "outputs",
        "lookahead",
        "run",
        "sound",
        "hold",
        "ending",
    ];
    for id in own {
        turn(&params, table.find(id).unwrap(), 0.75);
    }
    turn(&params, table.find("swing").unwrap(), 0.75);
    let before = table.values();
    put(&params, &fit(&Preset::default(), &table, "empty"));
    for (idx, before) in before.iter().enumerate() {
        let stays = own.contains(&table.id(idx));
        let expected = if stays { *before } else { table.default(idx) };
        assert_eq!(table.value(idx), expected, "{}", table.id(idx));
    }
    assert_eq!(written(&params, false).values, []);
    let song: Vec<String> = written(&params, true).values.into_iter().map(|s| s.id).collect();
    assert_eq!(song, ["key", "seed", "tempo"]);
    // Unless a preset names it.
    let text =
        "format = 1\nname = \"a\"\n[values]\ngain = -6\nlookahead = 2\nchannels = \"One a part\"\n";
    let (preset, _) = Preset::parse(text, "a.toml").unwrap();
    put(&params, &fit(&preset, &table, "a.toml"));
    assert!((params.gain() - 0.501_187).abs() < 1e-5);
    assert_eq!(params.lookahead(), 2.0);
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let params = TributaryParams::default();
    let text = "format = 1\nname = \"a\"\n[values]\ng_polka = 1\ng_jazz = 140\nscale = \"blue\"\n\
                dr_on = 1\nseed = 1.5\ndr_level = -90\ng_rock = 30\nkey = \"h\"\nphrase = 4\n";
    let (preset, _) = Preset::parse(text, "a.toml").unwrap();
    let Fit { values, problems } = fit(&preset, &Table::new(&params), "a.toml");
    let scales = "Free major, Free minor, Major, Minor, Dorian, Mixolydian, Major pentatonic, \
                  Minor pentatonic, Harmonic minor";
    let keys = "C, C#, D, D#, E, F, F#, G, G#, A, A#, B";
    let expected = [
        "line 4: g_polka: is not known, and is left out".to_owned(),
        "line 5: g_jazz: expected 0 to 100, found 140; 100 is used".to_owned(),
        format!("line 6: scale: expected one of {scales}, found \"blue\"; its default is used"),
        "line 7: dr_on: expected true or false, found 1; its default is used".to_owned(),
        "line 8: seed: expected a whole number, found 1.5; its default is used".to_owned(),
        "line 9: dr_level: expected -60 to 6, found -90; -60 is used".to_owned(),
        format!("line 11: key: expected one of {keys}, found \"h\"; its default is used"),
        "line 12: phrase: expected one of Off, 1 bar, 2 bars, 4 bars, 8 bars, found 4; its \
         default is used"
            .to_owned(),
    ];
    assert_eq!(problems, expected.map(|problem| format!("a.toml: {problem}")));
    let table = Table::new(&params);
    let value = |id: &str| values[table.find(id).unwrap()];
    assert_eq!((value("g_jazz"), value("g_rock")), (Some(1.0), Some(0.3)));
    assert_eq!((value("dr_on"), value("seed"), value("key")), (Some(1.0), None, None));
    assert_eq!(value("dr_level"), Some(0.0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a user saves is what a user gets, to the last bit, and the file says it the same way.
    #[test]
    fn saved_presets_come_back_exactly(shares in prop::collection::vec(0.0_f32..=1.0, 80)) {
        let params = TributaryParams::default();
        let table = Table::new(&params);
        for idx in (0..table.len()).filter(|idx| table.role(*idx) != Role::Setup) {
            turn(&params, idx, shares[idx % shares.len()]);
        }
        let saved = written(&params, true);
        let (again, _) = Preset::parse(&saved.to_toml(), "a.toml").unwrap();
        let other = loaded(&again);
        prop_assert_eq!(everything(&other), everything(&params));
        prop_assert!(has_levels_of(&other, &params));
        prop_assert_eq!(written(&other, true), saved);
    }

    /// Dice keep to what they may touch and to what a band can play.
    #[test]
    fn dice_are_musical(
        shares in prop::collection::vec(0.0_f32..=1.0, 80),
        distance in 0.0_f32..=1.0,
        seed: u64,
    ) {
        let params = TributaryParams::default();
        let table = Table::new(&params);
        (0..table.len()).for_each(|idx| turn(&params, idx, shares[idx % shares.len()]));
        let before = table.values();
        let drawn = randomized(&table, &before, distance, seed);
        prop_assert_eq!(&drawn, &randomized(&table, &before, distance, seed));
        for (idx, drawn) in drawn.iter().enumerate() {
            let Some(drawn) = drawn else { continue };
            let id = table.id(idx);
            prop_assert!(table.role(idx) == Role::Music, "{}", id);
            prop_assert!(!id.ends_with("level") && !id.ends_with("_on"), "{}", id);
            prop_assert!((0.0..=1.0).contains(drawn), "{}: {}", id, drawn);
            let is_choice = ["scale", "phrase"].contains(&id);
            prop_assert!(is_choice || (drawn - before[idx]).abs() <= distance + 1e-6, "{}", id);
        }
    }
}

#[test]
fn dice_throw_as_far_as_they_are_told() {
    let params = TributaryParams::default();
    let table = Table::new(&params);
    let before = table.values();
    let way = |distance: f32, seed: u64| -> f32 {
        let drawn = randomized(&table, &before, distance, seed);
        let ways = drawn.iter().zip(&before).filter_map(|(to, from)| Some(((*to)? - from).abs()));
        ways.sum()
    };
    for seed in 0..20 {
        assert_eq!(way(0.0, seed), 0.0);
        assert_eq!(way(f32::NAN, seed), 0.0);
        let ways = [0.1, 0.4, 1.0].map(|distance| way(distance, seed));
        assert!(ways[0] > 0.0 && ways.is_sorted_by(|a, b| a < b), "{seed}: {ways:?}");
    }
    assert_ne!(randomized(&table, &before, 0.5, 1), randomized(&table, &before, 0.5, 2));
}
