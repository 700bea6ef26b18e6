//! Where to listen, and the listener there.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use tokio::net::TcpListener;

use crate::{
    client::{activity::Stream, dial::io_words},
    net::{Breaker, TcpLiveness},
};

/// Where to listen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Address {
    /// A host and a port, resolved when bound.
    Tcp(String),
    /// A Unix socket.
    Unix(PathBuf),
}

/// Somebody who came.
pub(crate) struct Accepted {
    pub(crate) stream: Box<dyn Stream>,
    /// Ends the connection by a reset.
    pub(crate) breaker: Breaker,
    /// Where it comes from, in words.
    pub(crate) from: String,
    /// The same as an address. Programs that come by a Unix socket are of this machine.
    pub(crate) address: IpAddr,
}

/// A bound listener.
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: tokio::net::UnixListener,
        path: PathBuf,
    },
}

impl Address {
    /// Reads `8080`, `:8080` (both on this machine only), `0.0.0.0:8080`, `[::1]:8080`, `name:8080`,
    /// `unix:/path/to/socket`. A `ws://` before it does no harm.
    ///
    /// # Errors
    /// Words for the one who typed it.
    pub fn parse(typed: &str) -> Result<Self, String> {
        if let Some(path) = typed.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err("no socket path: write unix:/path/to/socket".to_owned())
            } else {
                Ok(Self::Unix(path.into()))
            };
        }
        if typed.starts_with("wss://") {
            return Err("to listen with TLS, give --tls-cert and --tls-key instead of wss://".to_owned());
        }
        let rest = typed.strip_prefix("ws://").unwrap_or(typed);
        let rest = rest.split('/').next().unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, port),
            None => ("", rest),
        };
        if port.parse::<u16>().is_err() {
            return Err(format!("\"{typed}\" has no port: write 127.0.0.1:8080, or 8080 alone"));
        }
        let host = if host.is_empty() { "127.0.0.1" } else { host };
        Ok(Self::Tcp(format!("{host}:{port}")))
    }

    /// Binds it.
    ///
    /// # Errors
    /// Words on what is in the way.
    pub(crate) async fn bind(&self) -> Result<Listener, String> {
        match self {
            Self::Tcp(place) => match TcpListener::bind(place).await {
                Ok(listener) => Ok(Listener::Tcp(listener)),
                Err(error) => Err(cannot(place, &error)),
            },
            Self::Unix(path) => bind_unix(path),
        }
    }
}

impl Listener {
    /// The URL to dial, as far as it is known here.
    pub(crate) fn url(&self, tls: bool) -> String {
        match self {
            Self::Tcp(listener) => {
                let scheme = if tls { "wss" } else { "ws" };
                let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
                format!("{scheme}://{address}/")
            }
            #[cfg(unix)]
            Self::Unix { path, .. } => format!("unix:{}", path.display()),
        }
    }

    /// The next guest's stream, and where it comes from. Cancel-safe.
    pub(super) async fn accept(&self) -> io::Result<(Box<dyn Stream>, String)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = accept_tcp(listener).await?;
                Ok((Box::new(stream), peer.to_string()))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), A_PROGRAM.to_owned()))
            }
        }
    }

    /// The same, with what it takes to judge who it is and to reset the connection. Cancel-safe.
    pub(crate) async fn admit(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = accept_tcp(listener).await?;
                let breaker = Breaker::of(&stream);
                Ok(Accepted { stream: Box::new(stream), breaker, from: peer.to_string(), address: peer.ip() })
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                Ok(Accepted {
                    stream: Box::new(stream),
                    breaker: Breaker::default(),
                    from: A_PROGRAM.to_owned(),
                    address: std::net::Ipv4Addr::LOCALHOST.into(),
                })
            }
        }
    }

    /// Where it is, if it has an address.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix { .. } => None,
        }
    }

    /// Whether nobody but this machine can reach it.
    pub(crate) fn is_local(&self) -> bool {
        match self {
            Self::Tcp(listener) => listener.local_addr().is_ok_and(|address| address.ip().is_loopback()),
            #[cfg(unix)]
            Self::Unix { .. } => true,
        }
    }
}

#[cfg(unix)]
const A_PROGRAM: &str = "a local program";

async fn accept_tcp(listener: &TcpListener) -> io::Result<(tokio::net::TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept().await?;
    // Without these options a vanished guest is only noticed later.
    let _ = TcpLiveness::default().apply(&stream);
    Ok((stream, peer))
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix { path, .. } = self {
            // A socket file outlives its listener, and would be in the way of the next.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(unix)]
fn bind_unix(path: &PathBuf) -> Result<Listener, String> {
    use std::os::unix::{fs::FileTypeExt, net::UnixStream};
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    // A socket nobody answers at was left by a program that was killed.
    if is_socket
        && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    {
        let _ = std::fs::remove_file(path);
    }
    match tokio::net::UnixListener::bind(path) {
        Ok(listener) => Ok(Listener::Unix { listener, path: path.clone() }),
        Err(error) => Err(cannot(&path.display().to_string(), &error)),
    }
}

#[cfg(not(unix))]
fn bind_unix(_: &PathBuf) -> Result<Listener, String> {
    Err("this system has no Unix sockets: give a host and a port".to_owned())
}

fn cannot(place: &str, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::AddrInUse {
        return format!(
            "cannot listen on {place}: somebody else does; stop that program or choose another address"
        );
    }
    format!("cannot listen on {place}: {}; choose an address of this machine", io_words(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        let tcp = |typed: &str| match Address::parse(typed) {
            Ok(Address::Tcp(place)) => place,
            other => panic!("{typed} became {other:?}"),
        };
        assert_eq!(tcp("8080"), "127.0.0.1:8080");
        assert_eq!(tcp(":0"), "127.0.0.1:0");
        assert_eq!(tcp("0.0.0.0:80"), "0.0.0.0:80");
        assert_eq!(tcp("[::1]:80"), "[::1]:80");
        assert_eq!(tcp("ws://localhost:80/x"), "localhost:80");
        assert_eq!(Address::parse("unix:/x"), Ok(Address::Unix("/x".into())));
        for wrong in ["", "localhost", "unix:", "wss://x:1", "1.2.3.4:99999"] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }
}
