// Draws the canvas from two instance buffers: shapes by signed distance, linkages as ribbons along quadratic curves.
// Both are projected first and built in pixels afterwards, so that they face the eye under any camera.
// Colours arrive as sRGB bytes; blending is premultiplied.

struct View {
    clip_from_world: mat4x4<f32>,
    // Pixels.
    viewport: vec2<f32>,
    // Pixels a world unit.
    zoom: f32,
    // Seconds that dashes have travelled since.
    since: f32,
    // How much of their way things have gone that were elsewhere before, 0 to 1.
    eased: f32,
    // Logical pixels a world unit, which spans are of.
    level: f32,
    // How many times as wide lines are as usual.
    stroke: f32,
};

struct Shape {
    position: vec3<f32>,
    // In the lowest 8 bits; above them the size it was, in parts of the size it is.
    kind: u32,
    was: vec3<f32>,
    // World units.
    rim_width: f32,
    half_size: vec2<f32>,
    // Meaning depends on the kind.
    a: f32,
    b: f32,
    fill: u32,
    rim: u32,
    // Of a vessel: what shines through where it is not filled.
    glass: u32,
    // The zooms between which it is drawn.
    span: u32,
};

struct Ribbon {
    start: vec3<f32>,
    width: f32,
    bend: vec3<f32>,
    glow: f32,
    end: vec3<f32>,
    phase: f32,
    start_was: vec3<f32>,
    // World units a second; 0 draws no dashes, less than that dots.
    speed: f32,
    bend_was: vec3<f32>,
    color: u32,
    end_was: vec3<f32>,
    dash: u32,
    span: u32,
    // World units from one dash to the next.
    period: f32,
    padding_b: u32,
    padding_c: u32,
};

@group(0) @binding(0) var<uniform> view: View;
@group(0) @binding(1) var<storage, read> shapes: array<Shape>;
@group(0) @binding(2) var<storage, read> ribbons: array<Ribbon>;

const DISC: u32 = 0u;
const ROUNDED: u32 = 1u;
const VESSEL: u32 = 2u;
const ARC: u32 = 3u;
const CROSS: u32 = 4u;
const ARROW: u32 = 5u;
const DASHED: u32 = 6u;
const PAD: u32 = 7u;

const PI: f32 = 3.14159265;

