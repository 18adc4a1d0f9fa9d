//! What a layout gives back: a place and a size for every body of the request, in its order.

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Centres of the bodies, in world units; `z` is 0 unless a pin says otherwise.
    pub positions: Vec<[f32; 3]>,
    /// For a composite with children the radius of the ring round them, some air and room for its name included;
    /// for any other body the radius of the circle round its box.
    pub radii: Vec<f32>,
    /// The smallest box round everything drawn.
    pub bounds: Bounds,
}

/// A box parallel to the axes; all zero when there is nothing in it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The smallest coordinates.
    pub min: [f32; 3],
    /// The largest coordinates.
    pub max: [f32; 3],
}
