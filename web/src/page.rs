//! What the page knows of where it is.

use crate::model::address::Origin;

/// Where this page came from.
///
/// A page opened from a file has no server; it is taken to be beside a `heartline serve` with its defaults.
pub fn origin() -> Origin {
    let location = leptos::prelude::window().location();
    let secure = location.protocol().is_ok_and(|protocol| protocol == "https:");
    let host = location.host().ok().filter(|host| !host.is_empty());
    Origin { secure, host: host.unwrap_or_else(|| "127.0.0.1:8080".to_owned()) }
}
