//! What a layout is asked for: plain indices and sizes, all that affects positions and nothing else.

/// One connected picture to lay out. Two equal requests get equal layouts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayoutRequest {
    /// Bodies; a composite stands before its children.
    pub bodies: Vec<Body>,
    /// Springs between bodies, by index into `bodies`. Self-loops and repeats are allowed; an index out of range is
    /// ignored.
    pub springs: Vec<Spring>,
}

/// A thing with a place: a component, or a composite that contains others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Body {
    /// Names the body from one request to the next, so that it keeps its place.
    pub key: u64,
    /// The composite around it, by index into `bodies`, smaller than its own index; anything else counts as none.
    pub parent: Option<u32>,
    /// Half the width and half the height of what is drawn there, label included, in world units (pixels at zoom 1).
    /// Ignored for a composite that has children: its size follows from them.
    pub half_size: [f32; 2],
    /// Holds the body exactly here, in the layout's own coordinates; a composite takes its children along. One that is not
    /// finite is ignored, and no coordinate goes beyond ten million units either way.
    pub pin: Option<[f32; 3]>,
}

/// Pulls two bodies together; `source` to `sink` also says which way messages flow, if they do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spring {
    /// Index of the body that sends.
    pub source: u32,
    /// Index of the body that receives.
    pub sink: u32,
    /// How strongly it pulls; 1 is usual, 0 or less not at all.
    pub weight: f32,
    /// Whether messages flow at all: if not, neither end is drawn to the left of the other.
    pub flows: bool,
}

/// How bodies are arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Springs pull and bodies repel, until all rests.
    #[default]
    Force,
    /// Messages flow from left to right, layer by layer.
    Layered,
}
