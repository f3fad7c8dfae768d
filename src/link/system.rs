//! What not every system has: who is at the other end of a socket, and a way around its short addresses.

use rustix::{
    io::{FdFlags, fcntl_setfd, ioctl_fionbio},
    net::{AddressFamily, SocketFlags, SocketType, socket_with},
};
use std::{
    fmt, io,
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

/// Whether the system says whose process is at the other end. Where it does not, the modes alone keep others out: of
/// the run's directory (0700) and of the socket (0600).
pub const TELLS_USERS: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// So many bytes of a path fit into a socket's address, with the 0 behind them.
pub const LONGEST: usize = if TELLS_USERS { 107 } else { 103 };

/// The process at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub Option<i32>);

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(process) => write!(f, "process {process}"),
            None => write!(f, "a process"),
        }
    }
}

/// The process at the other end, if it is the same user's.
///
/// # Errors
/// `PermissionDenied` if it is not; the system's.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn own_peer(stream: &impl AsFd) -> io::Result<Peer> {
    let peer = rustix::net::sockopt::socket_peercred(stream)?;
    if peer.uid == rustix::process::geteuid() {
        Ok(Peer(Some(peer.pid.as_raw_pid())))
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// A process that the modes let in: the system does not say more of it.
///
/// # Errors
/// None here.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn own_peer(_: &impl AsFd) -> io::Result<Peer> {
    Ok(Peer(None))
}

/// A socket that no program started from here inherits, and whose calls do not wait.
///
/// # Errors
/// The system's.
pub fn socket() -> io::Result<OwnedFd> {
    // Not all systems take these with the first call.
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None)?;
    fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// A directory under a short name, for as long as it is held.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn shortened(folder: &Path) -> io::Result<(OwnedFd, std::path::PathBuf)> {
    use rustix::fs::{Mode, OFlags, open};
    use std::os::fd::AsRawFd;
    let folder = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let path = format!("/proc/self/fd/{}", folder.as_raw_fd()).into();
    Ok((folder, path))
}

/// There is no other name for it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn shortened(folder: &Path) -> io::Result<(OwnedFd, std::path::PathBuf)> {
    Err(io::Error::other(format!(
        "the path {} is too long for a socket: {LONGEST} bytes are the most, with the socket's own name",
        crate::text::printable_name(folder.as_os_str())
    )))
}
