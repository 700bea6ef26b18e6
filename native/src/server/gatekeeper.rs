//! Whom a token proves, and what it opens: the gate of `heartline_core::room`, with the wall clock in it.

use std::sync::Arc;
use std::time::Instant;

use heartline_core::room::{Denied, Gate, Grant, OpenGate};
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The gate of one server. The default asks for no token.
#[derive(Debug, Default)]
pub struct Gatekeeper {
    open: OpenGate,
}

impl Gatekeeper {
    /// What whoever sent this request may do: by its `Authorization: Bearer`.
    ///
    /// # Errors
    /// Nothing at all; answer 401 and say why.
    pub fn authorize(&self, headers: &HeaderMap) -> Result<Arc<Grant>, Denied> {
        self.admit(Instant::now(), bearer(headers))
    }
}

impl Gate for Gatekeeper {
    fn admit(&self, now: Instant, token: Option<&str>) -> Result<Arc<Grant>, Denied> {
        self.open.admit(now, token)
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
