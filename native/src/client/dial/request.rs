//! What the handshake asks for, beyond the place.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue};

use super::endpoint::{Credentials, Endpoint};

/// Headers and subprotocols of the handshake, the same for every dial.
///
/// Has no `Debug`: it holds credentials.
#[derive(Clone, Default)]
pub struct Request {
    /// Subprotocols to offer, the best first.
    pub subprotocols: Vec<String>,
    /// The `Origin` to claim. Browsers send one, programs need not.
    pub origin: Option<String>,
    /// Credentials for `Authorization: Basic`. Those in the URL count less.
    pub basic_auth: Option<Credentials>,
    /// Further headers, as typed.
    pub headers: Vec<(String, String)>,
    /// Offer permessage-deflate. Only for those who read frames themselves: the usual reader knows no extension.
    pub deflate: bool,
}

/// A header or subprotocol that cannot be sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// No colon in it.
    #[error("a header is written as \"Name: value\"")]
    NoColon,
    /// The name holds other characters than names may.
    #[error("\"{0}\" cannot be a header's name")]
    Name(String),
    /// The value holds line ends or other controls. It is not repeated here: it may be a secret.
    #[error("the value of the header \"{0}\" holds characters no header may")]
    Value(String),
    /// The handshake itself writes this one.
    #[error("the handshake writes the header \"{0}\" itself{1}")]
    Reserved(String, &'static str),
    /// A subprotocol must be one word.
    #[error("\"{0}\" cannot be a subprotocol: it must be one word")]
    Subprotocol(String),
    /// An Origin must be a header's value.
    #[error("the origin holds characters no header may")]
    Origin,
    /// A user name may not hold a colon.
    #[error("the user name of --basic-auth is empty")]
    User,
}

impl Request {
    /// Adds a header as typed: `Name: value`. `Host` replaces the one from the URL.
    ///
    /// # Errors
    /// [`RequestError`] if it cannot be sent, or is one the handshake writes itself.
    pub fn add_header(&mut self, typed: &str) -> Result<(), RequestError> {
        let (name, value) = typed.split_once(':').ok_or(RequestError::NoColon)?;
        let (name, value) = (name.trim(), value.trim());
        let shown = || crate::output::escape::excerpt(name, 60);
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| RequestError::Name(shown()))?;
        HeaderValue::from_str(value)
            .or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
            .map_err(|_| RequestError::Value(shown()))?;
        let instead = match name.to_ascii_lowercase().as_str() {
            "sec-websocket-protocol" => Some(": use --subprotocol"),
            "connection"
            | "upgrade"
            | "sec-websocket-key"
            | "sec-websocket-version"
            | "content-length"
            | "transfer-encoding" => Some(""),
            // Agreeing to an extension that is not spoken would garble every frame.
            "sec-websocket-extensions" => Some(": no extension is spoken"),
            _ => None,
        };
        match instead {
            Some(instead) => Err(RequestError::Reserved(shown(), instead)),
            None => {
                self.headers.push((name.to_owned(), value.to_owned()));
                Ok(())
            }
        }
    }

    /// Adds subprotocols as typed, one or several with commas.
    ///
    /// # Errors
    /// [`RequestError::Subprotocol`] if one is not a single word.
    pub fn add_subprotocols(&mut self, typed: &str) -> Result<(), RequestError> {
        for word in typed.split(',').map(str::trim) {
            // A subprotocol is a token (RFC 6455, section 4.1), as a header's name is.
            if HeaderName::from_bytes(word.as_bytes()).is_err() {
                return Err(RequestError::Subprotocol(crate::output::escape::excerpt(word, 60)));
            }
            self.subprotocols.push(word.to_owned());
        }
        Ok(())
    }

    /// Claims to come from a page of this origin.
    ///
    /// # Errors
    /// [`RequestError::Origin`] if no header can hold it.
    pub fn set_origin(&mut self, typed: &str) -> Result<(), RequestError> {
        HeaderValue::from_str(typed).map_err(|_| RequestError::Origin)?;
        self.origin = Some(typed.to_owned());
        Ok(())
    }

    /// What is added to a request that somebody else wrote: the headers as typed, and the credentials.
    pub fn additions(&self, endpoint: &Endpoint) -> Vec<(String, String)> {
        let mut additions = self.headers.clone();
        let typed = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let credentials = self.basic_auth.as_ref().or(endpoint.credentials.as_ref());
        if let Some(credentials) = credentials.filter(|_| !typed) {
            additions.push(("Authorization".to_owned(), basic(credentials)));
        }
        additions
    }

    /// A plain request for the same place, which is no handshake.
    pub(super) fn plain_text(&self, endpoint: &Endpoint) -> String {
        self.head(endpoint, true, |add| add("Accept", "*/*"))
    }

    /// The request's text for one dial. Secrets go only to the place they were typed for: a redirect elsewhere
    /// (`trusted` false) gets no `Authorization` and no `Cookie`.
    pub(super) fn text(&self, endpoint: &Endpoint, key: &str, trusted: bool) -> String {
        self.head(endpoint, trusted, |add| {
            add("Connection", "Upgrade");
            add("Upgrade", "websocket");
            add("Sec-WebSocket-Version", "13");
            add("Sec-WebSocket-Key", key);
            if !self.subprotocols.is_empty() {
                add("Sec-WebSocket-Protocol", &self.subprotocols.join(", "));
            }
            if self.deflate {
                add("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits");
            }
        })
    }

    fn head(
        &self,
        endpoint: &Endpoint,
        trusted: bool,
        add_purpose: impl FnOnce(&mut dyn FnMut(&str, &str)),
    ) -> String {
        let typed = |name: &str| self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        let mut text = format!("GET {} HTTP/1.1\r\n", endpoint.target);
        let mut add = |name: &str, value: &str| {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        };
        if !typed("host") || !trusted {
            add("Host", &endpoint.host_header());
        }
        add_purpose(&mut add);
        if let Some(origin) = &self.origin {
            add("Origin", origin);
        }
        if !typed("user-agent") {
            add("User-Agent", concat!("heartline/", env!("CARGO_PKG_VERSION")));
        }
        let credentials = self.basic_auth.as_ref().filter(|_| trusted).or(endpoint.credentials.as_ref());
        if let Some(credentials) = credentials.filter(|_| !typed("authorization")) {
            add("Authorization", &basic(credentials));
        }
        for (name, value) in &self.headers {
            let for_home_only =
                ["host", "authorization", "cookie"].iter().any(|n| name.eq_ignore_ascii_case(n));
            if trusted || !for_home_only {
                add(name, value);
            }
        }
        text.push_str("\r\n");
        text
    }
}

