//! The small pipeline of ours: two instance buffers, drawn in one pass above Bevy's own 2D pass and below egui.
//!
//! A [`Canvas`] is uploaded when its generation rises and never otherwise, and of it only what differs.

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

use super::camera::Eye;
use super::canvas::{Canvas, Instances, OVERLAY_MAX, Overlay, Shape};
use super::stage::{Look, Stage};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Canvas>().init_resource::<Overlay>();
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

/// Triangle strips' worth of vertices: a quad, one for a straight line, and twenty segments.
const SHAPE_VERTICES: u32 = 4;
const LINE_VERTICES: u32 = 4;
const RIBBON_VERTICES: u32 = 42;
const VIEW_BYTES: u64 = 64 + 32;
const OVERLAY_BYTES: u64 = (OVERLAY_MAX * size_of::<Shape>()) as u64;

#[derive(Resource)]
struct CanvasShader(Handle<Shader>);

#[derive(Resource, Default)]
struct Extracted {
    canvas: Canvas,
    overlay: Vec<Shape>,
    now: f64,
    /// How much of their way things have gone that are not in their places.
    eased: f32,
    /// The zoom that spans are judged by.
    level: f32,
    /// How many times as wide lines are as usual.
    stroke: f32,
}

fn extract_canvas(
    canvas: Extract<Res<Canvas>>,
    overlay: Extract<Res<Overlay>>,
    stage: Extract<Res<Stage>>,
    eye: Extract<Res<Eye>>,
    look: Extract<Res<Look>>,
    time: Extract<Res<Time<Real>>>,
    mut extracted: ResMut<Extracted>,
) {
    extracted.now = time.elapsed_secs_f64();
    extracted.eased = stage.picture.eased(extracted.now);
    extracted.level = eye.level;
    extracted.stroke = look.scale;
    extracted.overlay.clear();
    extracted.overlay.extend(overlay.marks.iter().chain(&overlay.pads).take(OVERLAY_MAX));
    if extracted.canvas.generation != canvas.generation {
        extracted.canvas = canvas.clone();
    }
}

#[derive(Resource)]
struct Pipelines {
    layout: BindGroupLayoutDescriptor,
    shapes: CachedRenderPipelineId,
    plain: CachedRenderPipelineId,
    lines: CachedRenderPipelineId,
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
    let plain = queue("canvas_plain_shapes", "shape_vertex", "plain_fragment");
    let lines = queue("canvas_lines", "line_vertex", "line_fragment");
    let ribbons = queue("canvas_ribbons", "ribbon_vertex", "ribbon_fragment");
    commands.insert_resource(Pipelines { layout, shapes, plain, lines, ribbons });
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
    let fits = |buffer: &Buffer, bytes: &[u8], before: u64| buffer.size() >= before + bytes.len() as u64;
    let overlay: &[u8] = bytemuck::cast_slice(&extracted.overlay);
    if let Some(uploaded) = &uploaded {
        queue.write_buffer(&uploaded.shapes, 0, overlay);
    }
    match uploaded {
        Some(uploaded) if uploaded.generation == extracted.canvas.generation => {}
        Some(mut uploaded) if fits(&uploaded.shapes, shapes, OVERLAY_BYTES) && fits(&uploaded.ribbons, ribbons, 0) => {
            let is_next = uploaded.generation + 1 == extracted.canvas.generation;
            let [of_shapes, of_ribbons] = &*extracted.canvas.dirty;
            for (buffer, before, bytes, dirty) in
                [(&uploaded.shapes, OVERLAY_BYTES, shapes, of_shapes), (&uploaded.ribbons, 0, ribbons, of_ribbons)]
            {
                // A generation that was never drawn has changes of its own.
                let all = (!is_next).then_some(0..bytes.len());
                for range in all.iter().chain(dirty.iter().filter(|_| is_next)) {
                    queue.write_buffer(buffer, before + range.start as u64, &bytes[range.clone()]);
                }
            }
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
            let shape_buffer = buffer("canvas_shapes", BufferUsages::STORAGE, OVERLAY_BYTES + room(shapes));
            let ribbon_buffer = buffer("canvas_ribbons", BufferUsages::STORAGE, room(ribbons));
            queue.write_buffer(&shape_buffer, 0, overlay);
            queue.write_buffer(&shape_buffer, OVERLAY_BYTES, shapes);
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
    let (Some(uploaded), Some(shapes), Some(plain), Some(lines), Some(ribbons), Some(viewport)) = (
        uploaded,
        cache.get_render_pipeline(pipelines.shapes),
        cache.get_render_pipeline(pipelines.plain),
        cache.get_render_pipeline(pipelines.lines),
        cache.get_render_pipeline(pipelines.ribbons),
        camera.physical_viewport_size,
    ) else {
        return;
    };
    let clip_from_world =
        view.clip_from_world.unwrap_or(view.clip_from_view * view.world_from_view.to_matrix().inverse());
    let zoom = view.clip_from_view.x_axis.x * viewport.x as f32 * 0.5;
    let since = (extracted.now - extracted.canvas.flows_since).max(0.0) as f32;
    let mut uniform = [0f32; VIEW_BYTES as usize / 4];
    uniform[..16].copy_from_slice(&clip_from_world.to_cols_array());
    uniform[16..20].copy_from_slice(&[viewport.x as f32, viewport.y as f32, zoom, since]);
    uniform[20..23].copy_from_slice(&[extracted.eased, extracted.level, extracted.stroke]);
    queue.write_buffer(&uploaded.view, 0, bytemuck::cast_slice(&uniform));

    let instances: &Instances = &extracted.canvas.instances;
    let mut pass = ctx.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("canvas"),
        color_attachments: &[Some(target.get_color_attachment())],
        ..default()
    });
    pass.set_bind_group(0, &uploaded.bind_group, &[]);
    let first = OVERLAY_MAX as u32;
    let straight = instances.lines as u32;
    let below = first..first + instances.shapes_below as u32;
    let above = below.end..first + instances.shapes.len() as u32;
    for (pipeline, vertices, range) in [
        (plain, SHAPE_VERTICES, below),
        (lines, LINE_VERTICES, 0..straight),
        (ribbons, RIBBON_VERTICES, straight..instances.ribbons.len() as u32),
        (if instances.is_plain { plain } else { shapes }, SHAPE_VERTICES, above),
        (shapes, SHAPE_VERTICES, 0..extracted.overlay.len() as u32),
    ] {
        if !range.is_empty() {
            pass.set_render_pipeline(pipeline);
            pass.draw(0..vertices, range);
        }
    }
}
