//! What is told of the watch as a whole.

use serde::{Deserialize, Serialize};

use super::Life;
use crate::time::Duration;

/// The watch: how long it lasted, and what did not become a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Watch {
    /// How long it lasted.
    #[serde(with = "super::seconds")]
    pub lasted: Duration,
    /// The time between two beats of the lines that beat.
    #[serde(with = "super::seconds")]
    pub beat: Duration,
    /// It was ended before its time.
    pub interrupted: bool,
    /// Dials of the watch that led to no line. The shell bounds them: a dozen tell as much as a thousand.
    pub failed: Vec<FailedDial>,
}

/// A dial of the watch that led to no line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedDial {
    /// When it was given up, since the watch began.
    #[serde(with = "super::seconds")]
    pub at: Duration,
    /// What life the line would have had.
    pub life: Life,
    /// Why, in words.
    pub why: String,
}
