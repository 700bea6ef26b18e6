//! TLS by a certificate and its key from two PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why the two files do not make a TLS server.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate file cannot be read, or holds none.
    #[error("--tls-cert {path}: {why}")]
    Certificate {
        /// As given.
        path: PathBuf,
        /// What the reader says.
        why: pem::Error,
    },
    /// The certificate file holds no certificate.
    #[error("--tls-cert {0}: no certificate in it; it must begin with -----BEGIN CERTIFICATE-----")]
    NoCertificate(PathBuf),
    /// The key file cannot be read, or holds none.
    #[error("--tls-key {path}: {why}")]
    Key {
        /// As given.
        path: PathBuf,
        /// What the reader says.
        why: pem::Error,
    },
    /// They do not belong together, or the key is of a kind nobody here knows.
    #[error("the certificate and the key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What turns an accepted socket into a TLS stream.
///
/// # Errors
/// A file cannot be read, holds nothing of use, or the two do not fit.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let unreadable = |why| TlsError::Certificate { path: certificate.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(certificate)
        .map_err(unreadable)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(certificate.to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|why| TlsError::Key { path: key.to_owned(), why })?;

    // Named, not taken from the process: a second provider in the build would make the choice ambiguous and panic.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
