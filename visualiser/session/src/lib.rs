//! Owns ingest, model and the layout thread for whoever shows them.
//!
//! Three threads work for a [`Session`]: one reads the wire, one tells the model what came and keeps time for it, one
//! lays out. Nothing here draws, and nothing here waits for whoever draws.
//!
//! ```
//! use axonscope_session::{Options, Session};
//!
//! let session = Session::start(Options { listen: vec![([127, 0, 0, 1], 0).into()], ..Options::default() })?;
//! println!("listening on {}", session.address().expect("it listens"));
//! assert_eq!(session.read(|model| model.systems().len()), 0);
//! # Ok::<(), axonscope_session::StartError>(())
//! ```

pub mod sizes;

pub mod keeper;

mod places;

mod answering;
mod arrangement;
mod attention;
pub mod names;
pub mod narrator;

mod history;
mod problems;
mod request;
mod spread;
mod stir;
mod summary;
mod trail;
mod waker;
mod watchers;

mod shared;

mod finding;

mod core_thread;
mod layout_thread;
mod manners;
mod picture;
mod session;

mod arranging;

pub use arranging::Folds;
pub use axonscope_ingest::answers::{ComponentPlace, Standing, Summary, SystemLayout};
pub use axonscope_ingest::{Listen, StartError, reader};
pub use axonscope_layout::Style;
pub use axonscope_model::problems::{MOST_PROBLEMS, Problem, Severity};
pub use axonscope_model::wiring::Wiring;
pub use finding::{Findings, Focus, Hit, Hits, Wanted};
pub use history::{HISTORY_SECS, Subject, Trace};
pub use places::{Place, Places, SystemPlaces};
pub use session::{Options, Session};
pub use shared::{Counters, Versions};
pub use spread::Figures;
pub use trail::{Latency, News};
