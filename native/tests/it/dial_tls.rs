//! TLS: whom to trust, and what is told when nobody is.

use std::{path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tokio_rustls::TlsAcceptor;

use crate::{
    peer::{Peer, echo, shake_hands},
    program::run,
    relay::Relay,
};

/// An authority, and files to tell the program about.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// A certificate for that name, with its key.
    fn issue(&self, name: &str, expired: bool) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2020, 2, 1);
        }
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// An echo server with such a certificate.
    pub(crate) async fn server(&self, name: &str, expired: bool, wants_certificate: bool) -> Peer {
        let (certificate, key) = self.issue(name, expired);
        serving(&certificate, &key, wants_certificate.then_some(self)).await
    }
}

/// An echo server with this certificate, for everybody or for those an authority knows.
async fn serving(certificate: &rcgen::Certificate, key: &KeyPair, wants: Option<&Authority>) -> Peer {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.unwrap();
    let builder = match wants {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config =
        builder.with_single_cert(vec![CertificateDer::from(certificate.der().to_vec())], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Peer::start(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                shake_hands(&mut stream).await;
                echo(&mut stream).await;
            }
        }
    })
    .await
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn url(host: &str, peer: &Peer) -> String {
    format!("wss://{host}:{}/", peer.port)
}

#[tokio::test]
async fn a_given_authority_is_trusted() {
    let authority = Authority::new("trusted");
    let peer = authority.server("localhost", false, false).await;
    let outcome =
        run(&["connect", "--ca", &authority.file("ca.pem"), "-n", "1", &url("localhost", &peer)], b"hi\n")
            .await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
}

#[tokio::test]
async fn certificates_not_to_trust() {
    let authority = Authority::new("wrong");
    let ca = authority.file("ca.pem");

    let peer = authority.server("other.example", false, false).await;
    let outcome = run(&["connect", "--ca", &ca, &url("localhost", &peer)], b"").await;
    outcome.failed(13, &["another name: other.example;"]);
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");

    let peer = authority.server("localhost", true, false).await;
    run(&["connect", "--ca", &ca, &url("localhost", &peer)], b"").await.failed(13, &["expired", "renew"]);

    let peer = authority.server("localhost", false, false).await;
    let stranger = Authority::new("stranger");
    let outcome = run(&["connect", "--ca", &stranger.file("ca.pem"), &url("localhost", &peer)], b"").await;
    outcome.failed(13, &["nobody this machine trusts", "--ca"]);
}

#[tokio::test]
async fn an_authority_that_is_its_own_server() {
    let authority = Authority::new("both");
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(authority.folder.join("self.pem"), certificate.pem()).unwrap();
    let itself = authority.file("self.pem");
    let peer = serving(&certificate, &key, None).await;
    let outcome = run(&["connect", "--ca", &itself, "-n", "1", &url("localhost", &peer)], b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
    // It is nobody else's, and another authority does not make it a server's.
    run(&["connect", "--ca", &itself, &url("127.0.0.1", &peer)], b"").await.failed(13, &["another name"]);
    let outcome = run(&["connect", "--ca", &authority.file("ca.pem"), &url("localhost", &peer)], b"").await;
    outcome.failed(13, &["CA:TRUE", "--ca FILE"]);
}

#[tokio::test]
async fn a_key_of_another_certificate_is_told_before_a_dial() {
    let authority = Authority::new("pair");
    let ((certificate, _), (_, key)) =
        (authority.issue("a.example", false), authority.issue("b.example", false));
    std::fs::write(authority.folder.join("a.pem"), certificate.pem()).unwrap();
    std::fs::write(authority.folder.join("b.key"), key.serialize_pem()).unwrap();
    let (cert, key) = (authority.file("a.pem"), authority.file("b.key"));
    let outcome = run(&["connect", "--cert", &cert, "--key", &key, "wss://127.0.0.1:1/"], b"").await;
    outcome.failed(2, &["the key of --key is not that of --cert"]);
}

#[tokio::test]
async fn insecure_takes_any() {
    let authority = Authority::new("insecure");
    let peer = authority.server("other.example", true, false).await;
    let outcome = run(&["connect", "--insecure", "-n", "1", &url("127.0.0.1", &peer)], b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_wants_to_know_who_comes() {
    let authority = Authority::new("client");
    let peer = authority.server("localhost", false, true).await;
    let (ca, url) = (authority.file("ca.pem"), url("localhost", &peer));
    run(&["connect", "--ca", &ca, &url], b"").await.failed(13, &["--cert"]);

    let (certificate, key) = authority.issue("client.example", false);
    std::fs::write(authority.folder.join("client.pem"), certificate.pem()).unwrap();
    std::fs::write(authority.folder.join("client.key"), key.serialize_pem()).unwrap();
    let (cert, key) = (authority.file("client.pem"), authority.file("client.key"));
    let outcome =
        run(&["connect", "--ca", &ca, "--cert", &cert, "--key", &key, "-n", "1", &url], b"hi\n").await;
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "hi\n"), "{outcome:?}");
}

#[tokio::test]
async fn a_relay_shows_its_certificate_for_those_who_have_none() {
    let authority = Authority::new("relay");
    let peer = authority.server("localhost", false, true).await;
    let (certificate, key) = authority.issue("client.example", false);
    std::fs::write(authority.folder.join("client.pem"), certificate.pem()).unwrap();
    std::fs::write(authority.folder.join("client.key"), key.serialize_pem()).unwrap();
    let (ca, cert, key) =
        (authority.file("ca.pem"), authority.file("client.pem"), authority.file("client.key"));
    let mut relay =
        Relay::start(&url("localhost", &peer), &["--ca", &ca, "--cert", &cert, "--key", &key]).await;
    let large = "x".repeat(60_000);
    let outcome = run(&["echo", &relay.url()], format!("hi\n{large}\n").as_bytes()).await;
    assert!(outcome.code == 0 && outcome.stdout == format!("hi\n{large}\n"), "{}", outcome.stderr);
    assert!(relay.program.err("over").await.contains("the client closed it with 1000"));
    // Without it: told to the client, too.
    let relay = Relay::start(&url("localhost", &peer), &["--ca", &ca]).await;
    let outcome = run(&["connect", "--no-input", "--reconnect", "never", &relay.url()], b"").await;
    assert_ne!(outcome.code, 0, "{outcome:?}");
    let relay = Relay::start(&url("localhost", &peer), &[]).await;
    run(&["connect", "--no-input", &relay.url()], b"").await.failed(20, &["502", "signed by nobody"]);
}

#[tokio::test]
async fn files_that_are_no_certificates() {
    let authority = Authority::new("files");
    let url = "wss://127.0.0.1:1/";
    run(&["connect", "--ca", "/no/such.pem", url], b"").await.failed(2, &["/no/such.pem", "no such file"]);
    std::fs::write(authority.folder.join("empty.pem"), "").unwrap();
    run(&["connect", "--ca", &authority.file("empty.pem"), url], b"")
        .await
        .failed(2, &["there is none in it"]);
}

#[tokio::test]
async fn a_server_without_tls() {
    let peer = Peer::start(|mut stream, _| async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let _ = stream.read_u8().await;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    run(&["connect", "--insecure", &url("127.0.0.1", &peer)], b"").await.failed(13, &["not in TLS", "ws://"]);
}
