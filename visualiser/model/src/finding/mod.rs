//! Finding things: what a person types, found in names; a small language that says which components are meant; and who
//! is near whom along the linkages.
//!
//! ```
//! use axonscope_model::finding::Filter;
//!
//! let filter = Filter::parse("type:Handler (rate>100 or fill>60%) not bob").expect("it is well formed");
//! assert!(filter.is_some());
//! let error = Filter::parse("fill>60").expect_err("60 of what?");
//! assert_eq!(error.to_string(), "column 6: fill is a share: write 60% or 0.6");
//! ```

mod fuzzy;
mod glob;
mod parse;
mod slots;
mod walk;

mod figure;
mod filter;
mod sift;

pub use figure::Figures;
pub use filter::{Filter, Standing};
pub use fuzzy::Fuzzy;
pub use parse::FilterError;
pub use sift::{Best, Sift};
pub use slots::Slots;
pub use walk::{Path, Sense, path, steps};
