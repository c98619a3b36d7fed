//! The presets that the program comes with, embedded.

use crate::Preset;

/// Embeds files of `assets/presets`.
macro_rules! files {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../../assets/presets/", $name, ".toml")))),*]
    };
}

/// Name and text of every file, in the order of browsing.
static FILES: [(&str, &str); 30] = files![
    "pure-classical" "pure-jazz" "pure-rock" "pure-electronic" "pure-folk" "pure-hip-hop"
    "acoustic-duo" "baroque-rock" "bebop-breaks" "blues-rock" "boom-bap-jazz" "bossa-lounge"
    "campfire-hip-hop" "celtic-rock" "chamber-trap" "chiptune-etude" "cinematic-ambient"
    "drum-bass-soloist" "folktronica" "jazz-house" "jazz-manouche" "lo-fi-study" "melting-pot"
    "minimal-piano" "orchestral-metal" "pastoral-drone" "power-trio" "string-quartet-techno"
    "synthwave-ballad" "trip-hop"
];

/// The factory presets.
pub fn factory() -> Vec<Preset> {
    // The files are read by a test of this crate, so none is left out here.
    FILES.iter().filter_map(|(name, text)| Some(Preset::parse(text, name).ok()?.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn every_file_is_embedded_and_without_a_fault() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/presets");
        let on_disk: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let embedded: BTreeSet<String> =
            FILES.iter().map(|(name, _)| format!("{name}.toml")).collect();
        assert_eq!(on_disk, embedded);
        for (name, text) in FILES {
            let (preset, notices) = Preset::parse(text, name).unwrap();
            assert_eq!(notices, Vec::<String>::new(), "{name}");
            assert!(!preset.description.is_empty() && !preset.tags.is_empty(), "{name}");
            assert_eq!(preset.author, "Tributary", "{name}");
            assert_eq!(crate::folder::stem(&preset.name), name);
            // As this program writes it, so that what a user saves looks like it.
            assert_eq!(preset.to_toml(), text, "{name}");
        }
        assert_eq!(factory().len(), FILES.len());
    }

    #[test]
    fn names_and_values_differ() {
        let all = factory();
        for (idx, preset) in all.iter().enumerate() {
            for other in &all[..idx] {
                assert_ne!(preset.name.to_lowercase(), other.name.to_lowercase());
                assert_ne!(preset.values, other.values, "{} is {}", preset.name, other.name);
            }
        }
    }
}
