//! The layer itself: what happens to spans and events, on the threads of the program.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axonscope_runtime::{clock_ns, current_component};
use tracing::callsite::Identifier;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, dispatcher};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::convention;
use super::fields::{Counted, Declared, Text};
use super::node::{Folds, Kin, Node, Title, lock};
use super::options::{Fold, Options, declares};
use super::tokio_words::{self, Told, Waking, Word};
use super::wiring::Wiring;
use crate::aside::Whose;
use crate::current::Here;
use crate::manual::System;
use crate::own;
use crate::words::{LinkageKind, PostboxKind};

/// Makes components of spans and log lines of events; from [`Probe::layer`](crate::Probe::layer).
#[derive(Debug)]
pub struct Spans {
    system: System,
    options: Options,
    top: Folds,
    wiring: Wiring,
    /// Which component uses which, so that each use is drawn once.
    uses: Mutex<HashSet<(u64, u64)>>,
    /// Callsites that were warned of.
    warned: Mutex<HashSet<Identifier>>,
}

/// What the layer knows of an open span.
#[derive(Debug)]
struct Open {
    /// The component it is counted in, unless it is one of its own from the beginning.
    fold: Option<Arc<Node>>,
    /// The component it is, once it is one; none inside where there was no room for it.
    own: OnceLock<Option<Arc<Node>>>,
    rule: Fold,
    role: Role,
    began_at: u64,
    /// Which of its kind it is, and what its fields say.
    number: u64,
    label: String,
    watch: AtomicU32,
    entered_at: AtomicU64,
    woken_at: AtomicU64,
    /// The task that ran on this thread before this one was entered.
    outer_task: AtomicU64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Span,
    Task,
    Resource,
}

thread_local! {
    /// The watch in which a task was last entered on this thread, and the grip of that task: one that was left while nobody
    /// watched is not there any more. 0 for none.
    static TASK: Cell<(u32, u64)> = const { Cell::new((0, 0)) };
}

/// Places in the program of which it is warned.
const WARNINGS: usize = 256;

/// Uses that are remembered, before those that are gone are forgotten.
const USES: usize = 4096;

impl Open {
    fn node(&self) -> Option<&Arc<Node>> {
        self.own.get().and_then(Option::as_ref).or(self.fold.as_ref())
    }

    fn is_own(&self) -> bool {
        self.own.get().is_some_and(Option::is_some)
    }
}

impl Spans {
    pub(crate) fn new(system: System, options: Options) -> Self {
        Self {
            system,
            options,
            top: Folds::default(),
            wiring: Wiring::default(),
            uses: Mutex::default(),
            warned: Mutex::default(),
        }
    }

    /// What a new span is, as a component of its own or as one of many.
    fn open(&self, attributes: &Attributes<'_>, parent: Option<&Arc<Node>>) -> Option<Open> {
        let metadata = attributes.metadata();
        let (role, told) = match tokio_words::word(metadata) {
            Some(Word::Task) => (Role::Task, Told::of(attributes)),
            Some(Word::Resource) => (Role::Resource, Told::of(attributes)),
            Some(Word::Waker | Word::Other) => return None,
            None => return self.open_span(attributes, parent),
        };
        if told.is_internal() || told.is_timer() {
            return None;
        }
        let rule = if role == Role::Task { self.options.rule(metadata) } else { Fold::Always };
        let (name, place) = (told.name(), told.place());
        let title = Title { name: &name, type_name: told.type_name(), description: &place };
        // Spawning is not containing: tasks are all at the top.
        let kin = (metadata.callsite(), told.salt());
        self.open_as(rule, role, kin, title, place.clone(), None)
    }

