//! What a model calls its genres, and what styles are called.

use std::sync::Arc;

use crate::genre::N_STYLES;
use crate::{Error, Genre, Result};

/// Longest name of a genre, in characters: what a knob's label has room for.
const MAX_LEN: usize = 24;

const NO_STYLES: [Option<Arc<str>>; N_STYLES] = [const { None }; N_STYLES];

/// Names of a model's genres, one to six, in the order of their numbers, which are those of the
/// knobs; and names of the styles behind the style knobs. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenreNames {
    names: Arc<[String]>,
    styles: [Option<Arc<str>>; N_STYLES],
}

impl Default for GenreNames {
    /// The names of the shipped model's six.
    fn default() -> Self {
        Self { names: Genre::ALL.map(|genre| genre.name().to_owned()).into(), styles: NO_STYLES }
    }
}

impl GenreNames {
    /// Takes one to six names that differ in more than case, spaces and dashes.
    ///
    /// A name is a folder of a corpus and a word of a command line: letters, digits, spaces and
    /// `-_+&'.`, beginning with a letter or a digit, at most 24 characters.
    ///
    /// # Errors
    /// [`Error::GenreNames`].
    pub fn new(names: Vec<String>) -> Result<Self> {
        let refuse = |expected, found| Err(Error::GenreNames { expected, found });
        if !(1..=Genre::COUNT).contains(&names.len()) {
            let found = format!("{}: {}", names.len(), names.join(", "));
            return refuse("1 to 6, as many as there are knobs", found);
        }
        for (i, name) in names.iter().enumerate() {
            let is_allowed = |c: char| c.is_alphanumeric() || " -_+&'.".contains(c);
            let begins = name.starts_with(char::is_alphanumeric) && !name.ends_with(' ');
            if !begins || !name.chars().all(is_allowed) || name.chars().count() > MAX_LEN {
                let expected = "names of 1 to 24 letters, digits, spaces and -_+&'. that begin \
                                with a letter or digit";
                return refuse(expected, format!("{name:?}"));
            }
            if let Some(other) = names[..i].iter().find(|other| plain(other) == plain(name)) {
                let expected = "names that differ in more than case, spaces and dashes";
                return refuse(expected, format!("{other:?} and {name:?}"));
            }
        }
        Ok(Self { names: names.into(), styles: NO_STYLES })
    }

    /// The same with styles behind the style knobs: any names, `None` where there is none.
    #[must_use]
    pub fn with_styles(self, styles: [Option<Arc<str>>; N_STYLES]) -> Self {
        Self { styles, ..self }
    }

    /// The name of the style behind a knob.
    pub fn style(&self, knob: usize) -> Option<&str> {
        self.styles.get(knob)?.as_deref()
    }

    /// Which style knobs have a style.
    pub fn styles_present(&self) -> [bool; N_STYLES] {
        self.styles.each_ref().map(Option::is_some)
    }

    /// The name of a weight of a blend; empty for one that weighs nothing.
    pub fn of_weight(&self, weight: usize) -> &str {
        match weight.checked_sub(Genre::COUNT) {
            Some(knob) => self.style(knob).unwrap_or_default(),
            None => self.names.get(weight).map_or("", String::as_str),
        }
    }

