//! What the screen shows, without a word about how: the engine's newest state, the curves, the
//! editor, and where the reader is. Driven by keys and by time; testable without a terminal.

pub mod album;
pub mod catalogue;
mod clip;
pub mod configuration;
pub mod device;
mod editing;
pub mod editor;
mod errand;
mod events;
mod export;
pub mod forking;
mod guest;
pub mod lens;
pub mod lineage;
pub mod log;
pub mod matrix;
pub mod notices;
pub mod palette;
pub mod plain;
pub mod pointer;
mod press;
mod roaming;
pub mod rows;
pub mod typed;

use crate::{
    curves::{Along, Heads, Mark, SeriesStore},
    engine::{
        Handle, Wanted,
        message::{Command, InvarianceReport, Phase, Snapshot, ViewRequest},
    },
    tui::{Listener, keymap::Keymap},
};
use album::Album;
use catalogue::Catalogue;
use configuration::Answer;
use device::DeviceHistory;
use editor::Editor;
use errand::Errand;
use lens::Lens;
use log::Log;
use matrix::Matrix;
use notices::{Notices, Tone};
use palette::Palette;
use plain::plain;
use pointer::{Drag, Spots};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use typed::Typed;

/// Data alone is shown this often; keys and events at once.
const CALM: Duration = Duration::from_millis(500);
/// Edits that stay marked under the curves.
const MARKS: usize = 200;

/// A screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    #[default]
    Train,
    Views,
    Invariance,
    Neighbours,
    Runs,
    Log,
}

impl Screen {
    /// With the key that shows it, and its name.
    pub const ALL: [(Self, char, &str); 6] = [
        (Self::Train, '1', "Train"),
        (Self::Views, '2', "Views"),
        (Self::Invariance, '3', "Invariance"),
        (Self::Neighbours, '4', "Neighbours"),
        (Self::Runs, '5', "Runs"),
        (Self::Log, '6', "Log"),
    ];
}

/// A pane of the training screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    #[default]
    Augmentations,
    Losses,
    Invariance,
    Views,
    Device,
}

impl Pane {
    /// In the order of `Tab`.
    pub const ALL: [Self; 5] =
        [Self::Augmentations, Self::Losses, Self::Invariance, Self::Views, Self::Device];
}

/// What lies on top of the screen.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Over {
    #[default]
    Nothing,
    /// Whether to leave.
    Question,
    /// What the keys do, scrolled so far.
    Help(usize),
    /// Why training ended, scrolled so far.
    Failure(usize),
    /// Any action by its name, or any preset.
    Palette(Palette),
    /// Whether to leave this run and go on with another; before the question, a sentence on that run.
    Resume(PathBuf, String),
    /// A title and lines to read, scrolled so far.
    Page(Arc<(String, Vec<String>)>, usize),
}

/// What the run loop is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Paint everything again.
    Redraw,
    /// Hear the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Into the terminal's clipboard.
    Copy(String),
    /// The tour has been seen, or is to be shown again.
    Tour(bool),
    /// Hand the terminal back for a while.
    Suspend,
    /// Leave, at once.
    Leave,
}

/// Everything the screen shows.
pub struct State {
    handle: Handle,
    listener: Option<Listener>,
    pub snapshot: Arc<Snapshot>,
    pub screen: Screen,
    pub focus: Pane,
    pub over: Over,
    pub editor: Editor,
    pub heads: Heads,
    pub series: SeriesStore,
    pub marks: Vec<Mark>,
    pub smoothing: usize,
    pub log: bool,
    pub along: Along,
    pub lens: Lens,
    /// A chart a space, instead of all in one.
    pub grid: bool,
    /// The matrix at random initialisation instead of the newest.
    pub baseline: bool,
    /// Of the pictures that the engine shows, those that this screen asked for.
    wanted: Wanted,
    /// The views last asked for.
    pub asked: Option<ViewRequest>,
    /// The views stay those of the model that they were made by.
    pub frozen: bool,
    /// The image itself stands beside its views.
    pub original: bool,
    /// A number that is being typed.
    pub typed: Option<Typed>,
    pub matrix: Matrix,
    pub album: Album,
    pub catalogue: Catalogue,
    pub device: DeviceHistory,
    pub notices: Notices,
    pub log_lines: Log,
    /// Where things were drawn that can be pointed at.
    pub spots: Spots,
    /// The terminal tells what the mouse does.
    pub mouse: bool,
    /// A recording is played.
    pub demo: bool,
    /// Where files are written that the reader asks for; none: nowhere.
    pub folder: Option<PathBuf>,
    /// The run is trained by another process.
    pub remote: bool,
    /// It is to go on without a screen once this one has gone.
    pub detaching: bool,
    /// Lines explain each pane.
    pub tour: bool,
    pub keymap: Arc<Keymap>,
    drag: Option<Drag>,
    /// Another run that is looked at, in front of this one.
    pub guest: Option<Box<State>>,
    /// The run to go on with after this one.
    pub next_run: Option<PathBuf>,
    errand: Option<Errand<Result<Answer, String>>>,
    /// Why training ended, if it failed.
    pub failure: Option<String>,
    /// Since when the last checkpoint is awaited.
    pub leaving: Option<Instant>,
    /// The reader left by Ctrl-C.
    pub by_interrupt: bool,
    interrupted: Option<Instant>,
    shown: Instant,
}

