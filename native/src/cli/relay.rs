//! `heartline relay`: what is typed, and what it comes to.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use heartline_core::{fault::Fault, policy::Policy};

use super::{GlobalArgs, UsageError, look::LookArgs, way::WayArgs};
use crate::{
    client::{
        console::ConsoleOptions,
        dial::{Dialer, Endpoint},
        listen::Address,
    },
    net::TcpLiveness,
    relay::request::Rewriting,
    server::guard::Door,
    tap::Tap,
};

/// The longest line that can be typed, in bytes.
const LONGEST_LINE: usize = 4 << 10;

/// The flags of `heartline relay`.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = FAULTS)]
pub struct RelayArgs {
    /// Where clients come to: 8900 or :8900 (for this machine only), 0.0.0.0:8900, unix:/path/to/socket. Port 0 takes any free
    /// one and tells which.
    #[arg(long, value_name = "ADDR", value_parser = Address::parse)]
    pub listen: Address,
    /// Where they go: ws://host/path, wss://host/path, or unix:/path/to/socket:/request/path. A client that asks for / gets
    /// the path of this URL; any other path goes behind it. So does a query.
    #[arg(long, value_name = "URL")]
    pub to: String,

    /// Leave the Host of the client in the request. Without it, it becomes the server's.
    #[arg(long, help_heading = "Handshake")]
    pub keep_host: bool,
    /// Take the offer of permessage-deflate out of the request, so that messages can be read.
    #[arg(long, help_heading = "Handshake")]
    pub no_compression: bool,
    /// The way to the server.
    #[command(flatten)]
    pub way: WayArgs,

    /// Let something go wrong on each connection, such as "server: mute-pongs" (repeatable; --help has the words).
    #[arg(long, value_name = "FAULT", value_parser = fault, help_heading = "Faults")]
    pub fault: Vec<Fault>,

    /// Who looks on.
    #[command(flatten)]
    pub look: LookArgs,
    /// Record what passes in this file, for `heartline show` and `heartline replay`. What was in it is gone.
    #[arg(long, value_name = "FILE", help_heading = "Looking on")]
    pub record: Option<PathBuf>,

    /// Let in who asks for this host (NAME or NAME:PORT), and pages from it. Repeatable. Not with what --header and the like
    /// add for the server: everybody who comes in can use that.
    #[arg(long, value_name = "HOST", help_heading = "Who may come in")]
    pub allow_host: Vec<String>,
    /// Let in pages of this origin. Repeatable.
    #[arg(long, value_name = "https://HOST", help_heading = "Who may come in")]
    pub allow_origin: Vec<String>,
    /// Let everybody in, from anywhere, whatever page they come from. Not with what --header and the like add for the server.
    #[arg(long, conflicts_with_all = ["allow_host", "allow_origin"], help_heading = "Who may come in")]
    pub open: bool,

    /// Never read standard input.
    #[arg(long, help_heading = "Output")]
    pub no_input: bool,
}

const FAULTS: &str = "\
Faults:
  WHOSE: WHAT [after TIME | after N frames | after TIME of silence]
  WHOSE  client, server or both: whose bytes it befalls
  WHAT   mute-pongs      its pong frames do not arrive
         stall           its bytes are not read
         blackhole       its frames are read and do not arrive
         delay TIME      its bytes arrive later
         throttle SIZE   its bytes arrive at so many a second
         corrupt         a bit of one data frame is turned over
         cut fin|rst|CODE  who reads it sees FIN, RST or a close frame; the other end sees FIN
  Examples: \"server: mute-pongs\", \"client: blackhole after 5s\", \"both: cut 1012 after 10 frames\".
  The same words work while it runs, typed or sent to the feed; ? at the prompt tells the short ones.";

/// What the flags come to.
pub struct RelayConfig {
    /// Where clients come to.
    pub address: Address,
    /// How the server is reached. Its tap is still to be made.
    pub dialer: Dialer,
    /// How long that may take.
    pub dial_timeout: Duration,
    /// What becomes of a request.
    pub(crate) rewriting: Rewriting,
    /// Who may come in.
    pub door: Door,
    /// What goes wrong on each connection.
    pub faults: Vec<Fault>,
    /// Who looks on.
    pub look: LookArgs,
    /// The recording to make.
    pub record: Option<PathBuf>,
    /// The terminal.
    pub console: ConsoleOptions,
}

impl RelayArgs {
    /// Checks what can be checked before anybody comes. Files are made later: somebody else may be writing to them.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault and what would be right.
    pub fn resolve(self, global: GlobalArgs) -> Result<RelayConfig, UsageError> {
        let endpoint = Endpoint::parse(&self.to).map_err(|error| UsageError(format!("--to: {error}")))?;
        let request = self.way.request()?;
        let rewriting = Rewriting::new(&endpoint, &request, self.keep_host, self.no_compression);
        // What is added speaks for the user: no stranger may have it said.
        let lends = rewriting.adds_something() || self.way.cert.is_some();
        if lends && (self.open || !self.allow_host.is_empty()) {
            return Err(UsageError(
                "--open and --allow-host would lend strangers what is added for the server (--header, --basic-auth, --cert, \
                 and the user or query of --to): leave out one or the other, or name pages by --allow-origin"
                    .to_owned(),
            ));
        }
        if self.fault.len() > heartline_core::fault::MOST_FAULTS {
            return Err(UsageError(format!("--fault: {}", heartline_core::fault::TooManyFaults)));
        }
        let door = match self.open {
            true => Door::open(),
            false => Door::allowing(&self.allow_host, &self.allow_origin)
                .map_err(|error| UsageError(error.to_string()))?,
        };
        let console = ConsoleOptions {
            color: global.color,
            json: false,
            base64: false,
            no_input: self.no_input,
            max_line: LONGEST_LINE,
            verbose: global.verbose,
        };
        let dialer = Dialer {
            tls: self.way.tls(endpoint.tls)?,
            proxies: self.way.proxies()?,
            request,
            max_redirects: 0,
            max_message: 0,
            liveness: TcpLiveness::default(),
            token_command: None,
            tap: Tap::default(),
            endpoint,
        };
        let dial_timeout =
            self.way.dial_timeout.unwrap_or_else(|| Policy::default().reconnect().dial_timeout());
        let Self { listen: address, fault: faults, look, record, .. } = self;
        Ok(RelayConfig { address, dialer, dial_timeout, rewriting, door, faults, look, record, console })
    }
}

fn fault(typed: &str) -> Result<Fault, String> {
    typed.parse().map_err(|error: heartline_core::fault::FaultError| error.to_string())
}
