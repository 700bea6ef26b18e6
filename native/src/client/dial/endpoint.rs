//! Where to dial: a URL as typed, parsed once.

use std::{fmt, path::PathBuf};

use url::Url;

/// A WebSocket endpoint: how to reach it and what to ask for there.
///
/// [`fmt::Display`] shows it without user name, password, and the values of its query: what it prints may end up in a log.
#[derive(Clone, Eq, PartialEq)]
pub struct Endpoint {
    /// By which way the bytes travel.
    pub transport: Transport,
    /// Whether TLS is spoken above the transport.
    pub tls: bool,
    /// Path and query, as they stand in the request line. Never empty.
    pub target: String,
    /// User name and password that stood in the URL.
    pub credentials: Option<Credentials>,
}

/// By which way the bytes travel.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Transport {
    /// TCP to a host (a name, an IPv4 address, or an IPv6 address without brackets) and port.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A Unix domain socket.
    Unix(PathBuf),
}

/// User name and password. `Debug` shows neither.
#[derive(Clone, Eq, PartialEq)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password; may be empty.
    pub password: String,
}

/// Why a URL cannot be dialled. Always the caller's to mend.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UrlError {
    /// There is no scheme.
    #[error("\"{typed}\" has no scheme: write ws://{typed} (or wss:// for TLS)")]
    NoScheme {
        /// What was typed, without credentials.
        typed: String,
    },
    /// `http` or `https`: a page's address, not an endpoint's.
    #[error("{scheme}:// is not a WebSocket address: write {instead}")]
    Http {
        /// `http` or `https`.
        scheme: String,
        /// The same place as it would be right, without credentials.
        instead: String,
    },
    /// Some other scheme.
    #[error("\"{0}:\" is not a WebSocket scheme: ws://, wss:// and unix: are")]
    OtherScheme(String),
    /// The URL parser refuses it.
    #[error("the URL cannot be read: {0}; its form is ws://host:port/path")]
    Malformed(String),
    /// `unix:` without a path.
    #[error("no socket path: write unix:/path/to/socket, or unix:/path/to/socket:/request/path")]
    NoSocketPath,
    /// Port 0 cannot be connected to.
    #[error("port 0 cannot be connected to: give the port the server listens on")]
    PortZero,
}

impl Endpoint {
    /// Reads `ws://`, `wss://` and `unix:` URLs.
    ///
    /// `unix:/run/x.sock:/chat?room=1` is the socket `/run/x.sock` and the request `/chat?room=1`; without a second
    /// part it asks for `/`. `ws+unix:` and `unix://` are the same.
    ///
    /// # Errors
    /// [`UrlError`] says what is wrong with the URL and how to write it.
    pub fn parse(typed: &str) -> Result<Self, UrlError> {
        let typed = typed.trim();
        if let Some(rest) = strip_unix_scheme(typed) {
            return parse_unix(rest);
        }
        let scheme = match typed.split_once("://") {
            Some((scheme, _)) if is_scheme(scheme) => scheme.to_ascii_lowercase(),
            _ => return Err(no_scheme(typed)),
        };
        let tls = match scheme.as_str() {
            "ws" => false,
            "wss" => true,
            "http" | "https" => return Err(not_http(typed, scheme)),
            _ => return Err(UrlError::OtherScheme(scheme)),
        };
        let url = Url::parse(typed).map_err(|error| UrlError::Malformed(error.to_string()))?;
        from_url(&url, tls)
    }

