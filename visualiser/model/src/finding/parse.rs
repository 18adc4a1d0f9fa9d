//! Reads a filter, and says what is wrong with it and where.

use std::fmt;

use super::figure::{Comparison, Figure, Order};
use super::filter::{Standing, Term};
use super::fuzzy::Fuzzy;
use super::glob::Glob;

/// Characters of a filter.
const LONGEST: usize = 1000;
/// Brackets and nots within each other.
const DEEPEST: usize = 32;

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// The character it is at, from 1.
    pub column: usize,
    /// In words, without a full stop. What a person wrote is quoted in it as written; not escaped.
    pub what: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.what)
    }
}

impl std::error::Error for FilterError {}

/// None where there is nothing but spaces.
pub(super) fn parse(text: &str) -> Result<Option<Term>, FilterError> {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() > LONGEST {
        return Err(FilterError { column: LONGEST + 1, what: format!("more than {LONGEST} characters are not read") });
    }
    let mut parser = Parser { letters: &letters, place: 0, depth: 0 };
    parser.skip_spaces();
    if parser.place == letters.len() {
        return Ok(None);
    }
    let term = parser.any()?;
    match parser.peek() {
        None => Ok(Some(term)),
        Some(_) => parser.fail(parser.place, "this bracket closes nothing"),
    }
}

struct Parser<'a> {
    letters: &'a [char],
    place: usize,
    depth: usize,
}

