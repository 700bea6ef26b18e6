//! Options of TCP sockets, for both ends of a line.

use std::{io, time::Duration};

use socket2::{SockRef, TcpKeepalive};

/// How the kernel finds out that the other end is gone.
///
/// This is the lowest of the three levels of keeping alive: it works without the peer's program, finds vanished
/// machines and cut cables, but not a peer that hangs, nor a proxy that answers in its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TcpLiveness {
    /// Silence before the first keepalive probe (`TCP_KEEPIDLE`). Linux's own default is two hours.
    pub idle: Duration,
    /// Time between unanswered probes (`TCP_KEEPINTVL`).
    pub interval: Duration,
    /// Unanswered probes until the connection is given up (`TCP_KEEPCNT`).
    pub count: u32,
    /// How long sent data may stay unacknowledged (`TCP_USER_TIMEOUT`, Linux only). Without it the kernel
    /// retransmits for about 15 minutes, and keepalive does not run while data waits.
    pub user_timeout: Duration,
}

impl Default for TcpLiveness {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(15),
            interval: Duration::from_secs(5),
            count: 3,
            user_timeout: Duration::from_secs(30),
        }
    }
}

impl TcpLiveness {
    /// Sets the options on a connected socket, and turns off Nagle's delay: messages are small and somebody waits.
    ///
    /// # Errors
    /// What the kernel says; values over its limits (`idle` of more than 32767 s) are refused by it.
    pub fn apply(&self, socket: &tokio::net::TcpStream) -> io::Result<()> {
        let socket = SockRef::from(socket);
        socket.set_tcp_nodelay(true)?;
        let keepalive = TcpKeepalive::new().with_time(self.idle);
        #[cfg(not(any(target_os = "openbsd", target_os = "haiku")))]
        let keepalive = keepalive.with_interval(self.interval);
        #[cfg(not(any(target_os = "openbsd", target_os = "haiku", windows)))]
        let keepalive = keepalive.with_retries(self.count);
        socket.set_tcp_keepalive(&keepalive)?;
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(self.user_timeout))?;
        Ok(())
    }
}

/// A hold on a socket that somebody else reads and writes, to end it by a reset (RST) rather than by a FIN.
///
/// The connection is open until this is dropped, too.
#[derive(Debug, Default)]
pub struct Breaker(Option<socket2::Socket>);

impl From<Option<socket2::Socket>> for Breaker {
    /// A hold by a handle that somebody has; without one it ends by a FIN.
    fn from(handle: Option<socket2::Socket>) -> Self {
        Self(handle)
    }
}

impl Breaker {
    /// A hold on this one. Where the system has no descriptor to give there is none, and it ends by a FIN.
    pub fn of(socket: &tokio::net::TcpStream) -> Self {
        Self(SockRef::from(socket).try_clone().ok())
    }

    /// Another hold on it.
    #[cfg(target_os = "linux")]
    pub(crate) fn socket(&self) -> Option<socket2::Socket> {
        self.0.as_ref()?.try_clone().ok()
    }

    /// What is not sent is thrown away, and the peer sees a reset, as soon as the stream is dropped, too.
    pub fn reset(self) {
        if let Some(socket) = &self.0 {
            // A socket that is gone already needs no reset.
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn options_reach_the_socket() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        TcpLiveness::default().apply(&socket).unwrap();
        let socket = SockRef::from(&socket);
        assert!(socket.keepalive().unwrap());
        assert!(socket.tcp_nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(TcpLiveness::default().user_timeout));
    }
}
