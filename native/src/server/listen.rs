//! The listening socket, and enough file descriptors for those who come.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, lookup_host};

/// Handshakes the kernel keeps for us; a whole room comes back at once after a restart.
const BACKLOG: u32 = 4096;

/// Why nobody can come in.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address names nothing.
    #[error("cannot listen on {0}: not an address of this machine; write it as 127.0.0.1:8080")]
    NoAddress(String),
    /// Somebody else is there.
    #[error(
        "cannot listen on {0}: the address is in use, perhaps by another heartline; stop that one or choose another with --listen"
    )]
    InUse(SocketAddr),
    /// The kernel says no.
    #[error("cannot listen on {address}: {why}")]
    Refused {
        /// As resolved.
        address: SocketAddr,
        /// The kernel's words.
        why: io::Error,
    },
}

/// Resolves `address` (`host:port`).
///
/// # Errors
/// No such address.
pub async fn resolve(address: &str) -> Result<SocketAddr, ListenError> {
    let found = lookup_host(address).await.ok().and_then(|mut found| found.next());
    found.ok_or_else(|| ListenError::NoAddress(address.to_owned()))
}

/// Listens there. Port 0 lets the kernel choose.
///
/// # Errors
/// The address is taken or may not be used.
pub fn bind(address: SocketAddr) -> Result<TcpListener, ListenError> {
    listen(address).map_err(|why| {
        if why.kind() == io::ErrorKind::AddrInUse {
            ListenError::InUse(address)
        } else {
            ListenError::Refused { address, why }
        }
    })
}

/// Raises the limit of open files to what the system allows: the usual 1024 is fewer than the connections we take.
///
/// Returns how many there may be now, if the system says.
pub fn raise_file_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => limit.maximum,
            Err(_) => limit.current,
        }
    }
    #[cfg(not(unix))]
    None
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restarted server must not wait for the old one's connections to leave TIME_WAIT.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
