//! What the system knows of a TCP connection: `TCP_INFO` of tcp(7).
//!
//! No safe crate has it. This is the one module that may be unsafe: one call that fills a struct of plain numbers.
#![allow(unsafe_code, reason = "getsockopt(TCP_INFO) is in no safe crate")]

use heartline_core::doctor::TcpState;
use socket2::Socket;

/// The state of a connected TCP socket; `None` where the system does not tell, or the socket is none of TCP.
#[cfg(target_os = "linux")]
pub(crate) fn tcp_state(socket: &Socket) -> Option<TcpState> {
    use std::os::fd::AsRawFd;

    let wanted = size_of::<libc::tcp_info>();
    let mut length = libc::socklen_t::try_from(wanted).ok()?;
    // SAFETY: a struct of integers, for which zeros are a value. An older kernel fills less of it.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open as long as `socket` is borrowed; pointer and length are those of `info`.
    let outcome = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        )
    };
    (outcome == 0).then_some(TcpState {
        unacknowledged: info.tcpi_unacked,
        retransmits: info.tcpi_retransmits,
        total_retransmits: info.tcpi_total_retrans,
        last_ack_ms: info.tcpi_last_ack_recv,
        rtt_us: info.tcpi_rtt,
    })
}

/// Other systems have other calls, or none.
#[cfg(not(target_os = "linux"))]
pub(crate) fn tcp_state(_: &Socket) -> Option<TcpState> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{
        io::{Read, Write},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[test]
    fn what_was_acknowledged_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        near.write_all(b"x").unwrap();
        far.read_exact(&mut [0]).unwrap();
        let state = tcp_state(&Socket::from(near)).unwrap();
        assert_eq!((state.unacknowledged, state.retransmits), (0, 0));
        assert!(state.rtt_us > 0 && state.last_ack_ms < 60_000, "{state:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_that_is_none_of_tcp_has_no_state() {
        let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(tcp_state(&Socket::from(std::os::fd::OwnedFd::from(near))), None);
    }
}
