//! `/echo` over TLS.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use heartline::server::{Config, tls};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::serve_peer::TestServer;

#[tokio::test]
async fn an_echo_comes_back_through_tls() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = Folder::new("tls");
    let certificate = folder.write("cert.pem", &certified.cert.pem());
    let key = folder.write("key.pem", &certified.signing_key.serialize_pem());
    let acceptor = tls::acceptor(&certificate, &key).unwrap();
    let server = TestServer::start(Config { tls: Some(acceptor), ..Config::default() }).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let (mut line, _) = client_async("wss://localhost/echo", stream).await.unwrap();

    line.send(Message::text("private")).await.unwrap();
    assert_eq!(line.next().await.unwrap().unwrap(), Message::text("private"));
    line.close(None).await.unwrap();
    while line.next().await.is_some_and(|message| message.is_ok()) {}

    // Plain HTTP on the same port gets nothing, and harms nobody.
    let mut plain = server.connect().await;
    plain.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut plain.stream, &mut Vec::new()).await;
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let folder = Folder::new("no-tls");
    let empty = folder.write("empty.pem", "");
    let missing = folder.path.join("missing.pem");
    assert!(tls::acceptor(&empty, &empty).err().unwrap().to_string().contains("no certificate in it"));
    assert!(tls::acceptor(&missing, &empty).err().unwrap().to_string().contains("missing.pem"));
}

struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}
