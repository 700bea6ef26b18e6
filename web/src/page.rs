//! What the page knows of where it is.

use crate::model::address::Origin;

/// Where this page came from.
///
/// A page opened from a file has no server; it is taken to be beside a `heartline serve` with its defaults.
pub fn origin() -> Origin {
    let location = leptos::prelude::window().location();
    let secure = location.protocol().is_ok_and(|protocol| protocol == "https:");
    let host = location.host().ok().filter(|host| !host.is_empty());
    let host = host.map(|host| past_trunk(&host).unwrap_or(host));
    Origin { secure, host: host.unwrap_or_else(|| "127.0.0.1:8080".to_owned()) }
}

/// The server behind `trunk serve`.
///
/// Trunk's proxy answers no subprotocol, and a browser refuses a line on which it offered one and got none. So a page
/// under development dials the server itself, which takes the Origin of any loopback page.
fn past_trunk(host: &str) -> Option<String> {
    let name = host.strip_suffix(":8081").filter(|_| cfg!(debug_assertions))?;
    Some([name, ":8080"].concat())
}