impl State {
    /// A viewer of this engine.
    pub fn new(handle: Handle, listener: Option<Listener>, now: Instant) -> Self {
        let snapshot = handle.snapshot.borrow().clone();
        let mut state = Self {
            handle,
            listener,
            snapshot: snapshot.clone(),
            screen: Screen::default(),
            focus: Pane::default(),
            over: Over::default(),
            editor: Editor::default(),
            heads: Heads::default(),
            series: SeriesStore::default(),
            marks: Vec::new(),
            smoothing: 1,
            log: false,
            along: Along::default(),
            lens: Lens::default(),
            grid: false,
            baseline: false,
            wanted: Wanted::default(),
            asked: None,
            frozen: false,
            original: false,
            typed: None,
            matrix: Matrix::default(),
            album: Album::default(),
            catalogue: Catalogue::default(),
            device: DeviceHistory::default(),
            notices: Notices::default(),
            log_lines: Log::default(),
            spots: Spots::default(),
            mouse: false,
            demo: false,
            folder: Some(".".into()),
            remote: false,
            detaching: false,
            tour: false,
            keymap: Arc::default(),
            drag: None,
            guest: None,
            next_run: None,
            errand: None,
            failure: None,
            leaving: None,
            by_interrupt: false,
            interrupted: None,
            shown: now,
        };
        state.take(snapshot);
        // What was before, for the edits that are told of it.
        state.take_records();
        state
    }

    /// Takes in what the engine has published. True if the screen should be drawn now: at once for
    /// what the reader waits for, calmly for figures that merely move.
    pub fn refresh(&mut self, now: Instant) -> bool {
        let mut urgent = self.notices.expire(now) | self.take_answer(now);
        let (runs, wrong) = self.catalogue.take();
        wrong.iter().for_each(|why| self.notices.say(Tone::Warning, why, now));
        urgent |= runs;
        if let Some(guest) = &mut self.guest {
            urgent |= guest.refresh(now);
        }
        for event in self.handle.events.drain() {
            urgent |= self.event(event, now);
        }
        // Whether the engine has gone is asked first, so that its last word is seen all the same.
        let gone = self.handle.snapshot.has_changed().is_err();
        let news = {
            let newest = self.handle.snapshot.borrow_and_update();
            newest.has_changed().then(|| newest.clone())
        };
        if let Some(next) = news {
            urgent |= self.take(next);
        }
        if gone {
            urgent |= self.engine_gone();
        }
        let calm = now.duration_since(self.shown) >= CALM;
        if urgent || calm {
            let fresh = self.take_records() | std::mem::take(&mut self.device.fresh);
            if urgent || fresh || self.snapshot_moved() {
                self.shown = now;
                return true;
            }
        }
        false
    }

    fn take_records(&mut self) -> bool {
        let records = self.handle.records.drain();
        for record in &records {
            self.series.push(record);
        }
        let tags: Vec<String> = self.series.under("loss/").map(|(name, _)| name.to_owned()).collect();
        for name in tags {
            self.heads.number(&name);
        }
        !records.is_empty()
    }

    /// True while loading: then the snapshot alone tells how far it is.
    fn snapshot_moved(&self) -> bool {
        matches!(self.snapshot.phase, Phase::Starting | Phase::Loading { .. })
    }

