//! Why a dial failed: at which step, who is at fault, and what to do.

use std::{fmt, io, time::Duration};

use crate::exit_code::ExitCode;

/// The steps of a dial, in order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Resolving the host name.
    Name,
    /// Connecting to the address.
    Tcp,
    /// Asking the proxy for a tunnel.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// Waiting for the HTTP answer.
    Http,
    /// Checking that the answer is a WebSocket server's.
    Protocol,
    /// Fetching the token, before all others.
    Token,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Protocol => "protocol",
            Self::Token => "token",
        })
    }
}

/// A dial that did not become a line. One sentence: what happened and whose fault it is; then what to do.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{what}; {advice}")]
pub struct DialFailure {
    /// The step that failed.
    pub step: Step,
    /// What happened, naming the guilty side. Never holds credentials.
    pub what: String,
    /// What to do about it.
    pub advice: String,
    /// Whether the same dial may well succeed later.
    pub retry: bool,
    /// The answer, where the server refused with one.
    pub refusal: Option<Refusal>,
}

/// An HTTP answer other than 101.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The status, 100 to 999.
    pub status: u16,
    /// How long the server asks to stay away.
    pub retry_after: Option<Duration>,
    /// The first part of the body, escaped.
    pub body: String,
}

impl DialFailure {
    /// A failure that another try may mend.
    pub fn passing(step: Step, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { step, what: what.into(), advice: advice.into(), retry: true, refusal: None }
    }

    /// A failure that stays until somebody changes something.
    pub fn lasting(step: Step, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { retry: false, ..Self::passing(step, what, advice) }
    }

    /// What the shell sees: the code of the step that failed.
    pub fn exit_code(&self) -> ExitCode {
        match (self.step, &self.refusal) {
            (_, Some(_)) => ExitCode::Refused,
            (Step::Name, None) => ExitCode::Name,
            (Step::Tcp, None) => ExitCode::Tcp,
            (Step::Proxy, None) => ExitCode::Proxy,
            (Step::Tls, None) => ExitCode::Tls,
            (Step::Http, None) => ExitCode::Http,
            (Step::Protocol, None) => ExitCode::Protocol,
            (Step::Token, None) => ExitCode::Own,
        }
    }

    /// Nothing came for the whole dial timeout; `step` says what was waited for.
    pub fn timed_out(step: Step, place: &str, after: Duration) -> Self {
        let seconds = after.as_secs_f64();
        let (what, advice) = match step {
            Step::Name => ("the resolver did not answer for", "check the network and the resolver"),
            Step::Tcp => {
                ("no answer to the TCP connection from", "check host and port, and firewalls on the way")
            }
            Step::Proxy => {
                ("no answer from the proxy on the way to", "check the proxy's address and its log")
            }
            Step::Tls => {
                ("no answer to the TLS handshake from", "the server may be overloaded, or not speak TLS")
            }
            Step::Token => ("the token command gave no token for", "run it by hand to see what it says"),
            Step::Http | Step::Protocol => (
                "TCP connects, but no answer to the handshake from",
                "the server hangs, or speaks no HTTP; check its port and its log",
            ),
        };
        Self::passing(step, format!("{what} {place} within {seconds} s"), advice)
    }
}

/// What an I/O error is, in words without the operating system's number.
#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; the rest has good words of its own")]
pub fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
        io::ErrorKind::ConnectionAborted => "connection aborted".to_owned(),
        io::ErrorKind::BrokenPipe => "connection closed".to_owned(),
        io::ErrorKind::UnexpectedEof => "connection closed early".to_owned(),
        io::ErrorKind::TimedOut => "no answer (timed out)".to_owned(),
        io::ErrorKind::HostUnreachable => "host unreachable".to_owned(),
        io::ErrorKind::NetworkUnreachable => "network unreachable".to_owned(),
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
