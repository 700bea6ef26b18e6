//! What a line lived through: the raw material of a diagnosis.

use serde::{Deserialize, Serialize};

use crate::time::Duration;

/// The one kind of life that a line of the watch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// We send nothing of our own accord. Pings of the server are answered, as RFC 6455 section 5.5.2 demands.
    Silence,
    /// We send nothing at all; pings of the server stay without an answer.
    Mute,
    /// As `Silence`, with TCP keepalive probes on the socket (RFC 9293 section 3.8.4).
    TcpKeepalive,
    /// Pong frames that nobody asked for (RFC 6455 section 5.5.3): nothing comes back for them.
    Pongs,
    /// Ping frames from us.
    Pings,
    /// Messages from us; whether they come back is the server's affair.
    Data,
    /// One message right after the opening, then as `Silence`: tells a server that wants a first word from an idle timer.
    Once,
}

impl Life {
    /// In a word or three.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Mute => "silence, no pongs",
            Self::TcpKeepalive => "TCP keepalive",
            Self::Pongs => "pongs from us",
            Self::Pings => "pings from us",
            Self::Data => "messages from us",
            Self::Once => "one message",
        }
    }
}

/// What passes on a line, by what a hop in between can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Text, binary or continuation frames from us.
    ClientData,
    /// Ping, pong frames from us.
    ClientControl,
    /// Text, binary or continuation frames from the server.
    ServerData,
    /// Ping, pong frames from the server.
    ServerControl,
    /// A TCP keepalive probe and its answer: packets without a byte.
    TcpProbe,
}

impl Sign {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::ClientData, Self::ClientControl, Self::ServerData, Self::ServerControl, Self::TcpProbe];
}

/// A sign, and when it passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Since the watch began.
    #[serde(with = "super::seconds")]
    pub at: Duration,
    /// What it was.
    pub sign: Sign,
}

/// What the system knows of a TCP connection (`TCP_INFO` of Linux) at the end of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpState {
    /// Segments sent and not acknowledged.
    pub unacknowledged: u32,
    /// Times in a row that the oldest of them was sent again.
    pub retransmits: u8,
    /// Segments sent again, over the whole life of the connection.
    pub total_retransmits: u32,
    /// Since the last acknowledgement came, in milliseconds.
    pub last_ack_ms: u32,
    /// The round trip as TCP measures it, in microseconds.
    pub rtt_us: u32,
}

/// How a line ended, as seen from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum How {
    /// The server's close frame.
    CloseFrame {
        /// Its code; 1005 where it has none.
        code: u16,
        /// Its reason.
        reason: String,
    },
    /// The stream ended without a close frame.
    Fin,
    /// The connection was reset.
    Reset,
    /// Our own system gave up while writing, or by TCP's own timeouts.
    Error {
        /// In the system's words.
        why: String,
    },
    /// Nobody said anything: a probe of ours stayed without an answer.
    Silence {
        /// When the probe was sent, since the watch began.
        #[serde(with = "super::seconds")]
        probed: Duration,
        /// What the system knew when it was given up; `None` where the system does not tell.
        tcp: Option<TcpState>,
    },
}

impl How {
    /// In a few words. They quote what came from the wire: the shell escapes them.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::CloseFrame { code, reason } if reason.is_empty() => format!("close frame {code}"),
            Self::CloseFrame { code, reason } => format!("close frame {code} \"{reason}\""),
            Self::Fin => "FIN without a close frame".to_owned(),
            Self::Reset => "RST".to_owned(),
            Self::Error { why } => why.clone(),
            Self::Silence { .. } => "no answer any more".to_owned(),
        }
    }
}

/// The end of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// Since the watch began.
    #[serde(with = "super::seconds")]
    pub at: Duration,
    /// How.
    #[serde(flatten)]
    pub how: How,
}

/// A line that was let go because the watch had seen enough of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// When it was last known to stand, since the watch began.
    #[serde(with = "super::seconds")]
    pub at: Duration,
    /// A probe at the end was answered. Otherwise nothing has shown that it had ended, and nothing that it had not.
    pub proven: bool,
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It ended.
    Ended(Ending),
    /// It stood when it was let go.
    Stood(Standing),
}

/// One line of the watch, from its handshake to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Its number, from 1.
    pub number: u32,
    /// What life it had.
    pub life: Life,
    /// When it was open, since the watch began.
    #[serde(with = "super::seconds")]
    pub opened: Duration,
    /// What passed, in order of time. The handshake is not among it; the last probe and its answer are not, either.
    pub marks: Vec<Mark>,
    /// When the last probe was sent: the one that ended the watch of this line, answered or not. A hop that has forgotten a line
    /// may say nothing until something is sent, and then reset it: without this the reset would look like its timer.
    #[serde(default, with = "super::seconds::optional", skip_serializing_if = "Option::is_none")]
    pub probed: Option<Duration>,
    /// What became of it.
    pub fate: Fate,
}

impl Story {
    /// When it had ended, or was let go, since the watch began.
    #[must_use]
    pub const fn end(&self) -> Duration {
        match &self.fate {
            Fate::Ended(ending) => ending.at,
            Fate::Stood(standing) => standing.at,
        }
    }

    /// How old the line became, and what became of it. It quotes what came from the wire: the shell escapes it.
    #[must_use]
    pub fn what_became(&self) -> String {
        let fate = match &self.fate {
            Fate::Ended(ending) => ending.how.words(),
            Fate::Stood(standing) if standing.proven => "stood".to_owned(),
            Fate::Stood(_) => "stood, as far as is known".to_owned(),
        };
        format!("{:.1} s: {fate}", self.end().saturating_sub(self.opened).as_secs_f64())
    }
}
