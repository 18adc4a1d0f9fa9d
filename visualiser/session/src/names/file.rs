//! Reads the file of names: a table a type, and the line of whatever is wrong.

use std::collections::BTreeMap;
use std::ops::Range;

use axonscope_model::display::label;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use super::{Names, Pattern, Picture, Sign, Style, plural};

/// What is wrong with a file of names.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("line {line}: {what}")]
pub struct NamesError {
    /// From 1.
    pub line: usize,
    /// In a sentence, with what should stand there.
    pub what: String,
}

/// As the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Option<Spanned<String>>,
    plural: Option<Spanned<String>>,
    glyph: Option<Spanned<String>>,
    picture: Option<Spanned<String>>,
    hue: Option<Spanned<f32>>,
}

/// Longest name of a type, in characters, and most rules: every new type is compared with each of them.
const NAME_CHARS: usize = 32;
const RULES_MAX: usize = 256;
const GLYPH_CHARS: usize = 2;

pub(super) fn parse(text: &str) -> Result<Names, NamesError> {
    let at = |span: Range<usize>, what: String| NamesError {
        line: 1 + text.get(..span.start).unwrap_or(text).matches('\n').count(),
        what,
    };
    let entries: BTreeMap<String, Entry> = toml::from_str(text)
        .map_err(|error| at(error.span().unwrap_or(0..0), error.message().trim().replace('\n', "; ")))?;
    if entries.len() > RULES_MAX {
        return Err(at(0..0, format!("more than {RULES_MAX} types are named")));
    }
    let mut rules = Vec::new();
    for (key, entry) in entries {
        rules.push((Pattern(key), style(entry, &at)?));
    }
    // Stable, so that of two that say as much the one that comes first by its letters holds.
    rules.sort_by_key(|(pattern, _)| (!pattern.is_exact(), std::cmp::Reverse(pattern.says())));
    Ok(Names { rules })
}

fn style(entry: Entry, at: &impl Fn(Range<usize>, String) -> NamesError) -> Result<Style, NamesError> {
    let name = entry.name.map(|name| word(name, at)).transpose()?.unwrap_or_default();
    let plural = match entry.plural {
        Some(several) if name.is_empty() => return Err(at(several.span(), "a plural needs a name beside it".into())),
        Some(several) => word(several, at)?,
        None => plural(&name),
    };
    let sign = match (entry.glyph, entry.picture) {
        (Some(glyph), None) => Some(Sign::Glyph(read_glyph(&glyph, at)?)),
        (None, Some(picture)) => Some(Sign::Picture(read_picture(&picture, at)?)),
        (Some(_), Some(picture)) => {
            return Err(at(picture.span(), "a type has a glyph or a picture, not both".into()));
        }
        (None, None) => None,
    };
    let hue = match entry.hue {
        Some(hue) if !(0.0..=360.0).contains(hue.get_ref()) => {
            return Err(at(hue.span(), "a hue is from 0 to 360 degrees, such as 210 for blue".into()));
        }
        hue => hue.map(Spanned::into_inner),
    };
    Ok(Style { name, plural, sign, hue })
}

fn word(word: Spanned<String>, at: &impl Fn(Range<usize>, String) -> NamesError) -> Result<String, NamesError> {
    let text = word.get_ref().trim();
    if text.is_empty() || text.chars().count() > NAME_CHARS {
        return Err(at(word.span(), format!("a name has from 1 to {NAME_CHARS} characters")));
    }
    Ok(label(text, NAME_CHARS).into_owned())
}

fn read_glyph(glyph: &Spanned<String>, at: &impl Fn(Range<usize>, String) -> NamesError) -> Result<String, NamesError> {
    let text = glyph.get_ref();
    let fits = (1..=GLYPH_CHARS).contains(&text.chars().count()) && text.chars().all(char::is_alphanumeric);
    if fits { Ok(text.clone()) } else { Err(at(glyph.span(), "a glyph is one letter or two".into())) }
}

fn read_picture(
    picture: &Spanned<String>,
    at: &impl Fn(Range<usize>, String) -> NamesError,
) -> Result<Picture, NamesError> {
    let found = Picture::ALL.iter().find(|(word, _)| word == picture.get_ref());
    found.map(|(_, picture)| *picture).ok_or_else(|| {
        let words: Vec<&str> = Picture::ALL.iter().map(|(word, _)| *word).collect();
        at(picture.span(), format!("there is no such picture; there are {}", words.join(", ")))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_types_are_called_and_how_they_look() {
        let names = Names::parse(
            "# of the chat\n[Handler]\nname = 'listener'\npicture = 'person'\n\n[Backplane]\nglyph = 'R'\nhue = 300\n",
        )
        .unwrap();
        let handler = names.of("Handler").unwrap();
        assert_eq!((handler.name.as_str(), handler.plural.as_str()), ("listener", "listeners"));
        assert_eq!(handler.sign, Some(Sign::Picture(Picture::Person)));
        let backplane = names.of("Backplane").unwrap();
        assert_eq!((backplane.sign.clone(), backplane.hue), (Some(Sign::Glyph("R".into())), Some(300.0)));
        assert_eq!(names.noun("Backplane"), ("backplane".into(), "backplanes".into()));
        assert!(Names::parse("").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let check = |text: &str, line: usize, word: &str| {
            let error = Names::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.what.contains(word), "{error} does not speak of {word}");
            assert!(!error.to_string().contains('\n'), "{error}");
        };
        check("[Handler]\nname = 'a'\npicture = 'cat'", 3, "person");
        check("[Handler]\n\nnam = 'a'", 3, "nam");
        check("[Handler]\nglyph = 'abc'", 2, "two");
        check("[Handler]\nglyph = 'a'\npicture = 'clock'", 3, "not both");
        check("[Handler]\nhue = 361", 2, "360");
        check("[Handler]\nname = ''", 2, "characters");
        check("[Handler]\nplural = 'a'", 2, "name");
        check("[Handler]\nname = 3", 2, "string");
        check("[Handler\nname = 'a'", 1, "");
    }

    #[test]
    fn a_name_cannot_turn_a_sentence_round() {
        let names = Names::parse("[A]\nname = \"x\\u202Ey\"").unwrap();
        assert!(!names.noun("A").0.contains('\u{202e}'));
    }
}
