//! From a URL to an open WebSocket, step by step, each of which can say why it failed.

mod endpoint;
mod failure;
mod http;
mod proxy;
mod request;
mod steps;
mod tcp;
mod tls;
mod token;
mod upgrade;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};

use heartline_core::{frame::Side, wire::BearerToken};
use rustls::ClientConfig;

pub use endpoint::{Credentials, Endpoint, Transport, UrlError};
pub use failure::{DialFailure, Refusal, Step, io_words};
pub use proxy::{Proxies, ProxyUrlError};
pub use request::{Request, RequestError};
pub use steps::Steps;
pub use tls::{Agreed, TlsOptions, TlsOptionsError};
pub use token::TokenCommand;
use upgrade::{Answer, no_answer, upgrade};
pub use upgrade::{Opened, Socket};

use super::activity::{Activity, Stream, Watched};
use crate::{net::TcpLiveness, output::escape::excerpt, tap::Tap};

/// Everything a dial needs, read and checked once.
pub struct Dialer {
    /// Where to.
    pub endpoint: Endpoint,
    /// What to ask for.
    pub request: Request,
    /// Made on the first need: a plain `ws://` line does not read the system's certificates.
    pub tls: LazyTls,
    /// The ways around.
    pub proxies: Proxies,
    /// Redirects to follow; 0 tells where one leads and stops.
    pub max_redirects: u32,
    /// The largest message to take, in bytes.
    pub max_message: usize,
    /// The socket's own keeping alive.
    pub liveness: TcpLiveness,
    /// Gives the token of each dial, where a server asks for one.
    pub token_command: Option<TokenCommand>,
    /// Looks at what passes.
    pub tap: Tap,
}

/// A line that is open.
pub struct Dialled {
    /// The WebSocket.
    pub socket: Box<Socket>,
    /// The subprotocol the server chose.
    pub subprotocol: Option<String>,
}

/// A connection on which a plain request has been answered. The body may still be to come.
pub struct Asked {
    /// The status.
    pub status: u16,
    /// The `Keep-Alive` field, if there is one.
    pub announced: Option<String>,
    /// The answer says that the connection is not kept.
    pub refused: bool,
    /// The connection.
    pub stream: Box<dyn Stream>,
}

/// Where a dial stands, readable from outside: a dial that is given up can still say what it waited for.
#[derive(Debug, Default)]
pub struct Progress(AtomicU8);

impl Progress {
    /// The step under way.
    pub fn step(&self) -> Step {
        const STEPS: [Step; 7] =
            [Step::Name, Step::Tcp, Step::Proxy, Step::Tls, Step::Http, Step::Protocol, Step::Token];
        STEPS[usize::from(self.0.load(Ordering::Relaxed)).min(STEPS.len() - 1)]
    }

    /// This step is under way now.
    pub(crate) fn reached(&self, step: Step) {
        self.0.store(step as u8, Ordering::Relaxed);
    }
}

impl Dialer {
    /// A token for the dial that comes, or for the line that is open; `None` where nobody gives one.
    ///
    /// # Errors
    /// [`DialFailure`] of the command.
    pub async fn fetch_token(&self, progress: &Progress) -> Result<Option<BearerToken>, DialFailure> {
        let Some(command) = &self.token_command else { return Ok(None) };
        progress.reached(Step::Token);
        command.fetch().await.map(Some)
    }

    /// Dials. Takes as long as it takes: the caller has the clock.
    ///
    /// # Errors
    /// [`DialFailure`] with the step that failed, who is at fault, and what to do.
    pub async fn dial(&self, progress: &Progress, activity: &Arc<Activity>) -> Result<Dialled, DialFailure> {
        let opened = self.open(progress, activity, &mut Steps::default()).await?;
        let subprotocol = opened.subprotocol.clone();
        let socket = Box::new(opened.into_socket(self.max_message).await);
        Ok(Dialled { socket, subprotocol })
    }

