//! What a person calls the types of components, for whoever draws or writes them.

use std::sync::Arc;

use axonscope_session::names::{Names, Sign};
use bevy::prelude::*;

/// From the file of names; empty without one.
#[derive(Resource, Clone, Default)]
pub(crate) struct Naming(pub(crate) Arc<Names>);

/// What stands inside a disc.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Inside {
    Letters(String),
    Picture(axonscope_session::names::Picture),
}

impl Naming {
    /// What stands inside the disc of a type, if the file has a sign or a name for it.
    pub(crate) fn inside(&self, type_name: &str) -> Option<Inside> {
        let style = self.0.of(type_name)?;
        match &style.sign {
            Some(Sign::Glyph(letters)) => Some(Inside::Letters(letters.clone())),
            Some(Sign::Picture(picture)) => Some(Inside::Picture(*picture)),
            None if style.name.is_empty() => None,
            None => {
                let letters: String = style.name.chars().filter(|letter| letter.is_alphanumeric()).take(3).collect();
                let mut rest = letters.chars();
                let first = rest.next().into_iter().flat_map(char::to_uppercase);
                Some(Inside::Letters(first.collect::<String>() + rest.as_str()))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_comes_before_the_name_and_the_name_before_the_type() {
        let names = "[A]\nname = 'listener'\n[B]\nname = 'x'\npicture = 'clock'\n[C]\nhue = 3";
        let naming = Naming(Arc::new(Names::parse(names).unwrap()));
        assert_eq!(naming.inside("A"), Some(Inside::Letters("Lis".into())));
        assert_eq!(naming.inside("B"), Some(Inside::Picture(axonscope_session::names::Picture::Clock)));
        assert_eq!((naming.inside("C"), naming.inside("D")), (None, None));
    }
}
