//! The smaller things that people give: a manifest, weights, automation, and words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Config, weights};
use render::{Automation, Settings};
use score::{Chord, Meter, PitchClass, Scale};

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let text = || String::from_utf8_lossy(bytes);
    match kind % 4 {
        0 => {
            if let Ok(manifest) = weights::Manifest::from_bytes(bytes) {
                let _ = manifest.config.tensors();
                let _ = manifest.to_bytes();
            }
        }
        1 => drop(weights::read(bytes, &Config::TINY)),
        2 => {
            if let Ok(automation) = Automation::parse(&text(), "fuzz") {
                for beat in [0.0, 0.5, 1e9] {
                    let settings = automation.at(beat, &Settings::default());
                    assert_eq!(settings, settings, "not a number at {beat}");
                }
            }
        }
        _ => {
            let text = text();
            if let Ok(chord) = Chord::parse(&text) {
                assert_eq!(Chord::parse(&chord.to_string()).ok(), Some(chord));
            }
            if let Ok(meter) = Meter::parse(&text) {
                assert!(meter.bar_ticks().0 > 0);
            }
            let _ = (Scale::parse(&text), PitchClass::parse(&text));
        }
    }
});
