//! In which of few manners a line ended: lines that ended in the same one may have been ended by the same hand.

use serde::{Deserialize, Serialize};

use super::How;

/// The manner of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// A close frame with this code: by somebody who speaks WebSocket.
    Closed {
        /// The code; 1005 where it has none.
        code: u16,
    },
    /// TCP ended without a close frame, by FIN or RST. The two are one manner: a system that closes a socket sends a RST instead of a
    /// FIN if something was left unread, so one hand leaves both.
    Cut,
    /// Nobody told of the end: what was sent got no answer.
    Lost,
}

impl Manner {
    /// The manner of an ending.
    #[must_use]
    pub fn of(how: &How) -> Self {
        match how {
            How::CloseFrame { code, .. } => Self::Closed { code: *code },
            How::Fin | How::Reset => Self::Cut,
            // The system's own words for what nobody answered; all others say that the other end refused.
            How::Error { why } if is_timeout(why) => Self::Lost,
            How::Error { .. } => Self::Cut,
            How::Silence { .. } => Self::Lost,
        }
    }
}

/// `ETIMEDOUT`, `EHOSTUNREACH` and `ENETUNREACH`, in the words of Linux, macOS and Windows.
fn is_timeout(why: &str) -> bool {
    let why = why.to_ascii_lowercase();
    ["timed out", "timeout", "unreachable", "no route", "did not properly respond"]
        .iter()
        .any(|word| why.contains(word))
}
