//! How lines end, and what that says about the next dial.

use std::fmt;

use super::Ended;
use crate::close::{self, Dialect, code};
use crate::time::{Duration, Instant};

/// Why a line or a dial ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The other side, or the network, ended it.
    Peer(Ended),
    /// The heartbeat had no answer, and neither had the probe.
    HeartbeatLost {
        /// How long nothing had come in.
        silent_for: Duration,
    },
    /// The dial took longer than the policy allows.
    DialTimeout {
        /// How long it was given.
        after: Duration,
    },
    /// The line was open, but no `welcome` came.
    NoWelcome {
        /// How long it was given.
        after: Duration,
    },
    /// The server did not agree on `heartline.v1`.
    WrongProtocol {
        /// What it chose instead, if anything.
        chosen: Option<String>,
    },
    /// We dialled anew by ourselves: by hand, or because the page was shown or the machine woke during a dial.
    Redialled,
    /// We closed it.
    Manual,
}

/// The end of one generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineEnd {
    /// Which dial.
    pub generation: u64,
    /// Whether the 4000s mean something in its close code.
    pub dialect: Dialect,
    /// Why.
    pub cause: Cause,
    /// How long the line was open; `None` if it never was.
    pub lived: Option<Duration>,
    /// When it ended.
    pub at: Instant,
}

impl fmt::Display for LineEnd {
    /// One sentence for people, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.describe(self.dialect, f)
    }
}

/// Why no further dial is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// We were told to disconnect.
    Manual,
    /// The end is of a kind that another dial would not mend: a close code, an HTTP status, a wrong certificate.
    Final(LineEnd),
    /// The very first dial failed, and the configuration says not to insist.
    FirstDial(LineEnd),
    /// The configuration says never to dial again.
    NoReconnect(LineEnd),
}

impl Reason {
    /// The end that led here; `None` after a manual disconnect.
    #[must_use]
    pub const fn end(&self) -> Option<&LineEnd> {
        match self {
            Self::Manual => None,
            Self::Final(end) | Self::FirstDial(end) | Self::NoReconnect(end) => Some(end),
        }
    }
}

/// What an end asks for.
pub(super) enum Verdict {
    /// Dial again; not before this wait, if the peer named one.
    ComeBack(Option<Duration>),
    /// Dial again with a fresh token.
    FetchToken,
    /// Dial again once, the token being at fault.
    ProveAgain,
    /// Dial only when told to.
    StayAway,
}

impl Cause {
    /// What the design's tables say, without regard to configuration.
    pub(super) fn verdict(&self, dialect: Dialect) -> Verdict {
        match self {
            Self::Peer(Ended::Code { code: code::TOKEN_EXPIRED, .. }) if dialect == Dialect::V1 => {
                Verdict::FetchToken
            }
            Self::Peer(Ended::Code { code, .. }) => match close::next(dialect, *code) {
                close::Next::ComeBack => Verdict::ComeBack(None),
                close::Next::FetchToken => Verdict::ProveAgain,
                close::Next::StayAway => Verdict::StayAway,
            },
            Self::Peer(Ended::DialFailed { retry: false, .. })
            | Self::WrongProtocol { .. }
            | Self::Manual => Verdict::StayAway,
            Self::Peer(Ended::Refused { status, retry_after, .. }) if may_pass(*status) => {
                Verdict::ComeBack(*retry_after)
            }
            Self::Peer(Ended::Refused { .. }) => Verdict::StayAway,
            Self::Peer(Ended::Eof | Ended::Reset { .. } | Ended::DialFailed { retry: true, .. })
            | Self::HeartbeatLost { .. }
            | Self::DialTimeout { .. }
            | Self::NoWelcome { .. }
            | Self::Redialled => Verdict::ComeBack(None),
        }
    }

    /// Whether the other side ended an open line. If it had said that it drains, it has now left, however it did.
    pub(super) const fn is_leaving(&self) -> bool {
        matches!(self, Self::Peer(Ended::Code { .. } | Ended::Eof | Ended::Reset { .. }))
    }

    fn describe(&self, dialect: Dialect, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(Ended::Code { code, reason }) => {
                write!(f, "closed by the other side with {code}: {}", close::meaning(dialect, *code))?;
                if reason.is_empty() { Ok(()) } else { write!(f, " (\"{reason}\")") }
            }
            Self::Peer(Ended::Eof) => f.write_str("the connection ended without a close frame"),
            Self::Peer(Ended::Reset { why }) => write!(f, "the connection broke: {why}"),
            Self::Peer(Ended::DialFailed { why, .. } | Ended::Refused { why, .. }) => f.write_str(why),
            Self::HeartbeatLost { silent_for } => {
                write!(
                    f,
                    "the line was dead: nothing came for {:.1} s, and a probe had no answer",
                    silent_for.as_secs_f64()
                )
            }
            Self::DialTimeout { after } => write!(f, "no connection within {:.1} s", after.as_secs_f64()),
            Self::NoWelcome { after } => {
                write!(f, "connected, but no welcome came within {:.1} s", after.as_secs_f64())
            }
            Self::WrongProtocol { chosen: Some(chosen) } => {
                write!(f, "the server chose the subprotocol \"{chosen}\" instead of heartline.v1")
            }
            Self::WrongProtocol { chosen: None } => f.write_str("the server does not speak heartline.v1"),
            Self::Redialled => f.write_str("dialled anew from here"),
            Self::Manual => f.write_str("closed from here"),
        }
    }
}

/// Statuses that a later dial may not meet again: timeouts, too early, too many, and the server's own troubles.
const fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=504)
}
