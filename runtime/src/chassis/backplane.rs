//! A backplane: publishing and subscribing by name, for components that do not know where the others are.

mod publish;
mod subscribe;

pub use publish::PublishTo;
pub use subscribe::SubscribeTo;

use std::any::{Any, type_name};
use std::sync::Arc;

use thiserror::Error;

use super::fan_out::{Fan, Opened};
use super::splitter::SplitterHandle;
use crate::component::{Boxes, Component, Context, Declare};
use crate::error::{AddError, Outcome};
use crate::id::PostboxId;
use crate::name::{Name, short_type};
use crate::postbox::{Inbox, InboxSpec};
use crate::services::Service;
use crate::storage::Message;
use crate::system::System;

/// Where messages of one subject are published. Whatever comes to its `inbox`, by [`PublishTo`] or by linkage, goes to
/// every [`SubscribeTo`] of its name, as a [`Splitter`](crate::Splitter) would send it: in order, and a subscriber
/// whose inbox is full makes all of them wait.
///
/// Its name is one of the system's [services](crate::Services), and can be had once. It does not end with its
/// publishers: on `ProducerFinished` it finishes when all of them have gone, and tells the subscribers so.
///
/// ```
/// use axonscope_runtime::{Backplane, Handle, PublishTo, SubscribeTo, System};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("newsroom");
/// system.add("news", Backplane::<String>::new("news"))?.start();
///
/// let mut reader = Handle::<(), String>::start(&system, "reader", SubscribeTo::<String>::new("news"))?;
/// let mut writer = Handle::<String, ()>::start(&system, "writer", PublishTo::<String>::new("news"))?;
/// writer.send("it works".to_owned()).await?;
/// assert_eq!(reader.recv().await.as_deref(), Some("it works"));
/// # Ok(())
/// # }
/// ```
pub struct Backplane<T: Message> {
    name: Arc<str>,
    fan: Arc<Fan<T>>,
    inbox: InboxSpec,
}

/// Why nothing can be published or subscribed to.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BackplaneError {
    /// There is no backplane of that name.
    #[error("there is no backplane `{wanted}`; {}", there_is(.known))]
    NotThere {
        /// The name that was looked for.
        wanted: String,
        /// The names there are.
        known: Vec<Arc<str>>,
    },
    /// It carries other messages.
    #[error("the backplane `{name}` carries {carries}, not {wanted}")]
    TypesDiffer {
        /// Its name.
        name: String,
        /// What it carries.
        carries: String,
        /// What was to be published or subscribed to.
        wanted: String,
    },
}

fn there_is(names: &[Arc<str>]) -> String {
    match names {
        [] => "there is none at all in this system".to_owned(),
        names => format!("there is {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

impl<T: Message + Clone> Backplane<T> {
    /// A backplane that can be found by `name`.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), fan: Fan::new(), inbox: "inbox".into() }
    }

    /// How many messages its inbox holds; otherwise [`DEFAULT_CAPACITY`](crate::DEFAULT_CAPACITY).
    #[must_use]
    pub fn capacity(mut self, capacity: u32) -> Self {
        self.inbox = self.inbox.capacity(capacity);
        self
    }

    /// Plugs inboxes in directly, without a [`SubscribeTo`].
    pub fn handle(&self) -> SplitterHandle<T> {
        SplitterHandle { fan: self.fan.clone() }
    }
}

/// What stands behind the name of a backplane.
struct Behind {
    message_type: &'static str,
    /// An `Arc<Fan<T>>`.
    fan: Box<dyn Any + Send + Sync>,
}

/// The box of a [`Backplane`].
pub struct BackplaneBoxes<T: Message> {
    inbox: Inbox<T>,
    /// None for boxes that no backplane declared.
    open: Option<(Opened<T>, Named)>,
}

/// Frees the name when it is dropped.
struct Named {
    system: System,
    name: Arc<str>,
    postbox: PostboxId,
}

impl Drop for Named {
    fn drop(&mut self) {
        self.system.services().unregister(&self.name, self.postbox);
    }
}

impl<T: Message> Boxes for BackplaneBoxes<T> {
    fn declare(declare: &mut Declare<'_>) -> Self {
        Self { inbox: declare.inbox("inbox"), open: None }
    }
}

impl<T: Message + Clone> Component for Backplane<T> {
    type Boxes = BackplaneBoxes<T>;

    fn description(&self) -> Name {
        format!("Sends what is published to \u{201c}{}\u{201d} to all who have subscribed", self.name).into()
    }

    fn declare(&mut self, declare: &mut Declare<'_>) -> Result<BackplaneBoxes<T>, AddError> {
        let inbox = declare.inbox(self.inbox.clone());
        let (system, postbox) = (declare.system(), inbox.id());
        let behind = Behind { message_type: type_name::<T>(), fan: Box::new(self.fan.clone()) };
        system.services().enter(&self.name, Service { postbox, more: Some(Arc::new(behind)) })?;
        let named = Named { system: system.clone(), name: self.name.clone(), postbox };
        Ok(BackplaneBoxes { inbox, open: Some((self.fan.open(system, declare.id()), named)) })
    }

    async fn run(self, boxes: BackplaneBoxes<T>, ctx: Context) -> Outcome {
        let BackplaneBoxes { inbox, open } = boxes;
        match open {
            Some((opened, _named)) => opened.fan().run(&ctx, inbox, Vec::new()).await,
            None => Ok(()),
        }
    }
}

/// The inbox of the backplane of that name, and its outboxes.
fn find<T: Message>(system: &System, name: &str) -> Result<(PostboxId, Arc<Fan<T>>), BackplaneError> {
    let behind = |service: &Service| service.more.clone()?.downcast::<Behind>().ok();
    let found = system.services().look_up(name);
    let Some((service, behind)) = found.and_then(|service| Some((service.postbox, behind(&service)?))) else {
        let known = system.services().names_of(|service| behind(service).is_some());
        return Err(BackplaneError::NotThere { wanted: name.to_owned(), known });
    };
    match behind.fan.downcast_ref::<Arc<Fan<T>>>() {
        Some(fan) => Ok((service, fan.clone())),
        None => Err(BackplaneError::TypesDiffer {
            name: name.to_owned(),
            carries: short_type(behind.message_type),
            wanted: short_type(type_name::<T>()),
        }),
    }
}
