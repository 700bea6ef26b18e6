//! Through a proxy: HTTP CONNECT and SOCKS5.

use std::{fmt, future, io, task};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Uri;
use hyper_util::{
    client::{
        legacy::connect::proxy::SocksV5,
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};

use super::{
    endpoint::{Endpoint, Transport},
    failure::{DialFailure, Step, io_words},
    http::{HeadError, exchange},
};
use crate::client::activity::Stream;

/// Which proxy stands between here and an endpoint.
pub struct Proxies {
    matcher: Matcher,
    /// Rules from the environment leave out loopback, as browsers and Go do: a proxy elsewhere cannot reach it.
    spare_loopback: bool,
}

/// A `--proxy` that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "not a proxy's address: its form is http://host:port, https://host:port, socks5://host:port or socks5h://host:port, with user:password@ before the host if it wants them"
)]
pub struct ProxyUrlError;

/// One proxy to go through.
#[derive(Clone)]
pub(super) struct Proxy {
    intercept: Intercept,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Connect { tls: bool },
    Socks { resolve_here: bool },
}

impl Proxies {
    /// The usual environment variables: `http_proxy` (for ws), `https_proxy` (for wss), `all_proxy`, `no_proxy`, in
    /// either case.
    pub fn from_env() -> Self {
        // `*` means everything, as for curl; to the library it means names and no addresses.
        let spares_all = |name| {
            std::env::var(name).is_ok_and(|list: String| list.split(',').any(|entry| entry.trim() == "*"))
        };
        let matcher = if spares_all("no_proxy") || spares_all("NO_PROXY") {
            Matcher::builder().build()
        } else {
            Matcher::from_env()
        };
        Self { matcher, spare_loopback: true }
    }

    /// Always `url`, whatever the environment says. An empty one means no proxy.
    ///
    /// # Errors
    /// [`ProxyUrlError`] if it is not one of the kinds that are spoken.
    pub fn always(url: &str) -> Result<Self, ProxyUrlError> {
        let matcher = Matcher::builder().all(url.to_owned()).build();
        let probe = Uri::from_static("http://a.example");
        let known = matcher.intercept(&probe).is_some_and(|found| Kind::of(found.uri()).is_some());
        if known || url.is_empty() { Ok(Self { matcher, spare_loopback: false }) } else { Err(ProxyUrlError) }
    }

    /// The proxy to reach `endpoint` by, if any.
    ///
    /// # Errors
    /// A variable names a kind that is not spoken: whoever set it does not want to be seen without.
    pub(super) fn on_the_way_to(&self, endpoint: &Endpoint) -> Result<Option<Proxy>, DialFailure> {
        let Transport::Tcp { host, .. } = &endpoint.transport else { return Ok(None) };
        if self.spare_loopback && is_loopback(host) {
            return Ok(None);
        }
        let found = endpoint.origin().parse().ok().and_then(|origin| self.matcher.intercept(&origin));
        let Some(intercept) = found else { return Ok(None) };
        match Kind::of(intercept.uri()) {
            Some(kind) => Ok(Some(Proxy { intercept, kind })),
            None => {
                let kind = intercept.uri().scheme_str().unwrap_or_default();
                Err(DialFailure::lasting(
                    Step::Proxy,
                    format!("the environment asks for a proxy of the kind {kind}, which is not spoken here"),
                    "set http://, https://, socks5:// or socks5h:// there, or --proxy ('' for none)",
                ))
            }
        }
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Proxy addresses hold passwords.
        f.write_str("Proxies")
    }
}

impl Kind {
    fn of(uri: &Uri) -> Option<Self> {
        match uri.scheme_str()? {
            "http" => Some(Self::Connect { tls: false }),
            "https" => Some(Self::Connect { tls: true }),
            "socks5" => Some(Self::Socks { resolve_here: true }),
            "socks5h" => Some(Self::Socks { resolve_here: false }),
            _ => None,
        }
    }
}

impl Proxy {
    /// Host without brackets, and port.
    pub(super) fn address(&self) -> (String, u16) {
        let uri = self.intercept.uri();
        let default = match self.kind {
            Kind::Connect { tls: false } => 80,
            Kind::Connect { tls: true } => 443,
            Kind::Socks { .. } => 1080,
        };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        (host.to_owned(), uri.port_u16().unwrap_or(default))
    }

    /// Whether the proxy itself is spoken to in TLS.
    pub(super) fn speaks_tls(&self) -> bool {
        self.kind == Kind::Connect { tls: true }
    }

    /// Whether the endpoint's name is resolved on this side of the proxy (`socks5`, unlike `socks5h`).
    pub(super) fn resolves_here(&self) -> bool {
        self.kind == Kind::Socks { resolve_here: true }
    }

