use super::*;
use crate::{Setting, Value};
use std::fs;

/// A folder that is gone with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("presets-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn library(&self) -> Library {
        Library::open(Some(self.0.clone()))
    }

    fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.0) else { return Vec::new() };
        let mut files: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn preset(name: &str) -> Preset {
    let value = Setting { id: "g_jazz".into(), value: Value::Number(50.0), line: 0 };
    Preset { name: name.into(), author: "Me".into(), values: vec![value], ..Preset::default() }
}

fn users(library: &Library) -> Vec<&str> {
    let users = library.items().iter().filter(|item| item.is_users());
    users.map(|item| item.preset.name.as_str()).collect()
}

#[test]
fn presets_are_saved_renamed_and_deleted() {
    let folder = Folder::new("life");
    let mut library = folder.library();
    let n_factory = library.items().len();
    library.save(&preset("Zebra")).unwrap();
    library.save(&preset("apple / pie")).unwrap();
    assert_eq!(users(&library), ["apple / pie", "Zebra"]);
    assert_eq!(folder.files(), ["apple-pie.toml", "zebra.toml"]);
    assert_eq!(users(&folder.library()), ["apple / pie", "Zebra"]);

    let pie = library.find("APPLE / pie").unwrap().clone();
    assert_eq!(pie.preset, preset("apple / pie"));
    library.rename(&pie, "Cake").unwrap();
    assert_eq!(folder.files(), ["cake.toml", "zebra.toml"]);
    let cake = library.find("cake").unwrap().clone();
    // Another case of the same letters is the same file.
    library.rename(&cake, "CAKE").unwrap();
    assert_eq!(users(&library), ["CAKE", "Zebra"]);
    assert_eq!(folder.files(), ["cake.toml", "zebra.toml"]);

    let cake = library.find("cake").unwrap().clone();
    library.delete(&cake).unwrap();
    assert_eq!((users(&library), library.items().len()), (vec!["Zebra"], n_factory + 1));
}

#[test]
fn a_name_belongs_to_one_preset() {
    let folder = Folder::new("names");
    let mut library = folder.library();
    library.save(&preset("Mine")).unwrap();
    let message = |error: Error| error.to_string();
    let taken = "there is a user preset \"MINE\" already";
    assert_eq!(message(library.save(&preset("MINE")).unwrap_err()), taken);
    let factory = library.replace(&preset("Chamber trap")).unwrap_err();
    assert_eq!(message(factory), "there is a factory preset \"Chamber trap\" already");
    let mut other = preset("mine");
    other.author = "Someone else".into();
    library.replace(&other).unwrap();
    assert_eq!(library.find("Mine").unwrap().preset, other);
    assert_eq!(folder.files(), ["mine.toml"]);
    // Names that differ may have files that do not.
    library.save(&preset("mine!")).unwrap();
    assert_eq!(folder.files(), ["mine-2.toml", "mine.toml"]);
    let second = library.find("mine!").unwrap().clone();
    assert!(matches!(library.rename(&second, "Mine"), Err(Error::Taken { .. })));
    assert!(matches!(library.rename(&second, ""), Err(Error::Name { .. })));
    assert_eq!(users(&library), ["mine", "mine!"]);
}

#[test]
fn factory_presets_stay() {
    let folder = Folder::new("factory");
    let mut library = folder.library();
    let item = library.items()[0].clone();
    assert!(matches!(library.delete(&item), Err(Error::Factory { .. })));
    assert!(matches!(library.rename(&item, "Other"), Err(Error::Factory { .. })));
}

