//! The loop of the screen: keys, signals and news in, frames out.
//!
//! All that is pending is taken in, then one frame is drawn, and only if something has changed.

use super::{
    Left, Listener, Options, TuiError, clipboard,
    glyphs::Glyphs,
    input::{Event, Input},
    pictures::{Images, Pictures},
    probe,
    state::{Effect, State},
    terminal::{Stage, hung_up},
    theme::Theme,
    tour, view,
};
use crate::engine::{Handle, message::Snapshot};
use rustix::io::Errno;
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
/// While a window is dragged to another size, everything is painted anew this often.
const RESIZED: Duration = Duration::from_millis(33);
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
    runtime.block_on(async {
        // Before anything else: a signal at any moment ends the program in good order.
        let ending = Ending::new()?;
        Loop::new(handle, options, listener, &mut stage)?.run(ending).await
    })
}

/// The signals that end the program.
struct Ending {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    /// No end: the window has another size.
    resize: Signal,
}

/// What a signal asks for.
enum Told {
    End,
    /// The terminal has gone.
    HangUp,
    Resize,
}

impl Ending {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            resize: signal(SignalKind::window_change())?,
        })
    }

    async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::End,
            _ = self.hangup.recv() => Told::HangUp,
            _ = self.interrupt.recv() => Told::End,
            _ = self.resize.recv() => Told::Resize,
        }
    }
}

/// Whether the terminal is gone that fails so: for a moment it only fails.
fn gone(error: &io::Error) -> bool {
    hung_up() || Errno::from_io_error(error) == Some(Errno::IO)
}

/// None if the terminal has gone: before the loop there is nobody to end the run in good order; the loop sees it at
/// once.
fn unless_gone<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Err(error) if gone(&error) => Ok(None),
        outcome => outcome.map(Some),
    }
}

