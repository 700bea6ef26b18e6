//! `heartline serve`: a place to meet in.
//!
//! One connection is one task: HTTP until a request becomes a WebSocket line, then that line's handler, which alone reads
//! and writes it. What lines share ([`Server`]) is read without locks on the way of a message.

mod accept;
pub mod args;
pub mod beat;
pub mod chat;
pub mod config;
mod connection;
pub mod echo;
mod errands;
pub mod gatekeeper;
pub mod goodbye;
pub mod guard;
pub mod handshake;
pub mod history;
mod http;
pub mod line;
pub mod listen;
pub mod metrics;
pub mod page;
mod routes;
pub mod shutdown;
pub mod tls;
pub mod transport;

use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, timeout};

use crate::exit_code::ExitCode;
use accept::Present;
pub use args::{ServeArgs, UsageError};
pub use config::Config;
use gatekeeper::{Gatekeeper, HangUps};
use history::{Health, History, HistoryError};
use listen::ListenError;
use metrics::Metrics;
use page::Page;
use shutdown::{Shutdown, ShutdownTrigger};

/// Descriptors that are no connections: the listener, the runtime's own, files being read.
const OTHER_FILES: u64 = 64;

/// How long the history may take to put everything away when all lines are gone.
const PUT_AWAY: Duration = Duration::from_secs(10);

/// One running server, as its connections see it.
pub struct Server {
    /// What the operator asked for.
    pub config: Config,
    /// What `/metrics` tells.
    pub metrics: Metrics,
    /// Whom a token proves, and what it opens.
    pub gate: Arc<Gatekeeper>,
    /// When to leave.
    pub shutdown: Shutdown,
    /// Whether messages can be made durable now.
    pub health: watch::Receiver<Health>,
    /// How often the history was seen to have all it should.
    pub checks: watch::Receiver<u64>,
    /// The rooms of `/chat`.
    pub rooms: chat::Rooms,
    present: Arc<Present>,
}

/// A server that has all it needs, and serves nobody yet.
#[derive(Debug)]
pub struct House {
    server: Arc<Server>,
    trigger: ShutdownTrigger,
    hub: JoinHandle<()>,
    history: JoinHandle<()>,
}

/// Why a server did not run to a good end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not begin: the flags.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// It could not begin: the address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// It could not begin: the history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// It could not begin: the system.
    #[error("the system does not let us start: {0}")]
    System(#[from] io::Error),
    /// A second signal came before the lines were gone.
    #[error("interrupted before every line was told to leave")]
    Interrupted,
}

impl RunError {
    /// What the program ends with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::Usage,
            Self::Listen(_) | Self::History(_) | Self::System(_) => ExitCode::Own,
            Self::Interrupted => ExitCode::Interrupted,
        }
    }
}

/// `heartline serve`: listens, says where, and serves `page` and the lines until SIGINT or SIGTERM and the goodbyes after it.
///
/// # Errors
/// It cannot begin, or a second signal ended it at once.
pub async fn run(args: ServeArgs, page: Page) -> Result<(), RunError> {
    let address = listen::resolve(&args.listen).await?;
    let mut config = Config { page, ..args.config(address)? };
    limit_to_files(&mut config);
    let mut signals = Signals::new()?;
    let gate = Arc::clone(&config.gate);
    // Where nothing is to be read again, a hang-up ends the process as ever.
    let hang_ups = if gate.asks() { Some(HangUps::catch()?) } else { None };
    if gate.asks() && config.tls.is_none() && !address.ip().to_canonical().is_loopback() {
        tracing::warn!(
            "tokens come in readable for everybody on the way: give --tls-cert, or put a proxy with TLS in front"
        );
    }
    let listener = listen::bind(address)?;

    let scheme = if config.tls.is_some() { "https" } else { "http" };
    if config.page.is_missing() {
        tracing::warn!("built without the page: / will only say so; `cargo xtask run` builds and embeds it");
    }
    let history = config.history.words();
    let house = House::open(config).await?;
    tracing::info!("the history is {history}");
    // Whoever started us may wait for this line, or may have gone; neither stops the server.
    let _ = writeln!(io::stdout(), "heartline listening on {scheme}://{}", listener.local_addr()?);

    let (told, stop) = tokio::sync::oneshot::channel::<()>();
    let serving = house.serve(listener, async {
        let _ = stop.await;
    });
    let interrupting = async {
        signals.next().await;
        tracing::info!("asked to stop; a second signal stops at once");
        let _ = told.send(());
        signals.next().await;
    };
    let reading_again = async {
        match hang_ups {
            Some(hang_ups) => hang_ups.obey(&gate).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = serving => Ok(()),
        () = interrupting => Err(RunError::Interrupted),
        never = reading_again => match never {},
    }
}

impl House {
    /// Opens the history and the rooms.
    ///
    /// # Errors
    /// There is no history to be had.
    pub async fn open(config: Config) -> Result<Self, HistoryError> {
        let (trigger, shutdown) = shutdown::shutdown();
        let metrics = Metrics::new();
        let History { desk, worker } = History::open(&config.history).await?;
        let (health, checks) = (desk.health(), desk.checks());
        let (rooms, hub) = chat::Rooms::open(&config, desk, &metrics, shutdown.clone());
        let present = Arc::new(Present::default());
        let gate = Arc::clone(&config.gate);
        let server = Arc::new(Server { rooms, config, metrics, gate, shutdown, health, checks, present });
        Ok(Self { server, trigger, hub, history: worker })
    }

    /// Serves everybody who comes to `listener`, until `stop` is ready and the lines have left or were cut at the end of
    /// `config.drain`; then the history is put away.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let Self { server, trigger, hub, history } = self;
        let upkeep = metrics::keep_up(server.metrics.handle());
        tokio::select! {
            () = accept::run(listener, server, trigger, stop) => {}
            never = upkeep => match never {},
        }
        // The last line took the last way to the hub with it, and the hub the only way to the history.
        let away = timeout(PUT_AWAY, async {
            let _ = hub.await;
            let _ = history.await;
        });
        if away.await.is_err() {
            tracing::warn!("the history did not come to an end in time; it is as safe as after a kill");
        }
    }
}

impl Server {
    /// Lines open now, on every route.
    pub fn lines(&self) -> usize {
        self.present.lines()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("lines", &self.lines()).finish_non_exhaustive()
    }
}

/// A connection that cannot be accepted hangs in the kernel's queue; one that is told 503 knows.
fn limit_to_files(config: &mut Config) {
    let Some(files) = listen::raise_file_limit() else { return };
    let most = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX).max(1);
    if most < config.max_connections {
        tracing::warn!(
            files,
            connections = most,
            "fewer connections than asked for: the system's limit of open files"
        );
        config.max_connections = most;
    }
}

/// SIGINT and SIGTERM, as many as come.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
