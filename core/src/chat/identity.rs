use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::wire::{Limits, MAX_NUMBER, NameFault, check_name};

/// The least a secret may hold, in bytes: 128 bits.
const MIN_SECRET_BYTES: usize = 16;
const MAX_SECRET_CHARS: usize = 256;

/// Who this client is across reconnects, and across runs where the shell stores it.
///
/// One running client holds an identity: the shell sees to that (a lock file, a Web Lock), else takes a fresh one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    secret: ClientSecret,
    dial: u64,
}

/// A random secret. Others only ever see a hash of it, so nobody can pose as its holder.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

/// What is wrong with an identity. The shell that made it is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Too short to be a secret.
    #[error("a client secret of {bytes} bytes can be guessed; take at least 16 random ones")]
    WeakSecret {
        /// How long it is.
        bytes: usize,
    },
    /// Not what [`ClientSecret::as_str`] gave.
    #[error("the stored client secret is damaged; take a new one")]
    Damaged,
}

impl Identity {
    /// An identity whose dials begin above `dial`: the wall clock in milliseconds since 1970, or the last stored number.
    ///
    /// The own messages' numbers begin above it too, so that those of a later run are higher. Beyond 2^52 it is taken as 2^52.
    pub fn new(secret: ClientSecret, dial: u64) -> Self {
        Self { secret, dial: dial.min(MAX_NUMBER / 2) }
    }

    /// The secret, for the shell to store.
    pub fn secret(&self) -> &ClientSecret {
        &self.secret
    }

    /// The number of the latest dial, for the shell to store.
    pub fn dial(&self) -> u64 {
        self.dial
    }

    /// The number of the next dial.
    pub(super) fn next_dial(&mut self) -> u64 {
        self.dial = (self.dial + 1).min(MAX_NUMBER);
        self.dial
    }

    /// Where the numbers of own messages begin in a room this client has not spoken in.
    pub(super) fn first_id(&self) -> u64 {
        self.dial + 1
    }
}

impl ClientSecret {
    /// A secret from random bytes.
    ///
    /// # Errors
    /// [`IdentityError::WeakSecret`] below 16 bytes, [`IdentityError::Damaged`] above what `hello` has room for.
    pub fn from_random(bytes: &[u8]) -> Result<Self, IdentityError> {
        Self::parse(&URL_SAFE_NO_PAD.encode(bytes))
    }

    /// A secret that was stored.
    ///
    /// # Errors
    /// As [`from_random`](Self::from_random), and [`IdentityError::Damaged`] for what was never given out.
    pub fn parse(stored: &str) -> Result<Self, IdentityError> {
        if stored.len() > MAX_SECRET_CHARS {
            return Err(IdentityError::Damaged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(stored).map_err(|_| IdentityError::Damaged)?;
        if bytes.len() < MIN_SECRET_BYTES {
            return Err(IdentityError::WeakSecret { bytes: bytes.len() });
        }
        Ok(Self(stored.to_owned()))
    }

    /// The secret as text, to be stored where nobody else reads.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// Whether this may be the name of a member, as far as can be told before a server has named its limits.
///
/// # Errors
/// What is wrong with it.
pub fn check_member_name(name: &str) -> Result<(), NameFault> {
    check_name(name, Limits::default().name_bytes)
}

/// Whether this may be the name of a room, as far as can be told before a server has named its limits.
///
/// # Errors
/// What is wrong with it.
pub fn check_room_name(name: &str) -> Result<(), NameFault> {
    check_name(name, Limits::default().room_bytes)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_secret_survives_being_stored_and_is_not_printed() {
        let secret = ClientSecret::from_random(&[7; 32]).unwrap();
        assert_eq!(ClientSecret::parse(secret.as_str()), Ok(secret.clone()));
        assert!(!format!("{secret:?}").contains(secret.as_str()));
    }

    #[test]
    fn weak_and_damaged_secrets_are_refused() {
        assert_eq!(ClientSecret::from_random(&[7; 15]), Err(IdentityError::WeakSecret { bytes: 15 }));
        assert_eq!(ClientSecret::from_random(&[7; 500]), Err(IdentityError::Damaged));
        assert_eq!(ClientSecret::parse("not base64 \u{7}"), Err(IdentityError::Damaged));
    }

    #[test]
    fn dials_rise_and_stay_within_the_wire() {
        let mut identity = Identity::new(ClientSecret::from_random(&[7; 16]).unwrap(), u64::MAX);
        let first = identity.next_dial();
        assert!(identity.next_dial() > first && identity.dial() <= MAX_NUMBER);
    }
}