    fn open_span(&self, attributes: &Attributes<'_>, parent: Option<&Arc<Node>>) -> Option<Open> {
        let metadata = attributes.metadata();
        let mut declared = Declared::default();
        attributes.record(&mut declared);
        let kin = (metadata.callsite(), 0);
        if !declared.is_component {
            let together = format!("spans of module {}, counted together", metadata.target());
            let title = Title { name: metadata.name(), type_name: metadata.name(), description: &together };
            return self.open_as(self.options.rule(metadata), Role::Span, kin, title, declared.label, parent);
        }
        let name = declared.name.as_deref().unwrap_or(metadata.name());
        let title = Title {
            name,
            type_name: declared.type_name.as_deref().unwrap_or(metadata.name()),
            description: declared.description.as_deref().unwrap_or(&declared.label),
        };
        let open = self.open_as(Fold::Never, Role::Span, kin, title, String::new(), parent)?;
        if let Some(node) = open.node() {
            self.declare(node, name, &declared, metadata);
        }
        Some(open)
    }

    fn open_as(
        &self,
        rule: Fold,
        role: Role,
        kin: Kin,
        title: Title<'_>,
        label: String,
        parent: Option<&Arc<Node>>,
    ) -> Option<Open> {
        let registry = &self.system.registry;
        let outer = parent.map_or(0, |parent| parent.id());
        let mut open = Open::new(rule, role, label);
        if rule == Fold::Never {
            let description = if open.label.is_empty() { title.description } else { &open.label };
            let node = Node::add(registry, outer, Title { description, ..title })?;
            open.own = OnceLock::from(Some(node));
        } else {
            let folds = parent.map_or(&self.top, |parent| &parent.folds);
            let fold = folds.of(&kin, || Node::add(registry, outer, title))?;
            fold.meter.begin_one();
            open.number = fold.meter.begun();
            open.fold = Some(fold);
        }
        Some(open)
    }

    /// Boxes and linkages that a span declares of the component it is.
    fn declare(&self, node: &Node, name: &str, declared: &Declared, metadata: &Metadata<'_>) {
        let place = place(metadata);
        let registry = &self.system.registry;
        let (inboxes, mut bad) = convention::boxes(&declared.inboxes);
        for inbox in inboxes {
            if let Some(new) = node.declare(&inbox.name, PostboxKind::Inbox, &inbox.message_type, inbox.capacity) {
                self.wiring.add_inbox(registry, name, &inbox.name, new.0);
            }
        }
        let (outboxes, not_understood) = convention::boxes(&declared.outboxes);
        bad.extend(not_understood);
        for outbox in outboxes {
            let _ = node.declare(&outbox.name, PostboxKind::Outbox, &outbox.message_type, 0);
        }
        let (links, not_understood) = convention::links(&declared.links);
        bad.extend(not_understood);
        for link in links {
            // An outbox that is only named here is declared by that.
            let _ = node.declare(&link.outbox, PostboxKind::Outbox, "", 0);
            if let Some(outbox) = node.declared(&link.outbox, PostboxKind::Outbox) {
                self.wiring.add_link(registry, outbox.id, link);
            }
        }
        bad.extend_from_slice(&declared.unknown);
        if !bad.is_empty() {
            let text = format!("span \"{name}\"{place} declares what is not understood: {}", bad.join("; "));
            self.system.warn(Whose::Told(node.id()), &text);
        }
    }

    /// Makes a component of its own of a span that has been open for long enough.
    fn promote(&self, span: &Open, now: u64) {
        let Fold::After(patience) = span.rule else { return };
        let Some(fold) = &span.fold else { return };
        if span.own.get().is_some() || Duration::from_nanos(now.saturating_sub(span.began_at)) < patience {
            return;
        }
        span.own.get_or_init(|| {
            let name = format!("{} #{}", fold.name, span.number);
            let title = Title { name: &name, type_name: &fold.type_name, description: &span.label };
            let node = Node::add(&self.system.registry, fold.parent, title);
            if node.is_some() {
                // What it did until now stays where it was counted.
                fold.meter.end_one();
            }
            node
        });
    }

