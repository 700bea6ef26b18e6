//! The key and what must be answered to it (RFC 6455 section 1.3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// What every server appends to the key: it shows that the answer is meant, and not a cached or accidental one.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What is wrong with a `Sec-WebSocket-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not base64.
    #[error("it is not base64")]
    NotBase64,
    /// Base64 of another length.
    #[error("it stands for {0} bytes and must stand for 16")]
    Length(usize),
}

/// The `Sec-WebSocket-Accept` that a server must answer to `key`, whatever the key.
#[must_use]
pub fn accept_for(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key.trim()).chain_update(GUID).finalize())
}

/// Whether a key is 16 bytes in base64.
///
/// # Errors
/// [`KeyFault`] says what it is instead.
pub fn check_key(key: &str) -> Result<(), KeyFault> {
    match STANDARD.decode(key.trim()) {
        Ok(bytes) if bytes.len() == 16 => Ok(()),
        Ok(bytes) => Err(KeyFault::Length(bytes.len())),
        Err(_) => Err(KeyFault::NotBase64),
    }
}