    /// Dials, and leaves the frames to the caller. `steps` has what each step found, as far as it went.
    ///
    /// # Errors
    /// As [`dial`](Self::dial).
    pub async fn open(
        &self,
        progress: &Progress,
        activity: &Arc<Activity>,
        steps: &mut Steps,
    ) -> Result<Opened, DialFailure> {
        let mut endpoint = self.endpoint.clone();
        let mut hops = 0;
        loop {
            let stream = self.reach(&endpoint, progress, activity, steps).await?;
            let stream = self.tap.on(stream, Side::Client, &endpoint.to_string());
            progress.reached(Step::Http);
            // Another origin is another party, whatever the redirect says.
            let trusted = endpoint.origin() == self.endpoint.origin();
            match upgrade(stream, &endpoint, &self.request, trusted, steps).await? {
                Answer::Open(opened) => return Ok(opened),
                Answer::Moved { status, location } => {
                    endpoint = self.follow(&endpoint, &status, &location, hops)?;
                    hops += 1;
                }
            }
        }
    }

    /// Whether a stream to the endpoint is its socket, with nothing of ours between.
    pub(crate) fn is_bare(&self, endpoint: &Endpoint) -> bool {
        !endpoint.tls && matches!(self.proxies.on_the_way_to(endpoint), Ok(None))
    }

    /// Asks for the same place as for any other resource, and leaves the connection open.
    ///
    /// # Errors
    /// As [`dial`](Self::dial); an answer that is no HTTP is one, too.
    pub async fn ask(
        &self,
        progress: &Progress,
        activity: &Arc<Activity>,
        steps: &mut Steps,
    ) -> Result<Asked, DialFailure> {
        let endpoint = &self.endpoint;
        let stream = self.reach(endpoint, progress, activity, steps).await?;
        let mut stream = self.tap.on(stream, Side::Client, &endpoint.to_string());
        progress.reached(Step::Http);
        let text = self.request.plain_text(endpoint);
        let head = http::exchange(&mut *stream, &text).await.map_err(|error| no_answer(&error, endpoint))?;
        Ok(Asked {
            status: head.status,
            announced: head.header("keep-alive").map(|value| excerpt(value, 100)),
            refused: head.lists("connection", "close"),
            stream,
        })
    }

    /// The addresses behind the name of the endpoint, in the order to try them; none where no name is resolved here: a
    /// Unix socket, a proxy that resolves names itself.
    ///
    /// # Errors
    /// As [`dial`](Self::dial).
    pub async fn addresses(&self) -> Result<Vec<SocketAddr>, DialFailure> {
        let Transport::Tcp { host, port } = &self.endpoint.transport else { return Ok(Vec::new()) };
        match self.proxies.on_the_way_to(&self.endpoint)? {
            Some(_) => Ok(Vec::new()),
            None => tcp::resolve(host, *port).await,
        }
    }

    /// The proxy on the way to the endpoint, without its password.
    pub fn proxy(&self) -> Option<String> {
        // One that cannot be spoken with fails the dial, which says so.
        self.proxies.on_the_way_to(&self.endpoint).ok().flatten().map(|proxy| proxy.to_string())
    }

    /// A stream to the endpoint, TLS included, ready for the handshake.
    ///
    /// # Errors
    /// [`DialFailure`] of whichever step failed.
    pub(crate) async fn reach(
        &self,
        endpoint: &Endpoint,
        progress: &Progress,
        activity: &Arc<Activity>,
        steps: &mut Steps,
    ) -> Result<Box<dyn Stream>, DialFailure> {
        let (host, port) = match &endpoint.transport {
            Transport::Unix(path) => {
                progress.reached(Step::Tcp);
                return connect_unix(path, activity).await;
            }
            Transport::Tcp { host, port } => (host.as_str(), *port),
        };
        let stream = match self.proxies.on_the_way_to(endpoint)? {
            None => self.connect(host, port, progress, activity, steps).await?,
            Some(proxy) => {
                let (proxy_host, proxy_port) = proxy.address();
                let mut stream = self
                    .connect(&proxy_host, proxy_port, progress, activity, steps)
                    .await
                    .map_err(|failure| behind_proxy(failure, &proxy.to_string()))?;
                progress.reached(Step::Proxy);
                if proxy.speaks_tls() {
                    (stream, _) = tls::handshake(stream, &proxy_host, self.tls.config()?)
                        .await
                        .map_err(|failure| behind_proxy(failure, &proxy.to_string()))?;
                }
                if proxy.resolves_here() {
                    let address = tcp::resolve(host, port).await?[0];
                    proxy.tunnel(stream, &address.ip().to_string(), port).await?
                } else {
                    proxy.tunnel(stream, host, port).await?
                }
            }
        };
        if !endpoint.tls {
            return Ok(stream);
        }
        progress.reached(Step::Tls);
        let begun = Instant::now();
        let (stream, agreed) = tls::handshake(stream, host, self.tls.config()?).await?;
        steps.tls = Some((begun.elapsed(), agreed));
        Ok(stream)
    }

