//! Several who watch one run, one of them on the screen of the process that trains: each sees what it asked for, and
//! of two who edit, one is told that it has not seen the other's edit.

#[allow(dead_code, reason = "some of it is for other tests")]
mod common;

use common::SMALL;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use looc::{
    engine::{
        self, Job, Place,
        message::{Command, Edit, NeighbourRequest, Phase, ViewRequest},
    },
    link,
    run::{Entry, journal},
    tui::state::State,
};
use std::time::{Duration, Instant};

/// Longer than anything here takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until it is so.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < PATIENCE, "no {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A run in this process, its screen without a terminal, and a viewer that came by the socket.
fn watched(test: impl FnOnce(&mut State, &engine::Handle, &engine::Handle)) -> Vec<(u64, String)> {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let job = Job {
        config: common::config(SMALL),
        place: Place::New(run.clone()),
        steps: Some(100_000),
        attended: true,
    };
    let (handle, thread) = engine::start(job).unwrap();
    let beside = handle.door().enter();
    let server = link::serve(&handle).unwrap();
    let mut screen = State::new(handle, None, Instant::now());
    until("a socket", || link::is_served(&run));
    let viewer = link::attach(&run).unwrap();
    until("training", || screen.refresh(Instant::now()) && screen.snapshot.phase == Phase::Training);
    test(&mut screen, &beside, &viewer);
    screen.stop(Instant::now());
    thread.join().unwrap();
    drop(server);
    let edit = |record: journal::Record| match record.entry {
        Entry::Edit { revision, path, to, .. } => Some((revision, format!("{path} {to}"))),
        _ => None,
    };
    journal::read(&run.join("journal.jsonl")).unwrap().into_iter().filter_map(edit).collect()
}

#[test]
fn each_sees_the_pictures_that_it_asked_for() {
    let edits = watched(|screen, engine, viewer| {
        let views =
            |it: &engine::Handle| it.snapshot.borrow().views.as_ref().map(|sheet| sheet.request.index);
        let shown = |screen: &mut State| {
            screen.refresh(Instant::now());
            screen.snapshot.views.as_ref().map(|sheet| sheet.request.index)
        };
        until("the screen's views", || shown(screen) == Some(0));
        for index in [7, 8] {
            viewer.commands.send(Command::Views(ViewRequest { index, draw: 0 })).unwrap();
            until("the viewer's views", || {
                assert_eq!(shown(screen), Some(0));
                views(viewer) == Some(index)
            });
            assert_eq!((views(engine), shown(screen)), (Some(index), Some(0)));
        }
        // Both at once, without a look between: the last is answered, and the other asks again.
        for round in 0..5 {
            screen.press(&KeyEvent::new(KeyCode::Char('2'), KeyModifiers::NONE), Instant::now());
            screen.press(&KeyEvent::new(KeyCode::Char('.'), KeyModifiers::NONE), Instant::now());
            viewer.commands.send(Command::Views(ViewRequest { index: 20 + round, draw: 0 })).unwrap();
            until("both", || shown(screen) == Some(round + 1) && views(viewer) == Some(20 + round));
        }
        // And neighbours, through the search of all images.
        let place = |it: &looc::engine::message::Snapshot| {
            let sheet = it.neighbours.as_ref().filter(|it| it.searched.0 == it.searched.1 && !it.outdated);
            sheet.map(|sheet| sheet.request.place)
        };
        screen.press(&KeyEvent::new(KeyCode::Char('4'), KeyModifiers::NONE), Instant::now());
        let request = NeighbourRequest { place: 9, ..NeighbourRequest::default() };
        viewer.commands.send(Command::Neighbours(request)).unwrap();
        let mut own = false;
        until("both searches", || {
            screen.refresh(Instant::now());
            let shown = screen.snapshot.neighbours.as_ref().map(|it| it.request.place);
            own |= shown == Some(0);
            assert!(!own || shown == Some(0), "the screen shows what the viewer asked for");
            place(&screen.snapshot) == Some(0) && place(&viewer.snapshot.borrow()) == Some(9)
        });
    });
    assert!(edits.is_empty());
}

#[test]
fn an_edit_on_the_screen_of_what_it_no_longer_shows_is_refused() {
    let edits = watched(|screen, engine, viewer| {
        let lr = Edit { path: "optimizer.lr".into(), value: 0.03.into() };
        viewer.commands.send(Command::Edit(lr)).unwrap();
        // Not yet on the screen, which is not refreshed meanwhile.
        until("the viewer's edit", || engine.snapshot.borrow().revision == 1);
        assert_eq!(screen.snapshot.revision, 0);
        let space = KeyEvent::new(KeyCode::Char(' '), KeyModifiers::NONE);
        screen.press(&space, Instant::now());
        let told = |screen: &State, words: &str| {
            screen.log_lines.newest_first().any(|line| line.text.contains(words))
        };
        until("the refusal", || {
            screen.refresh(Instant::now());
            told(screen, "somebody else has changed")
        });
        assert_eq!((screen.snapshot.revision, engine.snapshot.borrow().revision), (1, 1));
        // Seen now: the same key is obeyed, and again before the screen has heard of it.
        screen.press(&space, Instant::now());
        screen.press(&space, Instant::now());
        until("both", || {
            screen.refresh(Instant::now());
            screen.snapshot.revision == 3
        });
    });
    let words: Vec<&str> = edits.iter().map(|(_, words)| &**words).collect();
    assert_eq!(words, ["optimizer.lr 0.03", "augment.crop.enabled false", "augment.crop.enabled true"]);
    assert_eq!(edits.iter().map(|(revision, _)| *revision).collect::<Vec<_>>(), [1, 2, 3]);
}
