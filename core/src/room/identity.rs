use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Who a client is to others: a hash of its secret (and of the subject of its token), so that nobody can pose as another and
/// nobody can work back to the secret. Written as 16 characters of base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity([u8; Self::BYTES]);

impl Identity {
    /// 96 bits: finding a second secret with the same hash is out of reach, and 16 characters go into every `said`.
    const BYTES: usize = 12;

    /// The identity behind a client's secret.
    pub fn of(secret: &str, subject: Option<&str>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"heartline.v1 identity\0");
        // The length in front keeps a secret with a piece of subject at its end apart from the pair of them.
        hash.update((secret.len() as u64).to_be_bytes());
        hash.update(secret);
        hash.update(subject.unwrap_or_default());
        let hash = hash.finalize();
        let mut short = [0; Self::BYTES];
        short.copy_from_slice(&hash[..Self::BYTES]);
        Self(short)
    }

    /// Reads one as it is written; `None` if it is none.
    pub fn parse(written: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(written).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let identity = Identity::of("a secret", Some("a subject"));
        assert_eq!(Identity::parse(&identity.to_string()), Some(identity));
        for wrong in ["", "short", "sixteen.letters.", "more than sixteen letters"] {
            assert_eq!(Identity::parse(wrong), None, "{wrong}");
        }
    }
}
