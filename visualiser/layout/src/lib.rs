//! Force-directed layout, pure and deterministic.
//!
//! A [`LayoutRequest`] says what is to be drawn, a [`Simulation`] moves it tick by tick until it rests, a [`Layout`] says
//! where everything is: in the plane, or in space. No thread of its own, no clock, no global random number: the same calls
//! give the same picture, however many threads the caller lends. [`Layered`] draws the same in layers from left to right. Units are those of the sizes in the request; `y` grows
//! upwards.
//!
//! ```
//! use axonscope_layout::{Body, LayoutRequest, Simulation, Spring};
//!
//! let body = |key| Body { key, parent: None, half_size: [60.0, 45.0], pin: None };
//! let request = LayoutRequest {
//!     bodies: (0..4).map(body).collect(),
//!     springs: (0..3).map(|i| Spring { source: i, sink: i + 1, weight: 1.0, flows: true }).collect(),
//! };
//! let mut simulation: Simulation = Simulation::new(1);
//! assert!(simulation.set_request(&request));
//! while simulation.tick() {}
//! let at = &simulation.layout().positions;
//! assert!(at[0][0] < at[1][0] && at[1][0] < at[2][0] && at[2][0] < at[3][0], "a pipeline reads from left to right");
//! ```

mod request;
mod result;

mod laws;
mod rng;

mod vector;

mod bodies;
mod springs;

mod kernel;
mod tree;
mod walk;

mod courtesy;

mod forces;

mod graph;
mod heat;
mod pivots;
mod stress;

mod levels;
mod multilevel;

mod room;

mod groups;
mod shape;

mod place;

mod simulation;

mod layered;

mod pack;

pub use forces::charge::{SOFTENING, repulsion};
pub use laws::Laws;
pub use layered::{Layered, TooLarge};
pub use pack::{Cluster, Packing};
pub use request::{Body, LayoutRequest, Spring, Style};
pub use result::{Bounds, Layout};
pub use simulation::Simulation;
