//! TLS towards the server: whom to trust, and what went wrong in words.

mod named;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    AlertDescription, CertificateError, ClientConfig, RootCertStore,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_rustls::TlsConnector;

use self::named::TrustNamed;
use super::failure::{DialFailure, Step, io_words};
use crate::client::activity::Stream;

/// Whom to trust and who we are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TlsOptions {
    /// A PEM file of authorities to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// Our certificate chain and private key, as PEM files.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Take any certificate. The line is then encrypted, but to whom is not known.
    pub insecure: bool,
}

/// A certificate or key file that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TlsOptionsError {
    /// The file cannot be read, or holds no such thing.
    #[error("cannot take {what} from {}: {why}", path.display())]
    File {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Certificate and key do not fit together, or not with this TLS library.
    #[error("the client certificate cannot be used: {0}")]
    Identity(String),
    /// The system has no authorities.
    #[error(
        "this machine has no certificate authorities to trust: install ca-certificates, or give --ca FILE"
    )]
    NoRoots,
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Library(String),
}

impl TlsOptions {
    /// Reads the files and makes what every dial uses.
    ///
    /// # Errors
    /// [`TlsOptionsError`] names the file and what is wrong with it.
    pub fn config(&self) -> Result<Arc<ClientConfig>, TlsOptionsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsOptionsError::Library(error.to_string()))?;
        let builder = match &self.ca {
            _ if self.insecure => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustAnybody(provider)))
            }
            Some(path) => {
                let named = certificates(path)?;
                let trust = TrustNamed::new(named.clone(), authorities(path, named)?, provider)?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(trust))
            }
            None => builder.with_root_certificates(systems_authorities()?),
        };
        let mut config = match &self.identity {
            Some((chain, key)) => builder
                .with_client_auth_cert(certificates(chain)?, private_key(key)?)
                .map_err(|error| TlsOptionsError::Identity(identity_words(&error)))?,
            None => builder.with_no_client_auth(),
        };
        // A server that also speaks HTTP/2 must not choose it: WebSocket's handshake here is HTTP/1.1.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn authorities(path: &Path, named: Vec<CertificateDer<'static>>) -> Result<RootCertStore, TlsOptionsError> {
    let mut roots = RootCertStore::empty();
    for certificate in named {
        roots.add(certificate).map_err(|error| TlsOptionsError::File {
            what: "an authority",
            path: path.to_owned(),
            why: error.to_string(),
        })?;
    }
    Ok(roots)
}

fn systems_authorities() -> Result<RootCertStore, TlsOptionsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TlsOptionsError::NoRoots) } else { Ok(roots) }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; the rest has good words of its own")]
fn identity_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => "the key of --key is not that of --cert".to_owned(),
        other => other.to_string(),
    }
}

fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, TlsOptionsError> {
    let file_error = |why: String| TlsOptionsError::File { what: "a certificate", path: path.clone(), why };
    let bytes = fs::read(path).map_err(|error| file_error(io_words(&error)))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(file_error("there is none in it (PEM is expected)".to_owned())),
        Err(error) => Err(file_error(error.to_string())),
    }
}

fn private_key(path: &PathBuf) -> Result<PrivateKeyDer<'static>, TlsOptionsError> {
    let file_error = |why: String| TlsOptionsError::File { what: "a private key", path: path.clone(), why };
    let bytes = fs::read(path).map_err(|error| file_error(io_words(&error)))?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| file_error(error.to_string()))
}

/// What a TLS handshake agreed upon, and by whose certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// `TLS 1.3`.
    pub version: String,
    /// The cipher suite, as the library spells it.
    pub suite: String,
    /// The server's certificate and those it was sent with, in DER; its own is the first.
    pub certificates: Vec<CertificateDer<'static>>,
}

/// The TLS handshake over `stream` with the server named `host`.
pub(super) async fn handshake(
    stream: Box<dyn Stream>,
    host: &str,
    config: Arc<ClientConfig>,
) -> Result<(Box<dyn Stream>, Agreed), DialFailure> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        let what = format!("\"{host}\" is not a name a certificate can hold");
        DialFailure::lasting(Step::Tls, what, "use the server's DNS name or IP address")
    })?;
    match TlsConnector::from(config).connect(name, stream).await {
        Ok(stream) => {
            let session = stream.get_ref().1;
            let agreed = Agreed {
                version: session.protocol_version().map_or_else(String::new, version_words),
                suite: session
                    .negotiated_cipher_suite()
                    .map_or_else(String::new, |s| format!("{:?}", s.suite())),
                certificates: session.peer_certificates().unwrap_or_default().to_vec(),
            };
            Ok((Box::new(stream), agreed))
        }
        Err(error) => Err(failure(&error, host)),
    }
}