impl Credentials {
    /// Reads `user:password`; the password may be missing or hold colons.
    ///
    /// # Errors
    /// [`RequestError::User`] if there is no user name.
    pub fn parse(typed: &str) -> Result<Self, RequestError> {
        let (user, password) = typed.split_once(':').unwrap_or((typed, ""));
        if user.is_empty() {
            return Err(RequestError::User);
        }
        Ok(Self { user: user.to_owned(), password: password.to_owned() })
    }
}

fn basic(credentials: &Credentials) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", credentials.user, credentials.password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(request: &Request, url: &str, trusted: bool) -> String {
        request.text(&Endpoint::parse(url).unwrap(), "KEY", trusted)
    }

    #[test]
    fn the_plain_request() {
        let text = text(&Request::default(), "ws://h:8080/echo?x", true);
        assert!(
            text.starts_with("GET /echo?x HTTP/1.1\r\nHost: h:8080\r\nConnection: Upgrade\r\n"),
            "{text}"
        );
        assert!(text.contains("\r\nSec-WebSocket-Key: KEY\r\n") && text.ends_with("\r\n\r\n"), "{text}");
        assert!(!text.contains("Origin") && !text.contains("Protocol"), "{text}");
    }

    #[test]
    fn typed_headers_replace_and_add() {
        let mut request = Request { origin: Some("https://o".into()), ..Request::default() };
        request.add_header("Host: other").unwrap();
        request.add_header("X-A:  1 ").unwrap();
        request.add_header("X-Empty:").unwrap();
        request.add_subprotocols("a, b").unwrap();
        let text = text(&request, "ws://h", true);
        assert_eq!(text.matches("Host:").count(), 1);
        for line in
            ["Host: other", "X-A: 1", "X-Empty: ", "Sec-WebSocket-Protocol: a, b", "Origin: https://o"]
        {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line} is missing in {text}");
        }
    }

    #[test]
    fn secrets_stay_at_home() {
        let mut request =
            Request { basic_auth: Some(Credentials::parse("ann:pw:x").unwrap()), ..Request::default() };
        assert!(text(&request, "ws://h", true).contains("Authorization: Basic YW5uOnB3Ong="));
        request.add_header("Cookie: c=1").unwrap();
        let elsewhere = text(&request, "ws://other", false);
        assert!(!elsewhere.contains("Authorization") && !elsewhere.contains("Cookie"), "{elsewhere}");
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let mut request = Request::default();
        assert_eq!(request.add_header("no colon"), Err(RequestError::NoColon));
        assert_eq!(request.add_header("a b: c"), Err(RequestError::Name("a b".into())));
        assert_eq!(request.add_header("a: b\r\nc: d"), Err(RequestError::Value("a".into())));
        assert!(matches!(request.add_header("Upgrade: h2c"), Err(RequestError::Reserved(..))));
        assert!(request.add_subprotocols("a,,b").is_err());
        assert_eq!(Credentials::parse(":x"), Err(RequestError::User));
    }
}