fn linear_from_srgb(c: vec3<f32>) -> vec3<f32> {
    let low = c / 12.92;
    let high = pow((c + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, c <= vec3<f32>(0.04045));
}

fn unpack(color: u32) -> vec4<f32> {
    let c = unpack4x8unorm(color);
    return vec4<f32>(linear_from_srgb(c.rgb), c.a);
}

fn over(front: vec4<f32>, back: vec4<f32>) -> vec4<f32> {
    return front + back * (1.0 - front.a);
}

fn paint(color: vec4<f32>, coverage: f32) -> vec4<f32> {
    let alpha = color.a * clamp(coverage, 0.0, 1.0);
    return vec4<f32>(color.rgb * alpha, alpha);
}

const SIZES: f32 = 1048576.0;
const FADE: f32 = 1.06;

fn ramp(at: f32) -> f32 {
    return smoothstep(at, at * FADE, view.level);
}

// How much of a thing is to be seen at this zoom; as `Span::strength`.
fn strength(span: u32) -> f32 {
    let ends = exp2(unpack2x16unorm(span) * 20.0 - 10.0);
    return ramp(ends.x) * (1.0 - ramp(ends.y));
}

// From afar what is thin is faint as well, so that much of it stays calm.
fn calm() -> f32 {
    return mix(0.4, 1.0, smoothstep(0.05, 0.35, view.level));
}

// A place that nothing is drawn at.
const NOWHERE: vec4<f32> = vec4<f32>(2.0, 2.0, 2.0, 1.0);

fn pixels_from_world(position: vec3<f32>) -> vec3<f32> {
    let clip = view.clip_from_world * vec4<f32>(position, 1.0);
    let ndc = clip.xyz / clip.w;
    return vec3<f32>(ndc.xy * 0.5 * view.viewport, ndc.z);
}

fn clip_from_pixels(pixels: vec2<f32>, depth: f32) -> vec4<f32> {
    return vec4<f32>(pixels / (0.5 * view.viewport), depth, 1.0);
}

// === Shapes

struct ShapeOut {
    @builtin(position) clip: vec4<f32>,
    // Pixels from the centre, y up.
    @location(0) at: vec2<f32>,
    @location(1) @interpolate(flat) instance: u32,
    @location(2) @interpolate(flat) fill: vec4<f32>,
    @location(3) @interpolate(flat) rim: vec4<f32>,
    // How much of it is seen, and how large it is now in shares of its size.
    @location(4) @interpolate(flat) seen: vec2<f32>,
    // In pixels: half its size, how round its corners are, how wide its rim is. For plain shapes.
    @location(5) @interpolate(flat) outline: vec4<f32>,
};

@vertex
fn shape_vertex(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> ShapeOut {
    let shape = shapes[instance];
    let seen = strength(shape.span);
    let size = mix(f32(shape.kind >> 8u) / SIZES, 1.0, view.eased);
    let corner = vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u)) * 2.0 - 1.0;
    let half_size = shape.half_size * size * view.zoom + 1.5;
    let center = pixels_from_world(mix(shape.was, shape.position, view.eased));
    var out: ShapeOut;
    out.at = corner * half_size;
    out.clip = select(NOWHERE, clip_from_pixels(center.xy + out.at, center.z), seen > 0.0);
    out.instance = instance;
    out.fill = unpack(shape.fill) * vec4<f32>(1.0, 1.0, 1.0, seen);
    out.rim = unpack(shape.rim) * vec4<f32>(1.0, 1.0, 1.0, seen);
    out.seen = vec2<f32>(seen, size);
    let outline = shape.half_size * size * view.zoom;
    let rounding = select(outline.x, min(shape.a * view.zoom, min(outline.x, outline.y)), (shape.kind & 0xffu) == ROUNDED);
    out.outline = vec4<f32>(outline, rounding, select(0.0, max(shape.rim_width * view.zoom * view.stroke, 1.0), shape.rim_width > 0.0));
    return out;
}

fn rounded_distance(at: vec2<f32>, half_size: vec2<f32>, corner: f32) -> f32 {
    let q = abs(at) - half_size + corner;
    return length(max(q, vec2<f32>(0.0))) + min(max(q.x, q.y), 0.0) - corner;
}

fn segment_distance(at: vec2<f32>, a: vec2<f32>, b: vec2<f32>) -> f32 {
    let along = b - a;
    let t = clamp(dot(at - a, along) / max(dot(along, along), 1e-6), 0.0, 1.0);
    return length(at - a - along * t);
}

// Discs and rounded rectangles only. A software renderer computes every branch of `shape_fragment` for every pixel, and a
// hull may have all of them.
@fragment
fn plain_fragment(in: ShapeOut) -> @location(0) vec4<f32> {
    let d = rounded_distance(in.at, in.outline.xy, in.outline.z);
    let half_rim = 0.5 * in.outline.w;
    return over(paint(in.rim, 0.5 - (abs(d + half_rim) - half_rim)), paint(in.fill, 0.5 - d));
}

