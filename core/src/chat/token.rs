//! The token of a chat: said with every `hello`, and renewed on the open line before it ends.

use std::fmt;

use super::{Chat, Event};
use crate::policy::TOKEN_LEAD;
use crate::time::{Duration, Instant};
use crate::wire::{BearerToken, ClientMessage};

/// What proves who this is, and how long it still does.
#[derive(Default)]
pub(super) struct Token {
    shown: Option<BearerToken>,
    /// When the token of the present line ends, as the server said; `None` if it does not, or nobody could fetch another.
    ends_at: Option<Instant>,
    /// When to ask for another.
    ask_at: Option<Instant>,
}

impl Token {
    pub(super) fn new(shown: Option<BearerToken>) -> Self {
        Self { shown, ..Self::default() }
    }

    /// As it goes into a `hello`.
    pub(super) fn text(&self) -> Option<String> {
        self.shown.as_ref().map(|token| token.as_str().to_owned())
    }

    pub(super) const fn ask_at(&self) -> Option<Instant> {
        self.ask_at
    }

    /// What the server said belongs to the line that is gone.
    pub(super) fn line_ended(&mut self) {
        (self.ends_at, self.ask_at) = (None, None);
    }

    fn ends_in(&mut self, now: Instant, left: Option<Duration>) {
        // A time too far for the clock is as good as none.
        self.ends_at = left.and_then(|left| now.checked_add(left));
        self.ask_at = left.and_then(|left| now.checked_add(left - TOKEN_LEAD.min(left / 4)));
    }

    /// How soon it ends, once it is time to ask for another.
    fn take_due(&mut self, now: Instant) -> Option<Duration> {
        self.ask_at.take_if(|at| now >= *at)?;
        self.ends_at.map(|at| at.saturating_duration_since(now))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("ends_at", &self.ends_at).finish_non_exhaustive()
    }
}

impl Chat {
    /// Takes a token for this line and all that follow: fetched for a dial before it opens, or before the old one ends
    /// ([`Event::TokenEnds`]). `None`: lines that follow show none; the one that is open goes on with what it showed.
    pub fn set_token(&mut self, now: Instant, token: Option<BearerToken>) {
        if let (true, Some(token)) = (self.welcomed, &token) {
            // Without a line there is nobody to show it to before the next `hello`.
            let _ = self.line.post(&ClientMessage::Token { token: token.as_str().to_owned() });
        }
        self.token.shown = token;
        self.follow(now);
    }

    /// The server says how long the token of this line is good for. Who cannot fetch another has no use for knowing.
    pub(super) fn take_token_end(&mut self, now: Instant, ends_ms: Option<u64>) {
        let left = ends_ms.filter(|_| self.line.config().token_source).map(Duration::from_millis);
        self.token.ends_in(now, left);
    }

    pub(super) fn ask_for_token(&mut self, now: Instant) {
        if let Some(within) = self.token.take_due(now) {
            self.events.push_back(Event::TokenEnds { within });
        }
    }
}