/// `TLSv1_3` as people write it.
fn version_words(version: rustls::ProtocolVersion) -> String {
    format!("{version:?}").replace("TLSv", "TLS ").replace('_', ".")
}

/// A TLS error in words. Also for those that only show at the first read: a server that speaks TLS 1.3 refuses a
/// client's certificate after the handshake.
pub(super) fn failure(error: &io::Error, host: &str) -> DialFailure {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        let what = format!("{host} hung up during the TLS handshake ({})", io_words(error));
        return DialFailure::passing(Step::Tls, what, "does it speak TLS on this port? If not, use ws://");
    };
    let (what, advice) = words(error, host);
    DialFailure::lasting(Step::Tls, what, advice)
}

/// Whether an I/O error came from the TLS layer.
pub(super) fn is_tls(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; the rest has good words of its own")]
fn words(error: &rustls::Error, host: &str) -> (String, &'static str) {
    match error {
        rustls::Error::InvalidCertificate(error) => certificate_words(error, host),
        rustls::Error::InvalidMessage(_) => (
            format!("{host} answers, but not in TLS"),
            "use ws:// if the server has no TLS, or the port that has it",
        ),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => (
            format!("{host} takes neither TLS 1.2 nor 1.3"),
            "the server's operator must let it speak a newer TLS",
        ),
        rustls::Error::AlertReceived(alert) => (
            format!("{host} ended the TLS handshake with the alert {alert:?}"),
            "if it wants a client certificate, give --cert and --key; its log says more",
        ),
        rustls::Error::PeerIncompatible(why) => (
            format!("{host} speaks a TLS that is too old or foreign ({why:?})"),
            "it must offer TLS 1.2 or 1.3",
        ),
        other => (
            format!("no TLS with {host}: {other}"),
            "the server's TLS setup is at fault, or something in between",
        ),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum; the rest has good words of its own")]
fn certificate_words(error: &CertificateError, host: &str) -> (String, &'static str) {
    match error {
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().map(|name| bare_name(name)).collect();
            let names = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
            let names = crate::output::escape::excerpt(&names, 200);
            (
                format!("the certificate of {host} is for another name: {names}"),
                "dial by a name it is for; the server's operator can have it extended",
            )
        }
        CertificateError::NotValidForName => {
            (format!("the certificate of {host} is for another name"), "dial by a name it is for")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            format!("the certificate of {host} has expired{}", expired_since(error)),
            "the server's operator must renew it; check this machine's clock, too",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (format!("the certificate of {host} is not valid yet"), "check this machine's clock")
        }
        // A bad signature: an authority of that name is trusted, but has another key.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => (
            format!("the certificate of {host} is signed by nobody this machine trusts"),
            "give its authority by --ca FILE, or --insecure to take any",
        ),
        CertificateError::Other(other) if is_authority(other) => (
            format!("the certificate of {host} is an authority's (CA:TRUE), not a server's"),
            "name that certificate itself by --ca FILE, or have one made with basicConstraints=CA:FALSE",
        ),
        other => (
            format!("the certificate of {host} is no good: {other}"),
            "the server's operator must mend it, or --insecure takes any",
        ),
    }
}

/// The name in `DnsName("example.org")`, as the library tells it.
fn bare_name(told: &str) -> &str {
    told.split_once('(')
        .and_then(|(_, name)| name.strip_suffix(')'))
        .map_or(told, |name| name.trim_matches('"'))
}

/// `openssl req -x509` makes such certificates unless told otherwise. The library tells it in its own words only.
fn is_authority(other: &rustls::OtherError) -> bool {
    other.to_string().contains("CaUsedAsEndEntity")
}

fn expired_since(error: &CertificateError) -> String {
    let CertificateError::ExpiredContext { time, not_after } = error else { return String::new() };
    match time.as_secs().saturating_sub(not_after.as_secs()) / (24 * 60 * 60) {
        0 => " today".to_owned(),
        1 => " a day ago".to_owned(),
        days => format!(" {days} days ago"),
    }
}

/// `--insecure`: checks that the peer holds the key of the certificate it shows, and nothing about who that is.
#[derive(Debug)]
struct TrustAnybody(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