struct Loop<'a> {
    stage: &'a mut Stage,
    state: State,
    theme: Theme,
    glyphs: Glyphs,
    pictures: Pictures,
    news: watch::Receiver<Arc<Snapshot>>,
    telemetry: crate::device::Telemetry,
    /// The telemetry's reading that is shown.
    reading: u64,
    /// Keys that came while the terminal was asked what it can do.
    typed: Vec<Event>,
    signalled: bool,
    hung_up: bool,
    /// The reader had asked to leave before the terminal went.
    asked: bool,
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
        let told = options.ground.or_else(super::environment);
        let theme = Theme::new(options.depth, told.unwrap_or_default()).with(&options.colours);
        let mut state = State::new(handle, listener, Instant::now());
        (state.keymap, state.mouse, state.tour) = (options.keymap.clone(), options.mouse, options.tour);
        (state.demo, state.remote) = (options.demo, options.remote);
        state.folder = state.folder.filter(|_| !options.demo);
        let mut it = Self {
            stage,
            state,
            theme,
            glyphs: options.glyphs,
            pictures: Pictures::new(theme, options.images, tmux),
            news,
            telemetry: crate::device::Telemetry::start(),
            reading: 0,
            typed: Vec::new(),
            signalled: false,
            hung_up: false,
            asked: false,
        };
        let way = |able, depth| Images::chosen(options.images, able, depth, options.glyphs);
        it.pictures.way = way(Images::Half, theme.depth);
        // Something is on the screen before anything is asked or loaded.
        unless_gone(it.draw())?;
        unless_gone(it.stage.mouse(options.mouse))?;
        let answers = unless_gone(probe::ask())?.unwrap_or_default();
        let ground = options.ground.or(answers.ground).or(told).unwrap_or_default();
        it.theme = Theme::new(answers.depth(theme.depth), ground).with(&options.colours);
        it.pictures.theme = it.theme;
        it.pictures.way = way(answers.images(tmux), it.theme.depth);
        if let Some(cell) = answers.cell {
            it.pictures.font = cell;
        }
        it.typed = answers.typed;
        Ok(it)
    }

    async fn run(mut self, mut ending: Ending) -> Result<Left, TuiError> {
        for event in std::mem::take(&mut self.typed) {
            if let Some(left) = self.obey(event)? {
                return Ok(left);
            }
        }
        let mut keys = Input::start()?;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut engine_lives, mut lost) = (true, false);
        // The last frame for another size, and when the next one is due.
        let (mut resized, mut due) = (Instant::now(), None);
        unless_gone(self.draw())?;
        loop {
            let mut redraw = false;
            tokio::select! {
                biased;
                told = ending.next() => {
                    if !matches!(told, Told::Resize) {
                        self.signalled = true;
                        let hung_up = matches!(told, Told::HangUp);
                        if hung_up {
                            self.gone();
                        }
                        // A terminal that goes away is seen twice, and nobody has asked a second time then.
                        let again = self.state.leaving.is_some() && !hung_up;
                        if again || self.state.ended() || self.state.remote {
                            return Ok(self.left());
                        }
                        self.state.stop(Instant::now());
                        redraw = true;
                    } else {
                        due = due.or(Some(Instant::now().max(resized + RESIZED)));
                    }
                }
                () = tokio::time::sleep_until(due.unwrap_or(resized).into()), if due.is_some() => {
                    (resized, due) = (Instant::now(), None);
                    self.pictures.forget();
                    redraw = true;
                }
                event = keys.next(), if !lost => match event {
                    Some(event) => {
                        let taken = event.map_err(TuiError::from).and_then(|event| self.take(event, &mut keys));
                        match taken {
                            Ok(Some(left)) => return Ok(left),
                            Err(TuiError::Terminal(error)) if gone(&error) => lost = true,
                            taken => redraw = taken?.is_none(),
                        }
                    }
                    None => lost = true,
                },
                news = self.news.changed(), if engine_lives => engine_lives = news.is_ok(),
                _ = tick.tick() => {
                    let newest = self.telemetry.revision();
                    if newest != self.reading && let Some(reading) = self.telemetry.latest() {
                        self.reading = newest;
                        self.state.read_device(reading);
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
            if lost || hung_up() {
                self.hang_up();
                if self.state.remote {
                    return Ok(self.left());
                }
            } else if redraw && let Err(error) = self.draw() {
                // It may have gone meanwhile.
                if !gone(&error) {
                    return Err(error.into());
                }
                lost = true;
                self.hang_up();
            }
        }
    }

    /// Takes in one event and all others that wait: many keys, one frame.
    fn take(&mut self, first: Event, keys: &mut Input) -> Result<Option<Left>, TuiError> {
        let mut next = Some(first);
        while let Some(event) = next {
            if let Some(left) = self.obey(event)? {
                return Ok(Some(left));
            }
            next = keys.waiting().transpose()?;
        }
        Ok(None)
    }

    /// Does what an event asks for, of the terminal too.
    fn obey(&mut self, event: Event) -> Result<Option<Left>, TuiError> {
        match self.event(event) {
            Some(Effect::Leave) => return Ok(Some(self.left())),
            Some(Effect::Redraw) => self.paint_whole()?,
            Some(Effect::Suspend) => {
                self.stage.suspend()?;
                self.paint_whole()?;
            }
            Some(Effect::Mouse(on)) => self.stage.mouse(on)?,
            Some(Effect::Copy(text)) => {
                let tmux = std::env::var_os("TMUX").is_some();
                if let Err(error) = clipboard::copy(&text, tmux) {
                    self.state.warn(&format!("not copied: {error}"));
                }
            }
            Some(Effect::Tour(on)) => {
                if let Err(error) = tour::seen(!on) {
                    self.state.warn(&format!("the tour will be shown again: {error}"));
                }
            }
            None => {}
        }
        Ok(None)
    }

    fn event(&mut self, event: Event) -> Option<Effect> {
        match event {
            Event::Key(key) => return self.state.press(&key, Instant::now()),
            Event::Paste(text) => self.state.type_text(&text),
            Event::Mouse(mouse) => return self.state.point(&mouse, Instant::now()),
        }
        None
    }

    fn paint_whole(&mut self) -> io::Result<()> {
        self.pictures.forget();
        self.stage.forget()
    }

    /// Notes that the terminal is gone. It is seen more than once.
    fn gone(&mut self) {
        if !self.hung_up {
            (self.hung_up, self.asked) = (true, self.state.leaving.is_some());
        }
    }

    /// The terminal is gone: the run is ended in good order, unseen.
    fn hang_up(&mut self) {
        self.signalled = true;
        self.gone();
        if !self.state.remote {
            self.state.stop(Instant::now());
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let (state, theme, pictures) = (self.state.front(), self.theme, &mut self.pictures);
        self.stage.draw(|buffer| {
            view::draw(state, theme, pictures, buffer);
            self.glyphs.reduce(buffer);
            pictures.take_aside()
        })
    }

    fn left(&self) -> Left {
        Left {
            signalled: self.signalled,
            hung_up: self.hung_up && !self.asked,
            // A signal that came meanwhile ends everything, but for the loss of the terminal.
            detached: self.state.detaching && (!self.signalled || self.hung_up),
            interrupted: self.state.by_interrupt,
            failure: self.state.failure.clone(),
            // A signal ends everything.
            next: self.state.next_run.clone().filter(|_| !self.signalled),
        }
    }
}
