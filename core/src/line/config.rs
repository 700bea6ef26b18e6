//! What a line is told when it is made.

use crate::close::Dialect;
use crate::policy::Policy;

/// Whether to dial again after an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reconnect {
    /// As close code, HTTP status and kind of failure say.
    #[default]
    Auto,
    /// Whatever happened, short of a manual disconnect.
    Always,
    /// Not at all.
    Never,
}

/// What can prove that a plain line lives. On `heartline.v1` its messages do, whatever is set here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proof {
    /// Ping frames where the shell can send them, else nothing.
    #[default]
    Auto,
    /// A text of the user's, sent as the beat, and the text that answers it. Answers stay below.
    Text {
        /// What to send.
        send: String,
        /// What comes back, to the letter.
        expect: String,
    },
}

/// What a [`Line`](super::Line) is told when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineConfig {
    /// Every number that decides.
    pub policy: Policy,
    /// [`Dialect::V1`] offers `heartline.v1` and takes nothing else; [`Dialect::Plain`] takes whatever is agreed on as
    /// opaque.
    pub dialect: Dialect,
    /// What proves life on a plain line.
    pub proof: Proof,
    /// Whether the shell can send ping frames and sees pongs: native can, a page cannot.
    pub can_ping: bool,
    /// Whether to dial again.
    pub reconnect: Reconnect,
    /// Whether to dial again when no dial has ever succeeded: a page insists, a command fails with words.
    pub retry_first: bool,
    /// Whether a fresh token can be had: without one, 4401 is final at once.
    pub token_source: bool,
}

impl LineConfig {
    /// A configuration with the defaults for that dialect, insisting from the first dial on, without ping frames.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            policy: Policy::default(),
            dialect,
            proof: Proof::Auto,
            can_ping: false,
            reconnect: Reconnect::Auto,
            retry_first: true,
            token_source: false,
        }
    }
}
