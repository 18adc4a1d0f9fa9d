//! From an event to its pixel: tells the session which frame showed what, as soon as that frame has been drawn.
//!
//! A frame counts as drawn when the renderer has done all work that was handed to it for that frame, which for a window was
//! after its image was given to the display. So the figure has in it: the wire, the model, the layout, waiting for a frame, and
//! drawing. Not in it are the time until the probe looks, which is one cadence at most; the display's own time; and that what
//! is new grows, from nothing, in a quarter of a second after that frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use axonscope_session::{News, Session};
use bevy::prelude::*;
use bevy::render::renderer::{RenderDevice, RenderQueue};
use bevy::render::{ExtractSchedule, MainWorld, Render, RenderApp, RenderSystems};
use bevy_egui::EguiContexts;

use super::VisualiserSystems;
use super::finding::Finding;
use super::pick;
use super::stage::{Stage, Watched};

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<Shown>().add_systems(Update, note_shown.in_set(VisualiserSystems::Present));
    let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
        return;
    };
    render_app
        .init_resource::<Drawn>()
        .add_systems(ExtractSchedule, extract_shown)
        .add_systems(Render, watch_drawing.in_set(RenderSystems::Cleanup));
}

/// The key that shows the figure and hides it.
pub(super) fn hands_plugin(app: &mut App) {
    app.add_systems(Update, press_key.in_set(VisualiserSystems::Arrange));
}

/// What is news in the frame that is being made.
#[derive(Resource, Default)]
struct Shown(Vec<News>);

/// The same on its way through the renderer.
#[derive(Resource, Default)]
struct Drawn {
    news: Vec<News>,
    session: Option<Session>,
    pump: Option<Pump>,
}

fn press_key(
    keys: Res<ButtonInput<KeyCode>>,
    watched: Res<Watched>,
    finding: Res<Finding>,
    mut contexts: EguiContexts,
) {
    let command = [KeyCode::ControlLeft, KeyCode::ControlRight, KeyCode::SuperLeft, KeyCode::SuperRight];
    if keys.just_pressed(KeyCode::KeyL) && !keys.any_pressed(command) && !pick::is_typing(&mut contexts, &finding) {
        watched.0.set_measured(!watched.0.is_measured());
    }
}

fn note_shown(watched: Res<Watched>, stage: Res<Stage>, mut shown: ResMut<Shown>) {
    if watched.0.is_measured()
        && let Some(versions) = stage.shows()
    {
        shown.0.append(&mut watched.0.take_shown(versions));
    }
}

fn extract_shown(mut main: ResMut<MainWorld>, mut drawn: ResMut<Drawn>) {
    let news = std::mem::take(&mut main.resource_mut::<Shown>().0);
    if !news.is_empty() {
        drawn.session = Some(main.resource::<Watched>().0.clone());
        drawn.news = news;
    }
}

fn watch_drawing(mut drawn: ResMut<Drawn>, queue: Res<RenderQueue>, device: Res<RenderDevice>) {
    let Some(session) = drawn.session.take() else { return };
    let news = std::mem::take(&mut drawn.news);
    let pump = drawn.pump.get_or_insert_with(|| Pump::start(device.clone()));
    pump.pending.fetch_add(1, Ordering::AcqRel);
    let pending = pump.pending.clone();
    queue.on_submitted_work_done(move || {
        session.seen(&news);
        pending.fetch_sub(1, Ordering::AcqRel);
    });
    pump.wake();
}

/// Asks the device what it has done: it says so only when asked, and nobody else asks before the next frame, which may never
/// come. Rests while nothing is to be asked.
struct Pump {
    /// How many frames are awaited.
    pending: Arc<AtomicUsize>,
    wake: SyncSender<()>,
}

/// How often it asks, and so how exact the figure is.
const ASK: Duration = Duration::from_micros(500);
/// No frame takes this long; a device that was lost never answers.
const PATIENCE: Duration = Duration::from_secs(10);

impl Pump {
    fn start(device: RenderDevice) -> Self {
        let pending: Arc<AtomicUsize> = Arc::default();
        let (wake, woken) = sync_channel(1);
        let awaited = pending.clone();
        let work = move || {
            while woken.recv().is_ok() {
                let began = Instant::now();
                while awaited.load(Ordering::Acquire) > 0 && began.elapsed() < PATIENCE {
                    std::thread::sleep(ASK);
                    if device.poll(wgpu::PollType::Poll).is_err() {
                        break;
                    }
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("axonscope-drawn".into()).spawn(work) {
            tracing::warn!(%error, "frames are seen to be drawn only when the next one is");
        }
        Self { pending, wake }
    }

    fn wake(&self) {
        // One that is awake already looks again before it rests.
        self.wake.try_send(()).ok();
    }
}
