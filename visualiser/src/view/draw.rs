//! The small pipeline of ours: two instance buffers, drawn in one pass above Bevy's own 2D pass and below egui.
//!
//! [`Canvas`] is all the rest of the view writes to. It is uploaded when its generation rises and never otherwise.

use std::sync::Arc;

use bevy::asset::AssetPath;
use bevy::core_pipeline::Core2dSystems;
use bevy::core_pipeline::schedule::Core2d;
use bevy::prelude::*;
use bevy::render::camera::ExtractedCamera;
use bevy::render::render_resource::binding_types::{storage_buffer_read_only_sized, uniform_buffer_sized};
use bevy::render::render_resource::{
    BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries, BlendState, Buffer,
    BufferDescriptor, BufferUsages, CachedRenderPipelineId, ColorTargetState, ColorWrites, FragmentState,
    PipelineCache, PrimitiveState, PrimitiveTopology, RenderPassDescriptor, RenderPipelineDescriptor, ShaderStages,
    TextureFormat, VertexState,
};
use bevy::render::renderer::{RenderContext, RenderDevice, RenderQueue, ViewQuery};
use bevy::render::view::{ExtractedView, ViewTarget};
use bevy::render::{Extract, ExtractSchedule, Render, RenderApp, RenderStartup, RenderSystems};
use bevy::shader::Shader;

use super::palette::Rgba;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Canvas>().init_resource::<Pads>();
    let path = AssetPath::from("axonscope/draw.wgsl").clone_owned();
    let shader = Shader::from_wgsl(include_str!("draw.wgsl"), path.to_string());
    let shader = app.world_mut().resource_mut::<Assets<Shader>>().add(shader);
    let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
        return;
    };
    render_app
        .insert_resource(CanvasShader(shader))
        .init_resource::<Extracted>()
        .add_systems(RenderStartup, init_pipelines)
        .add_systems(ExtractSchedule, extract_canvas)
        .add_systems(Render, upload_canvas.in_set(RenderSystems::PrepareResources))
        .add_systems(Core2d, draw_canvas.after(Core2dSystems::MainPass).before(Core2dSystems::EarlyPostProcess));
}

/// What is drawn, as instances in the order of drawing.
#[derive(Resource, Default, Clone)]
pub(crate) struct Canvas {
    /// Rises whenever any of the rest has changed.
    pub(crate) generation: u64,
    pub(crate) instances: Arc<Instances>,
    /// When the instances were built, in seconds of the app's clock: dashes travel on from there.
    pub(crate) built_at: f64,
}

/// What lies between the picture and its labels, so that they can be read wherever they stand; the first of more than
/// [`PADS_MAX`] are drawn.
#[derive(Resource, Default, Clone)]
pub(crate) struct Pads(pub(crate) Vec<Shape>);

/// Room kept for pads at the beginning of the buffer of shapes.
const PADS_MAX: usize = 512;

/// Shapes below the linkages come first in `shapes`: hulls and rings.
#[derive(Default, Clone, Debug)]
pub(crate) struct Instances {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) shapes_below: usize,
    pub(crate) ribbons: Vec<Ribbon>,
}

/// A shape by signed distance. `draw.wgsl` says what `a` and `b` mean for each kind.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct Shape {
    pub(crate) position: [f32; 3],
    pub(crate) kind: u32,
    pub(crate) half_size: [f32; 2],
    pub(crate) rim_width: f32,
    pub(crate) a: f32,
    pub(crate) b: f32,
    pub(crate) fill: u32,
    pub(crate) rim: u32,
    pub(crate) glass: u32,
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

impl Shape {
    /// A disc; the other kinds start from it.
    pub(crate) fn disc(position: Vec3, radius: f32, fill: Rgba, rim: Rgba, rim_width: f32) -> Self {
        Self {
            position: position.to_array(),
            kind: kind::DISC,
            half_size: [radius; 2],
            rim_width,
            a: 0.0,
            b: 0.0,
            fill: fill.packed(),
            rim: rim.packed(),
            glass: 0,
        }
    }

    pub(crate) fn with_kind(mut self, kind: u32, a: f32, b: f32) -> Self {
        (self.kind, self.a, self.b) = (kind, a, b);
        self
    }
}

