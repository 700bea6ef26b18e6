//! The flags of `heartline serve`, each with the fact behind its default.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use heartline_core::policy::{HeartbeatPolicy, PolicyError};

use super::config::{Config, HttpLimits, LineLimits};
use super::gatekeeper::{GateError, Gatekeeper};
use super::guard::{Door, DoorError};
use super::history::{HistoryArgs, NoHome};
use super::page::Page;
use super::tls::{self, TlsError};
use crate::cli::quantity::{bytes as size, duration};
use crate::logging::LogFormat;
use crate::net::TcpLiveness;

/// Serve the page, /echo and /chat.
///
/// Without flags only programs and pages of this machine come in: Host and Origin must be localhost, 127.x.x.x or ::1,
/// and nothing may have been forwarded by a proxy.
#[derive(Args, Clone, Debug)]
pub struct ServeArgs {
    /// Where to listen; port 0 lets the system choose.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// How to write the log on standard error. RUST_LOG picks what: `info` by default, with --verbose `debug`.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub log: LogFormat,

    /// Let in who asks for this host (NAME or NAME:PORT), and pages from it. Repeatable.
    #[arg(long, value_name = "HOST", help_heading = "Who may come in")]
    pub allow_host: Vec<String>,
    /// Let in pages of this origin. Repeatable.
    #[arg(long, value_name = "https://HOST", help_heading = "Who may come in")]
    pub allow_origin: Vec<String>,
    /// Ask for a token, and take those of this file: on each line `token; name; rooms; rights`. Rooms have commas between
    /// them (`*` is every room, `team-*` all that begin so), rights are rw, r or w; `#` begins a remark. Read again on
    /// SIGHUP: lines whose token is gone are closed. Strangers with a token need no --allow-host; where hosts or origins
    /// are named, both must hold.
    #[arg(long, value_name = "FILE", help_heading = "Who may come in")]
    pub tokens: Option<PathBuf>,
    /// Ask for a token, and take JWTs signed with this key: a PEM with the public key (RS256, EdDSA), or a secret of at
    /// least 32 bytes (HS256). Claims: sub, exp, rooms (a list), and if you like name, rights, nbf, aud ("heartline").
    #[arg(long, value_name = "FILE", help_heading = "Who may come in")]
    pub jwt_key: Option<PathBuf>,
    /// Let everybody in, from anywhere, whatever page they come from.
    #[arg(long, help_heading = "Who may come in", conflicts_with_all = ["allow_host", "allow_origin", "tokens", "jwt_key"])]
    pub open: bool,
    /// Speak TLS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "Who may come in")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "Who may come in")]
    pub tls_key: Option<PathBuf>,

