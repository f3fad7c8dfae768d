//! The terminal, taken and given back.

use super::TuiError;
use crossterm::{
    Command, cursor, event, execute, queue,
    terminal::{self, BeginSynchronizedUpdate, EndSynchronizedUpdate},
};
use ratatui::{Terminal, backend::CrosstermBackend, buffer::Buffer};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::{
    cell::RefCell,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    rc::Rc,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    thread::ThreadId,
};

/// Where ratatui writes: one frame is collected and sent as a whole.
#[derive(Clone, Default)]
struct Frame(Rc<RefCell<Vec<u8>>>);

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// [`Stage::draw`] sends it.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal while it is ours: raw, on its alternate screen, without a cursor.
pub struct Stage {
    terminal: Terminal<CrosstermBackend<Frame>>,
    frame: Frame,
}

impl Stage {
    /// Takes the terminal.
    ///
    /// # Errors
    /// [`TuiError::NoTerminal`] if input or output is none; the terminal's own.
    pub fn take() -> Result<Self, TuiError> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(TuiError::NoTerminal);
        }
        if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
            return Err(TuiError::Dumb);
        }
        restore_on_panic();
        MOUSE.store(false, Ordering::SeqCst);
        enter()?;
        let frame = Frame::default();
        let terminal = Terminal::new(CrosstermBackend::new(frame.clone()));
        // From here on dropping gives the terminal back.
        terminal.map(|terminal| Self { terminal, frame }).map_err(|error| {
            give_back();
            TuiError::Terminal(error)
        })
    }

    /// Draws one frame: what differs from the last one, within a synchronized update.
    ///
    /// # Errors
    /// The terminal's.
    pub fn draw(&mut self, paint: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        self.terminal.draw(|frame| paint(frame.buffer_mut()))?;
        let bytes = std::mem::take(&mut *self.frame.0.borrow_mut());
        let mut out = io::stdout().lock();
        queue!(out, BeginSynchronizedUpdate)?;
        out.write_all(&bytes)?;
        queue!(out, EndSynchronizedUpdate)?;
        out.flush()
    }

    /// The next frame is painted whole.
    ///
    /// # Errors
    /// The terminal's.
    pub fn forget(&mut self) -> io::Result<()> {
        // Not `clear`: it asks the terminal where the cursor is, and waits for the answer.
        let area = self.terminal.size()?.into();
        self.terminal.resize(area)
    }

    /// Has the terminal tell of the mouse, or no more. It then selects no text by itself.
    ///
    /// # Errors
    /// The terminal's.
    pub fn mouse(&mut self, on: bool) -> io::Result<()> {
        MOUSE.store(on, Ordering::SeqCst);
        execute!(io::stdout(), Mouse(on))
    }

    /// Gives the terminal to the shell until the program is brought back.
    ///
    /// # Errors
    /// The terminal's.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // Every thread stops, training too, as the user of Ctrl-Z expects; and with it who started the
        // program, such as `time`. TSTP does nothing where no shell would bring it back.
        let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        enter()?;
        stopped?;
        self.forget()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        give_back();
    }
}

/// Whether the other end of the terminal is gone. crossterm must not be called then: it would spin
/// (crossterm-rs/crossterm#793).
pub fn hung_up() -> bool {
    let input = io::stdin();
    let mut state = [PollFd::from_borrowed_fd(input.as_fd(), PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    poll(&mut state, Some(&now)).is_ok_and(|count| count > 0) && state[0].revents().intersects(gone)
}

/// Whether the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the mouse is to be told of while it is.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Reports of buttons, drags and the wheel, in SGR's form; not, as with crossterm's own, of every motion.
struct Mouse(bool);

impl Command for Mouse {
    fn write_ansi(&self, out: &mut impl std::fmt::Write) -> std::fmt::Result {
        write!(out, "\x1b[?1000;1002;1006{}", if self.0 { 'h' } else { 'l' })
    }
}

fn enter() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    terminal::enable_raw_mode()?;
    execute!(
        io::stdout(),
        terminal::EnterAlternateScreen,
        event::EnableBracketedPaste,
        cursor::Hide,
        terminal::Clear(terminal::ClearType::All),
    )
    .and_then(|()| if MOUSE.load(Ordering::SeqCst) { execute!(io::stdout(), Mouse(true)) } else { Ok(()) })
    .inspect_err(|_| give_back())
}

/// Leaves the terminal as it was. Errors are of no use any more: there may be no terminal.
fn give_back() {
    // Once: a second leaving of the alternate screen would put the cursor back over what was said since.
    if !TAKEN.swap(false, Ordering::SeqCst) || hung_up() {
        return;
    }
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        Mouse(false),
        event::DisableBracketedPaste,
        terminal::LeaveAlternateScreen,
        cursor::Show,
    );
    let _ = terminal::disable_raw_mode();
}

/// A panic of this thread gives the terminal back before it is told. Other threads tell theirs by
/// other ways: on the screen it would only be noise.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    let own: ThreadId = std::thread::current().id();
    ONCE.call_once(|| {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == own {
                give_back();
                told(panic);
            }
        }));
    });
}
