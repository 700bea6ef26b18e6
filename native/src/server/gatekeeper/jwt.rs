//! Tokens that say themselves what they open, signed by whoever has the key.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use heartline_core::room::{Denied, Grant, RoomSet};
use heartline_core::wire::{Limits, check_name};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use super::{GateError, rights};
use crate::client::dial::io_words;

/// How far the clocks of whoever signs and of this machine may be apart.
const LEEWAY: Duration = Duration::from_secs(5);

/// The longest token that is looked at: one with hundreds of rooms.
const TOKEN_BYTES: usize = 16 * 1024;

/// The longest subject, in bytes.
const SUBJECT_BYTES: usize = 256;

/// A token with a longer life than this ends then: a century, so that the clock can say it.
const LONGEST: f64 = 100.0 * 365.0 * 86_400.0;

/// The shortest secret: as many bytes as HS256 signs with (RFC 7518, section 3.2).
const SECRET_BYTES: usize = 32;

/// What a token that names an audience must name.
const AUDIENCE: &str = "heartline";

/// The key that proves a signature. It also says by which algorithm: a token has no say in that.
pub(super) struct JwtKey {
    key: DecodingKey,
    rules: Validation,
}

/// What a token says.
#[derive(Deserialize)]
struct Claims {
    /// Who it is for.
    sub: String,
    /// What others call them; without it, as `sub`.
    name: Option<String>,
    /// As in the file of tokens.
    rooms: Vec<String>,
    /// As in the file of tokens.
    rights: Option<String>,
    /// When it ends, in seconds since 1970.
    exp: f64,
}

impl JwtKey {
    /// A PEM is the public key of RS256 or EdDSA; anything else is the secret of HS256, to the last byte but a line's end.
    pub(super) fn read(path: &Path) -> Result<Self, GateError> {
        let bytes = fs::read(path).map_err(|error| GateError::Read {
            flag: "--jwt-key",
            path: path.to_owned(),
            why: io_words(&error),
        })?;
        Self::parse(&bytes).map_err(|what| GateError::Key { path: path.to_owned(), what })
    }

    fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let text = String::from_utf8_lossy(bytes);
        if !text.contains("-----BEGIN") {
            let secret = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            let secret = secret.strip_suffix(b"\r").unwrap_or(secret);
            if secret.len() < SECRET_BYTES {
                return Err(
                    "a secret of fewer than 32 bytes can be guessed; take one from `openssl rand -base64 48`",
                );
            }
            return Ok(Self::of(DecodingKey::from_secret(secret), Algorithm::HS256));
        }
        if text.contains("PRIVATE KEY") {
            return Err("this is the private key, which only whoever signs should have; give the public one");
        }
        if let Ok(key) = DecodingKey::from_ed_pem(bytes) {
            return Ok(Self::of(key, Algorithm::EdDSA));
        }
        match DecodingKey::from_rsa_pem(bytes) {
            Ok(key) => Ok(Self::of(key, Algorithm::RS256)),
            Err(_) => Err("this PEM is no public key of RSA or Ed25519; give one of those"),
        }
    }

    fn of(key: DecodingKey, algorithm: Algorithm) -> Self {
        let mut rules = Validation::new(algorithm);
        rules.leeway = LEEWAY.as_secs();
        rules.validate_nbf = true;
        rules.set_required_spec_claims(&["exp", "sub"]);
        rules.set_audience(&[AUDIENCE]);
        Self { key, rules }
    }

    /// What the bearer of this token may do.
    pub(super) fn admit(&self, now: Instant, token: &str) -> Result<Arc<Grant>, Denied> {
        if token.len() > TOKEN_BYTES {
            return Err(refused("it is too long"));
        }
        let claims = match decode::<Claims>(token, &self.key, &self.rules) {
            Ok(token) => token.claims,
            Err(error) => return Err(denied(error.kind())),
        };
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        claims.grant(now, since_1970).ok_or_else(|| refused("sub, name, rooms or rights cannot be used"))
    }
}