/// A linkage as a ribbon along the quadratic curve `from`, `bend`, `to`.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(crate) struct Ribbon {
    pub(crate) from: [f32; 3],
    pub(crate) width: f32,
    pub(crate) bend: [f32; 3],
    pub(crate) glow: f32,
    pub(crate) to: [f32; 3],
    pub(crate) phase: f32,
    pub(crate) speed: f32,
    pub(crate) dotted: u32,
    pub(crate) color: u32,
    pub(crate) dash: u32,
}

/// Two triangles strips' worth of vertices: a quad, and twenty segments.
const SHAPE_VERTICES: u32 = 4;
const RIBBON_VERTICES: u32 = 42;
const VIEW_BYTES: u64 = 64 + 16;

#[derive(Resource)]
struct CanvasShader(Handle<Shader>);

#[derive(Resource, Default)]
struct Extracted {
    canvas: Canvas,
    pads: Vec<Shape>,
    now: f64,
}

fn extract_canvas(
    canvas: Extract<Res<Canvas>>,
    pads: Extract<Res<Pads>>,
    time: Extract<Res<Time<Real>>>,
    mut extracted: ResMut<Extracted>,
) {
    extracted.now = time.elapsed_secs_f64();
    extracted.pads.clear();
    extracted.pads.extend(pads.0.iter().take(PADS_MAX));
    if extracted.canvas.generation != canvas.generation {
        extracted.canvas = canvas.clone();
    }
}

#[derive(Resource)]
struct Pipelines {
    layout: BindGroupLayoutDescriptor,
    shapes: CachedRenderPipelineId,
    ribbons: CachedRenderPipelineId,
}

fn init_pipelines(mut commands: Commands, shader: Res<CanvasShader>, cache: Res<PipelineCache>) {
    let layout = BindGroupLayoutDescriptor::new(
        "canvas_layout",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::VERTEX_FRAGMENT,
            (
                uniform_buffer_sized(false, None),
                storage_buffer_read_only_sized(false, None),
                storage_buffer_read_only_sized(false, None),
            ),
        ),
    );
    let queue = |label: &'static str, vertex: &'static str, fragment: &'static str| {
        cache.queue_render_pipeline(RenderPipelineDescriptor {
            label: Some(label.into()),
            layout: vec![layout.clone()],
            vertex: VertexState { shader: shader.0.clone(), entry_point: Some(vertex.into()), ..default() },
            fragment: Some(FragmentState {
                shader: shader.0.clone(),
                entry_point: Some(fragment.into()),
                targets: vec![Some(ColorTargetState {
                    format: TextureFormat::Rgba8UnormSrgb,
                    blend: Some(BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                    write_mask: ColorWrites::ALL,
                })],
                ..default()
            }),
            primitive: PrimitiveState { topology: PrimitiveTopology::TriangleStrip, ..default() },
            ..default()
        })
    };
    let shapes = queue("canvas_shapes", "shape_vertex", "shape_fragment");
    let ribbons = queue("canvas_ribbons", "ribbon_vertex", "ribbon_fragment");
    commands.insert_resource(Pipelines { layout, shapes, ribbons });
}

#[derive(Resource)]
struct Uploaded {
    generation: u64,
    view: Buffer,
    shapes: Buffer,
    ribbons: Buffer,
    bind_group: BindGroup,
}