    /// Where a redirect from here leads to. `http` and `https` count as `ws` and `wss`.
    ///
    /// # Errors
    /// [`UrlError`] if `location` is no address a WebSocket can be opened at.
    pub fn redirected(&self, location: &str) -> Result<Self, UrlError> {
        let malformed = |error: url::ParseError| UrlError::Malformed(error.to_string());
        let base = match &self.transport {
            Transport::Tcp { .. } => Url::parse(&self.origin()).map_err(malformed)?,
            Transport::Unix(_) => Url::parse("http://localhost").map_err(malformed)?,
        };
        let here = base.join(&self.target).map_err(malformed)?;
        let there = here.join(location).map_err(malformed)?;
        let tls = match there.scheme() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            other => return Err(UrlError::OtherScheme(other.to_owned())),
        };
        if matches!(self.transport, Transport::Unix(_)) && there.origin() == here.origin() {
            return Ok(Self { target: target_of(&there), ..self.clone() });
        }
        from_url(&there, tls)
    }

    /// The value of the `Host` header: the port only where it is not the scheme's own.
    pub fn host_header(&self) -> String {
        match &self.transport {
            Transport::Tcp { host, port } => {
                let host = bracketed(host);
                if *port == default_port(self.tls) { host } else { format!("{host}:{port}") }
            }
            Transport::Unix(_) => "localhost".to_owned(),
        }
    }

    /// The same place in `http(s)` words, as proxy rules and `Origin` headers have it.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.host_header())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self.target.split_once('?') {
            Some((path, _)) => format!("{path}?…"),
            None => self.target.clone(),
        };
        match &self.transport {
            Transport::Tcp { .. } => {
                write!(f, "{}://{}{path}", if self.tls { "wss" } else { "ws" }, self.host_header())
            }
            Transport::Unix(socket) if path == "/" => write!(f, "unix:{}", socket.display()),
            Transport::Unix(socket) => write!(f, "unix:{}:{path}", socket.display()),
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

fn from_url(url: &Url, tls: bool) -> Result<Endpoint, UrlError> {
    let host = match url.host() {
        // IPv6 loses its brackets here, and gets them back where a URL or a header is written.
        Some(url::Host::Ipv6(address)) => address.to_string(),
        Some(host) => host.to_string(),
        None => return Err(UrlError::Malformed("no host".to_owned())),
    };
    let port = url.port().unwrap_or_else(|| default_port(tls));
    if port == 0 {
        return Err(UrlError::PortZero);
    }
    let credentials = (!url.username().is_empty() || url.password().is_some()).then(|| Credentials {
        user: percent_decoded(url.username()),
        password: percent_decoded(url.password().unwrap_or_default()),
    });
    Ok(Endpoint { transport: Transport::Tcp { host, port }, tls, target: target_of(url), credentials })
}

/// Path and query. A fragment is not sent (RFC 6455, section 3).
fn target_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn strip_unix_scheme(typed: &str) -> Option<&str> {
    ["ws+unix:", "unix:"].iter().find_map(|scheme| {
        let head = typed.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &typed[scheme.len()..])
    })
}

fn parse_unix(rest: &str) -> Result<Endpoint, UrlError> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (socket, target) = match rest.split_once(":/") {
        Some((socket, target)) => (socket, format!("/{target}")),
        None => (rest.trim_end_matches(':'), "/".to_owned()),
    };
    if socket.is_empty() {
        return Err(UrlError::NoSocketPath);
    }
    // The parser of the `url` crate sees to it that the request line holds no blanks and no controls.
    let url = Url::parse(&format!("http://localhost{target}"))
        .map_err(|error| UrlError::Malformed(error.to_string()))?;
    let transport = Transport::Unix(PathBuf::from(socket));
    Ok(Endpoint { transport, tls: false, target: target_of(&url), credentials: None })
}

fn not_http(typed: &str, scheme: String) -> UrlError {
    let same = Url::parse(typed).ok().and_then(|url| from_url(&url, scheme == "https").ok());
    let instead = match same {
        Some(endpoint) => endpoint.to_string(),
        None if scheme == "https" => "wss:// instead".to_owned(),
        None => "ws:// instead".to_owned(),
    };
    UrlError::Http { scheme, instead }
}

