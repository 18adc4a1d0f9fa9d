//! Services: postboxes found by the name of what they offer, for components that cannot be linked by whoever made them.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::error::AddError;
use crate::id::PostboxId;
use crate::sync::{Mutex, lock};
use crate::system::System;

/// Names are looked through for those whose component has gone when there are so many, and twice as many as the last
/// time.
const FIRST_SWEEP: usize = 64;

/// Finds a postbox by the name of a service, within one system; from [`System::services`]. Kamaelia calls it the
/// coordinating assistant tracker.
///
/// A name is free again as soon as its postbox has gone.
///
/// ```
/// use axonscope_runtime::{In, Component, Context, Outcome, System};
///
/// struct Logger;
///
/// impl Component for Logger {
///     type Boxes = In<String>;
///
///     async fn run(self, mut boxes: Self::Boxes, ctx: Context) -> Outcome {
///         ctx.system().services().register("log", boxes.inbox.id())?;
///         while let Some(line) = boxes.inbox.recv().await? {
///             println!("{line}");
///         }
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let system = System::new("services");
/// assert_eq!(system.services().find("log"), None);
///
/// system.add("logger", Logger)?.start();
/// let log = system.services().wait_for("log").await;
/// assert_eq!(system.services().find("log"), Some(log));
///
/// system.shutdown().await;
/// assert_eq!(system.services().find("log"), None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Services<'a> {
    system: &'a System,
}

impl<'a> Services<'a> {
    pub(crate) fn new(system: &'a System) -> Self {
        Self { system }
    }

    /// Lets `postbox` be found by `name`. A name can be had by one postbox at a time; a postbox by any number of names.
    pub fn register(self, name: &str, postbox: PostboxId) -> Result<(), AddError> {
        self.enter(name, Service { postbox, more: None })
    }

    /// The postbox of that name, if there is one.
    pub fn find(self, name: &str) -> Option<PostboxId> {
        self.look_up(name).map(|service| service.postbox)
    }

    /// Waits until there is a postbox of that name.
    pub async fn wait_for(self, name: &str) -> PostboxId {
        loop {
            let changed = self.system.service_table().changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(postbox) = self.find(name) {
                return postbox;
            }
            changed.await;
        }
    }

    /// All names that lead to a postbox, in alphabetical order.
    pub fn names(self) -> Vec<Arc<str>> {
        self.names_of(|_| true)
    }

    /// Makes `name` lead nowhere, if it leads to `postbox`.
    pub fn unregister(self, name: &str, postbox: PostboxId) {
        let mut table = lock(&self.system.service_table().table);
        if table.by_name.get(name).is_some_and(|service| service.postbox == postbox) {
            let gone = table.by_name.remove(name);
            drop(table);
            drop(gone);
        }
    }

    pub(crate) fn enter(self, name: &str, service: Service) -> Result<(), AddError> {
        let mut gone = Vec::new();
        let mut table = lock(&self.system.service_table().table);
        if let Some(holder) = table.by_name.get(name).and_then(|old| self.system.owner(old.postbox)) {
            drop(table);
            return Err(AddError::ServiceTaken { name: name.to_owned(), holder: self.system.path(holder) });
        }
        if table.by_name.len() >= table.sweep_at.max(FIRST_SWEEP) {
            gone.extend(table.by_name.extract_if(|_, service| self.system.owner(service.postbox).is_none()));
            table.sweep_at = table.by_name.len() * 2;
        }
        let old = table.by_name.insert(name.into(), service);
        drop(table);
        // What comes with a service may call back as it is dropped.
        drop((old, gone));
        self.system.service_table().changed.notify_waiters();
        Ok(())
    }

    pub(crate) fn look_up(self, name: &str) -> Option<Service> {
        let table = lock(&self.system.service_table().table);
        let service = table.by_name.get(name).filter(|service| self.system.owner(service.postbox).is_some());
        service.cloned()
    }

    pub(crate) fn names_of(self, wanted: impl Fn(&Service) -> bool) -> Vec<Arc<str>> {
        let table = lock(&self.system.service_table().table);
        let there = |service: &Service| wanted(service) && self.system.owner(service.postbox).is_some();
        let mut names: Vec<_> =
            table.by_name.iter().filter(|(_, service)| there(service)).map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }
}

/// What a name leads to.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) postbox: PostboxId,
    /// What a chassis of ours needs beside the postbox.
    pub(crate) more: Option<Arc<dyn Any + Send + Sync>>,
}

/// What a system keeps for its services. Its lock is taken before the topology's, never after.
#[derive(Default)]
pub(crate) struct ServiceTable {
    table: Mutex<Table>,
    changed: Notify,
}

#[derive(Default)]
struct Table {
    by_name: HashMap<Arc<str>, Service>,
    sweep_at: usize,
}
