//! The room: who is there, and what one says all others hear.

use std::collections::BTreeMap;
use std::sync::Arc;

use axonscope_runtime::{
    Boxes, Component, Context, Declare, Failure, Inbox, InboxSpec, Name, Outbox, Outcome, PostboxId,
};

use super::{Said, What};

/// Tells everybody what somebody says. It has one outbox for each person, made and removed as they come and go.
#[derive(Default)]
pub struct Room {
    people: BTreeMap<PostboxId, Person>,
}

struct Person {
    name: Arc<str>,
    ears: Outbox<Arc<str>>,
}

/// The boxes of a [`Room`].
pub struct RoomBoxes {
    inbox: Inbox<Said>,
    log: Outbox<Said>,
}

impl Boxes for RoomBoxes {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { inbox: declare.inbox(InboxSpec::new("inbox").capacity(32)), log: declare.outbox("log") }
    }
}

impl Component for Room {
    type Boxes = RoomBoxes;

    fn description(&self) -> Name {
        "Tells everybody what somebody says".into()
    }

    async fn run(mut self, mut boxes: RoomBoxes, ctx: Context) -> Outcome {
        while let Some(said) = boxes.inbox.recv().await? {
            self.take(&said, &ctx).await?;
            boxes.log.send(said).await?;
        }
        Ok(())
    }
}

impl Room {
    async fn take(&mut self, said: &Said, ctx: &Context) -> Outcome {
        match &said.what {
            What::Joined(inbox) => {
                let name = self.free_name(&said.who, ctx);
                if let Some(ears) = ears(ctx, &name, *inbox)? {
                    self.people.insert(*inbox, Person { name: name.clone(), ears });
                    self.tell(*inbox, format!("* hello {name}, {} here", self.people.len())).await?;
                    self.tell_others(ctx, Some(*inbox), format!("* {name} is here")).await?;
                }
            }
            What::Spoke(inbox, line) => {
                let name = self.people.get(inbox).map_or(&said.who, |person| &person.name);
                self.tell_others(ctx, Some(*inbox), format!("{name}: {line}")).await?;
            }
            What::Renamed(inbox, name) => {
                let name = self.free_name(name, ctx);
                // The old way goes before the new one comes, as both end at the same person.
                let Some(old) = self.people.remove(inbox) else { return Ok(()) };
                ctx.remove_outbox(old.ears);
                if let Some(ears) = ears(ctx, &name, *inbox)? {
                    self.people.insert(*inbox, Person { name: name.clone(), ears });
                    self.tell_others(ctx, None, format!("* {} is now {name}", old.name)).await?;
                }
            }
            What::Left(inbox) => {
                if let Some(person) = self.people.remove(inbox) {
                    ctx.remove_outbox(person.ears);
                    self.tell_others(ctx, None, format!("* {} has left", person.name)).await?;
                }
            }
            What::Tick(_) => self.tell_others(ctx, None, format!("* {} here", self.people.len())).await?,
        }
        Ok(())
    }

    /// Tells all but one. Nobody is waited for: a handler's inbox drops its oldest line when it is full.
    async fn tell_others(&mut self, ctx: &Context, except: Option<PostboxId>, line: String) -> Outcome {
        self.let_go(ctx);
        let line: Arc<str> = line.into();
        for (&inbox, person) in &mut self.people {
            if Some(inbox) != except {
                person.ears.send(line.clone()).await?;
            }
        }
        Ok(())
    }

    async fn tell(&mut self, inbox: PostboxId, line: String) -> Outcome {
        if let Some(person) = self.people.get_mut(&inbox) {
            person.ears.send(line.into()).await?;
        }
        Ok(())
    }

    /// Forgets those whose handler has ended without a word.
    fn let_go(&mut self, ctx: &Context) {
        let gone: Vec<_> =
            self.people.iter_mut().filter_map(|(&inbox, person)| (!person.ears.is_linked()).then_some(inbox)).collect();
        for inbox in gone {
            if let Some(person) = self.people.remove(&inbox) {
                ctx.remove_outbox(person.ears);
            }
        }
    }

    /// `wanted`, or that with a number when somebody has it already.
    fn free_name(&mut self, wanted: &Arc<str>, ctx: &Context) -> Arc<str> {
        self.let_go(ctx);
        let taken = |name: &str| self.people.values().any(|person| &*person.name == name);
        if !taken(wanted) {
            return wanted.clone();
        }
        let mut number = 2;
        while taken(&format!("{wanted} {number}")) {
            number += 1;
        }
        format!("{wanted} {number}").into()
    }
}

/// A way to a person; none if the person has gone already.
fn ears(ctx: &Context, name: &str, inbox: PostboxId) -> Result<Option<Outbox<Arc<str>>>, Failure> {
    let ears = ctx.outbox(format!("to {name}"))?;
    match ctx.link(ears.id(), inbox) {
        Ok(_) => Ok(Some(ears)),
        Err(_) => {
            ctx.remove_outbox(ears);
            Ok(None)
        }
    }
}
