//! The ready composites, one file each: what passes through them, how they end, and what they say when something is
//! wrong.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod backplane;
mod blocking;
mod busy;
mod carousel;
mod handle;
mod par;
mod seq;
mod services;
mod splitter;
