use super::*;
use model::style::Fit;
use score::{BeatFrame, GridBeat, GridNote, HistoryBeat, Meter, Tempo, Velocity};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tributary-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A style for the shipped model that has learnt nothing yet: the genres alone.
fn style(name: &str) -> Style {
    let beat = |beat: i64| {
        let mut music = GridBeat::default();
        let (pitch, velocity) = (60 + (beat * 7 % 12) as u8, Velocity::clamped(90));
        music.parts[3] = vec![GridNote { position: 0, pitch, duration: 24, velocity, micro: 0 }];
        let frame = BeatFrame::regular(beat, Meter::default(), Tempo::default());
        HistoryBeat { frame, music }
    };
    let song = Song { name: "tune".into(), beats: (0..80).map(beat).collect(), dynamics: false };
    let network = crate::weights::generator().unwrap().network().clone();
    let fit = Fit::new(&network, vec![song], 1).unwrap();
    fit.finish(About { name: name.into(), ..About::default() })
}

#[test]
fn a_project_brings_its_styles_back() {
    let knobs = StyleKnobs::default();
    assert_eq!((knobs.name(2), knobs.free()), ("Style 3".into(), Some(0)));
    knobs.model.set_style(2, Some(Arc::new(style("Satie"))));
    assert_eq!(knobs.name(2), "Satie");
    let saved: Saved = knobs.map(Saved::clone);
    let other = StyleKnobs::default();
    other.set(saved.clone());
    assert_eq!(other.get(2), knobs.get(2));
    assert_eq!(other.free(), Some(0));
    other.rename(2, " Erik ");
    assert_eq!(other.name(2), "Erik");
    other.remove(2);
    assert_eq!(other.get(2), None);
    // A damaged one is missed aloud, and only that.
    let mut damaged = saved;
    damaged[0] = Some("AAAA".into());
    other.set(damaged);
    assert!(other.problem(0).unwrap().starts_with("style: file: expected "));
    assert_eq!(other.name(2), "Satie");
    // Of an older project.
    other.set(Saved::new());
    assert_eq!(other.get(2), None);
}

#[test]
fn files_of_styles_are_saved_beside_each_other_and_loaded() {
    let folder = Folder::new("styles");
    let first = save(&folder.0, &style("Trio / 1")).unwrap();
    let second = save(&folder.0, &style("Trio / 1")).unwrap();
    assert_eq!(first.file_name().unwrap(), "Trio - 1.tributary-style");
    assert_eq!(second.file_name().unwrap(), "Trio - 1 2.tributary-style");
    let knobs = StyleKnobs::default();
    knobs.load(1, first.to_str().unwrap()).unwrap();
    assert_eq!(knobs.name(1), "Trio / 1");
    std::fs::write(&second, b"no style").unwrap();
    let error = knobs.load(1, second.to_str().unwrap()).unwrap_err();
    assert!(error.starts_with(&format!("{}: style: file: ", second.display())), "{error}");
    assert_eq!(knobs.name(1), "Trio / 1", "the old one stays");
    let error = knobs.load(1, "trio").unwrap_err();
    assert_eq!(error, "expected the full path of a .tributary-style file, found \"trio\"");
}

#[test]
fn a_style_counts_as_its_nearest_genre_where_only_genres_do() {
    let knobs = StyleKnobs::default();
    let mut weights = [0.0; Blend::LEN];
    (weights[1], weights[6], weights[8]) = (0.5, 0.25, 0.25);
    let blend = Blend::new(weights);
    assert_eq!(
        knobs.in_genres(&blend),
        Blend::new({
            let mut jazz = [0.0; Blend::LEN];
            jazz[1] = 0.5;
            jazz
        })
    );
    knobs.model.set_style(2, Some(Arc::new(style("any"))));
    assert_eq!(knobs.in_genres(&blend).weights()[..6].iter().sum::<f32>(), 0.75);
}

#[test]
fn what_cannot_be_learnt_from_is_said_and_the_old_style_stays() {
    let folder = Folder::new("learn");
    let knobs = StyleKnobs::default();
    knobs.model.set_style(0, Some(Arc::new(style("old"))));
    let failed = |text: &str| {
        knobs.learn_files(0, text).unwrap();
        while knobs.learning().is_busy() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let Learning::Failed(reason) = knobs.learning() else { panic!("{text} is no song") };
        assert_eq!(knobs.name(0), "old");
        // The thread may still be ending.
        std::thread::sleep(std::time::Duration::from_millis(50));
        reason
    };
    let place = folder.0.display();
    assert_eq!(failed(folder.0.to_str().unwrap()), format!("{place}: no MIDI file in this folder"));
    let wrong = folder.0.join("sound.mid");
    std::fs::write(&wrong, b"RIFF").unwrap();
    assert!(
        failed(folder.0.to_str().unwrap()).starts_with(&format!("{place}/sound.mid: expected"))
    );
    assert!(failed("/nowhere/song.mid").starts_with("/nowhere/song.mid: "));
    assert!(
        knobs.learn_files(0, " ; ").unwrap_err().starts_with("expected the full path of a MIDI")
    );
    assert!(knobs.learn_files(0, "song.mid").is_err());
}
