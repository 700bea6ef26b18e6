//! The verdict: what ends lines, what shows it, and what to do about it, each statement with how sure it is.

use serde::{Deserialize, Serialize};

use super::{Finding, KeepAlive, Suspect};
use crate::time::Duration;

/// What ends lines, in one word: what programs decide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Nothing ended within the watch.
    NothingEnded,
    /// An idle timer, and its end is told.
    IdleTimer,
    /// An idle timer, and nobody tells of the end.
    SilentIdleTimer,
    /// A lifetime: all end at the same age, whatever they do.
    Lifetime,
    /// All lines ended at one moment: a restart, a deploy, a reload.
    Event,
    /// The peer's program stopped answering while its system lives on.
    Frozen,
    /// The path was lost at one moment, without a word.
    PathLost,
    /// The server pings, and ends who does not answer.
    PongDemanded,
    /// The server ends who does not speak first.
    FirstMessageDemanded,
    /// The server ends whoever sends it the message that the doctor sent: it says nothing of idle lines.
    MessageRefused,
    /// More than one of these.
    Several,
    /// Lines ended, and more than one of these would explain it.
    Ambiguous,
    /// Lines ended, and none of these explains it.
    Unexplained,
    /// There was no line to watch: no name, no connection, no TLS, a handshake that was refused, or lines that are ended as soon as they
    /// are open.
    NoLine,
}

impl Cause {
    /// Every one, in the order of the reference.
    pub const ALL: [Self; 14] = [
        Self::NothingEnded,
        Self::IdleTimer,
        Self::SilentIdleTimer,
        Self::Lifetime,
        Self::Event,
        Self::Frozen,
        Self::PathLost,
        Self::PongDemanded,
        Self::FirstMessageDemanded,
        Self::MessageRefused,
        Self::Several,
        Self::Ambiguous,
        Self::Unexplained,
        Self::NoLine,
    ];

    /// [`words`](Self::words) as a title.
    #[must_use]
    pub fn sentence(self) -> String {
        let mut letters = self.words().chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    /// In a few words, without a full stop.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NothingEnded => "nothing ended within the watch",
            Self::IdleTimer => "an idle timer ends lines",
            Self::SilentIdleTimer => "an idle timer forgets lines without a word",
            Self::Lifetime => "lines end at the same age, whatever they do",
            Self::Event => "all lines ended at one moment",
            Self::Frozen => "the server's program stopped answering, its system did not",
            Self::PathLost => "the path was lost without a word",
            Self::PongDemanded => "lines that do not answer pings are ended",
            Self::FirstMessageDemanded => "lines that do not speak first are ended",
            Self::MessageRefused => "the server ends lines that send what it does not expect",
            Self::Several => "more than one thing ends lines",
            Self::Ambiguous => "lines end, and more than one thing would explain it",
            Self::Unexplained => "lines end, and nothing that is known here explains it",
            Self::NoLine => "there is no line",
        }
    }
}

/// How sure a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sureness {
    /// It was seen on these lines.
    Seen,
    /// It follows from what was seen: nothing else that is known here fits.
    Follows,
    /// It fits, and something else might, too.
    Likely,
    /// It is not known.
    Unknown,
}

impl Sureness {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Follows => "follows",
            Self::Likely => "likely",
            Self::Unknown => "not known",
        }
    }
}

/// One sentence or a few.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// How sure it is.
    pub sureness: Sureness,
    /// In words. It may quote what came from the wire: whoever shows it escapes it.
    pub text: String,
}

impl Statement {
    pub(super) fn seen(text: impl Into<String>) -> Self {
        Self { sureness: Sureness::Seen, text: text.into() }
    }

    pub(super) fn follows(text: impl Into<String>) -> Self {
        Self { sureness: Sureness::Follows, text: text.into() }
    }

    pub(super) fn likely(text: impl Into<String>) -> Self {
        Self { sureness: Sureness::Likely, text: text.into() }
    }

    pub(super) fn unknown(text: impl Into<String>) -> Self {
        Self { sureness: Sureness::Unknown, text: text.into() }
    }
}

/// What the doctor says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What ends lines, in one word.
    pub cause: Cause,
    /// The same in few sentences: what ends lines, what keeps them up, what to set. It may quote what came from the wire.
    pub headline: String,
    /// What was found to end lines, the earliest end first.
    pub findings: Vec<Finding>,
    /// What was seen.
    pub evidence: Vec<Statement>,
    /// What that means.
    pub conclusion: Vec<Statement>,
    /// Who it may be, the best fit first.
    pub suspects: Vec<Suspect>,
    /// What to do.
    pub advice: Vec<Statement>,
    /// The longest heartbeat interval that keeps such a line up; `None` where none is needed, or none helps.
    #[serde(with = "super::seconds::optional")]
    pub heartbeat: Option<Duration>,
    /// What each of the three keep-alives would have noticed, and when.
    pub keepalives: Vec<KeepAlive>,
}
