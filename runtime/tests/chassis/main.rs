//! The ready composites, one file each: what passes through them, how they end, and what they say when something is
//! wrong.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod handle;
mod services;
mod splitter;
