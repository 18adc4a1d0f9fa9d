//! A graphline: components and what joins them, by name.

use std::collections::{BTreeSet, HashMap};

use super::Child;
use crate::component::{Children, Component, Context, Declare, Unstarted};
use crate::error::{AddError, LinkError, Outcome};
use crate::id::ComponentId;
use crate::name::Name;
use crate::observe::PostboxKind;
use crate::stop::Stop;

/// Any shape of components, joined by name: `"component.box"`, and `"self.box"` for the graphline's own boxes, which
/// are made by naming them.
///
/// Stops find their way by themselves: beside each linkage from one component to another, its signal is linked to the
/// other's control, by further signal boxes where one is not enough. A component whose `signal` is linked by name is
/// left alone. What reaches the graphline's own control goes to those components that no other one feeds, and to
/// those that the graphline's own boxes feed.
///
/// ```
/// use axonscope_runtime::{Graphline, System, library::{ConsoleIn, ConsoleOut, Filter}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let graphline = Graphline::new()
///     .component("lines", ConsoleIn::new())
///     .component("short", Filter::new(|line: &String| line.len() < 20))
///     .component("out", ConsoleOut::new())
///     .link("lines.outbox", "short.inbox")
///     .link("short.outbox", "out.inbox");
///
/// let system = System::new("short lines");
/// system.add("filter", graphline)?.start();
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Graphline {
    components: Vec<Child>,
    links: Vec<(String, String)>,
    /// Those that learn of a stop from outside only.
    entrances: Vec<ComponentId>,
}

impl Graphline {
    /// A graphline without components, which ends at once.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a component. Its name must not be `self`.
    #[must_use]
    pub fn component<C: Component>(self, name: impl Into<Name>, component: C) -> Self {
        self.child(Child::new(name.into(), component))
    }

    #[must_use]
    pub(crate) fn child(mut self, child: Child) -> Self {
        self.components.push(child);
        self
    }

    /// Joins two boxes when the graphline is added; what is wrong with them is told then.
    #[must_use]
    pub fn link(mut self, source: impl Into<String>, sink: impl Into<String>) -> Self {
        self.links.push((source.into(), sink.into()));
        self
    }
}

impl Component for Graphline {
    type Boxes = Children;

    fn description(&self) -> Name {
        "Components joined by name".into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<Children, AddError> {
        let mut children = Vec::new();
        let mut by_name = ChildrenByName::new();
        for child in self.components.drain(..) {
            let name = child.name.as_str().to_owned();
            let child = child.add(declare)?;
            by_name.insert(name, child.id());
            children.push(child);
        }
        let mut feeds = BTreeSet::new();
        let mut wired_by_name = BTreeSet::new();
        for (source, sink) in &self.links {
            match join(declare, &by_name, source, sink)? {
                ((None, _), (Some(inner), _)) => self.entrances.push(inner),
                ((Some(source), source_name), (Some(sink), sink_name)) => {
                    if source_name == "signal" {
                        wired_by_name.insert(source);
                    }
                    if source != sink && sink_name != "control" {
                        feeds.insert((source, sink));
                    }
                }
                (_, (None, _)) => {}
            }
        }
        wire_stops(declare, &feeds, &wired_by_name)?;
        let fed: BTreeSet<_> = feeds.iter().map(|&(_, sink)| sink).collect();
        self.entrances.extend(children.iter().map(Unstarted::id).filter(|id| !fed.contains(id)));
        Ok(Children(children))
    }

    async fn run(self, children: Children, ctx: Context) -> Outcome {
        let handles = children.start();
        tokio::select! {
            finished = ctx.children_finished() => return Ok(finished?),
            // Shutdown goes to all children by itself.
            Stop::ProducerFinished = ctx.stopped() => {
                for handle in handles.iter().filter(|handle| self.entrances.contains(&handle.id())) {
                    handle.stop(Stop::ProducerFinished);
                }
            }
            else => {}
        }
        Ok(ctx.children_finished().await?)
    }
}

/// The components of a graphline.
pub(crate) type ChildrenByName = HashMap<String, ComponentId>;

/// One end of a link: the component (none for the graphline itself) and the name of the box.
type End<'a> = (Option<ComponentId>, &'a str);

/// Joins two boxes as a graphline does, and says which they are.
pub(crate) fn join<'a>(
    declare: &mut Declare<'_>,
    by_name: &ChildrenByName,
    source: &'a str,
    sink: &'a str,
) -> Result<(End<'a>, End<'a>), AddError> {
    let from = find(by_name, source, PostboxKind::Outbox)?;
    let to = find(by_name, sink, PostboxKind::Inbox)?;
    match (from, to) {
        ((None, name), (Some(inner), inner_name)) => {
            declare.expose_inbox(name.to_owned(), (inner, inner_name))?;
        }
        ((Some(inner), inner_name), (None, name)) => {
            declare.expose_outbox(name.to_owned(), (inner, inner_name))?;
        }
        ((Some(source), source_name), (Some(sink), sink_name)) => {
            declare.system().link((source, source_name), (sink, sink_name))?;
        }
        ((None, _), (None, _)) => {
            let wanted = format!("{source}` -> `{sink}");
            return Err(LinkError::NoPostbox { kind: PostboxKind::Inbox, wanted, known: Vec::new() }.into());
        }
    }
    Ok((from, to))
}

/// A signal to each component that is fed, beside the linkage that feeds it.
fn wire_stops(
    declare: &mut Declare<'_>,
    feeds: &BTreeSet<(ComponentId, ComponentId)>,
    wired_by_name: &BTreeSet<ComponentId>,
) -> Result<(), AddError> {
    let mut signals: HashMap<ComponentId, usize> = HashMap::new();
    for &(source, sink) in feeds.iter().filter(|(source, _)| !wired_by_name.contains(source)) {
        let number = signals.entry(source).or_insert(0);
        *number += 1;
        if *number == 1 {
            declare.system().link((source, "signal"), (sink, "control"))?;
        } else {
            let further = declare.system().add_signal(source, format!("signal {number}").into(), false)?;
            declare.system().link(further, (sink, "control"))?;
        }
    }
    Ok(())
}

fn find<'a>(by_name: &ChildrenByName, path: &'a str, kind: PostboxKind) -> Result<End<'a>, LinkError> {
    let missing = || {
        let mut known: Vec<_> = by_name.keys().map(|name| name.as_str().into()).collect();
        known.sort();
        LinkError::NoPostbox { kind, wanted: path.to_owned(), known }
    };
    let (component, postbox) = path.rsplit_once('.').ok_or_else(missing)?;
    if component == "self" {
        return Ok((None, postbox));
    }
    let id = by_name.get(component).ok_or_else(missing)?;
    Ok((Some(*id), postbox))
}