fn no_scheme(typed: &str) -> UrlError {
    // `user:password@host` without a scheme must not repeat the password.
    let typed = typed.rsplit_once('@').map_or(typed, |(_, host)| host);
    let typed = typed.trim_start_matches('/');
    UrlError::NoScheme { typed: crate::output::escape::excerpt(typed, 80) }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// Undoes the URL's percent encoding. Bytes that are no UTF-8 are replaced.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let value = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(typed: &str) -> (String, u16, bool, String) {
        let endpoint = Endpoint::parse(typed).unwrap();
        match endpoint.transport {
            Transport::Tcp { host, port } => (host, port, endpoint.tls, endpoint.target),
            Transport::Unix(path) => panic!("{typed} became the socket {path:?}"),
        }
    }

    #[test]
    fn the_usual_urls() {
        assert_eq!(tcp("ws://localhost"), ("localhost".into(), 80, false, "/".into()));
        assert_eq!(tcp("wss://Example.org/a?b=c#d"), ("example.org".into(), 443, true, "/a?b=c".into()));
        assert_eq!(tcp(" WS://127.0.0.1:8080/echo "), ("127.0.0.1".into(), 8080, false, "/echo".into()));
        assert_eq!(tcp("ws://[::1]:9/x y"), ("::1".into(), 9, false, "/x%20y".into()));
        assert_eq!(tcp("ws://bücher.example").0, "xn--bcher-kva.example");
    }

    #[test]
    fn unix_urls() {
        for (typed, socket, target) in [
            ("unix:/run/x.sock", "/run/x.sock", "/"),
            ("unix:///run/x.sock", "/run/x.sock", "/"),
            ("unix:x.sock:/chat?room=1", "x.sock", "/chat?room=1"),
            ("ws+unix:/run/x.sock:/chat", "/run/x.sock", "/chat"),
            ("UNIX:/run/x.sock:", "/run/x.sock", "/"),
        ] {
            let endpoint = Endpoint::parse(typed).unwrap();
            assert_eq!(endpoint.transport, Transport::Unix(socket.into()), "{typed}");
            assert_eq!(endpoint.target, target, "{typed}");
        }
        assert_eq!(Endpoint::parse("unix:"), Err(UrlError::NoSocketPath));
    }

    #[test]
    fn a_wrong_url_is_told_how_to_become_right() {
        let told = |typed: &str| Endpoint::parse(typed).unwrap_err().to_string();
        assert!(told("localhost:8080/echo").contains("ws://localhost:8080/echo"));
        assert!(told("//localhost").contains("ws://localhost"));
        assert!(told("").contains("no scheme"));
        assert!(told("http://localhost/").contains("write ws://localhost/"));
        assert!(told("https://localhost/").contains("write wss://localhost/"));
        assert!(told("ftp://localhost/").contains("\"ftp:\""));
        assert!(told("ws://").contains("cannot be read"));
        assert!(told("ws://host:99999/").contains("cannot be read"));
        assert_eq!(Endpoint::parse("ws://host:0/"), Err(UrlError::PortZero));
    }

    #[test]
    fn credentials_and_query_are_never_shown() {
        let endpoint = Endpoint::parse("ws://ann:s%40cret@h/p?token=s@cret").unwrap();
        let credentials = endpoint.credentials.clone().unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.as_str()), ("ann", "s@cret"));
        assert_eq!(endpoint.to_string(), "ws://h/p?…");
        assert!(!format!("{endpoint:?}{credentials:?}").contains("cret"));
        assert!(!Endpoint::parse("ann:secret@host").unwrap_err().to_string().contains("secret"));
    }

    #[test]
    fn redirects_are_resolved() {
        let here = Endpoint::parse("ws://a.example:81/x/y").unwrap();
        let there = |location: &str| here.redirected(location).unwrap().to_string();
        assert_eq!(there("/z"), "ws://a.example:81/z");
        assert_eq!(there("z?q"), "ws://a.example:81/x/z?…");
        assert_eq!(there("https://b.example/"), "wss://b.example/");
        assert_eq!(there("ws://b.example"), "ws://b.example/");
        assert!(here.redirected("ftp://b.example").is_err());
        let unix = Endpoint::parse("unix:/s:/x").unwrap();
        assert_eq!(unix.redirected("/z").unwrap().to_string(), "unix:/s:/z");
    }

    #[test]
    fn the_host_header_names_the_port_only_where_needed() {
        let host = |typed: &str| Endpoint::parse(typed).unwrap().host_header();
        assert_eq!(host("ws://h:80/"), "h");
        assert_eq!(host("wss://h:80/"), "h:80");
        assert_eq!(host("ws://[::1]:8080/"), "[::1]:8080");
        assert_eq!(host("unix:/s"), "localhost");
    }
}