    /// Finds the weight of a genre's or style's name, whatever its case, spaces and dashes.
    ///
    /// # Errors
    /// [`Error::UnknownGenre`], which lists the names.
    pub fn parse_weight(&self, text: &str) -> Result<usize> {
        let is_named =
            |knob: &usize| self.style(*knob).is_some_and(|name| plain(name) == plain(text.trim()));
        if let Some(knob) = (0..N_STYLES).find(is_named) {
            return Ok(Genre::COUNT + knob);
        }
        self.parse(text).map(Genre::index).map_err(|_| Error::UnknownGenre {
            found: text.into(),
            expected: self
                .names
                .iter()
                .map(String::as_str)
                .chain(self.styles.iter().flatten().map(AsRef::as_ref))
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    /// Number of genres, 1 to 6.
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The name of a genre; `None` where the model has none of that number.
    pub fn get(&self, genre: Genre) -> Option<&str> {
        self.names.get(genre.index()).map(String::as_str)
    }

    /// The genres with their names, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Genre, &str)> {
        Genre::ALL.into_iter().zip(self.names.iter().map(String::as_str))
    }

    /// The names in order.
    pub fn as_slice(&self) -> &[String] {
        &self.names
    }

    /// Finds the genre of a name, whatever its case, spaces and dashes.
    ///
    /// # Errors
    /// [`Error::UnknownGenre`], which lists the names.
    pub fn parse(&self, text: &str) -> Result<Genre> {
        let found = self.iter().find(|(_, name)| plain(name) == plain(text.trim()));
        found.map(|(genre, _)| genre).ok_or_else(|| Error::UnknownGenre {
            found: text.into(),
            expected: self.names.join(", "),
        })
    }
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', ' ', '_'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Result<GenreNames> {
        GenreNames::new(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn names_are_found_in_the_order_of_their_numbers() {
        let names = names(&["Waltz", "g-funk"]).unwrap();
        assert_eq!(names.parse(" waltz ").unwrap(), Genre::Classical);
        assert_eq!(names.parse("G Funk").unwrap(), Genre::Jazz);
        assert_eq!(names.get(Genre::Jazz), Some("g-funk"));
        assert_eq!(names.get(Genre::Rock), None);
        let error = names.parse("jazz").unwrap_err().to_string();
        assert_eq!(error, "unknown genre \"jazz\"; expected one of: Waltz, g-funk");
        assert_eq!(GenreNames::default().parse("hip hop").unwrap(), Genre::HipHop);
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        let error = |list: &[&str]| names(list).unwrap_err().to_string();
        assert_eq!(
            error(&["a", "b", "c", "d", "e", "f", "g"]),
            "genres: expected 1 to 6, as many as there are knobs, found 7: a, b, c, d, e, f, g"
        );
        assert!(error(&[]).ends_with("found 0: "));
        assert!(error(&["hip-hop", "HipHop"]).ends_with("found \"hip-hop\" and \"HipHop\""));
        for bad in ["", "../up", "a/b", "a=1", "a,b", ".hidden", "a:b", "a\n", "a "] {
            assert!(error(&[bad]).starts_with("genres: expected names of"), "{bad}");
        }
        assert!(error(&["abcdefghijklmnopqrstuvwxyz"]).contains("1 to 24"));
        assert!(names(&["новая волна", "R&B", "80's"]).is_ok());
    }

    #[test]
    fn styles_are_named_beside_the_genres() {
        let mut styles = [const { None }; N_STYLES];
        styles[1] = Some("Fanny Hensel".into());
        let names = GenreNames::default().with_styles(styles);
        assert_eq!(names.parse_weight("fanny-hensel").unwrap(), 7);
        assert_eq!(names.parse_weight("jazz").unwrap(), 1);
        assert_eq!(
            (names.of_weight(7), names.of_weight(6), names.of_weight(5)),
            ("Fanny Hensel", "", "hip-hop")
        );
        assert_eq!(names.styles_present(), [false, true, false, false]);
        let error = names.parse_weight("polka").unwrap_err().to_string();
        assert!(error.ends_with("hip-hop, Fanny Hensel"), "{error}");
    }

    #[test]
    fn knobs_beyond_the_last_genre_weigh_nothing() {
        let mut weights = [0.0; crate::Blend::LEN];
        (weights[1], weights[4]) = (0.5, 1.0);
        let blend = crate::Blend::new(weights);
        assert_eq!(
            blend.within(2, [true; 4]),
            crate::Blend::new({
                let mut only = [0.0; crate::Blend::LEN];
                only[1] = 0.5;
                only
            })
        );
        assert_eq!(blend.within(6, [true; 4]), blend);
        let equal = crate::Blend::pure(Genre::HipHop).within(3, [false; 4]).normalized();
        assert_eq!(equal.weights()[..4], [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0]);
    }
}