impl Claims {
    fn grant(self, now: Instant, since_1970: Duration) -> Option<Arc<Grant>> {
        let limits = Limits::default();
        let name = self.name.as_ref().unwrap_or(&self.sub);
        check_name(name, limits.name_bytes).ok()?;
        if self.sub.is_empty() || self.sub.len() > SUBJECT_BYTES {
            return None;
        }
        let (read, write) = rights(self.rights.as_deref().unwrap_or("rw"))?;
        // Whatever came in by the leeway also stays for it, else it would be put out at once.
        let left = (self.exp - since_1970.as_secs_f64() + LEEWAY.as_secs_f64()).clamp(0.0, LONGEST);
        Some(Arc::new(Grant {
            name: Some(name.as_str().into()),
            rooms: RoomSet::of(self.rooms.iter().map(String::as_str)),
            read,
            write,
            until: now.checked_add(Duration::from_secs_f64(left)),
            ticket: None,
            subject: Some(self.sub.into()),
        }))
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; of the rest nobody needs more than that")]
fn denied(kind: &ErrorKind) -> Denied {
    match kind {
        ErrorKind::ExpiredSignature => Denied::Expired,
        ErrorKind::ImmatureSignature => Denied::NotYet,
        ErrorKind::InvalidSignature => refused("another key has signed it"),
        ErrorKind::InvalidAlgorithm => refused("its algorithm is not the key's"),
        ErrorKind::InvalidAudience => refused("it is for another audience than \"heartline\""),
        ErrorKind::MissingRequiredClaim(_) => refused("it lacks exp or sub"),
        _ => refused("it is no JWT with sub, rooms and exp"),
    }
}

/// Its bearer hears no more than that; whoever runs the server finds out by this.
fn refused(why: &'static str) -> Denied {
    tracing::debug!(why, "a JWT opens nothing");
    Denied::Wrong
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

    #[test]
    fn a_token_says_who_what_and_how_long() {
        let now = Instant::now();
        let grant = admit(&json!({
            "sub": "u-1", "name": "Ada", "rooms": ["tea", "team-*"], "rights": "r", "exp": unix() + 60, "aud": "heartline",
        }));
        let grant = grant.unwrap();
        assert_eq!((grant.subject.as_deref(), grant.name.as_deref()), (Some("u-1"), Some("Ada")));
        assert!(grant.may_read("tea") && grant.may_read("team-red") && !grant.may_read("vault"));
        assert!(!grant.may_write("tea"));
        let left = grant.until.unwrap() - now;
        assert!(left > Duration::from_secs(60) && left < Duration::from_secs(70), "{left:?}");
        let grant = admit(&json!({ "sub": "u-1", "rooms": ["*"], "exp": unix() + (1 << 50) })).unwrap();
        assert_eq!((grant.name.as_deref(), grant.rooms.clone()), (Some("u-1"), RoomSet::All));
    }

    #[test]
    fn what_is_missing_or_over_opens_nothing() {
        let soon = unix() + 60;
        for (claims, denied) in [
            (json!({ "sub": "a", "rooms": ["*"] }), Denied::Wrong),
            (json!({ "rooms": ["*"], "exp": soon }), Denied::Wrong),
            (json!({ "sub": "a", "exp": soon }), Denied::Wrong),
            (json!({ "sub": "", "rooms": ["*"], "exp": soon }), Denied::Wrong),
            (json!({ "sub": "a", "name": "b\nc", "rooms": ["*"], "exp": soon }), Denied::Wrong),
            (json!({ "sub": "a", "rooms": ["*"], "rights": "x", "exp": soon }), Denied::Wrong),
            (json!({ "sub": "a", "rooms": ["*"], "exp": soon, "aud": "another" }), Denied::Wrong),
            (json!({ "sub": "a", "rooms": ["*"], "exp": unix() - 60 }), Denied::Expired),
            (json!({ "sub": "a", "rooms": ["*"], "exp": soon, "nbf": unix() + 30 }), Denied::NotYet),
        ] {
            assert_eq!(admit(&claims).err(), Some(denied), "{claims}");
        }
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        for (file, word) in [
            (&b"short"[..], "32 bytes"),
            (b"", "32 bytes"),
            (b"-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n", "public"),
            (b"-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----\n", "RSA"),
        ] {
            let Err(what) = JwtKey::parse(file) else { panic!("{word} was taken") };
            assert!(what.contains(word), "{what}");
        }
    }

    fn admit(claims: &Value) -> Result<Arc<Grant>, Denied> {
        let token = encode(&Header::default(), claims, &EncodingKey::from_secret(SECRET)).unwrap();
        JwtKey::parse(&[SECRET, b"\n"].concat()).ok().unwrap().admit(Instant::now(), &token)
    }

    fn unix() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
    }
}
