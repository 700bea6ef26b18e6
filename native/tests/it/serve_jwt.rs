//! JSON Web Tokens at the door, and those who forge them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use heartline::server::Config;
use heartline::server::gatekeeper::Gatekeeper;
use heartline_core::close::code;
use heartline_core::wire::{ClientMessage, ErrorCode, ServerMessage};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chat_peer::{Peer, Place, hello, resume};

const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

#[tokio::test]
async fn each_kind_of_key_lets_in_what_it_has_signed() {
    for issuer in Issuer::all() {
        let place = issuer.place().await;
        let mut peer = come(&place, &issuer.sign(&claims())).await;
        let told = peer.until(|message| matches!(message, ServerMessage::Token { .. })).await;
        let ServerMessage::Token { ends_ms: Some(ends_ms) } = told else { panic!("{told:?}") };
        assert!((50_000..70_000).contains(&ends_ms), "{ends_ms}");
        peer.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
        peer.say("tea", 1, "hello").await;
        assert_eq!(peer.said().await.name, "Ada");
    }
}

#[tokio::test]
async fn a_forged_token_opens_nothing() {
    let rsa_public = std::fs::read(key_file("rsa.pub.pem")).unwrap();
    let ed_public = std::fs::read(key_file("ed25519.pub.pem")).unwrap();
    for issuer in Issuer::all() {
        let place = issuer.place().await;
        let good = issuer.sign(&claims());
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let (head, body) = signed.split_once('.').unwrap();
        let none = |name: &str| format!("{}.{body}.", part(&json!({ "alg": name, "typ": "JWT" })));
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            issuer.sign(&claims)
        };
        let by_secret = |algorithm, secret: &[u8]| {
            encode(&Header::new(algorithm), &claims(), &EncodingKey::from_secret(secret)).unwrap()
        };
        let mut forged = vec![
            none("none"),
            none("None"),
            none("NONE"),
            none(""),
            format!("{}{signature}", none("none")),
            // A public key is known to all: it must not be taken for a secret.
            by_secret(Algorithm::HS256, &rsa_public),
            by_secret(Algorithm::HS256, &ed_public),
            by_secret(Algorithm::HS256, b"another secret"),
            by_secret(Algorithm::HS384, SECRET),
            // Other claims under the old signature.
            format!(
                "{head}.{}.{signature}",
                part(&json!({ "sub": "root", "rooms": ["*"], "exp": unix() + 60 }))
            ),
            format!("{signed}."),
            signed.to_owned(),
            format!("{good}.{signature}"),
            with("exp", json!(unix() - 60)),
            with("exp", Value::Null),
            with("nbf", json!(unix() + 60)),
            with("aud", json!("another service")),
            with("rooms", Value::Null),
        ];
        forged.extend(
            Issuer::all()
                .iter()
                .filter(|other| other.algorithm != issuer.algorithm)
                .map(|other| other.sign(&claims())),
        );
        for token in forged {
            let closed = come(&place, &token).await.closed().await;
            assert_eq!(u16::from(closed.code), code::UNAUTHORIZED, "{:?}: {token}", issuer.algorithm);
            assert!(!closed.reason.is_empty());
        }
        come(&place, &good).await.until(|message| matches!(message, ServerMessage::Welcome { .. })).await;
    }
}

#[tokio::test]
async fn a_line_goes_on_with_a_fresh_token_of_the_same_person_only() {
    let [issuer, ..] = Issuer::all();
    let place = issuer.place().await;
    let mut peer = come(&place, &issuer.sign(&claims())).await;
    peer.until(|message| matches!(message, ServerMessage::Joined { .. })).await;
    for (who, exp) in [("somebody else", unix() + 3600), ("u-1", unix() - 3600)] {
        let mut claims = claims();
        (claims["sub"], claims["exp"]) = (who.into(), exp.into());
        peer.tell(&ClientMessage::Token { token: issuer.sign(&claims) }).await;
        let told = peer.until(|message| matches!(message, ServerMessage::Error { .. })).await;
        assert!(matches!(told, ServerMessage::Error { code: ErrorCode::BadToken, .. }), "{who}: {told:?}");
    }
    let mut claims = claims();
    claims["exp"] = (unix() + 3600).into();
    peer.tell(&ClientMessage::Token { token: issuer.sign(&claims) }).await;
    let told = peer.until(|message| matches!(message, ServerMessage::Token { .. })).await;
    assert!(matches!(told, ServerMessage::Token { ends_ms: Some(3_500_000..) }), "{told:?}");
}

#[tokio::test]
async fn a_line_ends_with_its_token() {
    let [issuer, ..] = Issuer::all();
    let place = issuer.place().await;
    let mut claims = claims();
    // Over already, but within what clocks may be apart: good for the rest of that.
    claims["exp"] = (unix() - 2).into();
    let mut peer = come(&place, &issuer.sign(&claims)).await;
    peer.until(|message| matches!(message, ServerMessage::Welcome { .. })).await;
    assert_eq!(u16::from(peer.closed().await.code), code::TOKEN_EXPIRED);
}

#[test]
fn a_key_that_proves_nothing_is_refused_at_start() {
    for (file, word) in
        [("rsa.pem", "private"), ("ed25519.pem", "private"), ("p256.pub.pem", "RSA or Ed25519")]
    {
        let error = Gatekeeper::open(None, Some(&key_file(file))).unwrap_err().to_string();
        assert!(error.contains(word) && error.contains("--jwt-key"), "{error}");
    }
}

/// Who signs, and the file by which a server knows it.
struct Issuer {
    algorithm: Algorithm,
    signs: EncodingKey,
    proves: PathBuf,
    _files: Option<TempDir>,
}

impl Issuer {
    fn all() -> [Self; 3] {
        let private = |name| std::fs::read(key_file(name)).unwrap();
        let files = tempfile::tempdir().unwrap();
        let secret = files.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        [
            Self {
                algorithm: Algorithm::HS256,
                signs: EncodingKey::from_secret(SECRET),
                proves: secret,
                _files: Some(files),
            },
            Self {
                algorithm: Algorithm::RS256,
                signs: EncodingKey::from_rsa_pem(&private("rsa.pem")).unwrap(),
                proves: key_file("rsa.pub.pem"),
                _files: None,
            },
            Self {
                algorithm: Algorithm::EdDSA,
                signs: EncodingKey::from_ed_pem(&private("ed25519.pem")).unwrap(),
                proves: key_file("ed25519.pub.pem"),
                _files: None,
            },
        ]
    }

    async fn place(&self) -> Place {
        let gate = Arc::new(Gatekeeper::open(None, Some(&self.proves)).unwrap());
        Place::with(Config { gate, ..Config::default() }).await
    }

    fn sign(&self, claims: &Value) -> String {
        encode(&Header::new(self.algorithm), claims, &self.signs).unwrap()
    }
}

async fn come(place: &Place, with: &str) -> Peer {
    let mut peer = place.line().await;
    let mut hello = hello("me", 1, vec![resume("tea", None)]);
    let ClientMessage::Hello { token, .. } = &mut hello else { unreachable!() };
    *token = Some(with.to_owned());
    peer.tell(&hello).await;
    peer
}

fn claims() -> Value {
    json!({ "sub": "u-1", "name": "Ada", "rooms": ["tea"], "exp": unix() + 60 })
}

fn part(json: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(json.to_string())
}

fn key_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name)
}

fn unix() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
