//! A few letters found in a name, in their order, with others between them: how well they fit, and where.
//!
//! Letters that follow each other, and letters that begin a word, fit better; the worst fits are no fits at all, or any
//! few letters would be found everywhere.

/// Letters of what a person typed; the rest is not looked for.
const MOST_LETTERS: usize = 48;
/// Characters of a text that are looked at: its last, because the end of a path says most.
const MOST_CHARACTERS: usize = 192;

const LETTER: i32 = 16;
const BEGINS_WORD: i32 = 8;
const FOLLOWS: i32 = 8;
const GAP: i32 = 3;
const WIDER_GAP: i32 = 1;
/// Nothing but what was typed.
const WHOLE: i32 = 24;
/// What a letter must be worth on average.
const ENOUGH: i32 = 14;

const NOT_HERE: i32 = i32::MIN / 2;

/// What a person typed, to be found in names whatever their case.
#[derive(Clone, Debug, PartialEq)]
pub struct Fuzzy {
    /// In lower case.
    letters: Vec<char>,
}

pub(super) fn fold(letter: char) -> char {
    if letter.is_ascii() { letter.to_ascii_lowercase() } else { letter.to_lowercase().next().unwrap_or(letter) }
}

impl Fuzzy {
    /// Spaces are left out.
    pub fn new(text: &str) -> Fuzzy {
        let letters = text.chars().filter(|letter| !letter.is_whitespace()).map(fold);
        Fuzzy { letters: letters.take(MOST_LETTERS).collect() }
    }

    /// How well it fits `text`, the more the better; none where it does not.
    pub fn score(&self, text: &str) -> Option<i32> {
        if !self.may_fit(text) {
            return None;
        }
        let text = Text::of(text);
        let width = text.folded.len();
        let scores = self.scores(&text);
        self.judged(&text, scores.rchunks(width.max(1)).next()?.iter().copied().max()?)
    }

    /// Where its letters are in `text`, as numbers of characters; none where it does not fit.
    pub fn find(&self, text: &str) -> Option<Vec<usize>> {
        self.score(text)?;
        let text = Text::of(text);
        let (width, scores) = (text.folded.len(), self.scores(&text));
        let row = |letter: usize| &scores[letter * width..(letter + 1) * width];
        let mut places = Vec::with_capacity(self.letters.len());
        let mut place = best(row(self.letters.len() - 1))?;
        for letter in (0..self.letters.len()).rev() {
            places.push(text.skipped + place);
            if letter == 0 {
                break;
            }
            let worth = |before: usize| match place - before {
                1 => row(letter - 1)[before] + text.bonus[place].max(FOLLOWS),
                apart => row(letter - 1)[before] - gap(apart - 1) + text.bonus[place],
            };
            place = (0..place).max_by_key(|&before| worth(before))?;
        }
        places.reverse();
        Some(places)
    }

    fn judged(&self, text: &Text, score: i32) -> Option<i32> {
        let is_whole = text.skipped == 0 && text.folded == self.letters;
        (score >= ENOUGH * self.letters.len() as i32).then_some(score + if is_whole { WHOLE } else { 0 })
    }

    /// The letters are there, in their order.
    fn may_fit(&self, text: &str) -> bool {
        let mut letters = self.letters.iter();
        let mut wanted = letters.next();
        for character in text.chars() {
            match wanted {
                Some(&letter) if letter == fold(character) => wanted = letters.next(),
                Some(_) => {}
                None => break,
            }
        }
        wanted.is_none() && !self.letters.is_empty()
    }

    /// A row for each letter, of the best that can be had up to it if it is at that character.
    fn scores(&self, text: &Text) -> Vec<i32> {
        let width = text.folded.len();
        let mut scores: Vec<i32> = Vec::with_capacity(width * self.letters.len());
        for (row, letter) in self.letters.iter().enumerate() {
            // The best up to the letter before, when that is at least one character further ahead.
            let mut apart = NOT_HERE;
            for (place, character) in text.folded.iter().enumerate() {
                let before = (row > 0 && place > 0).then(|| scores[(row - 1) * width + place - 1]);
                if row > 0 && place > 1 {
                    apart = (apart - WIDER_GAP).max(scores[(row - 1) * width + place - 2] - GAP);
                }
                let come_from = match before {
                    _ if row == 0 => text.bonus[place],
                    Some(before) => (before + text.bonus[place].max(FOLLOWS)).max(apart + text.bonus[place]),
                    None => NOT_HERE,
                };
                let is_here = letter == character && come_from > NOT_HERE / 2;
                scores.push(if is_here { LETTER + come_from } else { NOT_HERE });
            }
        }
        scores
    }
}

