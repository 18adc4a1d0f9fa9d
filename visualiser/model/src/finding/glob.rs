//! Names with `*` for any characters and `?` for one, whatever their case.

use super::fuzzy::fold;

/// A name in which some may be left open. It must fit from the beginning to the end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Glob {
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// In lower case.
    One(char),
    Any,
    Many,
}

impl Glob {
    /// `*` and `?` stand for others.
    pub(super) fn open(text: &str) -> Glob {
        let part = |letter| match letter {
            '*' => Part::Many,
            '?' => Part::Any,
            letter => Part::One(fold(letter)),
        };
        Glob { parts: text.chars().map(part).collect() }
    }

    /// Every character stands for itself.
    pub(super) fn exact(text: &str) -> Glob {
        Glob { parts: text.chars().map(|letter| Part::One(fold(letter))).collect() }
    }

    /// Every character stands for itself, with anything before and after.
    pub(super) fn within(text: &str) -> Glob {
        let mut parts = Glob::exact(text).parts;
        parts.insert(0, Part::Many);
        parts.push(Part::Many);
        Glob { parts }
    }

    /// Time is bounded by the product of both lengths, whatever they are.
    pub(super) fn fits(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut place = 0;
        // Where to go on when it does not fit: after the last `*`, which then takes one character more.
        let mut again: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let here = rest.clone();
            match (self.parts.get(place), rest.next()) {
                (Some(Part::Many), _) => {
                    place += 1;
                    rest = here;
                    again = Some((place, rest.clone()));
                }
                (Some(Part::Any), Some(_)) => place += 1,
                (Some(Part::One(wanted)), Some(letter)) if *wanted == fold(letter) => place += 1,
                (None, None) => return true,
                _ => {
                    let Some((after, from)) = &mut again else { return false };
                    if from.next().is_none() {
                        return false;
                    }
                    (place, rest) = (*after, from.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_and_question_marks_stand_for_others() {
        let fits = |glob: &str, text: &str| Glob::open(glob).fits(text);
        assert!(fits("han*", "Handler") && fits("*ler", "Handler") && fits("h*l?r", "handler") && fits("*", ""));
        assert!(fits("*a*b", "xxaxbxb") && fits("", "") && fits("ÄRGER", "ärger"));
        assert!(!fits("han", "Handler") && !fits("?", "") && !fits("*a*b", "ba"));
        assert!(Glob::within("and").fits("Handler") && !Glob::within("dna").fits("Handler"));
        assert!(Glob::exact("a*").fits("A*") && !Glob::exact("a*").fits("ab"));
    }

    /// The same by the definition.
    fn fits(glob: &[char], text: &[char]) -> bool {
        match glob {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|taken| fits(rest, &text[taken..])),
            ['?', rest @ ..] => !text.is_empty() && fits(rest, &text[1..]),
            [letter, rest @ ..] => text.first() == Some(letter) && fits(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn it_fits_what_the_definition_fits(glob in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let [letters, characters] = [&glob, &text].map(|text| text.chars().collect::<Vec<_>>());
            prop_assert_eq!(Glob::open(&glob).fits(&text), fits(&letters, &characters));
        }
    }
}
