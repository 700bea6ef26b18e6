//! Why there is no line.

use super::evidence::{Evidence, evidence};
use super::head::{Request, Response};

/// A refusal: why, as far as the answer's head tells, and what points to who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// What it means for a WebSocket.
    pub cause: Cause,
    /// Who may have answered. Evidence, never certainty.
    pub evidence: Vec<Evidence>,
}

/// What a refusal means.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// 3xx: it is elsewhere.
    #[error("it is elsewhere: {}", .location.as_deref().unwrap_or("the answer does not say where"))]
    Redirect {
        /// `Location`, as sent.
        location: Option<String>,
    },
    /// The request itself was wrong, and was told so.
    #[error("the request was no opening handshake")]
    BadRequest,
    /// The request was right, yet whoever answered saw no Upgrade in it.
    #[error("the server saw no Upgrade, though the request asked for one")]
    UpgradeDropped,
    /// 426 with other versions.
    #[error("the server speaks other versions of WebSocket: {0}")]
    OtherVersion(String),
    /// The answer is HTTP/1.0, which knows no Upgrade.
    #[error("whoever answers speaks {0}, which knows no Upgrade")]
    OldHttp(String),
    /// 2xx: a plain HTTP resource, perhaps a page for people.
    #[error("{}", if *.html { "a web page is there, and no WebSocket" } else { "something is there that is no WebSocket" })]
    NotWebSocket {
        /// It is HTML.
        html: bool,
    },
    /// 401.
    #[error("it wants to know who comes{}", .scheme.as_deref().map(|scheme| format!(" ({scheme})")).unwrap_or_default())]
    Unauthorised {
        /// The scheme of `WWW-Authenticate`.
        scheme: Option<String>,
    },
    /// 403.
    #[error("it is forbidden{}", if *.origin { "; a server that looks at Origin answers so" } else { "" })]
    Forbidden {
        /// The request named an Origin.
        origin: bool,
    },
    /// 404 and 410.
    #[error("nothing is there")]
    NotFound,
    /// 405.
    #[error("it does not take GET")]
    Method,
    /// 407.
    #[error("a proxy wants to know who comes")]
    ProxyAuthentication,
    /// 408 and 431 and their kin: limits of the server.
    #[error("a limit of the server was met")]
    Limit,
    /// 429.
    #[error("too many came")]
    TooMany,
    /// 502 and 504: a proxy reached nobody behind it.
    #[error("a proxy answers, and the server behind it does not")]
    Gateway,
    /// 503.
    #[error("it is not available now")]
    Unavailable,
    /// Any other 5xx.
    #[error("the server failed")]
    ServerFault,
    /// Any other status.
    #[error("the status says nothing about WebSockets")]
    Other,
}

impl Refusal {
    pub(super) fn of(request: &Request, response: &Response) -> Self {
        Self {
            status: response.status,
            cause: Cause::of(request, response),
            evidence: evidence(&response.fields),
        }
    }
}

impl Cause {
    fn of(request: &Request, response: &Response) -> Self {
        let field = |name| response.fields.get(name).map(str::to_owned);
        let is_right = request.breaches().is_empty();
        match response.status {
            300..=399 => Self::Redirect { location: field("location") },
            401 => Self::Unauthorised {
                scheme: field("www-authenticate")
                    .and_then(|value| value.split(' ').next().map(str::to_owned)),
            },
            403 => Self::Forbidden { origin: request.fields.get("origin").is_some() },
            404 | 410 => Self::NotFound,
            407 => Self::ProxyAuthentication,
            408 | 413 | 414 | 431 => Self::Limit,
            429 => Self::TooMany,
            502 | 504 => Self::Gateway,
            503 => Self::Unavailable,
            500..=599 => Self::ServerFault,
            _ if response.version == "HTTP/1.0" => Self::OldHttp(response.version.clone()),
            426 => match other_versions(request, response) {
                Some(versions) => Self::OtherVersion(versions),
                None if is_right => Self::UpgradeDropped,
                None => Self::BadRequest,
            },
            400 if is_right => Self::UpgradeDropped,
            400 => Self::BadRequest,
            405 => Self::Method,
            200..=299 => Self::NotWebSocket { html: response.is_html() },
            _ => Self::Other,
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Redirect { .. } => "dial that URL, or let the client follow redirects",
            Self::BadRequest => "mend the client",
            Self::UpgradeDropped => {
                "a proxy in between probably drops Upgrade and Connection (nginx does unless told: proxy_http_version 1.1, \
                 proxy_set_header Upgrade and Connection); or the path belongs to a plain HTTP service"
            }
            Self::OtherVersion(_) => "use a server that speaks version 13, the only one browsers speak",
            Self::OldHttp(_) => "have the proxy in between speak HTTP/1.1 (nginx: proxy_http_version 1.1)",
            Self::NotWebSocket { .. } => "check the path; a proxy that drops Upgrade looks the same",
            Self::Unauthorised { .. } => "send credentials: a token, a cookie or a name and password",
            Self::Forbidden { .. } => "check Origin, credentials, and who may come in",
            Self::NotFound => "check the path",
            Self::Method => "check the path; the handshake is a GET",
            Self::ProxyAuthentication => "give the proxy its name and password",
            Self::Limit => "send fewer or shorter header fields, or sooner",
            Self::TooMany => "wait as long as Retry-After says, and dial more rarely",
            Self::Gateway => "see whether the server behind the proxy runs, and where the proxy looks for it",
            Self::Unavailable => "wait as long as Retry-After says; the server starts, leaves or is full",
            Self::ServerFault => "the server's log says more",
            Self::Other => "see what the answer's body says",
        }
    }
}

/// The versions that are spoken, where ours is not among them.
fn other_versions(request: &Request, response: &Response) -> Option<String> {
    let asked = request.fields.get("sec-websocket-version").unwrap_or("13");
    let spoken = response.fields.get("sec-websocket-version")?;
    (!response.fields.lists("sec-websocket-version", asked)).then(|| spoken.to_owned())
}
