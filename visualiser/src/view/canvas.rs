//! What is drawn, as instances: all that the rest of the view knows of drawing. `draw` uploads it.

use std::ops::Range;
use std::sync::Arc;

use bevy::prelude::*;

use super::dirty;
use super::level::Span;
use super::palette::Rgba;

/// What is drawn in the world.
#[derive(Resource, Default, Clone)]
pub(crate) struct Canvas {
    /// Rises by one whenever any of the rest has changed.
    pub(crate) generation: u64,
    pub(crate) instances: Arc<Instances>,
    /// Where the bytes of shapes and ribbons differ from those of the generation before.
    pub(crate) dirty: Arc<[Vec<Range<usize>>; 2]>,
    /// Dashes travel on from where they were then, in seconds of the app's clock.
    pub(crate) flows_since: f64,
}

/// What changes with nearly every frame and is little: the first of more than [`OVERLAY_MAX`] shapes are drawn, above
/// all the rest.
#[derive(Resource, Default, Clone)]
pub(crate) struct Overlay {
    /// Marks of what is selected, hovered or has left.
    pub(crate) marks: Vec<Shape>,
    /// What lies between the picture and its labels, so that they can be read wherever they stand.
    pub(crate) pads: Vec<Shape>,
}

/// Room kept for the overlay at the beginning of the buffer of shapes.
pub(super) const OVERLAY_MAX: usize = 1024;

/// Instances in the order of drawing.
#[derive(Default, Clone, Debug)]
pub(crate) struct Instances {
    pub(crate) shapes: Vec<Shape>,
    /// The first of them lie below the linkages: hulls and rings, which are discs and rounded rectangles.
    pub(crate) shapes_below: usize,
    /// So are all others.
    pub(crate) is_plain: bool,
    pub(crate) ribbons: Vec<Ribbon>,
    /// The first of them are drawn straight, without dashes and glow, which costs a tenth.
    pub(crate) lines: usize,
}

impl Instances {
    /// Where the bytes of shapes and ribbons differ from those of `old`.
    pub(crate) fn dirty_since(&self, old: &Self) -> [Vec<Range<usize>>; 2] {
        [
            dirty::ranges(bytemuck::cast_slice(&old.shapes), bytemuck::cast_slice(&self.shapes)),
            dirty::ranges(bytemuck::cast_slice(&old.ribbons), bytemuck::cast_slice(&self.ribbons)),
        ]
    }
}

/// A shape by signed distance. `draw.wgsl` says what `a` and `b` mean for each kind.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct Shape {
    pub(crate) position: [f32; 3],
    /// In the lowest 8 bits; above them how large it was, in shares of its size.
    kind: u32,
    /// Where it was: it eases from there to `position`.
    was: [f32; 3],
    rim_width: f32,
    pub(crate) half_size: [f32; 2],
    a: f32,
    b: f32,
    fill: u32,
    rim: u32,
    pub(crate) glass: u32,
    span: u32,
}

/// The kinds of [`Shape`], numbered as in `draw.wgsl`.
pub(crate) mod kind {
    pub(crate) const DISC: u32 = 0;
    pub(crate) const ROUNDED: u32 = 1;
    pub(crate) const VESSEL: u32 = 2;
    pub(crate) const ARC: u32 = 3;
    pub(crate) const CROSS: u32 = 4;
    pub(crate) const ARROW: u32 = 5;
    pub(crate) const DASHED: u32 = 6;
    pub(crate) const PAD: u32 = 7;
}

/// How many parts the size that a shape had is told in, of the one it has.
const SIZES: f32 = 1_048_576.0;

impl Shape {
    /// A disc; the other kinds start from it.
    pub(crate) fn disc(position: Vec3, radius: f32, fill: Rgba, rim: Rgba, rim_width: f32) -> Self {
        let shape = Self {
            position: position.to_array(),
            kind: kind::DISC,
            was: position.to_array(),
            rim_width,
            half_size: [radius; 2],
            a: 0.0,
            b: 0.0,
            fill: fill.packed(),
            rim: rim.packed(),
            glass: 0,
            span: Span::ALWAYS.packed(),
        };
        shape.eased_from(position, 1.0)
    }

    pub(crate) fn with_kind(mut self, kind: u32, a: f32, b: f32) -> Self {
        self.kind = self.kind & !0xff | kind;
        (self.a, self.b) = (a, b);
        self
    }

    /// It comes from there, and was `share` of its size.
    pub(crate) fn eased_from(mut self, was: Vec3, share: f32) -> Self {
        self.was = was.to_array();
        self.kind = self.kind & 0xff | (((share * SIZES) as u32).min(0xff_ffff) << 8);
        self
    }

    /// A disc or a rounded rectangle.
    pub(crate) fn is_plain(&self) -> bool {
        [kind::DISC, kind::ROUNDED].contains(&(self.kind & 0xff))
    }

    pub(crate) fn within(mut self, span: Span) -> Self {
        self.span = span.packed();
        self
    }
}

/// A linkage as a ribbon along the quadratic curve `from`, `bend`, `to`; each of them eases from where it was.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct Ribbon {
    pub(crate) from: [f32; 3],
    pub(crate) width: f32,
    pub(crate) bend: [f32; 3],
    pub(crate) glow: f32,
    pub(crate) to: [f32; 3],
    pub(crate) phase: f32,
    pub(crate) from_was: [f32; 3],
    /// World units a second; 0 without dashes, less than that dotted.
    pub(crate) speed: f32,
    pub(crate) bend_was: [f32; 3],
    pub(crate) color: u32,
    pub(crate) to_was: [f32; 3],
    pub(crate) dash: u32,
    pub(crate) span: u32,
    /// World units from one dash to the next.
    pub(crate) period: f32,
    pub(crate) padding: [u32; 2],
}
