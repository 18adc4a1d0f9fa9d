//! Does what the node decides: the one place where all links, the source and the island meet.

use std::collections::BTreeMap;
use std::fmt;

use axonscope_runtime::{Boxes, Component, Context, Declare, Inbox, InboxSpec, Name, Outbox, Outcome};
use bytes::Bytes;
use tokio::sync::{oneshot, watch};

use super::link::{Event, LinkEnd};
use super::node::{Counts, Effect, LinkId, Node, Seek};
use super::wire::{Data, Kind, Message};

/// Tells the node what happens, and does what it says. It has one outbox for each link, made and removed as they come and
/// go.
///
/// It waits for the console and the island, never for another node: a link that takes no more is ended, and whoever is at
/// its other end comes back for what the ring still has.
pub struct Router {
    node: Node,
    options: RouterOptions,
    links: BTreeMap<LinkId, Held>,
    drawn: String,
    summary: watch::Sender<Summary>,
}

/// What a [`Router`] tells people.
#[derive(Clone, Copy, Debug, Default)]
pub struct RouterOptions {
    /// Each message that comes.
    pub print: bool,
    /// The tree below this node, whenever it changes.
    pub status: bool,
    /// Not what came from this node's own island: that has it already.
    pub island: bool,
}

/// How a node stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// What it has had and what not.
    pub counts: Counts,
    /// The highest sequence number.
    pub last: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { counts: Counts { received, missed, repeated, unsent }, last } = self;
        write!(f, "received {received}, missed {missed}, repeated {repeated}, unsent {unsent}, last {last}")
    }
}

struct Held {
    outbox: Outbox<Message>,
    /// Dropped with the rest, which ends the link.
    _hold: oneshot::Sender<()>,
}

impl Router {
    /// For `node`. How it stands is always in `summary`.
    pub fn new(node: Node, options: RouterOptions, summary: watch::Sender<Summary>) -> Self {
        Self { node, options, links: BTreeMap::new(), drawn: String::new(), summary }
    }
}

/// The boxes of a [`Router`].
pub struct RouterBoxes {
    links: Inbox<Event>,
    source: Inbox<Bytes>,
    from_island: Inbox<Bytes>,
    seek: Outbox<Seek>,
    to_island: Outbox<Bytes>,
    console: Outbox<String>,
    nodes: Outbox<usize>,
}

impl Boxes for RouterBoxes {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self {
            links: declare.inbox(InboxSpec::new("links").capacity(256)),
            source: declare.inbox(InboxSpec::new("source").capacity(16)),
            from_island: declare.inbox(InboxSpec::new("island").capacity(256)),
            seek: declare.outbox("seek"),
            to_island: declare.outbox("island"),
            console: declare.outbox("console"),
            nodes: declare.outbox("nodes"),
        }
    }
}

impl Component for Router {
    type Boxes = RouterBoxes;

    fn description(&self) -> Name {
        "Decides what goes up and what goes down the tree".into()
    }

    async fn run(mut self, mut boxes: RouterBoxes, ctx: Context) -> Outcome {
        self.node.start();
        loop {
            self.act(&mut boxes, &ctx).await?;
            tokio::select! {
                event = boxes.links.recv() => match event? {
                    Some(event) => self.take(event, &ctx)?,
                    None => return Ok(()),
                },
                payload = boxes.source.recv() => match payload? {
                    Some(payload) => self.node.came_in(Kind::Source, payload),
                    None => return Ok(()),
                },
                payload = boxes.from_island.recv() => match payload? {
                    Some(payload) => self.node.came_in(Kind::Island, payload),
                    None => return Ok(()),
                },
            }
        }
    }
}

impl Router {
    fn take(&mut self, event: Event, ctx: &Context) -> Outcome {
        match event {
            Event::Opened(end) => {
                self.hold(end, "guest", ctx)?;
            }
            Event::Attached(end, moves, welcome) => {
                let link = end.link;
                self.hold(end, &format!("parent {}", welcome.me.name), ctx)?;
                self.node.attached(link, moves, welcome);
            }
            Event::Heard(link, message) => {
                // What was on its way when the link was let go comes from nobody.
                if self.links.contains_key(&link)
                    && let Err(why) = self.node.heard(link, message)
                {
                    tracing::warn!(link, why, "closed a connection");
                    self.close(link, why, ctx);
                }
            }
            Event::Closed(link, why) => self.close(link, &why, ctx),
        }
        Ok(())
    }

    async fn act(&mut self, boxes: &mut RouterBoxes, ctx: &Context) -> Outcome {
        loop {
            let effects = self.node.take_effects();
            if effects.is_empty() {
                break;
            }
            for effect in effects {
                match effect {
                    Effect::Send(link, message) => self.send(link, message, ctx),
                    Effect::HangUp(link) => self.let_go(link, ctx),
                    Effect::Seek(seek) => boxes.seek.send(seek).await?,
                    Effect::Deliver(data) => self.deliver(data, boxes).await?,
                    Effect::Say(line) => boxes.console.send(line).await?,
                }
            }
        }
        if let Some((drawing, nodes)) = self.node.take_tree() {
            // Only a root that makes messages is asked how many there are.
            if boxes.nodes.is_linked() {
                boxes.nodes.send(nodes).await?;
            }
            if self.options.status && drawing != self.drawn {
                boxes.console.send(format!("tree {drawing}")).await?;
                self.drawn = drawing;
            }
        }
        self.summary.send_replace(Summary { counts: self.node.counts(), last: self.node.last() });
        Ok(())
    }

    async fn deliver(&mut self, data: Data, boxes: &mut RouterBoxes) -> Outcome {
        if self.options.print {
            let text = String::from_utf8_lossy(&data.payload);
            boxes.console.send(format!("message {} {}", data.sequence, text.escape_debug())).await?;
        }
        let from_here = data.kind == Kind::Island && self.node.is(data.origin);
        if self.options.island && !from_here {
            boxes.to_island.send(data.payload).await?;
        }
        Ok(())
    }

    fn hold(&mut self, LinkEnd { link, component, hold }: LinkEnd, whom: &str, ctx: &Context) -> Outcome {
        let outbox = ctx.outbox(format!("to {whom} {link}"))?;
        if ctx.link(outbox.id(), (component, "inbox")).is_err() {
            // It has ended already, and says so next.
            ctx.remove_outbox(outbox);
            return Ok(());
        }
        self.links.insert(link, Held { outbox, _hold: hold });
        Ok(())
    }

    fn send(&mut self, link: LinkId, message: Message, ctx: &Context) {
        let Some(held) = self.links.get_mut(&link) else { return };
        if held.outbox.try_send(message).is_err() {
            self.close(link, "it is too slow", ctx);
        }
    }

    fn close(&mut self, link: LinkId, why: &str, ctx: &Context) {
        self.let_go(link, ctx);
        self.node.closed(link, why);
    }

    fn let_go(&mut self, link: LinkId, ctx: &Context) {
        if let Some(held) = self.links.remove(&link) {
            ctx.remove_outbox(held.outbox);
        }
    }
}
