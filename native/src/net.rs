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
