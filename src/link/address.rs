//! The socket in a run's directory: made for its user alone, and found again.

use super::system::{LONGEST, shortened, socket};
use crate::run::SOCKET;
use rustix::net::SocketAddrUnix;
use std::{
    fs::{self, Permissions},
    io,
    os::{
        fd::OwnedFd,
        unix::{
            fs::{FileTypeExt, MetadataExt, PermissionsExt},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
};

/// So many wait to be let in.
const BACKLOG: i32 = 16;
/// Write for the group and for others.
const WRITE_OF_OTHERS: u32 = 0o022;

/// The socket's path, as short as it has to be. The directory stays open as long as it is used.
struct Address {
    path: PathBuf,
    _folder: Option<OwnedFd>,
}

fn address(run: &Path) -> io::Result<Address> {
    let path = run.join(SOCKET);
    if path.as_os_str().len() <= LONGEST {
        return Ok(Address { path, _folder: None });
    }
    // A long one goes by way of the open directory.
    let (folder, short) = shortened(run)?;
    Ok(Address { path: short.join(SOCKET), _folder: Some(folder) })
}

/// Makes the socket. Only for who holds the run's lock, which has taken away what another process left there.
///
/// # Errors
/// The system's; the directory is another user's, or others may write there.
pub fn listen(run: &Path) -> io::Result<UnixListener> {
    private(run)?;
    let address = address(run)?;
    let socket = socket()?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(&address.path)?)?;
    // Nobody gets in before `listen`: whatever the umask is, it is private by then.
    let made =
        fs::set_permissions(&address.path, Permissions::from_mode(0o600)).and_then(|()| own(&address.path));
    if let Err(error) = made.and_then(|()| Ok(rustix::net::listen(&socket, BACKLOG)?)) {
        // The first error is the one to tell.
        let _ = fs::remove_file(&address.path);
        return Err(error);
    }
    Ok(socket.into())
}

/// Refuses a directory where somebody else could put another socket into the place of this one.
fn private(run: &Path) -> io::Result<()> {
    let folder = fs::metadata(run)?;
    if folder.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("the run's directory belongs to another user"));
    }
    if folder.mode() & WRITE_OF_OTHERS != 0 {
        return Err(io::Error::other(
            "others may write into the run's directory: `chmod 700` makes it private",
        ));
    }
    Ok(())
}

/// Whether the socket is what was made.
fn own(path: &Path) -> io::Result<()> {
    let made = fs::symlink_metadata(path)?;
    let private = made.file_type().is_socket() && made.mode() & 0o777 == 0o600;
    if private && made.uid() == rustix::process::geteuid().as_raw() {
        Ok(())
    } else {
        Err(io::Error::other("the socket is not private where it was made"))
    }
}

/// Connects to a run's socket.
///
/// # Errors
/// The system's.
pub fn connect(run: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(&address(run)?.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::system::{Peer, own_peer};

    #[test]
    fn long_paths_and_open_directories() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("x".repeat(200));
        for run in [folder.path(), &long] {
            crate::durable::make_dirs(run).unwrap();
            let listener = listen(run).unwrap();
            let mode = fs::symlink_metadata(run.join(SOCKET)).unwrap().mode();
            assert_eq!(mode & 0o777, 0o600);
            let viewer = connect(run).unwrap();
            assert_eq!(own_peer(&viewer).unwrap(), Peer(Some(std::process::id() as i32)));
            assert!(listener.accept().is_ok());
            assert!(listen(run).is_err(), "one that is there is not replaced");
            fs::remove_file(run.join(SOCKET)).unwrap();
            fs::set_permissions(run, Permissions::from_mode(0o770)).unwrap();
            let why = listen(run).unwrap_err().to_string();
            assert!(why.contains("chmod 700") && !run.join(SOCKET).exists(), "{why}");
            fs::set_permissions(run, Permissions::from_mode(0o700)).unwrap();
        }
    }
}
