//! Ready composites: each starts its children, joins them in one particular way, and ends when they have ended.

mod connected_server;
mod graphline;
mod pipeline;

pub use connected_server::{ConnectedServer, Connection};
pub use graphline::Graphline;
pub use pipeline::Pipeline;

use crate::component::{Component, Declare, Unstarted};
use crate::error::AddError;
use crate::name::Name;

/// A child to be, its type forgotten.
struct Child {
    name: Name,
    add: AddChild,
}

type AddChild = Box<dyn FnOnce(&mut Declare<'_>, Name) -> Result<Unstarted, AddError> + Send>;

impl Child {
    fn new<C: Component>(name: Name, component: C) -> Self {
        Self { name, add: Box::new(move |declare, name| declare.add(name, component)) }
    }

    fn add(self, declare: &mut Declare<'_>) -> Result<Unstarted, AddError> {
        (self.add)(declare, self.name)
    }
}
