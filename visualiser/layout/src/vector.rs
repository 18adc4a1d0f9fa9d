//! Arithmetic on places of any dimension, few and plain enough for the compiler to see through.

pub(crate) fn add<const D: usize>(a: [f32; D], b: [f32; D]) -> [f32; D] {
    std::array::from_fn(|axis| a[axis] + b[axis])
}

/// The way from `b` to `a`.
pub(crate) fn sub<const D: usize>(a: [f32; D], b: [f32; D]) -> [f32; D] {
    std::array::from_fn(|axis| a[axis] - b[axis])
}

pub(crate) fn scaled<const D: usize>(a: [f32; D], by: f32) -> [f32; D] {
    a.map(|side| side * by)
}

pub(crate) fn dot<const D: usize>(a: [f32; D], b: [f32; D]) -> f32 {
    (0..D).map(|axis| a[axis] * b[axis]).sum()
}

/// A plain root rather than `hypot`: no coordinate is so large that its square is not a number.
pub(crate) fn length<const D: usize>(a: [f32; D]) -> f32 {
    dot(a, a).sqrt()
}

pub(crate) fn middle<const D: usize>(a: [f32; D], b: [f32; D]) -> [f32; D] {
    scaled(add(a, b), 0.5)
}

/// A place in the plane as one of any dimension.
pub(crate) fn flat<const D: usize>(a: [f32; 2]) -> [f32; D] {
    std::array::from_fn(|axis| a.get(axis).copied().unwrap_or(0.0))
}

/// A place as it is told to others: in space.
pub(crate) fn spatial<const D: usize>(a: [f32; D]) -> [f32; 3] {
    std::array::from_fn(|axis| a.get(axis).copied().unwrap_or(0.0))
}

/// The smallest box round boxes, as its least and largest corner; none of nothing.
pub(crate) fn boxed<const D: usize>(boxes: impl Iterator<Item = ([f32; D], [f32; D])>) -> Option<[[f32; D]; 2]> {
    boxes.map(|(at, half)| [sub(at, half), add(at, half)]).reduce(|[min, max], [low, high]| {
        [std::array::from_fn(|axis| min[axis].min(low[axis])), std::array::from_fn(|axis| max[axis].max(high[axis]))]
    })
}
