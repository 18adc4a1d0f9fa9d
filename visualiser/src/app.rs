//! The Bevy application: a session's systems in a window.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use anyhow::{Context, bail};
use axonscope_session::Session;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::window::{ExitCondition, PresentMode, WindowCloseRequested, WindowResolution};
use bevy::winit::{EventLoopProxyWrapper, UpdateMode, WinitSettings, WinitUserEvent};
use bevy_egui::EguiPlugin;

use crate::options::WindowOptions;
use crate::view::{self, Look, Naming, PictureCamera, Presenting, Studio, VisualiserSystems, Watched};

/// All that draws a session, for a window and without one. A test or a script may feed the session as well as ingest.
pub struct VisualiserPlugin {
    /// Whose systems are shown.
    pub session: Session,
}

impl Plugin for VisualiserPlugin {
    fn build(&self, app: &mut App) {
        use VisualiserSystems::{Arrange, Present, Receive};
        app.insert_resource(Watched(self.session.clone()))
            .configure_sets(Update, (Receive, Arrange, Present).chain())
            .add_plugins(EguiPlugin::default())
            .add_plugins(view::plugin);
    }
}

/// Opens the window and stays until it is closed.
pub fn run(session: Session, options: WindowOptions) -> anyhow::Result<()> {
    // First, because looking for a renderer makes the graphics driver talk where there is no display.
    require_display()?;
    view::offscreen::require_renderer()?;
    session.set_measured(options.latency);
    let waker = session.clone();
    let mut app = quietly(AssertUnwindSafe(|| build(session, &options))).context(
        "the window could not be opened; is the display reachable? Without one, use --headless and `axonscope export`",
    )?;
    let proxy = (**app.world().resource::<EventLoopProxyWrapper>()).clone();
    if let Some(path) = &options.report {
        view::report::begin(&mut app, path)?;
    }
    // An event loop that has ended wants no more waking.
    waker.set_waker(Box::new(move || {
        proxy.send_event(WinitUserEvent::WakeUp).ok();
    }));
    match app.run() {
        AppExit::Success => Ok(()),
        AppExit::Error(code) => bail!("the window ended with code {code}"),
    }
}

fn build(session: Session, options: &WindowOptions) -> App {
    let title = match (session.address(), session.addresses().first()) {
        (Some(address), _) => format!("Axonscope · {address}"),
        (None, Some(socket)) => format!("Axonscope · {}", axonscope_model::display::escape(&socket.to_string())),
        (None, None) => "Axonscope".to_owned(),
    };
    let window = Window {
        title,
        name: Some("axonscope".into()),
        resolution: WindowResolution::new(1600, 1000),
        present_mode: PresentMode::AutoVsync,
        ..default()
    };
    let mut app = App::new();
    app.add_plugins(
        DefaultPlugins
            .set(WindowPlugin {
                primary_window: Some(window),
                exit_condition: ExitCondition::OnPrimaryClosed,
                ..default()
            })
            .set(view::renderer())
            // Bevy looks for Ctrl-C in its frames, and there are none while nothing moves: the usual end is quicker.
            .disable::<bevy::app::TerminalCtrlCHandlerPlugin>()
            // The command line has set up logging already.
            .disable::<LogPlugin>(),
    )
    .insert_resource(WinitSettings {
        focused_mode: UpdateMode::reactive_low_power(Duration::from_secs(60)),
        unfocused_mode: UpdateMode::reactive_low_power(Duration::from_secs(60)),
    })
    .insert_resource(view::Folds::with_budget(options.fold_above))
    .insert_resource(Look {
        theme: options.theme.unwrap_or(options.settings.theme),
        still: options.settings.reduced_motion,
        ..default()
    })
    .insert_resource(Presenting::new(options.presents, options.title.as_deref(), options.settings.presenting_scale))
    .insert_resource(Naming(options.names.clone()))
    .insert_resource(options.settings.clone())
    .add_plugins(VisualiserPlugin { session })
    .add_plugins(view::hands_plugin)
    .add_systems(Update, end_when_closed)
    .add_systems(Startup, |mut commands: Commands| {
        commands.spawn((PictureCamera, Msaa::Off));
    });
    app.world_mut().resource_mut::<Studio>().set_names(options.names.clone());
    app
}

/// At once: Bevy by itself would wait for a further frame, and none is due while nothing moves.
fn end_when_closed(mut closed: MessageReader<WindowCloseRequested>, mut exit: MessageWriter<AppExit>) {
    if closed.read().next().is_some() {
        exit.write(AppExit::Success);
    }
}

/// Says in one line that there is no display, before the window system says it in many.
fn require_display() -> anyhow::Result<()> {
    let has = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    if cfg!(all(unix, not(target_os = "macos"))) && !has("DISPLAY") && !has("WAYLAND_DISPLAY") {
        bail!(
            "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set): run `axonscope --headless` and take \
             pictures with `axonscope export --format png`"
        );
    }
    Ok(())
}

/// Runs `work`; a panic in it becomes an error and prints nothing. The window system panics where it finds no display.
fn quietly<T>(work: AssertUnwindSafe<impl FnOnce() -> T>) -> anyhow::Result<T> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(work);
    std::panic::set_hook(hook);
    result.map_err(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|&words| words.to_owned()));
        anyhow::anyhow!(
            words.unwrap_or_else(|| "no reason given".to_owned()).lines().next().unwrap_or_default().to_owned()
        )
    })
}
