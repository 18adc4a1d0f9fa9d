//! The part of the view that needs no Bevy: reading a picture, and its geometry and colours. All that a build without the
//! window has of it, for pictures that are not drawn but written down.
#![allow(dead_code, reason = "the window uses the rest")]

pub(crate) mod grid;
mod index;
pub(crate) mod palette;

pub(crate) mod picture;

pub(crate) mod curve;
mod docks;
pub(crate) mod facts;
pub(crate) mod fit;
pub(crate) mod flow;
mod folded;
mod follow;
mod read;

#[cfg(test)]
mod sample;