fn upload_canvas(
    mut commands: Commands,
    extracted: Res<Extracted>,
    uploaded: Option<ResMut<Uploaded>>,
    pipelines: Res<Pipelines>,
    cache: Res<PipelineCache>,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
) {
    let instances = &*extracted.canvas.instances;
    let shapes: &[u8] = bytemuck::cast_slice(&instances.shapes);
    let ribbons: &[u8] = bytemuck::cast_slice(&instances.ribbons);
    const PAD_BYTES: u64 = (PADS_MAX * size_of::<Shape>()) as u64;
    let fits = |buffer: &Buffer, bytes: &[u8], pads: u64| buffer.size() >= pads + bytes.len() as u64;
    if let Some(uploaded) = &uploaded {
        queue.write_buffer(&uploaded.shapes, 0, bytemuck::cast_slice(&extracted.pads));
    }
    match uploaded {
        Some(uploaded) if uploaded.generation == extracted.canvas.generation => {}
        Some(mut uploaded) if fits(&uploaded.shapes, shapes, PAD_BYTES) && fits(&uploaded.ribbons, ribbons, 0) => {
            queue.write_buffer(&uploaded.shapes, PAD_BYTES, shapes);
            queue.write_buffer(&uploaded.ribbons, 0, ribbons);
            uploaded.generation = extracted.canvas.generation;
        }
        _ => {
            let buffer = |label, usage, bytes: u64| {
                device.create_buffer(&BufferDescriptor {
                    label: Some(label),
                    size: bytes.max(256),
                    usage: usage | BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            };
            // Half as much again, so that a growing picture does not make new buffers each time.
            let room = |bytes: &[u8]| (bytes.len() as u64 * 3 / 2).next_multiple_of(64);
            let view = buffer("canvas_view", BufferUsages::UNIFORM, VIEW_BYTES);
            let shape_buffer = buffer("canvas_shapes", BufferUsages::STORAGE, PAD_BYTES + room(shapes));
            let ribbon_buffer = buffer("canvas_ribbons", BufferUsages::STORAGE, room(ribbons));
            queue.write_buffer(&shape_buffer, 0, bytemuck::cast_slice(&extracted.pads));
            queue.write_buffer(&shape_buffer, PAD_BYTES, shapes);
            queue.write_buffer(&ribbon_buffer, 0, ribbons);
            let bind_group = device.create_bind_group(
                "canvas",
                &cache.get_bind_group_layout(&pipelines.layout),
                &BindGroupEntries::sequential((
                    view.as_entire_binding(),
                    shape_buffer.as_entire_binding(),
                    ribbon_buffer.as_entire_binding(),
                )),
            );
            commands.insert_resource(Uploaded {
                generation: extracted.canvas.generation,
                view,
                shapes: shape_buffer,
                ribbons: ribbon_buffer,
                bind_group,
            });
        }
    }
}

fn draw_canvas(
    view: ViewQuery<(&ExtractedCamera, &ExtractedView, &ViewTarget)>,
    extracted: Res<Extracted>,
    uploaded: Option<Res<Uploaded>>,
    pipelines: Res<Pipelines>,
    cache: Res<PipelineCache>,
    queue: Res<RenderQueue>,
    mut ctx: RenderContext,
) {
    let (camera, view, target) = view.into_inner();
    let (Some(uploaded), Some(shapes), Some(ribbons), Some(viewport)) = (
        uploaded,
        cache.get_render_pipeline(pipelines.shapes),
        cache.get_render_pipeline(pipelines.ribbons),
        camera.physical_viewport_size,
    ) else {
        return;
    };
    let clip_from_world =
        view.clip_from_world.unwrap_or(view.clip_from_view * view.world_from_view.to_matrix().inverse());
    let zoom = view.clip_from_view.x_axis.x * viewport.x as f32 * 0.5;
    let since = (extracted.now - extracted.canvas.built_at).max(0.0) as f32;
    let mut uniform = [0f32; VIEW_BYTES as usize / 4];
    uniform[..16].copy_from_slice(&clip_from_world.to_cols_array());
    uniform[16..].copy_from_slice(&[viewport.x as f32, viewport.y as f32, zoom, since]);
    queue.write_buffer(&uploaded.view, 0, bytemuck::cast_slice(&uniform));

    let instances = &extracted.canvas.instances;
    let mut pass = ctx.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("canvas"),
        color_attachments: &[Some(target.get_color_attachment())],
        ..default()
    });
    pass.set_bind_group(0, &uploaded.bind_group, &[]);
    let first = PADS_MAX as u32;
    let below = first..first + instances.shapes_below as u32;
    let above = below.end..first + instances.shapes.len() as u32;
    for (pipeline, vertices, range) in [
        (shapes, SHAPE_VERTICES, below),
        (ribbons, RIBBON_VERTICES, 0..instances.ribbons.len() as u32),
        (shapes, SHAPE_VERTICES, above),
        (shapes, SHAPE_VERTICES, 0..extracted.pads.len() as u32),
    ] {
        if !range.is_empty() {
            pass.set_render_pipeline(pipeline);
            pass.draw(0..vertices, range);
        }
    }
}
