//! Newtype ids of what the model knows.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// Names a system for as long as the visualiser keeps it. Made by the model.
    SystemId
);
id!(
    /// Names a component within its system. Made by the observed program.
    ComponentId
);
id!(
    /// Names a postbox within its system. Made by the observed program.
    PostboxId
);
id!(
    /// Names a linkage within its system. Made by the observed program.
    LinkageId
);
