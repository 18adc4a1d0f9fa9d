//! The same renderer without a window: into an image, for exports, tests and documentation.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use axonscope_model::{ComponentId, SystemId};
use axonscope_session::Session;
use axonscope_session::names::Names;
use bevy::app::ScheduleRunnerPlugin;
use bevy::asset::RenderAssetUsages;
use bevy::camera::RenderTarget;
use bevy::image::Image;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::RenderApp;
use bevy::render::render_resource::{
    CachedPipelineState, Extent3d, PipelineCache, TextureDimension, TextureFormat, TextureUsages,
};
use bevy::render::renderer::{RenderAdapterInfo, RenderDevice};
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured};
use bevy::shader::ShaderCacheError;
use bevy::window::ExitCondition;
use bevy::winit::WinitPlugin;

use super::camera::{Eye, PictureCamera};
use super::canvas::Canvas;
use super::folds::Folds;
use super::naming::Naming;
use super::present::Presenting;
use super::stage::{Look, Stage, Studio, Watched};
use crate::app::VisualiserPlugin;
use crate::options::{PictureOptions, PictureSize, Theme};
use crate::settings::Settings;

/// A renderer that keeps its device between pictures of one session.
pub struct Offscreen {
    app: App,
    target: Handle<Image>,
    captured: Arc<Mutex<Option<Image>>>,
}

/// What a picture shows besides the systems.
#[derive(Clone, Debug, Default)]
pub struct Shot {
    /// Its colours.
    pub theme: Theme,
    /// The component whose inspector is open.
    pub selected: Option<(SystemId, ComponentId)>,
}

/// Longest time for one picture; a software renderer takes less than a second for most.
const DEADLINE: Duration = Duration::from_secs(60);

/// Draws a session's systems into a PNG file.
///
/// # Errors
/// Where there is nothing to draw with, or the file cannot be written.
pub fn export_png(session: &Session, options: &PictureOptions, path: &Path) -> anyhow::Result<()> {
    let image = png(session, options)?;
    std::fs::write(path, image).with_context(|| format!("cannot write {}", path.display()))
}

/// Draws a session's systems as the bytes of a PNG file.
///
/// # Errors
/// Where there is nothing to draw with.
pub fn png(session: &Session, options: &PictureOptions) -> anyhow::Result<Vec<u8>> {
    let PictureSize { width, height } = options.size;
    let picture = if options.is_pair {
        let half = PictureSize { width: width / 2, height };
        let mut pair = image::RgbImage::new(half.width * 2, height);
        for (theme, left) in [(Theme::Dark, 0), (Theme::Light, half.width)] {
            image::imageops::replace(&mut pair, &rgb(session, options, half, theme)?, left.into(), 0);
        }
        pair
    } else {
        rgb(session, options, options.size, options.theme)?
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).context("the picture could not be written as PNG")?;
    Ok(bytes.into_inner())
}

fn rgb(
    session: &Session,
    options: &PictureOptions,
    size: PictureSize,
    theme: Theme,
) -> anyhow::Result<image::RgbImage> {
    let mut offscreen = Offscreen::new(session.clone(), size)?;
    offscreen.name_types(options.names.clone());
    if let Some(most) = options.fold_above {
        offscreen.fold_above(most);
    }
    if options.presents {
        offscreen.present(options.title.as_deref());
    }
    let image = offscreen.draw(&Shot { theme, selected: options.selected })?;
    Ok(image.try_into_dynamic().context("the picture could not be read back")?.to_rgb8())
}

/// One clear line where there is nothing to draw with.
///
/// # Errors
/// Where no graphics driver answers, not even one in software.
pub fn require_renderer() -> anyhow::Result<()> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: super::BACKENDS,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = bevy::tasks::block_on(instance.enumerate_adapters(super::BACKENDS));
    if adapters.is_empty() {
        bail!(
            "no Vulkan driver was found: install one (on Debian without a graphics card: `apt install \
             mesa-vulkan-drivers`), or use --headless and `axonscope export --format json|dot`"
        );
    }
    Ok(())
}