#[test]
fn broken_files_are_named_and_hide_no_others() {
    let folder = Folder::new("broken");
    folder.library().save(&preset("Good")).unwrap();
    fs::write(folder.0.join("a.toml"), "format = 1\nname = \"A\"\n[values]\ng_jazz = {}\n")
        .unwrap();
    fs::write(folder.0.join("b.toml"), [0xFF, 0xFE, 0x00]).unwrap();
    fs::write(folder.0.join("c.toml"), "#".repeat(70_000)).unwrap();
    fs::write(folder.0.join("d.toml"), "").unwrap();
    fs::write(folder.0.join("notes.txt"), "not mine").unwrap();
    fs::write(folder.0.join("twin.toml"), preset("good").to_toml()).unwrap();
    let library = folder.library();
    assert_eq!(users(&library), ["Good", "good"]);
    let problems = library.problems().join("\n");
    for words in [
        "a.toml: line 4: g_jazz: expected a number, a name or true or false, found a table",
        "b.toml: not a text in UTF-8",
        "c.toml: too large to be a preset",
        "d.toml: line 1: there is no format",
        "good.toml and twin.toml are both called",
    ] {
        assert!(problems.contains(words), "no \"{words}\" in: {problems}");
    }
    assert_eq!(library.problems().len(), 5, "{problems}");
    assert_eq!(folder.files().len(), 7);
}

#[test]
fn a_folder_that_cannot_be_is_an_error_and_nothing_is_lost() {
    let folder = Folder::new("in-the-way");
    fs::write(&folder.0, "a file").unwrap();
    let mut library = folder.library();
    assert!(library.items().len() >= 24);
    assert!(matches!(library.save(&preset("A")), Err(Error::Io { .. })));
    assert_eq!(fs::read(&folder.0).unwrap(), b"a file");
    fs::remove_file(&folder.0).unwrap();
    let mut homeless = Library::open(None);
    assert!(matches!(homeless.save(&preset("A")), Err(Error::Homeless)));
}

/// A full disk, of which `/dev/full` is a model, and a folder in the place of the file.
#[test]
fn what_cannot_be_written_leaves_the_old_file() {
    let folder = Folder::new("full");
    let mut library = folder.library();
    let path = library.save(&preset("Mine")).unwrap();
    let before = fs::read(&path).unwrap();
    // The temporary file's place is taken by a folder, so that writing fails.
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::create_dir(&temporary).unwrap();
    let mut changed = preset("Mine");
    changed.description = "new".into();
    assert!(matches!(library.replace(&changed), Err(Error::Io { .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
    let other = library.save(&changed_name(&changed)).unwrap();
    assert!(other.ends_with("other.toml"));
    fs::remove_dir(&temporary).unwrap();
    let temporary = other.with_file_name(format!("third.{}.tmp", std::process::id()));
    fs::create_dir(&temporary).unwrap();
    assert!(matches!(library.save(&preset("Third")), Err(Error::Io { .. })));
    assert!(!folder.files().contains(&"third.toml".to_owned()), "{:?}", folder.files());
}

fn changed_name(preset: &Preset) -> Preset {
    Preset { name: "Other".into(), ..preset.clone() }
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_says_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("read-only");
    let mut library = folder.library();
    library.save(&preset("Mine")).unwrap();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may write anywhere, so that nothing can be told.
    if fs::File::create(folder.0.join("probe")).is_err() {
        let message = library.save(&preset("Other")).unwrap_err().to_string();
        assert!(message.contains("other.toml"), "{message}");
        let item = library.find("Mine").unwrap().clone();
        assert!(library.delete(&item).is_err());
        assert!(library.rename(&item, "Else").is_err());
    }
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(users(&folder.library()), ["Mine"]);
}

#[test]
fn shared_presets_come_by_path_or_text() {
    let (from, to) = (Folder::new("from"), Folder::new("to"));
    let path = from.library().save(&preset("Shared")).unwrap();
    let mut library = to.library();
    library.import(&format!(" {} ", path.display())).unwrap();
    assert_eq!(library.find("shared").unwrap().preset, preset("Shared"));
    assert!(matches!(library.import(&path.display().to_string()), Err(Error::Taken { .. })));
    let newer = preset("Newer").to_toml().replace("format = 1", "format = 9\nfuture = 1");
    library.import(&newer).unwrap();
    let item = library.find("Newer").unwrap();
    assert_eq!(item.notices.len(), 2, "{:?}", item.notices);
    let Source::User(path) = &item.source else { panic!("it is the user's") };
    assert_eq!(fs::read_to_string(path).unwrap(), newer.trim());
    assert!(matches!(library.import("/no/such/file.toml"), Err(Error::Io { .. })));
    assert!(matches!(library.import("format = 1"), Err(Error::Name { .. })));
    assert!(matches!(library.import(""), Err(Error::Io { .. })));
}