    /// Asks the proxy, connected by `stream`, for a tunnel to `host:port`.
    pub(super) async fn tunnel(
        &self,
        stream: Box<dyn Stream>,
        host: &str,
        port: u16,
    ) -> Result<Box<dyn Stream>, DialFailure> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        match self.kind {
            Kind::Connect { .. } => self.connect(stream, &format!("{host}:{port}")).await,
            Kind::Socks { .. } => self.socks(stream, &format!("{host}:{port}")).await,
        }
    }

    async fn connect(
        &self,
        mut stream: Box<dyn Stream>,
        place: &str,
    ) -> Result<Box<dyn Stream>, DialFailure> {
        let authorization = match (self.intercept.basic_auth(), self.intercept.raw_auth()) {
            (Some(basic), _) => basic.to_str().ok().map(ToOwned::to_owned),
            (None, Some((user, password))) => {
                Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
            }
            (None, None) => None,
        };
        let authorization =
            authorization.map(|a| format!("Proxy-Authorization: {a}\r\n")).unwrap_or_default();
        let request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{authorization}\r\n");
        let mut head = exchange(&mut *stream, &request).await.map_err(|error| self.no_answer(&error))?;
        if (200..300).contains(&head.status) {
            return Ok(stream);
        }
        let body = head.body_excerpt(&mut *stream).await;
        let said = if body.is_empty() { String::new() } else { format!(": {body}") };
        let what = format!(
            "the proxy {self} refuses a tunnel to {place}: {} {}{said}",
            head.status,
            head.reason.trim()
        );
        Err(match head.status {
            407 => DialFailure::lasting(Step::Proxy, what, "give it user:password@ in the proxy's address"),
            500.. => DialFailure::passing(
                Step::Proxy,
                what,
                "the proxy may be unable to reach that host; try without it",
            ),
            _ => DialFailure::lasting(
                Step::Proxy,
                what,
                "ask the proxy's operator, or go without it (--proxy '')",
            ),
        })
    }

    async fn socks(&self, stream: Box<dyn Stream>, place: &str) -> Result<Box<dyn Stream>, DialFailure> {
        let failed = |why: String| {
            let what = format!("the SOCKS proxy {self} gives no way to {place}: {why}");
            DialFailure::passing(
                Step::Proxy,
                what,
                "check its address and credentials, and that it may reach that host",
            )
        };
        let uri: Uri = format!("http://{place}/")
            .parse()
            .map_err(|_| failed("a host name no proxy can take".to_owned()))?;
        let mut socks = SocksV5::new(self.intercept.uri().clone(), Ready(Some(stream)));
        if let Some((user, password)) = self.intercept.raw_auth() {
            socks = socks.with_auth(user.to_owned(), password.to_owned());
        }
        match tower_service::Service::call(&mut socks, uri).await {
            Ok(stream) => Ok(Box::new(stream.into_inner())),
            // The library's error type is private; its words are what there is.
            Err(error) => Err(match error.to_string().trim_start_matches("SOCKS error: ") {
                "credentials not accepted"
                | "server does not support user/pass authentication"
                | "server implements authentication incorrectly" => {
                    let what = match self.intercept.raw_auth() {
                        Some(_) => format!("the SOCKS proxy {self} does not take these credentials"),
                        None => format!("the SOCKS proxy {self} wants credentials"),
                    };
                    DialFailure::lasting(Step::Proxy, what, "give it user:password@ in the proxy's address")
                }
                "failed parsing server response" => failed("its answer is not SOCKS 5".to_owned()),
                "io error during SOCKS handshake" => failed("it hung up".to_owned()),
                why => failed(why.to_owned()),
            }),
        }
    }

    fn no_answer(&self, error: &HeadError) -> DialFailure {
        let why = match error {
            HeadError::Io(error) => io_words(error),
            HeadError::Ended { .. } => "it hung up".to_owned(),
            HeadError::NotHttp(_) => "its answer is not HTTP".to_owned(),
            HeadError::TooLong => "its answer has no end".to_owned(),
        };
        let what = format!("the proxy {self} gives no tunnel: {why}");
        DialFailure::passing(Step::Proxy, what, "check the proxy's address and kind (http://, socks5h://)")
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = self.address();
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A connector that already is connected: hands out its one stream.
struct Ready(Option<Box<dyn Stream>>);

impl tower_service::Service<Uri> for Ready {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = io::Error;
    type Future = future::Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<io::Result<()>> {
        task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let stream = self.0.take().map(TokioIo::new);
        future::ready(stream.ok_or_else(|| io::Error::other("the one connection is in use")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(url: &str, to: &str) -> Option<String> {
        let endpoint = Endpoint::parse(to).unwrap();
        Proxies::always(url).unwrap().on_the_way_to(&endpoint).unwrap().map(|proxy| proxy.to_string())
    }

    #[test]
    fn kinds_and_ports() {
        assert_eq!(by("http://p.example", "ws://h").unwrap(), "p.example:80");
        assert_eq!(by("p.example:3128", "wss://h").unwrap(), "p.example:3128");
        assert_eq!(by("socks5h://ann:secret@[::1]", "ws://127.0.0.1").unwrap(), "[::1]:1080");
        assert_eq!(by("socks5h://p", "unix:/x"), None);
        assert_eq!(by("", "ws://h"), None);
        assert_eq!(Proxies::always("ftp://p").unwrap_err(), ProxyUrlError);
        assert_eq!(Proxies::always("socks4://p").unwrap_err(), ProxyUrlError);
    }

    #[test]
    fn loopback_in_all_its_spellings() {
        for host in ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.1.2.3", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        assert!(!is_loopback("localhost.example"));
    }
}
