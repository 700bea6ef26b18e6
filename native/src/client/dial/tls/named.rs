//! Trust in the very certificates that the user names.
//!
//! `openssl req -x509` makes certificates that call themselves an authority's, and people let servers show them as their own. The
//! library takes no authority for a server. Who names that certificate by `--ca` has said whom they mean, and browsers and
//! curl take it, too; dates and the name on it count as ever.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::{TlsOptionsError, is_authority};

/// Trusts what the named certificates have signed, and those themselves.
#[derive(Debug)]
pub(super) struct TrustNamed {
    named: Vec<CertificateDer<'static>>,
    signed: Arc<WebPkiServerVerifier>,
}

impl TrustNamed {
    pub(super) fn new(
        named: Vec<CertificateDer<'static>>,
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsOptionsError> {
        let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| TlsOptionsError::Library(error.to_string()))?;
        Ok(Self { named, signed })
    }
}

impl ServerCertVerifier for TrustNamed {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.signed.verify_server_cert(shown, between, host, ocsp_response, now) {
            // Its dates were looked at before that.
            Err(Error::InvalidCertificate(CertificateError::Other(why)))
                if is_authority(&why) && self.named.iter().any(|named| named == shown) =>
            {
                verify_server_name(&ParsedCertificate::try_from(shown)?, host)?;
                Ok(ServerCertVerified::assertion())
            }
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, shown, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, shown, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}
