//! Who may do what: asked here, decided by a [`Gate`] the shell provides.

use std::fmt;
use std::sync::Arc;

use crate::time::Instant;

/// Knows tokens. Asked with each `hello`, each `token`, and when it has changed its mind; never about a single message.
pub trait Gate: fmt::Debug + Send + Sync {
    /// What the bearer of this token may do; without one, what anybody may.
    ///
    /// # Errors
    /// Nothing at all, and why.
    fn admit(&self, now: Instant, token: Option<&str>) -> Result<Arc<Grant>, Denied>;

    /// What becomes of a grant given earlier, after what the gate knows has changed. By default it stands until it ends.
    ///
    /// # Errors
    /// It is taken back, and why.
    fn review(&self, now: Instant, grant: &Arc<Grant>) -> Result<Arc<Grant>, Denied> {
        let _ = now;
        Ok(Arc::clone(grant))
    }
}

/// The gate of a server that asks for no token: everybody may do everything, under a name of their own.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenGate;

impl Gate for OpenGate {
    fn admit(&self, _: Instant, _: Option<&str>) -> Result<Arc<Grant>, Denied> {
        Ok(Arc::new(Grant::everything()))
    }
}

/// What somebody may do on one line, until when, and who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who this is, as the token says it. Part of the [`Identity`](super::Identity): the same secret under another subject is
    /// somebody else. `None` where no token is asked for.
    pub subject: Option<Arc<str>>,
    /// What others call it. `None`: whatever the client calls itself. Whoever makes a grant has checked it as `hello` would.
    pub name: Option<Arc<str>>,
    /// The rooms it opens.
    pub rooms: RoomSet,
    /// Whether those rooms may be entered, and their history read.
    pub read: bool,
    /// Whether something may be said in them.
    pub write: bool,
    /// When it ends; `None`: when the gate takes it back.
    pub until: Option<Instant>,
    /// The SHA-256 of the token it was given for, by which its gate knows it again. Never the token.
    pub ticket: Option<[u8; 32]>,
}

impl Grant {
    /// Everything, for somebody without a token.
    pub const fn everything() -> Self {
        Self {
            subject: None,
            name: None,
            rooms: RoomSet::All,
            read: true,
            write: true,
            until: None,
            ticket: None,
        }
    }

    /// Whether this room may be entered and read.
    pub fn may_read(&self, room: &str) -> bool {
        self.read && self.rooms.contains(room)
    }

    /// Whether something may be said in this room.
    pub fn may_write(&self, room: &str) -> bool {
        self.write && self.rooms.contains(room)
    }
}

/// Which rooms a grant opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomSet {
    /// Every room there is or will be.
    All,
    /// Those whose name is one of these, to the letter; an entry that ends in `*` means every name that begins with what is before it.
    Named(Arc<[Arc<str>]>),
}

impl RoomSet {
    /// The rooms named by a list; one `*` in it is every room.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Arc<[Arc<str>]> = names.into_iter().map(Arc::from).collect();
        if names.iter().any(|name| &**name == "*") { Self::All } else { Self::Named(names) }
    }

    /// Whether a room is among them.
    pub fn contains(&self, room: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| match name.strip_suffix('*') {
                Some(beginning) => room.starts_with(beginning),
                None => **name == *room,
            }),
        }
    }
}

/// Why somebody may not come in. Never says what was wrong with which byte of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token came, where one is asked for.
    Missing,
    /// Not a token of this server.
    Wrong,
    /// It was good once.
    Expired,
    /// It will be good later.
    NotYet,
    /// It was good until whoever runs the server took it back.
    Withdrawn,
}

impl Denied {
    /// The reason in words, short enough for a close frame.
    pub const fn why(self) -> &'static str {
        match self {
            Self::Missing => "a token is needed here; ask whoever runs this server for one",
            Self::Wrong => "this token opens nothing here; ask whoever runs this server for another",
            Self::Expired => "the token ran out; fetch a new one",
            Self::NotYet => "the token is not valid yet; fetch a new one, or look at the clocks",
            Self::Withdrawn => "the token was taken back; ask whoever runs this server for another",
        }
    }

    /// The word it is counted under.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Wrong => "token_wrong",
            Self::Expired => "token_expired",
            Self::NotYet => "token_not_yet",
            Self::Withdrawn => "token_withdrawn",
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

impl std::error::Error for Denied {}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn rooms_are_named_to_the_letter_or_by_their_beginning() {
        let rooms = RoomSet::of(["tea", "team-*"]);
        for room in ["tea", "team-", "team-red"] {
            assert!(rooms.contains(room), "{room}");
        }
        for room in ["", "te", "tea ", "Tea", "team", "a team-red", "*"] {
            assert!(!rooms.contains(room), "{room}");
        }
        assert_eq!(RoomSet::of(["tea", "*"]), RoomSet::All);
        assert!(!RoomSet::of([]).contains(""));
    }

    #[test]
    fn reasons_fit_a_close_frame() {
        for denied in [Denied::Missing, Denied::Wrong, Denied::Expired, Denied::NotYet, Denied::Withdrawn] {
            assert_eq!(crate::close::fit_reason(denied.why()), denied.why());
        }
    }
}