type Parsed<T> = Result<T, FilterError>;

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.place).copied()
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.place += 1;
        }
    }

    fn fail<T>(&self, place: usize, what: impl Into<String>) -> Parsed<T> {
        Err(FilterError { column: place + 1, what: what.into() })
    }

    /// Goes past a word of the language if it stands here.
    fn take_keyword(&mut self, keyword: &str) -> bool {
        let end = self.place + keyword.len();
        let is_it = self.letters.get(self.place..end).is_some_and(|letters| {
            letters.iter().zip(keyword.chars()).all(|(letter, wanted)| letter.eq_ignore_ascii_case(&wanted))
        });
        let ends = self.letters.get(end).is_none_or(|letter| letter.is_whitespace() || "()\"".contains(*letter));
        if is_it && ends {
            self.place = end;
            self.skip_spaces();
        }
        is_it && ends
    }

    fn any(&mut self) -> Parsed<Term> {
        let mut terms = vec![self.all()?];
        while self.take_keyword("or") {
            terms.push(self.all()?);
        }
        Ok(Term::any(terms))
    }

    fn all(&mut self) -> Parsed<Term> {
        let mut terms = vec![self.not()?];
        loop {
            let wants_more = self.take_keyword("and");
            let place = self.place;
            let is_over = matches!(self.peek(), None | Some(')')) || self.take_keyword("or");
            self.place = place;
            if is_over && !wants_more {
                return Ok(Term::all(terms));
            }
            terms.push(self.not()?);
        }
    }

    fn not(&mut self) -> Parsed<Term> {
        let began = self.place;
        let is_dash = self.peek() == Some('-')
            && self.letters.get(self.place + 1).is_some_and(|next| !next.is_whitespace() && *next != ')');
        if is_dash {
            self.place += 1;
        }
        if is_dash || self.take_keyword("not") {
            return self.within(began, |parser| Ok(Term::Not(Box::new(parser.not()?))));
        }
        self.term()
    }

    fn within(&mut self, began: usize, read: impl FnOnce(&mut Self) -> Parsed<Term>) -> Parsed<Term> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail(began, format!("more than {DEEPEST} brackets within each other are not read"));
        }
        let term = read(self)?;
        self.depth -= 1;
        Ok(term)
    }

    fn term(&mut self) -> Parsed<Term> {
        let began = self.place;
        for keyword in ["and", "or"] {
            if self.take_keyword(keyword) {
                return self.fail(began, format!("something must stand before “{keyword}”"));
            }
        }
        match self.peek() {
            None => self.fail(began, "something must follow here"),
            Some(')') => self.fail(began, "something must stand before this bracket"),
            Some('(') => {
                self.place += 1;
                self.skip_spaces();
                let term = self.within(began, Self::any)?;
                if self.peek() != Some(')') {
                    return self.fail(began, "this bracket is not closed");
                }
                self.place += 1;
                self.skip_spaces();
                Ok(term)
            }
            Some('"') => {
                let words = self.quoted()?;
                if words.trim().is_empty() {
                    return self.fail(began, "nothing stands between these quotes");
                }
                Ok(Term::Name(Glob::within(&words)))
            }
            Some(_) => self.word_or_field(),
        }
    }

    fn quoted(&mut self) -> Parsed<String> {
        let began = self.place;
        let Some(length) = self.letters[began + 1..].iter().position(|letter| *letter == '"') else {
            return self.fail(began, "this quote is not closed");
        };
        self.place = began + length + 2;
        self.skip_spaces();
        Ok(self.letters[began + 1..=began + length].iter().collect())
    }

    /// Up to a space, a bracket or a quote, or to one of `ends`.
    fn run(&mut self, ends: &str) -> String {
        let ends_here = |letter: &char| letter.is_whitespace() || "()\"".contains(*letter) || ends.contains(*letter);
        let rest = &self.letters[self.place..];
        let length = rest.iter().position(ends_here).unwrap_or(rest.len());
        self.place += length;
        rest[..length].iter().collect()
    }

    fn word_or_field(&mut self) -> Parsed<Term> {
        let began = self.place;
        let word = self.run(":<>=");
        let is_field = self.peek() == Some(':');
        self.skip_spaces();
        match self.peek() {
            Some('<' | '>' | '=') if word.is_empty() => {
                self.fail(began, "a figure must stand before this, as in rate>100")
            }
            Some('<' | '>' | '=') => self.field(began, &word.to_ascii_lowercase()),
            _ if is_field => self.field(began, &word.to_ascii_lowercase()),
            _ => Ok(word_term(&word)),
        }
    }

    fn field(&mut self, began: usize, name: &str) -> Parsed<Term> {
        let figure = Figure::ALL.iter().find(|(known, _)| *known == name);
        let is_text = ["name", "type", "system", "state"].contains(&name);
        let is_compared = self.peek() != Some(':');
        match figure {
            Some((_, figure)) if is_compared => self.figure(name, *figure),
            Some(_) => self.fail(self.place, format!("{name} is a number: write {name}>… or {name}<…")),
            None if is_text && !is_compared => self.text_field(name),
            None if is_text => self.fail(self.place, format!("{name} is a text: write {name}:…")),
            None => {
                let figures = Figure::ALL.map(|(name, _)| name).join(", ");
                let fields = format!("name, type, system, state, {figures}");
                let what = format!("there is no “{name}”, only {fields}; to look for such a name, put it in quotes");
                self.fail(began, what)
            }
        }
    }

    fn text_field(&mut self, name: &str) -> Parsed<Term> {
        self.place += 1;
        let began = self.place;
        let glob = if self.peek() == Some('"') {
            Glob::exact(&self.quoted()?)
        } else {
            let value = self.run("");
            self.skip_spaces();
            match value.as_str() {
                "" => return self.fail(began, format!("{name} must be said, as in {name}:{}", example(name))),
                value if name == "state" => return self.standing(began, value),
                value if is_open(value) => Glob::open(value),
                value if name == "name" => return Ok(Term::Letters(Fuzzy::new(value))),
                value => Glob::within(value),
            }
        };
        match name {
            "name" => Ok(Term::Name(glob)),
            "type" => Ok(Term::Type(glob)),
            "system" => Ok(Term::System(glob)),
            _ => self.fail(began, "a state is one word without quotes"),
        }
    }

    fn standing(&self, began: usize, value: &str) -> Parsed<Term> {
        let wanted = value.to_ascii_lowercase();
        match Standing::ALL.iter().find(|standing| standing.to_string() == wanted) {
            Some(standing) => Ok(Term::State(*standing)),
            None => self
                .fail(began, format!("there is no state “{value}”, only starting, running, finished, failed and gone")),
        }
    }

    fn figure(&mut self, name: &str, figure: Figure) -> Parsed<Term> {
        let order = match (self.peek(), self.letters.get(self.place + 1)) {
            (Some('>'), Some('=')) => Order::AtLeast,
            (Some('<'), Some('=')) => Order::AtMost,
            (Some('>'), _) => Order::More,
            (Some('<'), _) => Order::Less,
            _ => Order::Equal,
        };
        self.place += if matches!(order, Order::AtLeast | Order::AtMost) { 2 } else { 1 };
        self.skip_spaces();
        let began = self.place;
        let value = self.run("");
        self.skip_spaces();
        let example = if figure.is_share() { "60%" } else { "100" };
        if value.is_empty() {
            return self.fail(began, format!("a number must follow, as in {name}>{example}"));
        }
        let Some((number, is_percent)) = number(&value) else {
            return self.fail(began, format!("“{value}” is no number, as {example} is one"));
        };
        let with = match (figure.is_share(), is_percent) {
            (true, true) => number / 100.0,
            (true, false) if number > 1.0 => {
                return self.fail(began, format!("{name} is a share: write {value}% or {}", number / 100.0));
            }
            (false, true) => return self.fail(began, format!("{name} is no share: write a number without %")),
            (_, false) => number,
        };
        Ok(Term::Figure(figure, Comparison { order, with }))
    }
}

fn is_open(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn word_term(word: &str) -> Term {
    match word {
        word if is_open(word) => Term::Name(Glob::open(word)),
        word if word.contains('/') => Term::Path(Fuzzy::new(word)),
        word => Term::Word(Fuzzy::new(word)),
    }
}

fn example(name: &str) -> &'static str {
    match name {
        "type" => "Handler",
        "system" => "chat*",
        "state" => "failed",
        _ => "alice",
    }
}