@fragment
fn shape_fragment(in: ShapeOut) -> @location(0) vec4<f32> {
    let shape = shapes[in.instance];
    let half_size = shape.half_size * in.seen.y * view.zoom;
    let radius = half_size.x;
    let rim_width = select(0.0, max(shape.rim_width * view.zoom * view.stroke, 1.0), shape.rim_width > 0.0);
    let from_center = length(in.at);
    switch shape.kind & 0xffu {
        case ROUNDED: {
            let corner = min(shape.a * view.zoom, min(half_size.x, half_size.y));
            let d = rounded_distance(in.at, half_size, corner);
            let rim = paint(in.rim, 0.5 - (abs(d + 0.5 * rim_width) - 0.5 * rim_width));
            return over(rim, paint(in.fill, 0.5 - d));
        }
        case VESSEL: {
            // a: how full, 0 to 1. The fill colour is the liquid's; the glass is what shines through.
            let d = from_center - radius;
            let glass = paint(unpack(shape.glass), in.seen.x);
            let level = -radius + 2.0 * radius * shape.a;
            let wet = step(0.001, shape.a) * clamp(level - in.at.y + 0.5, 0.0, 1.0);
            let inside = over(paint(in.fill, wet), glass);
            let rim = paint(in.rim, 0.5 - (abs(d + 0.5 * rim_width) - 0.5 * rim_width));
            return over(rim, inside * clamp(0.5 - d, 0.0, 1.0));
        }
        case ARC: {
            // a: where it begins, b: how far it goes, in turns clockwise from the top.
            let d = abs(from_center - radius + 0.5 * rim_width) - 0.5 * rim_width;
            let turn = fract(atan2(in.at.x, in.at.y) / (2.0 * PI) - shape.a + 1.0);
            let edge = (shape.b - turn) * 2.0 * PI * radius;
            let begin = turn * 2.0 * PI * radius;
            return paint(in.rim, min(0.5 - d, min(edge, begin) + 0.5)) * step(0.0005, shape.b);
        }
        case CROSS: {
            let arm = radius - 0.5 * rim_width;
            let d = min(
                segment_distance(in.at, vec2<f32>(-arm, -arm), vec2<f32>(arm, arm)),
                segment_distance(in.at, vec2<f32>(-arm, arm), vec2<f32>(arm, -arm)),
            ) - 0.5 * rim_width;
            return paint(in.rim, 0.5 - d);
        }
        case ARROW: {
            // Points along the direction (a, b).
            let along = dot(in.at, vec2<f32>(shape.a, shape.b));
            let across = abs(dot(in.at, vec2<f32>(-shape.b, shape.a)));
            let d = max(-along - 0.7 * radius, (across * 2.0 + along - radius) * 0.447);
            return paint(in.fill, 0.5 - d);
        }
        case DASHED: {
            // b: dashes in the whole ring.
            let d = from_center - radius;
            let turn = fract(atan2(in.at.x, in.at.y) / (2.0 * PI) + 1.0) * shape.b;
            let gap = (abs(fract(turn) - 0.5) - 0.28) * 2.0 * PI * radius / shape.b;
            let rim = paint(in.rim, min(0.5 - (abs(d + 0.5 * rim_width) - 0.5 * rim_width), 0.5 - gap));
            return over(rim, paint(in.fill, 0.5 - d));
        }
        case PAD: {
            // Fades out over a: the halo of a label.
            let soft = shape.a * view.zoom;
            let d = rounded_distance(in.at, half_size - soft, 0.5 * soft);
            let t = clamp(1.0 - d / soft, 0.0, 1.0);
            return paint(in.fill, t * t * (3.0 - 2.0 * t));
        }
        default: {
            let d = from_center - radius;
            let rim = paint(in.rim, 0.5 - (abs(d + 0.5 * rim_width) - 0.5 * rim_width));
            return over(rim, paint(in.fill, 0.5 - d));
        }
    }
}

// === Ribbons

const SEGMENTS: u32 = 20u;
// How long a dash is, in world units.
const DASH: f32 = 11.0;
const DOT_PERIOD: f32 = 7.0;
// Logical pixels a world unit: from further away dashes would only flicker.
const DASHES_FROM: f32 = 0.11;

struct RibbonOut {
    @builtin(position) clip: vec4<f32>,
    // x: world units from the source; y: pixels off the middle.
    @location(0) at: vec2<f32>,
    @location(1) @interpolate(flat) instance: u32,
    @location(2) @interpolate(flat) color: vec4<f32>,
    @location(3) @interpolate(flat) dash: vec4<f32>,
};