    /// The task that runs on this thread uses a resource.
    fn note_use(&self, resource: &Node, watch: u32) {
        let (entered_in, user) = TASK.get();
        let Some(used) = resource.grip().filter(|_| user != 0 && entered_in == watch) else { return };
        let mut uses = lock(&self.uses);
        if uses.contains(&(user, used)) {
            return;
        }
        let registry = &self.system.registry;
        if uses.len() >= USES {
            uses.retain(|(user, used)| registry.has_postbox(*user) && registry.has_postbox(*used));
        }
        if uses.len() >= USES {
            registry.count_refused();
        } else if registry.link(user, used, LinkageKind::Use).is_some() {
            uses.insert((user, used));
        }
    }

    fn note_wake<S>(&self, event: &Event<'_>, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut waking = Waking::default();
        event.record(&mut waking);
        let Some(span) = waking.woken().and_then(|id| ctx.span(&Id::from_u64(id))) else { return };
        if let Some(open) = span.extensions().get::<Open>() {
            let now = clock_ns();
            match open.node() {
                Some(node) if open.is_own() => node.meter.wake(now),
                _ => drop(open.woken_at.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed)),
            }
        }
    }

    /// Adds to the boxes of the nearest span around an event that has them.
    fn count<S>(&self, event: &Event<'_>, ctx: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let mut counted = Counted::default();
        event.record(&mut counted);
        let find = |name: &str, kind| {
            let scope = ctx.event_scope(event)?;
            scope.into_iter().find_map(|span| span.extensions().get::<Open>()?.node()?.declared(name, kind))
        };
        let number = counted.count.unwrap_or(1);
        let known = |name: Option<String>, kinds: &[PostboxKind]| {
            let name = name?;
            let found = kinds.iter().find_map(|&kind| find(&name, kind));
            if found.is_none() {
                self.warn_of_unknown_box(event.metadata(), &name);
            }
            found
        };
        if let Some(outbox) = known(counted.sent, &[PostboxKind::Outbox]) {
            outbox.count(number);
        }
        if let Some(inbox) = known(counted.taken, &[PostboxKind::Inbox]) {
            inbox.count(number);
        }
        if let Some(postbox) = known(counted.dropped, &[PostboxKind::Outbox, PostboxKind::Inbox]) {
            postbox.count_dropped(number);
        }
        if let Some(inbox) = known(counted.waiting, &[PostboxKind::Inbox]) {
            inbox.set_depth(usize::try_from(number).unwrap_or(usize::MAX));
        }
    }
}

impl Spans {
    /// Once for each place in the program: it may well count a million times a second.
    fn warn_of_unknown_box(&self, metadata: &Metadata<'static>, name: &str) {
        let mut warned = lock(&self.warned);
        if warned.len() < WARNINGS && warned.insert(metadata.callsite()) {
            drop(warned);
            let text = format!("an event{} counts at \"{name}\", a box that no span around it has", place(metadata));
            self.system.warn(Whose::System, &text);
        }
    }
}

impl Open {
    fn new(rule: Fold, role: Role, label: String) -> Self {
        Self {
            fold: None,
            own: OnceLock::new(),
            rule,
            role,
            began_at: clock_ns(),
            number: 0,
            label,
            watch: AtomicU32::new(0),
            entered_at: AtomicU64::new(0),
            woken_at: AtomicU64::new(0),
            outer_task: AtomicU64::new(0),
        }
    }
}

/// Where a span or an event stands in the program, for sentences.
fn place(metadata: &Metadata<'_>) -> String {
    match (metadata.file(), metadata.line()) {
        (Some(file), Some(line)) => format!(" at {file}:{line}"),
        _ => String::new(),
    }
}

/// The nearest of a span and those around it that is a component, or part of one.
fn nearest<'a, S: LookupSpan<'a>>(span: SpanRef<'a, S>) -> Option<Arc<Node>> {
    span.scope().find_map(|span| span.extensions().get::<Open>()?.node().cloned())
}

