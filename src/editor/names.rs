//! What the editor calls the genres: the one place to ask, for knobs, pad and meter alike.
//!
//! Names are those of the model that plays; a window remembers them from frame to frame.

use egui::{Context, Id};
use score::{Genre, GenreNames};

/// Longest name where there is little room, in characters.
const SHORT: usize = 4;

/// Remembers what the genres are called in this window.
pub fn remember(context: &Context, names: GenreNames) {
    context.data_mut(|data| data.insert_temp(place(), names));
}

fn place() -> Id {
    Id::unique("genre names")
}

fn with<R>(context: &Context, read: impl FnOnce(&GenreNames) -> R) -> R {
    let names = context.data(|data| data.get_temp::<GenreNames>(place()));
    read(&names.unwrap_or_default())
}

/// Whether the model has a genre for the knob.
pub fn is_known(context: &Context, genre: Genre) -> bool {
    with(context, |names| names.get(genre).is_some())
}

/// The name with a capital; a dash for a knob without a genre.
pub fn genre(context: &Context, genre: Genre) -> String {
    with(context, |names| capital(names.get(genre)))
}

/// The name where there is little room.
pub fn short(context: &Context, genre: Genre) -> String {
    let name = self::genre(context, genre);
    name.split('-').next().unwrap_or(&name).chars().take(SHORT).collect()
}

/// Shares as a person reads them, the largest first: `Jazz 60 %, Folk 40 %`.
pub fn shares(context: &Context, shares: &[f32; Genre::COUNT]) -> String {
    let mut heard: Vec<(Genre, f32)> =
        Genre::ALL.into_iter().zip(*shares).filter(|(_, share)| *share >= 0.005).collect();
    heard.sort_by(|a, b| b.1.total_cmp(&a.1));
    let text =
        |(of, share): &(Genre, f32)| format!("{} {:.0} %", genre(context, *of), share * 100.0);
    heard.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn capital(name: Option<&str>) -> String {
    let mut letters = name.unwrap_or("–").chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_model() {
        let context = Context::default();
        let short_names = Genre::ALL.map(|genre| short(&context, genre));
        assert_eq!(short_names, ["Clas", "Jazz", "Rock", "Elec", "Folk", "Hip"]);
        assert_eq!(genre(&context, Genre::HipHop), "Hip-hop");
        let own = GenreNames::new(vec!["march".into(), "waltz".into()]).unwrap();
        remember(&context, own);
        assert_eq!(genre(&context, Genre::Jazz), "Waltz");
        assert!(is_known(&context, Genre::Jazz) && !is_known(&context, Genre::Rock));
        assert_eq!(genre(&context, Genre::Rock), "–");
    }

    #[test]
    fn shares_are_read_from_the_largest() {
        let context = Context::default();
        assert_eq!(shares(&context, &[0.0, 0.6, 0.0, 0.0, 0.4, 0.0]), "Jazz 60 %, Folk 40 %");
    }
}
