//! What is done now and then in the midst of long work, so that others who need the processor get it.

use std::fmt;
use std::sync::Arc;

/// Whatever the caller of a simulation asked for; nothing otherwise.
#[derive(Clone, Default)]
pub(crate) struct Courtesy(Option<Arc<dyn Fn() + Send + Sync>>);

impl Courtesy {
    pub(crate) fn of(give_way: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self(Some(give_way))
    }

    pub(crate) fn give_way(&self) {
        if let Some(give_way) = &self.0 {
            give_way();
        }
    }
}

impl fmt::Debug for Courtesy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Courtesy" } else { "None" })
    }
}
