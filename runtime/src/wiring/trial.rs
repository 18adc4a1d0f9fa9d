//! Tries a wiring out: adds its components to a system that never runs, and joins them as they will be joined, so that
//! every link that cannot be is known with its line beforehand.

use std::sync::Arc;

use super::document::{End, Join};
use super::problem::{Findings, Span, instead};
use crate::chassis::{Child, ChildrenByName, join};
use crate::component::{Children, Component, Context, Declare};
use crate::error::{AddError, Outcome};
use crate::observe::{Description, PostboxKind};
use crate::sync::{Mutex, lock};
use crate::system::System;

/// Names the composite in which the components are tried out; in messages it is left out.
const ROOT: &str = "self";

/// A component to be tried out.
pub(super) struct Candidate {
    pub(super) child: Child,
    pub(super) span: Span,
    /// Its options are in order. If they are not, it may lack a box for that reason, which is not worth a word.
    pub(super) fits: bool,
}

/// What is wrong with `joins` between `candidates`; of a link to another component only this end is looked at.
pub(super) fn find(candidates: Vec<Candidate>, joins: &[Join]) -> Findings {
    let findings = Arc::<Mutex<Findings>>::default();
    let trial = Trial { candidates, joins: joins.to_vec(), findings: findings.clone() };
    // Nothing was started, so it goes as it is dropped.
    if let Err(error) = System::new("trial").add(ROOT, trial) {
        lock(&findings).push((0..0, words(&error)));
    }
    std::mem::take(&mut lock(&findings))
}

/// The names of the inboxes and of the outboxes that a component has by itself, without `control` and `signal`.
pub(super) fn boxes(child: Child) -> [Vec<String>; 2] {
    let boxes = Arc::<Mutex<[Vec<String>; 2]>>::default();
    // One that cannot be added has none.
    let _ = System::new("trial").add(ROOT, Look { child: Some(child), boxes: boxes.clone() });
    std::mem::take(&mut lock(&boxes))
}

struct Look {
    child: Option<Child>,
    boxes: Arc<Mutex<[Vec<String>; 2]>>,
}

impl Component for Look {
    type Boxes = ();

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<(), AddError> {
        let Some(child) = self.child.take() else { return Ok(()) };
        let child = child.add(declare)?;
        let description = declare.system().describe();
        let of_kind = |kind| {
            let of_child = description.postboxes.iter().filter(|info| info.owner == child.id() && info.kind == kind);
            let names = of_child.map(|info| info.name.to_string());
            names.filter(|name| name != "control" && name != "signal").collect()
        };
        *lock(&self.boxes) = [of_kind(PostboxKind::Inbox), of_kind(PostboxKind::Outbox)];
        Ok(())
    }

    async fn run(self, (): (), _: Context) -> Outcome {
        Ok(())
    }
}

struct Trial {
    candidates: Vec<Candidate>,
    joins: Vec<Join>,
    findings: Arc<Mutex<Findings>>,
}

impl Component for Trial {
    type Boxes = Children;

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Children, AddError> {
        let mut children = Vec::new();
        let mut by_name = ChildrenByName::new();
        let mut unfit = Vec::new();
        let mut findings = Findings::new();
        for Candidate { child, span, fits } in self.candidates.drain(..) {
            let name = child.name().as_str().to_owned();
            if !fits {
                unfit.push(name.clone());
            }
            match child.add(declare) {
                Ok(child) => {
                    by_name.insert(name, child.id());
                    children.push(child);
                }
                Err(error) if fits => findings.push((span, words(&error))),
                Err(_) => {}
            }
        }
        let boxes = Boxes { description: declare.system().describe(), by_name, unfit };
        for Join { source, sink } in &self.joins {
            let ends = [boxes.look_at(source, PostboxKind::Outbox), boxes.look_at(sink, PostboxKind::Inbox)];
            if let [Seen::There, Seen::There] = ends
                && let Err(error) = join(declare, &boxes.by_name, &source.path(), &sink.path())
            {
                findings.push((source.span.clone(), words(&error)));
            }
            findings.extend(ends.into_iter().filter_map(|end| match end {
                Seen::Missing(span, message) => Some((span, message)),
                _ => None,
            }));
        }
        lock(&self.findings).extend(findings);
        Ok(Children(children))
    }

    async fn run(self, _: Children, _: Context) -> Outcome {
        Ok(())
    }
}

/// The boxes that the components have by themselves.
struct Boxes {
    description: Description,
    by_name: ChildrenByName,
    unfit: Vec<String>,
}

enum Seen {
    There,
    Missing(Span, String),
    Unknown,
}

impl Boxes {
    fn look_at(&self, end: &End, kind: PostboxKind) -> Seen {
        if end.component == "self" {
            return Seen::There;
        }
        let Some(&owner) = self.by_name.get(&end.component) else { return Seen::Unknown };
        let of_owner = self.description.postboxes.iter().filter(|info| info.owner == owner && info.kind == kind);
        let known: Vec<_> = of_owner.map(|info| &*info.name).collect();
        if known.contains(&end.postbox.as_str()) {
            return Seen::There;
        }
        if self.unfit.contains(&end.component) {
            return Seen::Unknown;
        }
        let instead = instead(&end.postbox, known, "it has");
        let message = format!("`{}` has no {kind} `{}`{instead}", end.component, end.postbox);
        Seen::Missing(end.span.clone(), message)
    }
}

fn words(error: &AddError) -> String {
    error.to_string().replace(&format!("`{ROOT}/"), "`")
}