/// `100`, `1.5k`, `2M`, `60%`; whether it is in percent.
fn number(text: &str) -> Option<(f64, bool)> {
    let text = text.strip_suffix("/s").unwrap_or(text);
    let (digits, factor, is_percent) = match text.chars().last()? {
        '%' => (&text[..text.len() - 1], 1.0, true),
        'k' | 'K' => (&text[..text.len() - 1], 1e3, false),
        'M' | 'm' => (&text[..text.len() - 1], 1e6, false),
        _ => (text, 1.0, false),
    };
    let is_plain = digits.chars().all(|digit| digit.is_ascii_digit() || digit == '.');
    let number: f64 = digits.parse().ok().filter(|_| is_plain)?;
    Some((number * factor, is_percent))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// In brackets and with the words written out.
    fn shown(term: &Term) -> String {
        let all = |terms: &[Term], word: &str| terms.iter().map(shown).collect::<Vec<_>>().join(word);
        match term {
            Term::All(terms) => format!("({})", all(terms, " & ")),
            Term::Any(terms) => format!("({})", all(terms, " | ")),
            Term::Not(term) => format!("!{}", shown(term)),
            Term::Figure(figure, Comparison { order, with }) => format!("{figure:?} {order:?} {with}"),
            Term::State(standing) => standing.to_string(),
            other => format!("{other:?}").split(['(', ' ']).next().unwrap().to_owned(),
        }
    }

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(None) => "nothing".to_owned(),
            Ok(Some(term)) => shown(&term),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn words_fields_and_figures() {
        assert_eq!(read("  "), "nothing");
        assert_eq!(read("han"), "Word");
        assert_eq!(read("h*n \"a b\" con/ali"), "(Name & Name & Path)");
        assert_eq!(read("type:Handler rate>100"), "(Type & Rate More 100)");
        assert_eq!(read("fill >= 60% a"), "(Word & Fill AtLeast 0.6)");
        assert_eq!(read(">= 60%"), "column 1: a figure must stand before this, as in rate>100");
        assert_eq!(
            read("fill>=60% busy>0.5 in>1.5k/s blocked=0"),
            "(Busy More 0.5 & Fill AtLeast 0.6 & In More 1500 & Blocked Equal 0)"
        );
        assert_eq!(read("system:chat* STATE:Failed name:\"bob\" name:bo"), "(System & failed & Name & Letters)");
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        assert_eq!(read("a b or c and not d*"), "((Word & Word) | (Word & !Name))");
        assert_eq!(read("-(a or b*) c"), "(!(Word | Name) & Word)");
        assert_eq!(read("a-b - not-c"), "(Word & Word & Word)");
        assert_eq!(read("not not a"), "!!Word");
        assert_eq!(read("order android nothing"), "(Word & Word & Word)");
    }

    #[test]
    fn errors_say_what_and_where() {
        for (text, error) in [
            ("a (b", "column 3: this bracket is not closed"),
            ("a) b", "column 2: this bracket closes nothing"),
            ("()", "column 2: something must stand before this bracket"),
            ("a and", "column 6: something must follow here"),
            ("or a", "column 1: something must stand before “or”"),
            ("a or and b", "column 6: something must stand before “and”"),
            ("x \"a", "column 3: this quote is not closed"),
            ("type:", "column 6: type must be said, as in type:Handler"),
            ("type>3", "column 5: type is a text: write type:…"),
            ("rate:3", "column 5: rate is a number: write rate>… or rate<…"),
            ("rate>", "column 6: a number must follow, as in rate>100"),
            ("rate>fast", "column 6: “fast” is no number, as 100 is one"),
            ("rate>5%", "column 6: rate is no share: write a number without %"),
            ("busy>60", "column 6: busy is a share: write 60% or 0.6"),
            ("a state:fai", "column 9: there is no state “fai”, only starting, running, finished, failed and gone"),
        ] {
            assert_eq!(read(text), error, "{text}");
        }
        assert!(read("typ:a").starts_with("column 1: there is no “typ”, only name, type"));
        assert!(read(&"(".repeat(500)).contains("brackets within each other"));
        assert!(read(&"-".repeat(500)).contains("something") || read(&"-".repeat(500)).contains("within"));
        assert!(read(&"a".repeat(1001)).starts_with("column 1001"));
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_makes_it_fail_otherwise(text in "([a-c(): *\"<>=-]|and |or |not |fill|state:|9|%|é){0,40}") {
            if let Err(error) = parse(&text) {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.column), "{error}");
            }
        }

        #[test]
        fn any_text_in_quotes_is_a_name(text in "[^\"\\s]{1,40}") {
            prop_assert_eq!(read(&format!("\"{text}\"")), "Name");
        }
    }
}
