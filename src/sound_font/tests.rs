use super::*;
use synth::Synth;

const RATE: f32 = 48_000.0;

/// Waits for a load to come to an end.
fn settled(fonts: &SoundFonts) -> FontStatus {
    let deadline = Instant::now() + Duration::from_secs(30);
    while fonts.status() == FontStatus::Loading && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    fonts.status()
}

#[test]
fn nothing_is_loaded_before_the_first_activation() {
    let fonts = SoundFonts::default();
    fonts.set(Some("there-is-no-such.sf2".to_owned()));
    fonts.request(Some("nor-this.sf2".into()));
    assert_eq!(fonts.status(), FontStatus::None);
    assert!(fonts.thread.lock().is_none());
    fonts.map(|path| assert_eq!(path.as_deref(), Some("nor-this.sf2")));
}

#[test]
fn a_file_that_is_not_there_is_named_and_the_patches_play() {
    let fonts = SoundFonts::default();
    let mut ends = fonts.connect();
    let mut synth = Synth::new(RATE);
    fonts.set(Some("there-is-no-such.sf2".to_owned()));
    fonts.activate(RATE, false);
    let FontStatus::Failed(reason) = settled(&fonts) else { panic!("{:?}", fonts.status()) };
    assert!(reason.starts_with("there-is-no-such.sf2: "), "{reason}");
    ends.exchange(&mut synth, RATE);
    assert!(synth.sound_font().is_none());
    // The project still says what it wanted.
    fonts.map(|path| assert_eq!(path.as_deref(), Some("there-is-no-such.sf2")));
    fonts.request(None);
    let deadline = Instant::now() + Duration::from_secs(30);
    while fonts.status() != FontStatus::None && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(fonts.status(), FontStatus::None);
}

#[test]
fn an_instance_without_a_sound_font_starts_no_thread() {
    let fonts = SoundFonts::default();
    let _ends = fonts.connect();
    fonts.activate(RATE, false);
    fonts.activate(44_100.0, true);
    assert!(fonts.thread.lock().is_none());
}
