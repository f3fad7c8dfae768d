//! The loop of the screen: keys, signals and news in, frames out.
//!
//! All that is pending is taken in, then one frame is drawn, and only if something has changed.

use super::{
    Left, Listener, Options, TuiError,
    pictures::Pictures,
    probe,
    state::{Effect, State},
    terminal::{Stage, hung_up},
    theme::Theme,
    view,
};
use crate::engine::{Handle, message::Snapshot};
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::{FutureExt, StreamExt};
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::MissedTickBehavior,
};

/// The loop looks around at least this often: for notices that expire, readings, a dead terminal.
const TICK: Duration = Duration::from_millis(250);
/// A last checkpoint may take so long before the screen leaves without it.
const FAREWELL: Duration = Duration::from_secs(60);

/// Shows a run until its reader leaves.
///
/// # Errors
/// The terminal's.
pub fn run(
    mut stage: Stage,
    handle: Handle,
    options: Options,
    listener: Option<Listener>,
) -> Result<Left, TuiError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { Loop::new(handle, options, listener, &mut stage)?.run().await })
}

/// The signals that end the program.
struct Ending {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
}

impl Ending {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

struct Loop<'a> {
    stage: &'a mut Stage,
    state: State,
    theme: Theme,
    pictures: Pictures,
    news: watch::Receiver<Arc<Snapshot>>,
    telemetry: crate::device::Telemetry,
    signalled: bool,
}

impl<'a> Loop<'a> {
    fn new(
        handle: Handle,
        options: Options,
        listener: Option<Listener>,
        stage: &'a mut Stage,
    ) -> Result<Self, TuiError> {
        let news = handle.snapshot.clone();
        let tmux = std::env::var_os("TMUX").is_some();
        let theme = Theme { depth: options.depth };
        let mut it = Self {
            stage,
            state: State::new(handle, listener, Instant::now()),
            theme,
            pictures: Pictures::new(theme, options.images, tmux),
            news,
            telemetry: crate::device::Telemetry::start(|| {}),
            signalled: false,
        };
        // Something is on the screen before anything is asked or loaded.
        it.draw()?;
        let answers = probe::ask()?;
        it.theme.depth = answers.depth(it.theme.depth);
        it.pictures.theme = it.theme;
        it.pictures.way = options.images.unwrap_or_else(|| match it.pictures.way {
            // Without colours there is no picture in blocks either.
            super::pictures::Images::Ascii => super::pictures::Images::Ascii,
            _ => answers.images(tmux),
        });
        if let Some(cell) = answers.cell {
            it.pictures.font = cell;
        }
        Ok(it)
    }

    async fn run(mut self) -> Result<Left, TuiError> {
        let (mut keys, mut ending) = (EventStream::new(), Ending::new()?);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut engine_lives = true;
        self.draw()?;
        loop {
            let mut redraw = false;
            tokio::select! {
                biased;
                () = ending.next() => {
                    self.signalled = true;
                    if self.state.leaving.is_some() || self.state.ended() {
                        return Ok(self.left());
                    }
                    self.state.stop(Instant::now());
                    redraw = true;
                }
                event = keys.next() => match event {
                    Some(event) => {
                        if let Some(left) = self.take(event?, &mut keys)? {
                            return Ok(left);
                        }
                        redraw = true;
                    }
                    None => self.hang_up(),
                },
                news = self.news.changed(), if engine_lives => engine_lives = news.is_ok(),
                _ = tick.tick() => {
                    if let Some(reading) = self.telemetry.latest()
                        && self.state.device.now.as_ref() != Some(&reading)
                    {
                        self.state.device.take(reading);
                    }
                }
            }
            let now = Instant::now();
            redraw |= self.state.refresh(now);
            if let Some(since) = self.state.leaving
                && (self.state.ended() || now.duration_since(since) > FAREWELL)
            {
                return Ok(self.left());
            }
            if hung_up() {
                self.hang_up();
            } else if redraw {
                self.draw()?;
            }
        }
    }

    /// Takes in one event and all others that wait: many keys, one frame.
    fn take(&mut self, first: Event, keys: &mut EventStream) -> Result<Option<Left>, TuiError> {
        let mut next = Some(first);
        while let Some(event) = next {
            let effect = match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => self.state.press(&key, Instant::now()),
                Event::Paste(text) => {
                    self.state.editor.type_text(&text);
                    None
                }
                Event::Resize(..) => {
                    self.pictures.forget();
                    None
                }
                _ => None,
            };
            match effect {
                Some(Effect::Leave) => return Ok(Some(self.left())),
                Some(Effect::Redraw) => self.paint_whole()?,
                Some(Effect::Suspend) => {
                    self.stage.suspend()?;
                    self.paint_whole()?;
                }
                None => {}
            }
            next = match keys.next().now_or_never() {
                Some(Some(event)) => Some(event?),
                _ => None,
            };
        }
        Ok(None)
    }

    fn paint_whole(&mut self) -> io::Result<()> {
        self.pictures.forget();
        self.stage.forget()
    }

    /// The terminal is gone: the run is ended in good order, unseen.
    fn hang_up(&mut self) {
        self.signalled = true;
        self.state.stop(Instant::now());
    }

    fn draw(&mut self) -> io::Result<()> {
        let (state, theme, pictures) = (&self.state, self.theme, &mut self.pictures);
        self.stage.draw(|buffer| view::draw(state, theme, pictures, buffer))
    }

    fn left(&self) -> Left {
        Left { signalled: self.signalled, failure: self.state.failure.clone() }
    }
}
