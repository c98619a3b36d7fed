use super::*;

const TRAP: &str = r#"# made by hand
format = 1
name = "Chamber trap"
author = "Somebody"
tags = ["dark", "hip-hop"]
description = "Trap \"drums\"."

[values]
dr_g_hiphop = 100
g_classical = 62.5   # percent
scale = "Harmonic minor"
ld_on = false
tempo = 1e2
"#;

fn message(text: &str) -> String {
    Preset::parse(text, "a.toml").unwrap_err().to_string()
}

#[test]
fn a_file_is_read_in_its_order() {
    let (preset, notices) = Preset::parse(TRAP, "a.toml").unwrap();
    assert_eq!(notices, Vec::<String>::new());
    assert_eq!((preset.name.as_str(), preset.author.as_str()), ("Chamber trap", "Somebody"));
    assert_eq!(preset.tags, ["dark", "hip-hop"]);
    let values: Vec<_> =
        preset.values.iter().map(|s| (s.id.as_str(), s.value.clone(), s.line)).collect();
    assert_eq!(
        values,
        [
            ("dr_g_hiphop", Value::Number(100.0), 9),
            ("g_classical", Value::Number(62.5), 10),
            ("scale", Value::Name("Harmonic minor".into()), 11),
            ("ld_on", Value::Switch(false), 12),
            ("tempo", Value::Number(100.0), 13),
        ]
    );
}

#[test]
fn what_is_written_reads_the_same() {
    let (mut preset, _) = Preset::parse(TRAP, "a.toml").unwrap();
    preset.name = "Quote \" and \\ and ü and 🎲".into();
    preset.description = "two\nlines".into();
    let odd = Setting { id: "no bare key".into(), value: Value::Number(-0.125), line: 0 };
    preset.values.push(odd);
    let text = preset.to_toml();
    let (again, notices) = Preset::parse(&text, "b.toml").unwrap();
    assert_eq!((&again, notices.len()), (&preset, 0));
    assert_eq!(again.to_toml(), text);
}

#[test]
fn messages_name_file_line_and_key() {
    assert_eq!(message("format = 1\nname = 3\n"), "a.toml: line 2: name: expected a text, found 3");
    assert_eq!(
        message("format = 1\nname = \"a\"\n\n[values]\ng_jazz = [1]\n"),
        "a.toml: line 5: g_jazz: expected a number, a name or true or false, found a list"
    );
    let not_finite = message("format = 1\nname = \"a\"\n[values]\ng_jazz = nan\n");
    assert!(not_finite.starts_with("a.toml: line 4: g_jazz: expected a number"), "{not_finite}");
    assert!(message("format = 1\nname = \"a\n").starts_with("a.toml: line 2: "));
    assert!(message("name = \"a\"\n").contains("there is no format"));
    assert!(message("").starts_with("a.toml: line 1: "));
    assert!(message("format = 1\n").contains("it is empty"));
    assert!(message("format = \"one\"\nname = \"a\"\n").contains("expected a whole number"));
    let twice = message("format = 1\nname = \"a\"\n[values]\ng_jazz = 1\ng_jazz = 2\n");
    assert!(twice.starts_with("a.toml: line 5: "), "{twice}");
}

#[test]
fn a_newer_preset_is_read_as_far_as_it_is_known() {
    let text = "format = 7\nname = \"a\"\ncolour = \"red\"\n[values]\ng_jazz = 100\n";
    let (preset, notices) = Preset::parse(text, "a.toml").unwrap();
    assert_eq!(preset.values.len(), 1);
    assert_eq!(notices.len(), 2);
    assert_eq!(notices[0], "a.toml: line 3: \"colour\" is not known, and is left out");
    assert!(notices[1].contains("newer version (format 7)"));
}

#[test]
fn another_name_leaves_the_rest_of_the_file_alone() {
    let text = format!("{TRAP}unknown_thing = 3 # of a newer version\n");
    let again = renamed(&text, "a.toml", "Two \"quotes\"").unwrap();
    assert_eq!(again, text.replace("\"Chamber trap\"", "'Two \"quotes\"'"));
    assert_eq!(Preset::parse(&again, "a.toml").unwrap().0.name, "Two \"quotes\"");
    assert!(renamed(&text, "a.toml", " ").is_err());
}

#[test]
fn names_are_one_short_line() {
    let too_long = "x".repeat(MAX_NAME + 1);
    for name in ["", "   ", " a", "a\nb", too_long.as_str()] {
        assert!(check_name(name).is_err(), "{name:?}");
    }
    assert!(check_name(&"ü".repeat(MAX_NAME)).is_ok());
}

#[test]
fn a_search_finds_words_in_any_order() {
    let (preset, _) = Preset::parse(TRAP, "a.toml").unwrap();
    for search in ["", "trap", "HIP chamber", "somebody", "drums"] {
        assert!(preset.matches(search), "{search}");
    }
    assert!(!preset.matches("trap polka"));
}
