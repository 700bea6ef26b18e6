//! Where an outbox lies.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::wall_ms;
use crate::{client::dial::Endpoint, private};

/// Bytes of a hash that tell one server from another.
const HASH: usize = 9;
/// The longest name of an identity, in bytes.
const MAX_NAME: usize = 64;

/// Whether an identity may be called so: it becomes the name of a folder.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(fine) {
        return Err(format!("a name has 1 to {MAX_NAME} letters, digits, - or _"));
    }
    Ok(())
}

/// The folder of an identity at a server: `heartline/chat/NAME/HOST-HASH` among the user's data; `None` without a home.
pub(super) fn folder(endpoint: &Endpoint, name: &str) -> Option<PathBuf> {
    // Without the query: that may be a token, and another one tomorrow.
    let hash = Sha256::digest(endpoint.to_string());
    let hash = URL_SAFE_NO_PAD.encode(&hash[..HASH]);
    let host: String = endpoint.host_header().chars().map(plain).take(MAX_NAME).collect();
    Some(private::data_folder()?.join("chat").join(name).join(format!("{host}-{hash}")))
}

/// Moves a file out of the way. Where it lies now.
///
/// # Errors
/// The disk's.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = path.with_extension(format!("damaged-{}.jsonl", wall_ms()));
    fs::rename(path, &aside)?;
    Ok(aside)
}

fn plain(char: char) -> char {
    if char.is_ascii_alphanumeric() || matches!(char, '-' | '.') { char } else { '_' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_lead_elsewhere() {
        for name in ["default", "bot-2", "A_b"] {
            assert_eq!(check_name(name), Ok(()));
        }
        for name in ["", "..", "a/b", "a\\b", "C:", "ä", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn each_server_has_a_folder_of_its_own() {
        let of = |url: &str| folder(&Endpoint::parse(url).unwrap(), "default").unwrap();
        assert_eq!(of("ws://example.com/chat?token=1"), of("ws://example.com/chat?token=2"));
        assert_ne!(of("ws://example.com/chat"), of("ws://example.com/chat2"));
        assert_ne!(of("ws://example.com/chat"), of("wss://example.com/chat"));
        assert!(
            of("ws://[::1]:8080/chat")
                .to_str()
                .unwrap()
                .contains("/heartline/chat/default/_::1__8080-".replace(':', "_").as_str())
        );
    }
}
