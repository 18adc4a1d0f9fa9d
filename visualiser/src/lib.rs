//! Look inside running systems: the visualiser's command line, its window and its pictures.
//!
//! `cli` is one file a subcommand and owns every word printed on a terminal; `export` turns what is known into files;
//! `view` draws; `settings` are what a person prefers. Only `app` and `view` know Bevy, and only with the feature `window`; without it, of the view only what reads
//! pictures is left (`view/pure.rs`).

pub mod cli;
pub mod export;
pub mod options;
pub mod settings;
pub mod wiring;

#[cfg(feature = "window")]
pub mod app;
#[cfg(feature = "window")]
pub mod view;
#[cfg(not(feature = "window"))]
#[path = "view/pure.rs"]
mod view;