fn gap(characters: usize) -> i32 {
    GAP + (characters as i32 - 1) * WIDER_GAP
}

/// The first of the best.
fn best(row: &[i32]) -> Option<usize> {
    (0..row.len()).rev().max_by_key(|&place| row[place])
}

/// What letters are looked for in.
struct Text {
    folded: Vec<char>,
    /// What a letter is worth here besides being there.
    bonus: Vec<i32>,
    /// Characters ahead of it that are not looked at.
    skipped: usize,
}

impl Text {
    fn of(text: &str) -> Text {
        let skipped = text.chars().count().saturating_sub(MOST_CHARACTERS);
        let (mut folded, mut bonus) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len()));
        let mut before = ' ';
        for character in text.chars().skip(skipped) {
            folded.push(fold(character));
            bonus.push(if begins_word(before, character) { BEGINS_WORD } else { 0 });
            before = character;
        }
        Text { folded, bonus, skipped }
    }
}

fn begins_word(before: char, character: char) -> bool {
    character.is_alphanumeric()
        && (!before.is_alphanumeric()
            || (before.is_lowercase() && character.is_uppercase())
            || (!before.is_numeric() && character.is_numeric()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(letters: &str, text: &str) -> String {
        let Some(places) = Fuzzy::new(letters).find(text) else { return "no".to_owned() };
        let mark = |(place, letter): (usize, char)| {
            if places.contains(&place) { letter.to_uppercase().to_string() } else { letter.to_lowercase().to_string() }
        };
        text.chars().enumerate().map(mark).collect()
    }

    #[test]
    fn letters_are_found_where_they_fit_best() {
        assert_eq!(marked("log", "catalogue log"), "catalogue LOG");
        assert_eq!(marked("cs", "connectedServer"), "ConnectedServer");
        assert_eq!(marked("chsrv", "chat_server"), "CHat_SeRVer");
        assert_eq!(marked("h2", "Handler 12 2"), "Handler 12 2");
        assert_eq!(marked("con/ali", "server / Connected / alice"), "server / CONnected / ALIce");
    }

    #[test]
    fn what_hardly_fits_does_not() {
        assert_eq!(marked("log", "listener, moderator and gate"), "no");
        assert_eq!(marked("ba", "ab"), "no");
        assert_eq!(marked("", "ab"), "no");
    }

    #[test]
    fn the_better_fit_comes_first() {
        let mut names = ["a hand", "Handler", "hand", "ConnectionHandler", "handrail", "h a n d"];
        names.sort_by_key(|name| std::cmp::Reverse(Fuzzy::new("hand").score(name)));
        assert_eq!(names, ["hand", "a hand", "Handler", "ConnectionHandler", "handrail", "h a n d"]);
    }

    proptest! {
        #[test]
        fn any_part_of_a_name_is_found_and_its_letters_are_where_it_says(
            name in "[a-cA-C _.é]{1,30}", from in 0usize..30, length in 1usize..10,
        ) {
            let part: String = name.chars().skip(from).take(length).filter(|letter| *letter != ' ').collect();
            let letters: Vec<char> = part.chars().map(fold).collect();
            if let Some(places) = Fuzzy::new(&part).find(&name) {
                let there: Vec<char> = places.iter().map(|&place| fold(name.chars().nth(place).unwrap())).collect();
                prop_assert_eq!(&there, &letters);
                prop_assert!(places.is_sorted_by(|a, b| a < b));
            } else {
                let whole: String = name.chars().skip(from).take(length).collect();
                prop_assert!(letters.is_empty() || whole.contains(' '), "{part:?} is not found in {name:?}");
            }
        }

        #[test]
        fn no_text_is_too_long_or_too_strange(letters in "\\PC{0,80}", text in "\\PC{0,400}") {
            let fuzzy = Fuzzy::new(&letters);
            prop_assert_eq!(fuzzy.score(&text).is_some(), fuzzy.find(&text).is_some());
        }
    }
}
