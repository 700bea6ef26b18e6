//! `Sec-WebSocket-Extensions`, and the one extension in use (RFC 7692).

use crate::frame::{Context, Side};

use super::fields::Fields;

/// An extension as it was offered or chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its name, as spelled.
    pub name: String,
    /// Its parameters: name, and value where there is one, without quotes.
    pub parameters: Vec<(String, Option<String>)>,
}

/// permessage-deflate, as both agreed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// Whether the client's compressor remembers earlier messages.
    pub client: Context,
    /// Whether the server's does.
    pub server: Context,
    /// The base-two logarithm of the client's window: 8 to 15.
    pub client_bits: u8,
    /// That of the server's window.
    pub server_bits: u8,
}

/// Why a permessage-deflate in an answer is none that can be agreed on (RFC 7692 section 7.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeflateFault {
    /// A parameter that the extension does not have.
    #[error("permessage-deflate has no parameter {0:?}")]
    Unknown(String),
    /// A parameter twice.
    #[error("{0} stands there twice")]
    Twice(String),
    /// A value that is missing, too much, or out of range.
    #[error("{0} has a value it cannot have")]
    Value(String),
    /// `client_max_window_bits` without having been offered.
    #[error("client_max_window_bits was not offered")]
    NotOffered,
}

impl Deflate {
    /// What the compressor of one side remembers.
    #[must_use]
    pub const fn context(self, side: Side) -> Context {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }

    /// Reads the parameters of an answer; `offers` are what the client would take.
    pub(super) fn agreed(answer: &Extension, offers: &[Extension]) -> Result<Self, DeflateFault> {
        const CLIENT_BITS: &str = "client_max_window_bits";
        let mut deflate =
            Self { client: Context::TakenOver, server: Context::TakenOver, client_bits: 15, server_bits: 15 };
        let mut seen = Vec::new();
        for (name, value) in &answer.parameters {
            if seen.contains(&name) {
                return Err(DeflateFault::Twice(name.clone()));
            }
            seen.push(name);
            let bits = || {
                let bits = value.as_deref().and_then(|value| value.parse().ok());
                bits.filter(|bits| (8..=15).contains(bits)).ok_or_else(|| DeflateFault::Value(name.clone()))
            };
            let fresh = || match value {
                None => Ok(Context::Fresh),
                Some(_) => Err(DeflateFault::Value(name.clone())),
            };
            match name.as_str() {
                "client_no_context_takeover" => deflate.client = fresh()?,
                "server_no_context_takeover" => deflate.server = fresh()?,
                "server_max_window_bits" => deflate.server_bits = bits()?,
                CLIENT_BITS => {
                    deflate.client_bits = bits()?;
                    let is_offered =
                        |offer: &Extension| offer.parameters.iter().any(|(name, _)| name == CLIENT_BITS);
                    if !offers.iter().any(is_offered) {
                        return Err(DeflateFault::NotOffered);
                    }
                }
                _ => return Err(DeflateFault::Unknown(name.clone())),
            }
        }
        Ok(deflate)
    }
}

/// The extensions of a head, over all repeats of the field (RFC 6455 section 9.1). What is no extension is passed over.
#[must_use]
pub fn extensions(fields: &Fields) -> Vec<Extension> {
    let lists = fields.all("sec-websocket-extensions").flat_map(|value| split(value, ','));
    lists.filter_map(|item| extension(&item)).collect()
}

fn extension(item: &str) -> Option<Extension> {
    let mut parts = split(item, ';').into_iter();
    let name = parts.next().filter(|name| !name.is_empty())?;
    let parameters = parts.filter(|part| !part.is_empty()).map(|part| match part.split_once('=') {
        None => (part, None),
        Some((name, value)) => (name.trim().to_owned(), Some(value.trim().trim_matches('"').to_owned())),
    });
    Some(Extension { name, parameters: parameters.collect() })
}

/// Cuts at `separator`, but not inside quotes.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    for letter in text.chars() {
        is_quoted ^= letter == '"';
        match parts.last_mut() {
            Some(last) if letter != separator || is_quoted => last.push(letter),
            _ => parts.push(String::new()),
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}
