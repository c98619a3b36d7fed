//! What a user browses: the factory bank and the presets of the user's folder.

use std::path::{Path, PathBuf};

use crate::preset::{check_name, renamed};
use crate::{Error, Preset, Result, factory, folder};

/// All presets there are.
#[derive(Clone, Debug)]
pub struct Library {
    folder: Option<PathBuf>,
    items: Vec<Item>,
    problems: Vec<String>,
}

/// A preset and where it comes from.
#[derive(Clone, Debug)]
pub struct Item {
    /// The preset.
    pub preset: Preset,
    /// Whose it is.
    pub source: Source,
    /// What of its file was not understood, a line each.
    pub notices: Vec<String>,
}

/// Where a preset comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It comes with the program.
    Factory,
    /// It is the user's, in this file.
    User(PathBuf),
}

impl Item {
    /// Whether it can be replaced, renamed and deleted.
    pub fn is_users(&self) -> bool {
        self.source != Source::Factory
    }

    /// The name of its file for messages; its own name for a factory preset.
    pub fn file(&self) -> String {
        match &self.source {
            Source::Factory => self.preset.name.clone(),
            Source::User(path) => folder::name(path),
        }
    }
}

impl Library {
    /// Reads the presets of a folder, which need not be there, beside the factory's.
    pub fn open(folder: Option<PathBuf>) -> Self {
        let mut library = Self { folder, items: Vec::new(), problems: Vec::new() };
        library.refresh();
        library
    }

    /// Reads the folder again, as after another instance has saved something.
    pub fn refresh(&mut self) {
        let from_factory = |preset| Item { preset, source: Source::Factory, notices: Vec::new() };
        self.items = factory().into_iter().map(from_factory).collect();
        self.problems.clear();
        let Some(folder) = &self.folder else { return };
        let paths = folder::list(folder).unwrap_or_else(|error| {
            self.problems.push(error.to_string());
            Vec::new()
        });
        let mut users = Vec::new();
        for path in paths {
            let read =
                folder::read(&path).and_then(|text| Preset::parse(&text, &folder::name(&path)));
            match read {
                Ok((preset, notices)) => {
                    users.push(Item { preset, source: Source::User(path), notices });
                }
                Err(error) => self.problems.push(error.to_string()),
            }
        }
        users.sort_by_key(|item| item.preset.name.to_lowercase());
        for item in &users {
            if let Some(other) = self.find(&item.preset.name) {
                self.problems.push(format!(
                    "{} and {} are both called \"{}\"",
                    other.file(),
                    item.file(),
                    item.preset.name
                ));
            }
            self.items.push(item.clone());
        }
    }

    /// Where the user's presets lie, if there is a place for them.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Factory presets, then the user's by name.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Files that could not be read and names that are there twice, in words.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The preset of a name in whatever case; the first of several.
    pub fn find(&self, name: &str) -> Option<&Item> {
        let name = name.to_lowercase();
        self.items.iter().find(|item| item.preset.name.to_lowercase() == name)
    }

    /// Saves a new preset in the user's folder.
    ///
    /// # Errors
    /// [`Error::Taken`] when there is one of that name, [`Error::Name`], [`Error::Homeless`],
    /// [`Error::Io`].
    pub fn save(&mut self, preset: &Preset) -> Result<PathBuf> {
        check_name(&preset.name)?;
        self.refresh();
        if let Some(item) = self.find(&preset.name) {
            let whose = if item.is_users() { "user" } else { "factory" };
            return Err(Error::Taken { name: preset.name.clone(), whose });
        }
        let folder = self.folder.as_ref().ok_or(Error::Homeless)?;
        let path = folder::create(folder, &preset.name, &preset.to_toml())?;
        self.refresh();
        Ok(path)
    }

    /// Saves a preset in place of the user's preset of the same name, or as a new one.
    ///
    /// # Errors
    /// As for [`Self::save`], but a user's preset may be there.
    pub fn replace(&mut self, preset: &Preset) -> Result<PathBuf> {
        check_name(&preset.name)?;
        self.refresh();
        let Some(Source::User(path)) = self.find(&preset.name).map(|item| item.source.clone())
        else {
            return self.save(preset);
        };
        folder::replace(&path, &preset.to_toml())?;
        self.refresh();
        Ok(path)
    }

    /// Gives a user's preset another name; everything else in its file stays as it is.
    ///
    /// # Errors
    /// [`Error::Factory`], [`Error::Taken`], [`Error::Name`], [`Error::Io`].
    pub fn rename(&mut self, item: &Item, name: &str) -> Result<PathBuf> {
        let path = users_file(item)?;
        self.refresh();
        let taken = self.find(name).filter(|other| other.source != item.source);
        if let Some(other) = taken {
            let whose = if other.is_users() { "user" } else { "factory" };
            return Err(Error::Taken { name: name.to_owned(), whose });
        }
        let text = renamed(&folder::read(path)?, &folder::name(path), name)?;
        let in_place = folder::stem(&item.preset.name) == folder::stem(name);
        let path = if in_place {
            folder::replace(path, &text)?;
            path.to_owned()
        } else {
            let parent = path.parent().unwrap_or(Path::new(""));
            let created = folder::create(parent, name, &text)?;
            folder::remove(path)?;
            created
        };
        self.refresh();
        Ok(path)
    }

    /// Deletes a user's preset.
    ///
    /// # Errors
    /// [`Error::Factory`], [`Error::Io`].
    pub fn delete(&mut self, item: &Item) -> Result<()> {
        folder::remove(users_file(item)?)?;
        self.refresh();
        Ok(())
    }

    /// Takes a preset over that somebody has shared: the text of a file, or the path of one.
    ///
    /// # Errors
    /// As for [`Preset::parse`] and [`Self::save`].
    pub fn import(&mut self, shared: &str) -> Result<Preset> {
        let shared = shared.trim();
        let is_path = !shared.contains('\n') && !shared.contains('=');
        let (text, file) = if is_path {
            let path = Path::new(shared.trim_matches('"'));
            (folder::read(path)?, folder::name(path))
        } else {
            (shared.to_owned(), "what was pasted".to_owned())
        };
        let (preset, _) = Preset::parse(&text, &file)?;
        self.refresh();
        if let Some(item) = self.find(&preset.name) {
            let whose = if item.is_users() { "user" } else { "factory" };
            return Err(Error::Taken { name: preset.name, whose });
        }
        let folder = self.folder.as_ref().ok_or(Error::Homeless)?;
        // The text as it came, so that nothing of a newer version is lost.
        folder::create(folder, &preset.name, &text)?;
        self.refresh();
        Ok(preset)
    }
}

/// # Errors
/// [`Error::Factory`].
fn users_file(item: &Item) -> Result<&Path> {
    match &item.source {
        Source::User(path) => Ok(path),
        Source::Factory => Err(Error::Factory { name: item.preset.name.clone() }),
    }
}

#[cfg(test)]
mod tests;
