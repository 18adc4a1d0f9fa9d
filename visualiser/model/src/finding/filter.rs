//! Says of a component whether it is meant.

use std::fmt;

use super::figure::{Comparison, Figure, Lean};
use super::fuzzy::Fuzzy;
use super::glob::Glob;
use super::parse::{self, FilterError};
use crate::change::State;
use crate::query::ComponentRef;

/// Which components are meant, as a person has written it.
///
/// ```text
/// han                     the name, or the type, by some of its letters
/// han*  "a b"  con/ali    the name from end to end; words in it; the path by some of its letters
/// name: type: system:     a part of it; with * or ? or in quotes all of it
/// state:failed            or starting, running, finished, gone
/// rate>100  fill>=60%     messages a second, shares; also in, out, busy, blocked, dropped, restarts; > >= < <= =
/// a b   a and b   a or b   not a   -a   ( … )
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    root: Term,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    All(Vec<Term>),
    Any(Vec<Term>),
    Not(Box<Term>),
    /// In the name, or in the type.
    Word(Fuzzy),
    Path(Fuzzy),
    Letters(Fuzzy),
    Name(Glob),
    Type(Glob),
    System(Glob),
    State(Standing),
    Figure(Figure, Comparison),
}

/// How a component stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It panicked or returned an error.
    Failed,
    /// Made, never polled yet.
    Starting,
    /// Its task runs, or waits for something.
    Running,
    /// It came to its end.
    Finished,
    /// Its system is not connected any more; this is what was last known of it.
    Gone,
}

impl Standing {
    pub(super) const ALL: [Standing; 5] =
        [Standing::Starting, Standing::Running, Standing::Finished, Standing::Failed, Standing::Gone];

    /// A component that had failed before its system went counts as failed still.
    pub fn of(component: ComponentRef<'_>) -> Standing {
        match component.state() {
            State::Failed => Standing::Failed,
            _ if !component.system().status().is_connected() => Standing::Gone,
            State::Starting => Standing::Starting,
            State::Running => Standing::Running,
            State::Finished => Standing::Finished,
        }
    }
}

/// One word.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Standing::Failed => "failed",
            Standing::Starting => "starting",
            Standing::Running => "running",
            Standing::Finished => "finished",
            Standing::Gone => "gone",
        })
    }
}

/// A fit in the name comes before one in the type.
const IN_NAME: i32 = 24;

impl Filter {
    /// Reads it; none where nothing is written.
    ///
    /// # Errors
    /// [`FilterError`], which says what is wrong and where.
    pub fn parse(text: &str) -> Result<Option<Filter>, FilterError> {
        Ok(parse::parse(text)?.map(|root| Filter { root }))
    }

    /// Whether a component is meant; how well the words fit it, the more the better.
    pub fn rank(&self, component: ComponentRef<'_>) -> Option<i32> {
        self.root.rank(component, Lean::Upright)
    }

    /// The same for one that was meant a moment ago, which is lost only when it is clearly otherwise.
    pub(super) fn rank_again(&self, component: ComponentRef<'_>) -> Option<i32> {
        self.root.rank(component, Lean::Yes)
    }

    /// Whether the answer may become another while nothing appears or vanishes.
    pub fn changes_in_time(&self) -> bool {
        self.root.changes_in_time()
    }

    /// Which characters of a name the words have found, in order.
    pub fn letters_in(&self, name: &str) -> Vec<usize> {
        let mut letters = Vec::new();
        self.root.find_letters(name, &mut letters);
        letters.sort_unstable();
        letters.dedup();
        letters
    }
}

impl Term {
    /// All of them, what is cheap to ask first.
    pub(super) fn all(mut terms: Vec<Term>) -> Term {
        terms.sort_by_key(Term::cost);
        if terms.len() == 1 { terms.remove(0) } else { Term::All(terms) }
    }

    pub(super) fn any(mut terms: Vec<Term>) -> Term {
        if terms.len() == 1 { terms.remove(0) } else { Term::Any(terms) }
    }

    fn rank(&self, component: ComponentRef<'_>, lean: Lean) -> Option<i32> {
        let if_so = |is_so: bool| is_so.then_some(0);
        match self {
            Term::All(terms) => terms.iter().try_fold(0, |sum, term| Some(sum + term.rank(component, lean)?)),
            Term::Any(terms) => terms.iter().filter_map(|term| term.rank(component, lean)).max(),
            Term::Not(term) => if_so(term.rank(component, lean.turned()).is_none()),
            Term::Word(word) => {
                let in_name = word.score(component.name()).map(|score| score + IN_NAME);
                in_name.or_else(|| word.score(component.type_name()))
            }
            Term::Letters(word) => word.score(component.name()),
            Term::Path(word) => word.score(&format!("{} / {}", component.system().title(), component.path())),
            Term::Name(glob) => if_so(glob.fits(component.name())),
            Term::Type(glob) => if_so(glob.fits(component.type_name())),
            Term::System(glob) => if_so(match component.system().ordinal() {
                1 => glob.fits(component.system().name()),
                _ => glob.fits(component.system().name()) || glob.fits(&component.system().title()),
            }),
            Term::State(standing) => if_so(Standing::of(component) == *standing),
            Term::Figure(figure, comparison) => {
                if_so(figure.of(component).is_some_and(|figure| comparison.holds(figure, lean)))
            }
        }
    }

    fn changes_in_time(&self) -> bool {
        match self {
            Term::All(terms) | Term::Any(terms) => terms.iter().any(Term::changes_in_time),
            Term::Not(term) => term.changes_in_time(),
            Term::State(_) | Term::Figure(..) => true,
            _ => false,
        }
    }

    fn find_letters(&self, name: &str, letters: &mut Vec<usize>) {
        match self {
            Term::All(terms) | Term::Any(terms) => terms.iter().for_each(|term| term.find_letters(name, letters)),
            Term::Word(word) | Term::Letters(word) => letters.extend(word.find(name).into_iter().flatten()),
            _ => {}
        }
    }

    fn cost(&self) -> u8 {
        match self {
            Term::All(terms) | Term::Any(terms) => terms.iter().map(Term::cost).max().unwrap_or(0),
            Term::Not(term) => term.cost(),
            Term::System(_) | Term::State(_) => 0,
            Term::Name(_) | Term::Type(_) | Term::Letters(_) | Term::Word(_) => 1,
            Term::Figure(Figure::Busy | Figure::Restarts, _) => 1,
            Term::Figure(..) => 2,
            Term::Path(_) => 3,
        }
    }
}
