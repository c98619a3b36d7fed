use super::*;
use crate::params::TributaryParams;
use ::model::Config;
use ::model::weights::{self as stored, Manifest};
use nice_plug::prelude::{Param, Params};
use std::path::Path;

/// A tiny model of two genres in a folder of its own.
fn write(name: &str, seed: u64) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("tributary-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("dance.safetensors");
    let genres = GenreNames::new(vec!["waltz".into(), "slow march".into()]).unwrap();
    let manifest = Manifest { genres, ..Manifest::new("dance", Config::TINY) };
    let tensors = stored::random(&Config::TINY, seed).unwrap();
    std::fs::write(&path, stored::write(&tensors).unwrap()).unwrap();
    std::fs::write(path.with_extension("json"), manifest.to_bytes().unwrap()).unwrap();
    path
}

fn clean(path: &Path) {
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

/// What a project would save.
fn saved(params: &TributaryParams) -> String {
    params.serialize_fields()["model"].clone()
}

#[test]
fn a_path_is_whole_or_refused() {
    assert_eq!(
        full_path(" '/m/a b.safetensors' ", WEIGHTS).unwrap(),
        Path::new("/m/a b.safetensors")
    );
    assert_eq!(
        full_path("file:///m/a.safetensors", WEIGHTS).unwrap(),
        Path::new("/m/a.safetensors")
    );
    assert!(full_path("~/a.safetensors", WEIGHTS).unwrap().is_absolute());
    assert_eq!(
        full_path("a.safetensors", WEIGHTS).unwrap_err(),
        "expected the full path of a .safetensors file, found \"a.safetensors\""
    );
    assert!(full_path("  ", WEIGHTS).unwrap_err().ends_with("found nothing"));
}

#[test]
fn a_models_genres_take_the_place_of_the_six() {
    let path = write("plugin-dance", 1);
    let params = TributaryParams::default();
    let model = params.model.model();
    let blend = &params.common.blend;
    let text =
        |number: usize, value| blend.weights()[number].normalized_value_to_string(value, true);
    assert_eq!(text(0, 0.5), "50 %");
    model.choose(path.to_str().unwrap()).unwrap();
    assert_eq!(model.outcome(), Outcome::Waiting);
    let generator = model.make().unwrap();
    assert_eq!(model.outcome(), Outcome::Plays);
    assert_eq!((generator.name(), model.name().as_str()), ("dance", "dance"));
    assert_eq!(text(0, 0.5), "waltz 50 %");
    assert_eq!(text(1, 0.25), "slow march 25 %");
    assert_eq!(text(2, 0.0), "unused 0 %");
    for number in 0..6 {
        let shown = text(number, 0.3);
        let read = blend.weights()[number].string_to_normalized_value(&shown).unwrap();
        assert!((read - 0.3).abs() < 1e-6, "{shown}");
    }
    assert_eq!(blend.weights()[0].string_to_normalized_value("70"), Some(0.7));
    // The names of the parameters are what they were when the host asked for them.
    assert_eq!(blend.classical.name(), "Classical");
    model.choose_built_in();
    model.make().unwrap();
    assert_eq!((text(0, 0.5), model.genres()), ("50 %".to_owned(), GenreNames::default()));
    clean(&path);
}

#[test]
fn a_file_that_is_gone_is_told_and_stays_chosen() {
    let path = write("plugin-gone", 1);
    let params = TributaryParams::default();
    params.model.model().choose(path.to_str().unwrap()).unwrap();
    params.model.model().make().unwrap();
    let state = saved(&params);
    clean(&path);
    let opened = TributaryParams::default();
    opened.deserialize_fields(&[("model".to_owned(), state.clone())].into());
    let model = opened.model.model();
    let generator = model.make().unwrap();
    assert_eq!(generator.name(), weights::NAME);
    let Outcome::Refused(reason) = model.outcome() else { panic!("{:?}", model.outcome()) };
    assert!(reason.starts_with(&format!("{}: cannot be read: ", path.display())), "{reason}");
    assert_eq!(saved(&opened), state);
    assert_eq!(model.path().as_deref(), path.to_str());
}

#[test]
fn a_file_that_has_changed_is_noticed_until_it_is_chosen_again() {
    let path = write("plugin-changed", 1);
    let params = TributaryParams::default();
    params.model.model().choose(path.to_str().unwrap()).unwrap();
    params.model.model().make().unwrap();
    let state = saved(&params);
    write("plugin-changed", 2);
    let opened = TributaryParams::default();
    opened.deserialize_fields(&[("model".to_owned(), state.clone())].into());
    let model = opened.model.model();
    model.make().unwrap();
    assert_eq!(model.outcome(), Outcome::Changed);
    assert_eq!((model.name().as_str(), saved(&opened)), ("dance", state.clone()));
    model.choose(path.to_str().unwrap()).unwrap();
    model.make().unwrap();
    assert_eq!(model.outcome(), Outcome::Plays);
    assert_ne!(saved(&opened), state);
    clean(&path);
}

#[test]
fn a_state_that_was_loaded_already_changes_nothing() {
    let path = write("plugin-again", 1);
    let params = TributaryParams::default();
    let model = params.model.model();
    model.choose(path.to_str().unwrap()).unwrap();
    model.make().unwrap();
    let fields = params.serialize_fields();
    params.deserialize_fields(&fields);
    assert_eq!(model.outcome(), Outcome::Plays, "it is not read again");
    let other = r#"{"path":"relative.safetensors"}"#;
    params.deserialize_fields(&[("model".to_owned(), other.to_owned())].into());
    model.make().unwrap();
    let Outcome::Refused(reason) = model.outcome() else { panic!("{:?}", model.outcome()) };
    assert!(reason.starts_with("expected the full path"), "{reason}");
    clean(&path);
}