    /// WebSocket: time between two pings. The idle timers that cut most lines are 55 to 60 s (Heroku, nginx, AWS ALB).
    #[arg(long, alias = "ping-interval", value_name = "TIME", value_parser = duration, default_value = "25s", help_heading = "Keeping alive")]
    pub interval: Duration,
    /// WebSocket: how long a ping may stay without any byte back; then one probe of at most 5 s, then the line is dead.
    #[arg(long, alias = "ping-timeout", value_name = "TIME", value_parser = duration, default_value = "10s", help_heading = "Keeping alive")]
    pub grace: Duration,
    /// How long a peer may take no byte of what waits for it.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s", help_heading = "Keeping alive")]
    pub write_stall: Duration,
    /// TCP_KEEPIDLE: silence before the kernel probes. Linux would wait 7200 s; NAT tables forget a connection sooner.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "15s", help_heading = "Keeping alive")]
    pub tcp_keepalive_idle: Duration,
    /// TCP_KEEPINTVL: time between the kernel's probes. Linux: 75 s.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5s", help_heading = "Keeping alive")]
    pub tcp_keepalive_interval: Duration,
    /// TCP_KEEPCNT: unanswered probes until the connection is dead. Linux: 9, which makes 2 h 11 min in all.
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Keeping alive")]
    pub tcp_keepalive_count: u32,
    /// TCP_USER_TIMEOUT: how long sent bytes may stay unacknowledged. Without it Linux tries for some 15 minutes, and
    /// keepalive does not run meanwhile.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s", help_heading = "Keeping alive")]
    pub tcp_user_timeout: Duration,
    /// HTTP: requests on one connection (nginx: keepalive_requests 1000).
    #[arg(
        long,
        alias = "http-requests",
        value_name = "N",
        default_value_t = 1000,
        help_heading = "Keeping alive"
    )]
    pub http_keepalive_requests: u32,
    /// HTTP: life of one connection (nginx: keepalive_time 1h).
    #[arg(long, alias = "http-time", value_name = "TIME", value_parser = duration, default_value = "1h", help_heading = "Keeping alive")]
    pub http_keepalive_time: Duration,
    /// HTTP: from one request to the next (nginx: keepalive_timeout 75s).
    #[arg(long, alias = "http-idle", value_name = "TIME", value_parser = duration, default_value = "75s", help_heading = "Keeping alive")]
    pub http_keepalive_timeout: Duration,

    /// Connections of all kinds at the same time; further ones are answered 503.
    #[arg(long, value_name = "N", default_value_t = 10_000, help_heading = "Limits")]
    pub max_connections: usize,
    /// Time for a handshake, from the accepted connection to the end of the first request's head.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s", help_heading = "Limits")]
    pub handshake_timeout: Duration,
    /// Bytes of a request's head (at least 8K); longer ones are answered 431.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "16K", help_heading = "Limits")]
    pub max_header: usize,
    /// Bytes of one message on /echo; longer ones are closed with 1009.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "16M", help_heading = "Limits")]
    pub max_message: usize,
    /// Messages per second read from one line on /echo; the rest waits with its sender. Default: as fast as the sender
    /// reads its echo.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Limits")]
    pub echo_rate: Option<u32>,
    /// From SIGTERM to the end: the time over which the lines are told to go elsewhere.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s", help_heading = "Limits")]
    pub drain: Duration,

    #[expect(missing_docs, reason = "a doc here would be the help of the whole command")]
    #[command(flatten)]
    pub history: HistoryArgs,
}