impl<S> Layer<S> for Spans
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        if own::is_hidden() {
            return;
        }
        let parent = match attributes.parent() {
            Some(parent) => ctx.span(parent),
            None if attributes.is_contextual() => ctx.lookup_current(),
            None => None,
        };
        let parent = parent.and_then(nearest);
        if let (Some(open), Some(span)) = (self.open(attributes, parent.as_ref()), ctx.span(id)) {
            span.extensions_mut().insert(open);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id).filter(|span| declares(span.metadata())) else { return };
        let mut declared = Declared::default();
        values.record(&mut declared);
        if declared.is_component
            && let Some(node) = span.extensions().get::<Open>().and_then(Open::node)
        {
            let name = declared.name.clone().unwrap_or_else(|| span.name().to_owned());
            self.declare(node, &name, &declared, span.metadata());
        }
    }

    fn on_enter(&self, id: &Id, ctx: Context<'_, S>) {
        let watch = self.system.registry.watch();
        if watch == 0 {
            return;
        }
        let Some(span) = ctx.span(id) else { return };
        let extensions = span.extensions();
        let Some(open) = extensions.get::<Open>() else { return };
        let now = clock_ns();
        self.promote(open, now);
        let Some(node) = open.node() else { return };
        match open.role {
            Role::Span => {}
            Role::Task => {
                let (_, outer) = TASK.replace((watch, node.grip().unwrap_or(0)));
                open.outer_task.store(outer, Ordering::Relaxed);
            }
            Role::Resource => self.note_use(node, watch),
        }
        node.meter.scheduled(now);
        let woken_at = open.woken_at.swap(0, Ordering::Relaxed);
        if woken_at != 0 {
            node.meter.add_scheduled(now.saturating_sub(woken_at));
        }
        node.meter.enter(watch, now);
        open.entered_at.store(now, Ordering::Relaxed);
        open.watch.store(watch, Ordering::Relaxed);
    }

    fn on_exit(&self, id: &Id, ctx: Context<'_, S>) {
        if self.system.registry.watch() == 0 {
            return;
        }
        let Some(span) = ctx.span(id) else { return };
        let extensions = span.extensions();
        let Some(open) = extensions.get::<Open>() else { return };
        let since = open.entered_at.swap(0, Ordering::Relaxed);
        let Some(node) = open.node().filter(|_| since != 0) else { return };
        node.meter.exit(open.watch.load(Ordering::Relaxed), since);
        if open.role == Role::Task {
            TASK.set((open.watch.load(Ordering::Relaxed), open.outer_task.load(Ordering::Relaxed)));
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let metadata = event.metadata();
        if declares(metadata) {
            return self.count(event, &ctx);
        }
        if self.system.registry.watch() == 0 || own::is_hidden() {
            return;
        }
        if tokio_words::word(metadata) == Some(Word::Waker) {
            return self.note_wake(event, &ctx);
        }
        let node = ctx.event_span(event).and_then(nearest);
        let (whose, parent) = match &node {
            Some(node) => (Whose::Told(node.id()), Whose::Told(node.parent)),
            None => (current_component().map_or(Whose::System, Whose::Runtime), Whose::System),
        };
        self.system.say(whose, parent, *metadata.level(), || {
            let mut text = Text::default();
            event.record(&mut text);
            text.line()
        });
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        let open = ctx.span(&id).and_then(|span| span.extensions_mut().remove::<Open>());
        // Dropped here, outside of the registry's locks, and with it its component if it is one of its own.
        if let Some(open) = open
            && let Some(fold) = open.fold.as_ref().filter(|_| !open.is_own())
        {
            fold.meter.end_one();
        }
    }
}

/// The component of the span that is entered on this thread.
pub(crate) fn here() -> Option<Here> {
    dispatcher::get_default(|dispatch| {
        let spans = dispatch.downcast_ref::<Spans>()?;
        let registry = dispatch.downcast_ref::<tracing_subscriber::Registry>()?;
        let current = dispatch.current_span();
        registry.span(current.id()?)?.scope().find_map(|span| {
            let extensions = span.extensions();
            let open = extensions.get::<Open>()?;
            let is_settled = open.own.get().is_some() || !matches!(open.rule, Fold::After(_));
            Some(Here { system: spans.system.clone(), component: open.node()?.id(), is_settled })
        })
    })
}