    /// Takes a newer state. True if it differs in what the reader waits for.
    fn take(&mut self, next: Arc<Snapshot>) -> bool {
        let old = std::mem::replace(&mut self.snapshot, next);
        let new = self.snapshot.clone();
        self.heads.update(&new.config);
        self.editor.select(&new.config, self.editor.selected);
        if let Phase::Failed(why) = &new.phase
            && self.failure.is_none()
        {
            self.failure = Some(plain(why));
            self.over = Over::Failure(0);
            self.guest = None;
        }
        let measured = |it: &Snapshot| it.invariance.as_ref().map(|report| report.step);
        if self.answers() {
            match self.asked {
                None => self.ask_views(ViewRequest::default()),
                // Their cosines are to be the model's as it is: anew with every measurement and edit.
                Some(asked)
                    if !self.frozen && (old.revision != new.revision || measured(&old) != measured(&new)) =>
                {
                    self.ask_views(asked);
                }
                Some(_) => {}
            }
            if self.screen == Screen::Neighbours && self.album.asked.is_none() {
                self.ask_neighbours(self.album.anew());
            }
        }
        self.wanted.take(&new).into_iter().for_each(|again| self.command(again));
        let new = self.wanted.shown(new);
        self.snapshot = new.clone();
        let views = |it: &Snapshot| it.views.as_ref().map(|sheet| (sheet.request, sheet.step));
        let neighbours = |it: &Snapshot| it.neighbours.as_ref().map(Arc::as_ptr);
        std::mem::discriminant(&old.phase) != std::mem::discriminant(&new.phase)
            || old.revision != new.revision
            || views(&old) != views(&new)
            || neighbours(&old) != neighbours(&new)
            || measured(&old) != measured(&new)
    }

    /// The training thread has gone: it should have said why, or that it is done.
    fn engine_gone(&mut self) -> bool {
        if self.failure.is_some() || self.ended() {
            return false;
        }
        let why = "The training thread ended without saying why. The run directory holds its last checkpoint: \
                   leave with q, and train on with --resume.";
        self.failure = Some(why.into());
        self.over = Over::Failure(0);
        self.guest = None;
        true
    }

    /// Tells of something that went wrong outside.
    pub fn warn(&mut self, text: &str) {
        match &mut self.guest {
            Some(guest) => guest.warn(text),
            None => self.notices.say(Tone::Warning, text, Instant::now()),
        }
    }

    /// Whether something lies on top. Pictures made of pixels would lie above it.
    pub fn covered(&self) -> bool {
        matches!(self.over, Over::Help(_) | Over::Failure(_) | Over::Palette(_) | Over::Page(..))
    }

    /// Whether the engine shows what its model sees when it is asked.
    pub fn answers(&self) -> bool {
        let phase = &self.snapshot.phase;
        self.leaving.is_none() && matches!(phase, Phase::Training | Phase::Paused | Phase::Finished)
    }

    /// The newest measurement, or the first.
    pub fn report(&self) -> Option<Arc<InvarianceReport>> {
        self.snapshot.invariance.clone().or(self.snapshot.invariance_at_start.clone())
    }

    /// Whether the configuration gives an augmentation of this name a head.
    pub fn has_head(&self, name: &str) -> bool {
        self.snapshot.config.augment.iter().any(|it| it.head && it.name() == name)
    }

    /// Whether this is the folder of the run on the screen.
    pub fn is_own(&self, path: &std::path::Path) -> bool {
        self.snapshot.run.as_ref().is_some_and(|run| run.file_name() == path.file_name())
    }

    /// Whether this is what a run's files tell: nothing is trained.
    pub fn of_the_past(&self) -> bool {
        self.demo || matches!(self.snapshot.phase, Phase::Recorded(_))
    }

    /// Whether no more steps will be made.
    pub fn ended(&self) -> bool {
        self.failure.is_some()
            || matches!(
                self.snapshot.phase,
                Phase::Finished | Phase::Stopped | Phase::Failed(_) | Phase::Lost(_) | Phase::Recorded(_)
            )
    }

    /// Sends a command; an engine that has gone shows itself in [`Self::refresh`].
    fn command(&self, command: Command) {
        let _ = self.handle.commands.send(command);
    }

    /// Asks for pictures.
    fn ask(&mut self, command: Command) {
        self.wanted.ask(&command);
        self.command(command);
    }

    fn ask_views(&mut self, request: ViewRequest) {
        self.asked = Some(request);
        self.ask(Command::Views(request));
    }

    /// Whether views were asked for that have not come yet.
    pub fn views_awaited(&self) -> bool {
        self.asked.is_some() && self.asked != self.snapshot.views.as_ref().map(|sheet| sheet.request)
    }

    /// Asks the engine to end; the screen stays until its checkpoint is written.
    pub fn stop(&mut self, now: Instant) {
        if self.leaving.is_none() {
            self.command(Command::Stop);
            self.leaving = Some(now);
            self.over = Over::Nothing;
        }
    }

    /// Steps an epoch, once it can be known.
    pub fn epoch_steps(&self) -> Option<f64> {
        let snapshot = &self.snapshot;
        (snapshot.epoch > 0.0 && snapshot.step > 0).then(|| snapshot.step as f64 / f64::from(snapshot.epoch))
    }
}
