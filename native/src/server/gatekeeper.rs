//! Whom a token proves, and what it opens: the gate of `heartline_core::room`, with files and the wall clock in it.
//!
//! Tokens are compared by their SHA-256, never byte by byte, and nothing here writes one anywhere.

mod jwt;
mod tokens;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use heartline_core::room::{Denied, Gate, Grant};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use tokio::sync::watch;

use jwt::JwtKey;
use tokens::Tokens;

/// The gate of one server. The default asks for no token.
pub struct Gatekeeper {
    everything: Arc<Grant>,
    tokens: Option<Kept<Tokens>>,
    jwt: Option<Kept<JwtKey>>,
    changes: watch::Sender<()>,
}

/// A file that does not say who may come in. Quotes nothing of it: it holds secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// It cannot be read.
    #[error("{flag} {path}: {why}")]
    Read {
        /// The flag that named it.
        flag: &'static str,
        /// Its path.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// A line of the file of tokens is wrong.
    #[error("--tokens {path}, line {line}: {what}")]
    Line {
        /// Its path.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// The key is none.
    #[error("--jwt-key {path}: {what}")]
    Key {
        /// Its path.
        path: PathBuf,
        /// What is wrong, and what would be right.
        what: &'static str,
    },
}

impl Gatekeeper {
    /// A gate that takes the tokens of one file, the JWTs that another's key has signed, or either; without both it asks for none.
    ///
    /// # Errors
    /// [`GateError`] with the line at fault.
    pub fn open(tokens: Option<&Path>, jwt_key: Option<&Path>) -> Result<Self, GateError> {
        let tokens = tokens.map(|path| Kept::read(path, Tokens::read)).transpose()?;
        let jwt = jwt_key.map(|path| Kept::read(path, JwtKey::read)).transpose()?;
        Ok(Self { tokens, jwt, ..Self::default() })
    }

    /// Whether anybody needs a token.
    pub const fn asks(&self) -> bool {
        self.tokens.is_some() || self.jwt.is_some()
    }

    /// What whoever sent this request may do: by its `Authorization: Bearer`.
    ///
    /// # Errors
    /// Nothing at all; answer 401 and say why.
    pub fn authorize(&self, headers: &HeaderMap) -> Result<Arc<Grant>, Denied> {
        self.admit(Instant::now(), bearer(headers))
    }

    /// Reads its files again. Lines whose token is gone are told by [`changes`](Self::changes).
    ///
    /// # Errors
    /// [`GateError`]; everything stays as it was.
    pub fn read_again(&self) -> Result<(), GateError> {
        let tokens = self.tokens.as_ref().map(Kept::read_anew).transpose()?;
        let jwt = self.jwt.as_ref().map(Kept::read_anew).transpose()?;
        if let (Some(kept), Some(new)) = (&self.tokens, tokens) {
            kept.replace(new);
        }
        if let (Some(kept), Some(new)) = (&self.jwt, jwt) {
            kept.replace(new);
        }
        self.changes.send_replace(());
        Ok(())
    }

    /// Moves each time the files were read again.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}

impl Default for Gatekeeper {
    fn default() -> Self {
        let everything = Arc::new(Grant::everything());
        Self { everything, tokens: None, jwt: None, changes: watch::Sender::new(()) }
    }
}

impl Gate for Gatekeeper {
    fn admit(&self, now: Instant, token: Option<&str>) -> Result<Arc<Grant>, Denied> {
        if !self.asks() {
            return Ok(Arc::clone(&self.everything));
        }
        let token = token.ok_or(Denied::Missing)?;
        if let Some(grant) = self.tokens.as_ref().and_then(|tokens| tokens.now().find(token)) {
            return Ok(grant);
        }
        self.jwt.as_ref().ok_or(Denied::Wrong)?.now().admit(now, token)
    }

    fn review(&self, _: Instant, grant: &Arc<Grant>) -> Result<Arc<Grant>, Denied> {
        // A JWT says itself how long it is good; another key takes back none that was taken before.
        let Some(ticket) = &grant.ticket else { return Ok(Arc::clone(grant)) };
        let tokens = self.tokens.as_ref().ok_or(Denied::Withdrawn)?;
        match tokens.now().find_ticket(ticket) {
            Some(new) if new.subject == grant.subject => Ok(new),
            // The token is somebody else's now: whoever holds it comes back, as them.
            Some(_) => Err(Denied::Expired),
            None => Err(Denied::Withdrawn),
        }
    }
}

impl fmt::Debug for Gatekeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gatekeeper").field("asks", &self.asks()).finish_non_exhaustive()
    }
}

/// What was read from a file, and can be read again.
struct Kept<T> {
    path: PathBuf,
    read: fn(&Path) -> Result<T, GateError>,
    now: RwLock<Arc<T>>,
}

impl<T> Kept<T> {
    fn read(path: &Path, read: fn(&Path) -> Result<T, GateError>) -> Result<Self, GateError> {
        Ok(Self { path: path.to_owned(), read, now: RwLock::new(Arc::new(read(path)?)) })
    }

    fn read_anew(&self) -> Result<T, GateError> {
        (self.read)(&self.path)
    }

    fn now(&self) -> Arc<T> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, new: T) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
    }
}

/// A token on its way through: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(pub String);

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

/// The token of `Authorization: Bearer`, if there is one. Another scheme is somebody else's business: a proxy in front may have asked
/// for it. Two headers are none.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Whether `rw`, `r` or `w` means that one may read, and write.
fn rights(word: &str) -> Option<(bool, bool)> {
    match word {
        "rw" => Some((true, true)),
        "r" => Some((true, false)),
        "w" => Some((false, true)),
        _ => None,
    }
}

/// The hang-up signals of this process, each of which asks to read the files again.
pub(super) struct HangUps {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl HangUps {
    /// From now on a hang-up does not end the process.
    #[cfg(unix)]
    pub(super) fn catch() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { signal: signal(SignalKind::hangup())? })
    }

    /// There is no such signal here.
    #[cfg(not(unix))]
    pub(super) fn catch() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Reads again whenever it is asked for; for ever.
    pub(super) async fn obey(mut self, gate: &Gatekeeper) -> std::convert::Infallible {
        loop {
            self.next().await;
            match gate.read_again() {
                Ok(()) => tracing::info!("read again who may come in"),
                Err(why) => tracing::error!("who may come in stays as it was: {why}"),
            }
        }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        if self.signal.recv().await.is_none() {
            std::future::pending().await
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_is_found_and_nothing_else() {
        for (values, found) in [
            (&["Bearer abc"][..], Some("abc")),
            (&["bearer  abc "], Some("abc")),
            (&["Basic abc"], None),
            (&["Bearer"], None),
            (&["abc"], None),
            (&["Bearer a", "Bearer b"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(bearer(&headers), found, "{values:?}");
        }
    }

    #[test]
    fn a_gate_without_files_asks_for_nothing() {
        let gate = Gatekeeper::default();
        assert_eq!(*gate.admit(Instant::now(), None).unwrap(), Grant::everything());
        assert!(gate.admit(Instant::now(), Some("whatever")).is_ok());
    }

    #[test]
    fn no_token_shows_when_a_gate_is_written_out_for_a_log() {
        assert_eq!(format!("{:?}", Bearer("do not tell".to_owned())), "Bearer(…)");
        assert_eq!(format!("{:?}", Gatekeeper::default()), "Gatekeeper { asks: false, .. }");
    }
}
