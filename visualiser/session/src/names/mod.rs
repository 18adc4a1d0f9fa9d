//! What people call the types of components: friendly names, pictures and hues, from a small file.
//!
//! ```
//! use axonscope_session::names::Names;
//!
//! let names = Names::parse(
//!     r#"
//!     [Handler]
//!     name = "listener"
//!     picture = "person"
//!
//!     ["*Logger"]
//!     name = "diary"
//!     plural = "diaries"
//!     glyph = "Di"
//!     hue = 210
//!     "#,
//! )?;
//! assert_eq!(names.of("FileLogger").map(|style| style.plural.as_str()), Some("diaries"));
//! let error = Names::parse("[Handler]\nnam = \"listener\"").expect_err("there is no such word");
//! assert!(error.to_string().starts_with("line 2: "), "{error}");
//! # Ok::<(), axonscope_session::names::NamesError>(())
//! ```

mod file;
mod noun;

pub use file::NamesError;
pub(crate) use noun::{noun_of_type, plural};

/// What types are called and how they look. Empty unless a person wrote a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    /// Those without a star by themselves first, then by how much they say.
    rules: Vec<(Pattern, Style)>,
}

/// What a file says of a type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Style {
    /// For one of them, such as `listener`; empty where the file says nothing.
    pub name: String,
    /// For several, such as `listeners`; empty where the name is.
    pub plural: String,
    /// Drawn inside the disc instead of the first letters of the type.
    pub sign: Option<Sign>,
    /// In degrees of OKLCH, from 0 to 360.
    pub hue: Option<f32>,
}

/// What stands inside the disc.
#[derive(Clone, Debug, PartialEq)]
pub enum Sign {
    /// Two letters at most.
    Glyph(String),
    /// A drawing that comes with the program.
    Picture(Picture),
}

/// The drawings that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Picture {
    /// A face with two hands.
    Clock,
    /// Head and shoulders.
    Person,
    /// A sheet with a folded corner.
    File,
    /// Three points joined.
    Network,
    /// A funnel.
    Filter,
    /// A stack of two.
    Disk,
    /// A toothed wheel.
    Gear,
    /// A speech bubble.
    Speech,
    /// A loudspeaker's waves.
    Sound,
    /// A magnifying glass.
    Lens,
}

impl Picture {
    /// Each with the word that a file names it by.
    pub const ALL: [(&'static str, Picture); 10] = [
        ("clock", Picture::Clock),
        ("person", Picture::Person),
        ("file", Picture::File),
        ("network", Picture::Network),
        ("filter", Picture::Filter),
        ("disk", Picture::Disk),
        ("gear", Picture::Gear),
        ("speech", Picture::Speech),
        ("sound", Picture::Sound),
        ("lens", Picture::Lens),
    ];
}

impl Names {
    /// Reads what a file says.
    ///
    /// # Errors
    /// With the line, and what should stand there.
    pub fn parse(text: &str) -> Result<Names, NamesError> {
        file::parse(text)
    }

    /// Nobody wrote anything.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What is said of a type: under its very name, else under the pattern that says most of it.
    pub fn of(&self, type_name: &str) -> Option<&Style> {
        self.rules.iter().find(|(pattern, _)| pattern.fits(type_name)).map(|(_, style)| style)
    }

    /// One and several of a type, such as `listener` and `listeners`; of what is not named, the words of its name.
    pub fn noun(&self, type_name: &str) -> (String, String) {
        match self.of(type_name).filter(|style| !style.name.is_empty()) {
            Some(style) => (style.name.clone(), style.plural.clone()),
            None => {
                let one = noun_of_type(type_name);
                let many = plural(&one);
                (one, many)
            }
        }
    }
}

/// The name of a type, in which `*` stands for any characters. Large and small letters differ, as in programs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern(String);

impl Pattern {
    fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Characters that it names.
    fn says(&self) -> usize {
        self.0.chars().filter(|letter| *letter != '*').count()
    }

    fn fits(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            // The first place is as good as any: what is left is longest after it.
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let fits = |pattern: &str, name: &str| Pattern(pattern.to_owned()).fits(name);
        assert!(fits("Handler", "Handler") && !fits("Handler", "Handlers") && !fits("Handler", "handler"));
        assert!(fits("*", "") && fits("*", "x") && fits("Han*", "Handler") && fits("*ler", "Handler"));
        assert!(fits("H*l*r", "Handler") && !fits("H*x*r", "Handler") && fits("a*b*a", "aba"));
        assert!(!fits("aa*aa", "aaa"), "an end is not a beginning as well");
    }

    #[test]
    fn the_rule_that_says_most_holds() {
        let names = Names::parse(
            "['*']\nname = 'thing'\n['*Server']\nname = 'server'\n['Connected*r']\nname = 'door'\n[Connected]\nname = 'c'",
        )
        .unwrap();
        let of = |name: &str| names.noun(name).0;
        assert_eq!(of("ConnectedServer"), "door");
        assert_eq!(of("HttpServer"), "server");
        assert_eq!(of("Connected"), "c");
        assert_eq!(of("x"), "thing");
        assert!(Names::default().of("x").is_none());
    }
}
