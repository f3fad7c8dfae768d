//! Who gets in at a run's socket, and who does not; and whose socket it is.

#[path = "common/served.rs"]
mod served;
#[path = "common/terminal.rs"]
mod terminal;

use looc::{
    engine::message,
    link::{self, LinkError},
    run::holder,
};
use served::{PATIENCE, PROGRAM, Trained, framed, hello, program, raw, rest, told, until};
use std::{
    fs::{self, Permissions},
    io::{Read, Write},
    os::unix::{
        fs::{PermissionsExt, chown, symlink},
        net::{UnixListener, UnixStream},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use terminal::SMALL;

/// Nobody's.
const OTHER: u32 = 65_534;

/// Whether this test may take another user's part. If not, it says that it did less.
fn may_be_another(what: &str) -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        println!("skipped: {what}: only root can start a process of another user");
    }
    root
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

/// What is no viewer is closed, and the others are served.
#[test]
fn garbage_other_versions_long_lengths_and_the_slow_are_closed() {
    let mut trained = Trained::start();
    // Those that say too little, first, for they take their five seconds.
    let since = Instant::now();
    let silent = raw(&trained, b"");
    let half = raw(&trained, &hello()[..9]);
    let slow = UnixStream::connect(trained.socket()).unwrap();
    let (mut drip, letters) = (slow.try_clone().unwrap(), hello());
    std::thread::spawn(move || {
        for letter in letters.iter().cycle() {
            if drip.write_all(&[*letter]).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    for wrong in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0xff; 4],
        &[0; 64],
        &framed("[]"),
        &framed(r#"{"looc":2,"version":"9.9.9"}"#),
        &framed(r#"{"looc":1,"version":"9.9.9"}"#),
        &framed(&format!(r#"{{"looc":1,"version":"{}","more":1}}"#, env!("CARGO_PKG_VERSION"))),
        // More than a viewer may say.
        &((64 << 10) + 1_u32).to_le_bytes(),
    ] {
        let told = rest(raw(&trained, wrong));
        assert_eq!(String::from_utf8_lossy(&told).matches("looc").count(), 1, "nothing but the greeting");
    }
    for wrong in
        [&framed("{}")[..], &framed(r#"{"command":"Destroy","revision":0}"#), &u32::MAX.to_le_bytes()]
    {
        let told = rest(raw(&trained, &[&hello(), wrong].concat()));
        assert!(told.len() > 100, "it was a viewer at first");
    }
    for mute in [silent, half, slow] {
        let told = rest(mute);
        println!("one that says too little is closed after {:.1?} at most", since.elapsed());
        assert_eq!(String::from_utf8_lossy(&told).matches("looc").count(), 1);
    }
    // A command that is begun and not ended.
    let since = Instant::now();
    let told = rest(raw(&trained, &[&hello(), &b"\x10\0\0\0{"[..]].concat()));
    println!("one that does not end what it says is closed after {:.1?}", since.elapsed());
    // Five, and what a busy machine adds.
    assert!(told.len() > 100 && since.elapsed() < Duration::from_secs(30));
    assert!(link::attach(&trained.run()).is_ok());
    trained.until_trained(3);
    trained.stop();
}

/// More viewers than there are places: those beyond are closed, and places become free again.
#[test]
fn places_are_bounded_and_become_free() {
    let mut trained = Trained::start();
    let held: Vec<UnixStream> = (0..40).map(|_| raw(&trained, &[])).collect();
    assert!(matches!(link::attach(&trained.run()), Err(LinkError::Gone)));
    drop(held);
    until("a place", || link::attach(&trained.run()).is_ok());
    trained.stop();
}

/// The socket is its user's alone, whatever the umask; a directory where others may write has none.
#[test]
fn the_socket_is_private_under_any_umask() {
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"umask 0; exec "$0" "$@""#, PROGRAM]);
    let mut trained = Trained::start_with(&mut shell, &[]);
    assert_eq!((mode(&trained.socket()), mode(&trained.run())), (0o600, 0o700));
    trained.stop();
    let mut folders = vec![trained.run()];
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
            }
        }
    }
    fs::set_permissions(trained.run(), Permissions::from_mode(0o777)).unwrap();
    trained.resume();
    until("the warning", || trained.said().contains("chmod 700"));
    assert!(!trained.socket().exists());
    trained.until_trained(3);
}

/// What a killed process left is replaced; nobody but who holds the lock replaces anything.
#[test]
fn a_stale_socket_is_replaced_by_who_holds_the_lock() {
    let mut trained = Trained::start();
    until("a checkpoint", || {
        let viewer = link::attach(&trained.run()).unwrap();
        viewer.commands.send(message::Command::Checkpoint).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        trained.run().join("checkpoints").exists()
    });
    // A second one is told who holds it, and harms nothing.
    let resume = ["train", "--resume", "--run", "run"];
    let second = told(program(trained.folder.path(), &resume).code(1));
    assert!(second.contains(&format!("process {}", trained.child.id())), "{second}");
    assert!(second.contains("looc-tui attach run"), "{second}");
    assert!(link::is_served(&trained.run()));
    trained.child.kill().unwrap();
    trained.child.wait().unwrap();
    assert!(trained.socket().exists() && !link::is_served(&trained.run()));
    for command in ["attach", "stop"] {
        let told = told(program(trained.folder.path(), &[command, "run"]).code(1));
        assert!(told.contains("run is not being trained"), "{told}");
    }
    trained.resume();
    until("a new socket", || link::is_served(&trained.run()));
    trained.stop();
}

/// Whoever listens in the place of the run and talks nonsense is not believed.
#[test]
fn a_viewer_believes_nothing_either() {
    let folder = tempfile::tempdir().unwrap();
    let config = looc::config::Config::quickstart();
    let run = folder.path().join("run");
    let held = looc::run::RunDir::create(&run, &config.to_yaml(), &config.hash(), 0).unwrap();
    for said in [
        vec![0xff; 100],
        framed(r#"{"looc":1,"version":"0.0.0"}"#),
        [hello(), framed(r#""Live""#)].concat(),
        [hello(), framed(r#"{"State":{}}"#)].concat(),
    ] {
        let _ = fs::remove_file(run.join("socket"));
        let listener = UnixListener::bind(run.join("socket")).unwrap();
        let liar = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(&said).unwrap();
            rest(stream)
        });
        assert!(link::attach(&run).is_err());
        liar.join().unwrap();
    }
    drop(held);
    // A process that another test starts at this moment shares the lock until it has become another program.
    until("that it is not trained", || matches!(link::attach(&run), Err(LinkError::NotTrained(_))));
}

/// What tests start as another user: it says something at a socket, or listens at one; and says what came of it.
#[test]
fn a_process_of_another_user() {
    let Ok(part) = std::env::var(ANOTHER) else { return };
    let (does, path) = part.split_once(' ').unwrap();
    let stop = framed(r#"{"command":"Stop","revision":0}"#);
    let mut stream = match does {
        "speaks" => UnixStream::connect(path).unwrap(),
        _ => {
            let listener = UnixListener::bind(path).unwrap();
            fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
            listener.accept().unwrap().0
        }
    };
    println!("connected");
    // It may be closed already.
    let _ = stream.write_all(&[hello(), if does == "speaks" { stop } else { Vec::new() }].concat());
    let mut heard = Vec::new();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let end = stream.read_to_end(&mut heard);
    println!("heard {} bytes, then {:?}", heard.len(), end.map(|_| "the end").map_err(|error| error.kind()));
}

const ANOTHER: &str = "LOOC_TEST_OF_ANOTHER_USER";

/// That process, and where it may stand: a copy, for the tests' own folder may be closed to others.
fn another(folder: &Path, user: u32, part: &str) -> Child {
    let copy = folder.join("another");
    if !copy.exists() {
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(copy);
    command.args(["--exact", "a_process_of_another_user", "--nocapture"]).env(ANOTHER, part);
    command.current_dir("/").uid(user).gid(user).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

fn said_by(child: Child) -> String {
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// Another user who gets as far as the socket, because somebody opened its modes, gets no word and is not heard.
#[test]
fn another_user_is_refused_unheard() {
    if !may_be_another("a socket's other user") {
        return;
    }
    let mut trained = Trained::start();
    for (path, mode) in [(trained.folder.path(), 0o755), (&trained.run(), 0o755), (&trained.socket(), 0o666)]
    {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let part = format!("speaks {}", trained.socket().display());
    for _ in 0..3 {
        let said = said_by(another(trained.folder.path(), OTHER, &part));
        assert!(said.contains("connected") && said.contains("heard 0 bytes"), "{said}");
    }
    trained.until_trained(3);
    assert!(!trained.said().contains("watches this run"), "{}", trained.said());
    // The same of the run's own user is heard, and obeyed.
    let said = said_by(another(trained.folder.path(), 0, &part));
    assert!(said.contains("connected") && !said.contains("heard 0 bytes"), "{said}");
    assert_eq!(trained.child.wait().unwrap().code(), Some(0), "{}", trained.said());
    assert!(trained.said().contains("watches this run"), "{}", trained.said());
}

/// Nor is another user believed who listens where the run's socket should be, by way of a link.
#[test]
fn another_users_socket_is_not_believed() {
    if !may_be_another("another user's socket") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (run, theirs) = (folder.path().join("run"), folder.path().join("theirs"));
    let config = looc::config::Config::quickstart();
    let held = looc::run::RunDir::create(&run, &config.to_yaml(), &config.hash(), 0).unwrap();
    fs::create_dir(&theirs).unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    chown(&theirs, Some(OTHER), Some(OTHER)).unwrap();
    let socket = theirs.join("socket");
    let child = another(folder.path(), OTHER, &format!("listens {}", socket.display()));
    until("their socket", || socket.exists() && mode(&socket) == 0o666);
    symlink(&socket, run.join("socket")).unwrap();
    let met = link::attach(&run);
    assert!(matches!(met, Err(LinkError::Foreign)), "{:?}", met.err());
    let said = said_by(child);
    assert!(said.contains("connected") && said.contains("heard 0 bytes"), "{said}");
    drop(held);
}

/// Another user's directory, and a link to one, are refused before anything is made in them.
#[test]
fn another_users_directory_is_refused() {
    if !may_be_another("another user's directory") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    chown(&theirs, Some(OTHER), Some(OTHER)).unwrap();
    symlink(&theirs, folder.path().join("run")).unwrap();
    for run in ["theirs", "run"] {
        let arguments = [&["train"], &SMALL[..SMALL.len() - 1], &[run]].concat();
        let said = told(program(folder.path(), &arguments).code(1));
        assert!(said.contains("belongs to another user"), "{said}");
        assert_eq!(fs::read_dir(&theirs).unwrap().count(), 0);
    }
    // A run that somebody else has come by.
    let mut trained = Trained::start();
    trained.stop();
    chown(trained.run(), Some(OTHER), Some(OTHER)).unwrap();
    let resume = ["train", "--resume", "--run", "run"];
    let said = told(program(trained.folder.path(), &resume).code(1));
    assert!(said.contains("belongs to another user") && !trained.socket().exists(), "{said}");
}

/// What stands where the socket is to be: a link is taken away and not followed, a directory is told of.
#[test]
fn what_is_planted_in_the_sockets_place_is_not_followed() {
    let mut trained = Trained::start();
    trained.stop();
    let victim = trained.folder.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    fs::set_permissions(&victim, Permissions::from_mode(0o644)).unwrap();
    symlink(&victim, trained.socket()).unwrap();
    trained.resume();
    until("a socket", || link::is_served(&trained.run()));
    assert_eq!((fs::read_to_string(&victim).unwrap().as_str(), mode(&victim)), ("mine", 0o644));
    assert!(
        !fs::symlink_metadata(trained.socket()).unwrap().is_symlink() && mode(&trained.socket()) == 0o600
    );
    trained.stop();
    assert!(victim.exists());
    fs::create_dir(trained.socket()).unwrap();
    fs::write(trained.socket().join("file"), "mine").unwrap();
    let resume = ["train", "--resume", "--run", "run"];
    let said = told(program(trained.folder.path(), &resume).code(1));
    assert!(said.contains("run/socket"), "{said}");
    assert!(trained.socket().join("file").exists());
}

/// Of two that start at once one trains and is served, and the other names it; also where a killed one left a socket.
#[test]
fn of_two_starts_at_once_one_is_served() {
    let mut trained = Trained::start();
    trained.stop();
    for round in 0..10 {
        let start = |name: &str| {
            let said = fs::File::create(trained.folder.path().join(name)).unwrap();
            let mut command = Command::new(PROGRAM);
            command.args(["train", "--resume", "--run", "run"]).current_dir(trained.folder.path());
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn().unwrap()
        };
        let mut both = ["first", "second"].map(|name| (start(name), name));
        let mut lost = None;
        until("the end of one", || {
            lost = both.iter_mut().position(|(child, _)| child.try_wait().unwrap().is_some());
            lost.is_some()
        });
        let at = lost.unwrap();
        let said = fs::read_to_string(trained.folder.path().join(both[at].1)).unwrap();
        assert_eq!(both[at].0.wait().unwrap().code(), Some(1), "{said}");
        let winner = &mut both[1 - at].0;
        assert!(said.contains("process"), "{said}");
        until("a socket", || link::is_served(&trained.run()));
        assert_eq!(holder(&trained.run()).unwrap().pid, winner.id());
        assert!(link::attach(&trained.run()).is_ok());
        if round % 2 == 0 {
            winner.kill().unwrap();
            winner.wait().unwrap();
            assert!(trained.socket().exists() && !link::is_served(&trained.run()));
        } else {
            link::stop(&trained.run()).unwrap();
            assert_eq!(winner.wait().unwrap().code(), Some(0));
        }
    }
}

/// A path longer than a socket's address can be: it works all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_long_path_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let run: PathBuf = folder.path().join("x".repeat(120)).join("y".repeat(120));
    let arguments = [&["train"], &SMALL[..SMALL.len() - 1], &[run.to_str().unwrap()]].concat();
    let mut command = Command::new(PROGRAM);
    command.args(&arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    until("a socket", || link::is_served(&run));
    let viewer = link::attach(&run).unwrap();
    until("a step", || viewer.snapshot.borrow().step > 3);
    program(folder.path(), &["stop", run.to_str().unwrap()]).code(0);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
