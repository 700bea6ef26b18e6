//! `heartline replay`: what is typed, and what it comes to.

use std::{io, path::PathBuf, time::Duration};

use clap::{ArgGroup, Args};
use heartline_core::policy::Policy;

use super::{GlobalArgs, UsageError, look::LookArgs, quantity::duration, way::WayArgs};
use crate::{
    client::{
        dial::{Dialer, Endpoint},
        listen::Address,
    },
    net::TcpLiveness,
    relay::request::Rewriting,
};

/// The flags of `heartline replay`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("side").required(true).args(["listen", "to"]))]
pub struct ReplayArgs {
    /// What `heartline relay --record` has written.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Be the server that was recorded, for clients that come here: 8900 or :8900, or unix:/path/to/socket. This machine only.
    #[arg(long, value_name = "ADDR", value_parser = Address::parse)]
    pub listen: Option<Address>,
    /// Be the client that was recorded, towards this server. The path is that of the recording unless the URL has one.
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// The number of the line to replay. Without it, the first that was open.
    #[arg(long, value_name = "N")]
    pub line: Option<u64>,
    /// As the client: wait this much longer than it took then for what does not come; 10 s unless told otherwise.
    #[arg(long, short, value_name = "TIME", value_parser = duration)]
    pub wait: Option<Duration>,
    /// The way to the server. What is given takes the place of what was recorded: secrets were overwritten there.
    #[command(flatten)]
    pub way: WayArgs,
    /// Who looks on.
    #[command(flatten)]
    pub look: LookArgs,
}

/// Which side is replayed.
pub enum ReplayConfig {
    /// The server's.
    Server(ServerConfig),
    /// The client's.
    Client(Box<ClientConfig>),
}

/// What it takes to be the server.
pub struct ServerConfig {
    /// The recording.
    pub file: PathBuf,
    /// Which of its lines.
    pub line: Option<u64>,
    /// Where clients come to.
    pub address: Address,
    /// Whether news have colours.
    pub colored: bool,
}

/// What it takes to be the client.
pub struct ClientConfig {
    /// The recording.
    pub file: PathBuf,
    /// Which of its lines.
    pub line: Option<u64>,
    /// How the server is reached.
    pub dialer: Dialer,
    /// How long that may take.
    pub dial_timeout: Duration,
    /// What becomes of the recorded request.
    pub(crate) rewriting: Rewriting,
    /// How long to wait for what does not come.
    pub wait: Option<Duration>,
    /// Whether news have colours.
    pub colored: bool,
}

impl ReplayArgs {
    /// Checks what can be checked beforehand.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault and what would be right.
    pub fn resolve(self, global: GlobalArgs) -> Result<ReplayConfig, UsageError> {
        let colored = global.color.wanted(&io::stderr());
        let (file, line) = (self.file, self.line);
        if let Some(address) = self.listen {
            return Ok(ReplayConfig::Server(ServerConfig { file, line, address, colored }));
        }
        let endpoint = Endpoint::parse(&self.to.unwrap_or_default())
            .map_err(|error| UsageError(format!("--to: {error}")))?;
        let request = self.way.request()?;
        let dial_timeout =
            self.way.dial_timeout.unwrap_or_else(|| Policy::default().reconnect().dial_timeout());
        Ok(ReplayConfig::Client(Box::new(ClientConfig {
            rewriting: Rewriting::new(&endpoint, &request, false, false),
            dialer: Dialer {
                tls: self.way.tls(endpoint.tls)?,
                proxies: self.way.proxies()?,
                request,
                max_redirects: 0,
                max_message: 0,
                liveness: TcpLiveness::default(),
                token_command: None,
                tap: self.look.tap(Vec::new())?,
                endpoint,
            },
            dial_timeout,
            wait: self.wait,
            file,
            line,
            colored,
        })))
    }
}