@vertex
fn ribbon_vertex(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> RibbonOut {
    let ribbon = ribbons[instance];
    let a = pixels_from_world(mix(ribbon.start_was, ribbon.start, view.eased));
    let b = pixels_from_world(mix(ribbon.bend_was, ribbon.bend, view.eased));
    let c = pixels_from_world(mix(ribbon.end_was, ribbon.end, view.eased));
    let seen = strength(ribbon.span);
    let t = f32(vertex >> 1u) / f32(SEGMENTS);
    let s = 1.0 - t;
    let middle = s * s * a + 2.0 * s * t * b + t * t * c;
    let tangent = 2.0 * s * (b.xy - a.xy) + 2.0 * t * (c.xy - b.xy);
    let direction = select(vec2<f32>(1.0, 0.0), tangent / max(length(tangent), 1e-4), length(tangent) > 1e-4);
    let side = f32(vertex & 1u) * 2.0 - 1.0;
    let half_width = 0.5 * max(ribbon.width * view.zoom * view.stroke, 1.0) + ribbon.glow * view.zoom + 1.0;
    var out: RibbonOut;
    // The chord and the control polygon bracket the length of a gentle curve; their mean is within a few per cent.
    let whole = 0.5 * (length(c.xy - a.xy) + length(b.xy - a.xy) + length(c.xy - b.xy)) / max(view.zoom, 1e-6);
    out.at = vec2<f32>(t * whole, side * half_width);
    let at = middle.xy + vec2<f32>(-direction.y, direction.x) * side * half_width;
    out.clip = select(NOWHERE, clip_from_pixels(at, middle.z), seen > 0.0);
    out.instance = instance;
    out.color = unpack(ribbon.color) * vec4<f32>(1.0, 1.0, 1.0, seen * calm());
    out.dash = unpack(ribbon.dash) * vec4<f32>(1.0, 1.0, 1.0, seen * smoothstep(DASHES_FROM, 2.0 * DASHES_FROM, view.level));
    return out;
}

@fragment
fn ribbon_fragment(in: RibbonOut) -> @location(0) vec4<f32> {
    let ribbon = ribbons[in.instance];
    let wide = max(ribbon.width * view.zoom * view.stroke, 1.0);
    let off = abs(in.at.y);
    var coverage = clamp(0.5 + 0.5 * wide - off, 0.0, 1.0);
    if ribbon.speed < 0.0 {
        let gap = (abs(fract(in.at.x / DOT_PERIOD) - 0.5) - 0.22) * DOT_PERIOD * view.zoom;
        coverage *= clamp(0.5 - gap, 0.0, 1.0);
    }
    var color = paint(in.color, coverage);
    if ribbon.speed > 0.0 {
        let along = fract((in.at.x - ribbon.phase - ribbon.speed * view.since) / ribbon.period);
        let d = (abs(along - 0.5) * ribbon.period - 0.5 * DASH) * view.zoom;
        color = over(paint(in.dash, min(coverage, clamp(0.5 + 0.36 * wide - off, 0.0, 1.0)) * clamp(0.5 - d, 0.0, 1.0)), color);
    }
    if ribbon.glow > 0.0 {
        let reach = ribbon.glow * view.zoom;
        let t = clamp(1.0 - (off - 0.5 * wide) / reach, 0.0, 1.0);
        color = over(color, paint(in.color, 0.35 * t * t));
    }
    return color;
}

// === Lines: ribbons that are straight for all that can be seen

struct LineOut {
    @builtin(position) clip: vec4<f32>,
    // x: pixels off the middle; y: how wide in pixels.
    @location(0) at: vec2<f32>,
    @location(1) @interpolate(flat) color: vec4<f32>,
};

@vertex
fn line_vertex(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> LineOut {
    let ribbon = ribbons[instance];
    let a = pixels_from_world(mix(ribbon.start_was, ribbon.start, view.eased));
    let b = pixels_from_world(mix(ribbon.end_was, ribbon.end, view.eased));
    let seen = strength(ribbon.span);
    let way = b.xy - a.xy;
    let direction = select(vec2<f32>(1.0, 0.0), way / max(length(way), 1e-4), length(way) > 1e-4);
    let side = f32(vertex & 1u) * 2.0 - 1.0;
    let wide = max(ribbon.width * view.zoom * view.stroke, 1.0);
    let half_width = 0.5 * wide + 1.0;
    let middle = select(a, b, vertex > 1u);
    let at = middle.xy + vec2<f32>(-direction.y, direction.x) * side * half_width;
    var out: LineOut;
    out.at = vec2<f32>(side * half_width, wide);
    out.clip = select(NOWHERE, clip_from_pixels(at, middle.z), seen > 0.0);
    out.color = unpack(ribbon.color) * vec4<f32>(1.0, 1.0, 1.0, seen * calm());
    return out;
}

@fragment
fn line_fragment(in: LineOut) -> @location(0) vec4<f32> {
    return paint(in.color, 0.5 + 0.5 * in.at.y - abs(in.at.x));
}