/// Flags that cannot be meant.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The world could reach the server, but nobody said who may come in.
    #[error(
        "{0} can be reached from other machines; say who may come in: --tokens FILE, --jwt-key FILE, --allow-host NAME, --allow-origin ORIGIN, or --open for everybody"
    )]
    NobodyAllowed(SocketAddr),
    /// A name or an origin that is none.
    #[error(transparent)]
    Door(#[from] DoorError),
    /// A file that does not say who may come in.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// Numbers of the heartbeat that do not go together.
    #[error("--interval and --grace: {0}")]
    Heartbeat(#[from] PolicyError),
    /// A limit that lets nothing through.
    #[error("{flag} must be at least {least}")]
    TooSmall {
        /// Which.
        flag: &'static str,
        /// The least that works.
        least: &'static str,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No place for the history.
    #[error(transparent)]
    History(#[from] NoHome),
}

impl ServeArgs {
    /// What the flags mean for a server at `address`.
    ///
    /// # Errors
    /// Flags that cannot be meant, a certificate that cannot be used.
    pub fn config(&self, address: SocketAddr) -> Result<Config, UsageError> {
        let door =
            if self.open { Door::open() } else { Door::allowing(&self.allow_host, &self.allow_origin)? };
        let gate = Gatekeeper::open(self.tokens.as_deref(), self.jwt_key.as_deref())?;
        if !address.ip().to_canonical().is_loopback() && !door.admits_strangers() && !gate.asks() {
            return Err(UsageError::NobodyAllowed(address));
        }
        at_least("--max-header", self.max_header >= 8 * 1024, "8K")?;
        at_least("--max-message", self.max_message >= 125, "125")?;
        at_least("--max-connections", self.max_connections >= 1, "1")?;
        at_least("--handshake-timeout", self.handshake_timeout >= Duration::from_millis(100), "100ms")?;
        at_least("--tcp-keepalive-count", self.tcp_keepalive_count >= 1, "1")?;
        at_least("--http-keepalive-requests", self.http_keepalive_requests >= 1, "1")?;
        at_least(
            "--http-keepalive-timeout",
            self.http_keepalive_timeout >= Duration::from_millis(100),
            "100ms",
        )?;
        for (flag, time) in [
            ("--tcp-keepalive-idle", self.tcp_keepalive_idle),
            ("--tcp-keepalive-interval", self.tcp_keepalive_interval),
            ("--tcp-user-timeout", self.tcp_user_timeout),
        ] {
            at_least(flag, time >= Duration::from_secs(1), "1s")?;
        }
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(tls::acceptor(certificate, key)?),
            (Some(_), None) | (None, Some(_)) | (None, None) => None,
        };
        Ok(Config {
            door,
            gate: Arc::new(gate),
            tcp: TcpLiveness {
                idle: self.tcp_keepalive_idle,
                interval: self.tcp_keepalive_interval,
                count: self.tcp_keepalive_count,
                user_timeout: self.tcp_user_timeout,
            },
            http: HttpLimits {
                handshake: self.handshake_timeout,
                header_bytes: self.max_header,
                requests: self.http_keepalive_requests,
                lifetime: self.http_keepalive_time,
                idle: self.http_keepalive_timeout,
            },
            line: LineLimits {
                echo_message_bytes: self.max_message,
                echo_rate: self.echo_rate,
                ..LineLimits::default()
            },
            history: self.history.config()?,
            heartbeat: HeartbeatPolicy::with_write_stall(self.interval, self.grace, self.write_stall)?,
            max_connections: self.max_connections,
            drain: self.drain,
            tls,
            page: Page::none(),
        })
    }
}

fn at_least(flag: &'static str, holds: bool, least: &'static str) -> Result<(), UsageError> {
    if holds { Ok(()) } else { Err(UsageError::TooSmall { flag, least }) }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        serve: ServeArgs,
    }

    const HERE: &str = "127.0.0.1:8080";
    const EVERYWHERE: &str = "0.0.0.0:8080";

    #[test]
    fn without_flags_the_config_is_the_default() {
        let config = config(HERE, &[]).unwrap();
        let default = Config::default();
        assert_eq!((config.http, config.line, config.tcp), (default.http, default.line, default.tcp));
        assert_eq!((config.heartbeat, config.door), (default.heartbeat, default.door));
        assert_eq!((config.max_connections, config.drain), (default.max_connections, default.drain));
    }

    #[test]
    fn the_world_is_let_in_only_in_so_many_words() {
        assert!(matches!(config(EVERYWHERE, &[]), Err(UsageError::NobodyAllowed(_))));
        for flags in
            [&["--open"][..], &["--allow-host", "example.com"], &["--allow-origin", "https://example.com"]]
        {
            assert!(config(EVERYWHERE, flags).is_ok(), "{flags:?}");
        }
    }

    #[test]
    fn what_cannot_work_is_refused_in_words() {
        for flags in [
            ["--grace", "25s"],
            ["--interval", "0s"],
            ["--max-header", "1K"],
            ["--max-message", "1"],
            ["--http-keepalive-requests", "0"],
            ["--http-keepalive-timeout", "0"],
            ["--max-connections", "0"],
            ["--allow-host", "http://x"],
        ] {
            let error = config(HERE, &flags).err().map(|error| error.to_string());
            assert!(error.as_ref().is_some_and(|words| words.contains("--")), "{flags:?}: {error:?}");
        }
    }

    fn config(address: &str, flags: &[&str]) -> Result<Config, UsageError> {
        let program = Program::try_parse_from(["heartline"].iter().chain(flags)).unwrap();
        program.serve.config(address.parse().unwrap())
    }
}