    async fn connect(
        &self,
        host: &str,
        port: u16,
        progress: &Progress,
        activity: &Arc<Activity>,
        steps: &mut Steps,
    ) -> Result<Box<dyn Stream>, DialFailure> {
        progress.reached(Step::Name);
        let addresses = tcp::resolve(host, port).await?;
        progress.reached(Step::Tcp);
        let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let begun = Instant::now();
        let socket = tcp::connect(&addresses, &place, self.liveness).await?;
        steps.connected(begun.elapsed(), &socket);
        Ok(Box::new(Watched::new(socket, Arc::clone(activity))))
    }

    fn follow(
        &self,
        from: &Endpoint,
        status: &str,
        location: &str,
        hops: u32,
    ) -> Result<Endpoint, DialFailure> {
        let target = from.redirected(location);
        let shown = match &target {
            Ok(target) => target.to_string(),
            Err(_) => excerpt(location.split('?').next().unwrap_or_default(), 100),
        };
        let moved = |what: String, advice: String| {
            let code = status.split(' ').next().and_then(|code| code.parse().ok()).unwrap_or(300);
            DialFailure {
                refusal: Some(Refusal { status: code, retry_after: None, body: String::new() }),
                ..DialFailure::lasting(Step::Http, what, advice)
            }
        };
        let sends = format!("{from} answers {status} and sends us to {shown}");
        let target =
            target.map_err(|error| moved(format!("{sends}, which cannot be dialled"), error.to_string()))?;
        if hops >= self.max_redirects {
            let advice = match self.max_redirects {
                0 => "use that URL, or follow with --max-redirects 1".to_owned(),
                max => format!("that is one more than the {max} redirects allowed; is it a circle?"),
            };
            return Err(moved(sends, advice));
        }
        if from.tls && !target.tls {
            let what = format!("{sends}, which has no TLS");
            return Err(moved(
                what,
                "the server's operator must mend it; use that URL yourself if you mean it".to_owned(),
            ));
        }
        Ok(target)
    }
}

/// TLS settings that are read when first needed, and then shared by all dials.
#[derive(Default)]
pub struct LazyTls {
    options: TlsOptions,
    config: std::sync::OnceLock<Result<Arc<ClientConfig>, TlsOptionsError>>,
}

impl LazyTls {
    /// Settings that are not read yet.
    pub fn new(options: TlsOptions) -> Self {
        Self { options, config: std::sync::OnceLock::new() }
    }

    /// Reads them now, for those who want to hear of a wrong file before they dial.
    ///
    /// # Errors
    /// [`TlsOptionsError`] names the file and what is wrong with it.
    pub fn read(&self) -> Result<Arc<ClientConfig>, TlsOptionsError> {
        self.config.get_or_init(|| self.options.config()).clone()
    }

    fn config(&self) -> Result<Arc<ClientConfig>, DialFailure> {
        self.read().map_err(|error| {
            DialFailure::lasting(Step::Tls, "TLS cannot be set up on this side".to_owned(), error.to_string())
        })
    }
}

fn behind_proxy(failure: DialFailure, proxy: &str) -> DialFailure {
    let what = format!("the proxy {proxy} cannot be reached: {}", failure.what);
    let advice = "check --proxy, or the variables http_proxy, https_proxy and all_proxy".to_owned();
    DialFailure { step: Step::Proxy, what, advice, ..failure }
}

#[cfg(unix)]
async fn connect_unix(
    path: &std::path::Path,
    activity: &Arc<Activity>,
) -> Result<Box<dyn Stream>, DialFailure> {
    match tokio::net::UnixStream::connect(path).await {
        Ok(socket) => Ok(Box::new(Watched::new(socket, Arc::clone(activity)))),
        Err(error) => Err(DialFailure::passing(
            Step::Tcp,
            format!("no connection to the socket {} ({})", path.display(), io_words(&error)),
            "check the path, its permissions, and that the server runs",
        )),
    }
}

#[cfg(not(unix))]
async fn connect_unix(path: &std::path::Path, _: &Arc<Activity>) -> Result<Box<dyn Stream>, DialFailure> {
    let what = format!("this system has no sockets such as {}", path.display());
    Err(std::future::ready(DialFailure::lasting(Step::Tcp, what, "use ws:// with a host and a port")).await)
}