impl Offscreen {
    /// Prepares to draw pictures of `size`.
    ///
    /// # Errors
    /// Where there is nothing to draw with.
    pub fn new(session: Session, size: PictureSize) -> anyhow::Result<Self> {
        require_renderer()?;
        let mut app = App::new();
        app.add_plugins(
            DefaultPlugins
                .set(WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..default() })
                .set(super::renderer())
                .disable::<WinitPlugin>()
                .disable::<LogPlugin>()
                .disable::<bevy::app::TerminalCtrlCHandlerPlugin>()
                .disable::<bevy::render::pipelined_rendering::PipelinedRenderingPlugin>(),
        )
        .add_plugins(ScheduleRunnerPlugin::run_loop(Duration::ZERO))
        .add_plugins(VisualiserPlugin { session });
        let mut image = Image::new_fill(
            Extent3d { width: size.width, height: size.height, depth_or_array_layers: 1 },
            TextureDimension::D2,
            &[0; 4],
            TextureFormat::Rgba8UnormSrgb,
            RenderAssetUsages::default(),
        );
        image.texture_descriptor.usage |= TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC;
        let target = app.world_mut().resource_mut::<Assets<Image>>().add(image);
        app.world_mut().spawn((PictureCamera, Msaa::Off, RenderTarget::Image(target.clone().into())));
        app.world_mut().resource_mut::<Studio>().at_once = true;
        app.world_mut().resource_mut::<Eye>().screen = Vec2::new(size.width as f32, size.height as f32);
        app.finish();
        app.cleanup();
        Ok(Self { app, target, captured: Arc::default() })
    }

    /// Calls types what a person calls them.
    pub fn name_types(&mut self, names: Arc<Names>) {
        self.app.world_mut().resource_mut::<Studio>().set_names(names.clone());
        self.app.insert_resource(Naming(names));
    }

    /// Draws from now on as it is presented: without panels, everything larger, a title above and a line below.
    pub fn present(&mut self, title: Option<&str>) {
        let world = self.app.world_mut();
        let problems = world.resource::<Watched>().0.problems(None);
        let mut presenting = Presenting::new(false, title, Settings::default().presenting_scale);
        presenting.show_still(&mut world.resource_mut::<Look>(), problems);
        world.insert_resource(presenting);
    }

    /// Draws everything that the session knows now, fitted into the picture.
    ///
    /// # Errors
    /// When the renderer gives nothing back in time.
    pub fn draw(&mut self, shot: &Shot) -> anyhow::Result<Image> {
        self.draw_through(shot, Self::fit)
    }

    /// Draws what is to be seen `closer` times as close as when everything is fitted, round a point of what is then seen,
    /// in shares of that from its lower left corner.
    ///
    /// # Errors
    /// When the renderer gives nothing back in time.
    pub fn draw_closer(&mut self, shot: &Shot, at: [f32; 2], closer: f32) -> anyhow::Result<Image> {
        self.draw_through(shot, |offscreen| offscreen.look_closer(at, closer))
    }

    fn draw_through(&mut self, shot: &Shot, aim: impl Fn(&mut Self)) -> anyhow::Result<Image> {
        let mut look = self.app.world_mut().resource_mut::<Look>();
        (look.theme, look.selected, look.hovered, look.still) = (shot.theme, shot.selected, None, true);
        let started = Instant::now();
        self.warm_up(aim)?;
        let captured = self.captured.clone();
        let keep = move |mut shot: On<ScreenshotCaptured>| {
            if let Ok(mut slot) = captured.lock() {
                *slot = Some(std::mem::take(&mut shot.image));
            }
        };
        self.app.world_mut().spawn(Screenshot::image(self.target.clone())).observe(keep);
        loop {
            self.app.update();
            if let Some(image) = self.captured.lock().ok().and_then(|mut slot| slot.take()) {
                return Ok(image);
            }
            if started.elapsed() > DEADLINE {
                bail!("the renderer gave no picture back in {} s", DEADLINE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The first frames compile the pipelines, upload the fonts and measure the panels.
    fn warm_up(&mut self, aim: impl Fn(&mut Self)) -> anyhow::Result<()> {
        let started = Instant::now();
        for _ in 0..4 {
            self.app.update();
            aim(self);
        }
        while !self.pipelines_are_ready()? {
            if started.elapsed() > DEADLINE {
                bail!("the renderer was not ready after {} s", DEADLINE.as_secs());
            }
            self.app.update();
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Waits until whatever is drawn can be drawn, then goes on as in a window. For measuring.
    ///
    /// # Errors
    /// When the renderer is not ready in time.
    pub fn open(&mut self) -> anyhow::Result<()> {
        self.warm_up(Self::fit)?;
        self.go_live();
        Ok(())
    }

    /// From now on as in a window: things move, and large pictures are prepared aside. For measuring.
    pub fn go_live(&mut self) {
        let world = self.app.world_mut();
        world.resource_mut::<Look>().still = false;
        world.resource_mut::<Studio>().at_once = false;
    }

    /// Closes composites while more nodes than this are shown.
    pub fn fold_above(&mut self, most: usize) {
        self.app.world_mut().resource_mut::<Folds>().set_budget(most);
    }

    /// One frame, as far as it is our work; the renderer may still be busy with it. For measuring.
    pub fn frame(&mut self) {
        self.app.update();
    }

    /// Waits until the renderer has drawn everything. For measuring.
    pub fn wait_for_renderer(&self) {
        if let Some(device) = self.render_resource::<RenderDevice>()
            && let Err(error) = device.poll(wgpu::PollType::wait_indefinitely())
        {
            warn!(%error, "the renderer could not be waited for");
        }
    }

    /// Moves the picture by logical pixels.
    pub fn pan(&mut self, by: [f32; 2]) {
        self.app.world_mut().resource_mut::<Eye>().pan(Vec2::from_array(by));
    }

    /// Looks at the middle of everything: at all of it, or so close that a world unit is so many pixels.
    pub fn look_at_middle(&mut self, zoom: Option<f32>) {
        self.fit();
        if let Some(zoom) = zoom {
            self.app.world_mut().resource_mut::<Eye>().zoom = zoom;
        }
    }

    /// Shapes and ribbons on the canvas.
    pub fn drawn(&self) -> (usize, usize) {
        let canvas = self.app.world().resource::<Canvas>();
        (canvas.instances.shapes.len(), canvas.instances.ribbons.len())
    }

    /// Whether another frame would be drawn by itself, in a window.
    pub fn is_at_rest(&self) -> bool {
        let world = self.app.world();
        let now = world.resource::<Time<Real>>().elapsed_secs_f64();
        let stage = world.resource::<Stage>();
        !stage.is_moving(now) && !stage.travels && !world.resource::<Studio>().is_at_work()
    }

    /// What draws, as its driver calls it, and whether that is software.
    pub fn renderer_name(&self) -> String {
        self.render_resource::<RenderAdapterInfo>().map_or_else(String::new, |info| {
            let software = if info.device_type == wgpu::DeviceType::Cpu { ", software" } else { "" };
            format!("{}{software}", info.name)
        })
    }

    fn render_resource<R: Resource>(&self) -> Option<&R> {
        self.app.get_sub_app(RenderApp).and_then(|app| app.world().get_resource::<R>())
    }

    fn fit(&mut self) {
        let world = self.app.world_mut();
        let bounds = world.resource::<Stage>().picture.bounds(None);
        if let Some(bounds) = bounds {
            world.resource_mut::<Eye>().jump_to_fit(bounds);
        }
    }

    fn look_closer(&mut self, at: [f32; 2], closer: f32) {
        self.fit();
        let mut eye = self.app.world_mut().resource_mut::<Eye>();
        let seen = eye.visible();
        eye.center = seen.min + seen.size() * Vec2::from_array(at);
        eye.zoom *= closer;
    }

    fn pipelines_are_ready(&self) -> anyhow::Result<bool> {
        let Some(cache) = self.app.get_sub_app(RenderApp).and_then(|app| app.world().get_resource::<PipelineCache>())
        else {
            return Ok(true);
        };
        for pipeline in cache.pipelines() {
            if let CachedPipelineState::Err(error) = &pipeline.state
                && !matches!(
                    error,
                    ShaderCacheError::ShaderNotLoaded(_) | ShaderCacheError::ShaderImportNotYetAvailable
                )
            {
                bail!("the renderer refused one of its programs: {error}");
            }
        }
        Ok(cache.waiting_pipelines().count() == 0)
    }
}
