//! What a page can say about a WebSocket URL before it dials.
//!
//! The browser answers a bad URL with an exception and a failed dial with nothing at all, so the page looks first.

use thiserror::Error;

/// Where the page itself came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Whether the page came over `https`.
    pub secure: bool,
    /// Host and, where it is not the scheme's own, port: `example.org:8443`.
    pub host: String,
}

impl Origin {
    /// The WebSocket URL of `path` (with its leading slash) on the server the page came from.
    pub fn own(&self, path: &str) -> String {
        [self.scheme(), "://", &self.host, path].concat()
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "wss" } else { "ws" }
    }
}

/// A URL that may be dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The URL, without the blanks around it.
    pub url: String,
    /// Whether it leads to the server the page came from.
    pub own_server: bool,
}

/// Why a URL cannot be dialled from this page. All of these are the writer's to mend.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Nothing was written.
    #[error("there is no URL: write one, such as wss://example.org/socket")]
    Empty,
    /// Blanks inside the URL.
    #[error("a URL has no blanks in it: write them as %20")]
    Blank,
    /// Neither `ws://` nor `wss://` stands in front.
    #[error("the URL does not say how to connect: put ws:// or wss:// in front")]
    NoScheme {
        /// The URL with the scheme that fits this page.
        suggestion: String,
    },
    /// A page's URL, not a socket's.
    #[error("http and https are for pages: a WebSocket URL begins with ws:// or wss://")]
    Http {
        /// The same with the WebSocket scheme.
        suggestion: String,
    },
    /// Some other scheme.
    #[error("a WebSocket URL begins with ws:// or wss://, not with {scheme}://")]
    OtherScheme {
        /// What was written instead.
        scheme: String,
    },
    /// No host after the scheme.
    #[error("the URL names no host: after ws:// comes a name or an address")]
    NoHost,
    /// A `#fragment`, which WebSocket URLs do not have.
    #[error("a WebSocket URL has no #fragment: leave it off, or write %23")]
    Fragment {
        /// The URL without it.
        suggestion: String,
    },
    /// An unencrypted line from an encrypted page.
    #[error(
        "this page came over https, and from such a page browsers forbid ws:// (mixed content): use wss://, or `heartline connect` in a terminal"
    )]
    MixedContent {
        /// The same, encrypted.
        suggestion: String,
    },
}

impl AddressError {
    /// A URL that would do, where there is a likely one.
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::NoScheme { suggestion }
            | Self::Http { suggestion }
            | Self::Fragment { suggestion }
            | Self::MixedContent { suggestion } => Some(suggestion),
            Self::Empty | Self::Blank | Self::OtherScheme { .. } | Self::NoHost => None,
        }
    }
}

/// Checks what a user wrote, for a page that came from `origin`.
///
/// # Errors
/// [`AddressError`] says what is wrong and, where it can, what would be right.
pub fn check(written: &str, origin: &Origin) -> Result<Address, AddressError> {
    let url = written.trim();
    if url.is_empty() {
        return Err(AddressError::Empty);
    }
    if url.contains(char::is_whitespace) {
        return Err(AddressError::Blank);
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(AddressError::NoScheme { suggestion: [origin.scheme(), "://", url].concat() });
    };
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "ws" | "wss" => {}
        "http" => return Err(AddressError::Http { suggestion: ["ws://", rest].concat() }),
        "https" => return Err(AddressError::Http { suggestion: ["wss://", rest].concat() }),
        _ => return Err(AddressError::OtherScheme { scheme }),
    }
    if let Some((before, _)) = url.split_once('#') {
        return Err(AddressError::Fragment { suggestion: before.to_owned() });
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if bare(host).is_empty() {
        return Err(AddressError::NoHost);
    }
    if origin.secure && scheme == "ws" && !is_loopback(bare(host)) {
        return Err(AddressError::MixedContent { suggestion: ["wss://", rest].concat() });
    }
    let own_server = host.eq_ignore_ascii_case(&origin.host) && (scheme == "wss") == origin.secure;
    Ok(Address { url: url.to_owned(), own_server })
}

/// The host without its port.
fn bare(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.split(':').next().unwrap_or(host)
}

/// Browsers trust the machine they run on, encrypted or not.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}
