//! What a person wants to know of a certificate: whose, from whom, until when.

use rustls::pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

use super::calendar::{now, rfc3339};
use crate::output::escape::excerpt;

/// Characters of a name that are kept.
const NAME: usize = 200;
const DAY: i64 = 24 * 60 * 60;

/// What a certificate says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Whom it names.
    pub(super) subject: Option<String>,
    /// Who issued it.
    pub(super) issuer: Option<String>,
    /// When it ends, as RFC 3339 writes it.
    pub(super) ends: Option<String>,
    /// Whole days left; negative once it has ended.
    pub(super) days_left: Option<i64>,
}

/// Reads a certificate; `None` if it is none that can be read, which TLS may take all the same if it is not to be checked.
pub(super) fn read(certificate: &CertificateDer<'_>) -> Option<Seen> {
    let (_, certificate) = parse_x509_certificate(certificate).ok()?;
    let ends = certificate.validity().not_after.timestamp();
    let left = ends.saturating_sub(now());
    let name = |name: String| Some(excerpt(&name, NAME)).filter(|name| !name.is_empty());
    Some(Seen {
        subject: name(certificate.subject().to_string()),
        issuer: name(certificate.issuer().to_string()),
        ends: Some(rfc3339(ends)).filter(|ends| !ends.is_empty()),
        days_left: Some(left.div_euclid(DAY)),
    })
}
