//! What is asked, and what is answered. Pure but for reading the server's state: no route here waits for anything. The one that
//! waits is [`errands`](super::errands).

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ALLOW, CACHE_CONTROL, CONTENT_TYPE, ORIGIN,
    RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, Response, StatusCode, request};
use http_body_util::Full;

use super::Server;
use super::config::LineLimits;
use super::gatekeeper::{Bearer, bearer};
use super::guard::Refusal;
use super::handshake;
use super::history::is_ready;
use super::line::Measures;
use heartline_core::wire::PROTOCOL;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visitor {
    pub(super) peer: SocketAddr,
    /// There is no room for its line.
    pub(super) full: bool,
}

/// What it gets.
pub(super) struct Answer {
    /// The name the request is counted under; never the path, which the visitor chooses.
    pub(super) route: &'static str,
    pub(super) response: Response<Full<Bytes>>,
    /// What becomes of the connection after a 101.
    pub(super) plan: Option<Plan>,
}

/// What an upgraded connection is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Echo,
    Chat {
        /// The token of the handshake.
        bearer: Option<Bearer>,
    },
    /// Accepted only to be told why not: a page sees a close code, but no HTTP status.
    Reject {
        code: u16,
        reason: &'static str,
    },
}

impl Plan {
    /// The name its line is counted and logged under.
    pub(super) fn route(&self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Chat { .. } | Self::Reject { .. } => "chat",
        }
    }

    pub(super) fn measures(&self, limits: &LineLimits) -> Measures {
        match self {
            // Smaller ones cost speed, larger ones only memory: an idle line is to take no more than 8 KiB in all.
            Self::Echo => Measures { message: limits.echo_message_bytes, read: 3 << 10, write: 16 << 10 },
            // Most members listen most of the time, and say a few hundred bytes; what they hear comes in bursts.
            Self::Chat { .. } | Self::Reject { .. } => {
                Measures { message: limits.chat_message_bytes, read: 512, write: 2 << 10 }
            }
        }
    }
}

/// Answers one request.
pub(super) fn answer(server: &Server, visitor: &Visitor, head: &request::Parts) -> Answer {
    if let Err(answer) = admit(server, visitor, head) {
        return *answer;
    }
    let path = head.uri.path();
    match path {
        "/echo" => upgrade(server, visitor, head, Plan::Echo),
        "/chat" => upgrade(server, visitor, head, Plan::Chat { bearer: shown(server, head) }),
        "/healthz" => get(head, "healthz", || text(StatusCode::OK, "alive\n")),
        "/readyz" => get(head, "readyz", || readyz(server, head)),
        "/metrics" => get(head, "metrics", || text(StatusCode::OK, metrics(server))),
        _ => get(head, "page", || server.config.page.respond(path, &head.headers)),
    }
}

/// Asks the door; what comes back is what whoever stays outside is told.
pub(super) fn admit(server: &Server, visitor: &Visitor, head: &request::Parts) -> Result<(), Box<Answer>> {
    match server.config.door.check(visitor.peer.ip(), &head.headers, head.uri.authority()) {
        Err(refusal) if !token_admits(server, refusal, head) => {
            server.metrics.refused(refusal.label());
            Err(Box::new(turn_away(head, refusal)))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Where tokens are asked for and no host or origin is named, they are what lets strangers in: a rebound name or a foreign page has
/// none to show, and nothing that a browser would add by itself. Rooms ask for theirs; the page and the probes of a load balancer hold
/// no secret; what remains wants one in the request.
fn token_admits(server: &Server, refusal: Refusal, head: &request::Parts) -> bool {
    if refusal == Refusal::NoHost || !server.gate.asks() || server.config.door.admits_strangers() {
        return false;
    }
    match head.uri.path() {
        "/echo" | "/metrics" => server.gate.authorize(&head.headers).is_ok(),
        _ => true,
    }
}

fn shown(server: &Server, head: &request::Parts) -> Option<Bearer> {
    if !server.gate.asks() {
        return None;
    }
    bearer(&head.headers).map(|token| Bearer(token.to_owned()))
}

fn upgrade(server: &Server, visitor: &Visitor, head: &request::Parts, plan: Plan) -> Answer {
    let route = plan.route();
    let key = match handshake::check(head) {
        Ok(key) => key,
        Err(fault) => {
            server.metrics.refused(fault.label());
            let mut response = text(fault.status(), format!("{fault}\n"));
            for (name, value) in fault.hints() {
                response.headers_mut().insert(*name, HeaderValue::from_static(value));
            }
            return Answer { route, response, plan: None };
        }
    };
    if server.shutdown.is_draining() {
        server.metrics.refused("draining");
        let seconds = server.config.drain.as_secs() + 1;
        return Answer { route, response: come_back("this server is leaving\n", seconds), plan: None };
    }
    if visitor.full {
        server.metrics.refused("full");
        return Answer { route, response: come_back("this server is full\n", 5), plan: None };
    }
    let subprotocol = subprotocol(&plan, head);
    let plan = match plan {
        Plan::Chat { .. } if subprotocol.is_none() => {
            server.metrics.refused("subprotocol");
            Plan::Reject { code: 4406, reason: "this address speaks heartline.v1; offer that subprotocol" }
        }
        Plan::Echo | Plan::Chat { .. } | Plan::Reject { .. } => plan,
    };
    accept(route, &key, subprotocol, plan)
}

/// A page is told by close code 4403, before anything it says is read; everybody else can read a status.
fn turn_away(head: &request::Parts, refusal: Refusal) -> Answer {
    if refusal == Refusal::ForeignOrigin
        && head.uri.path() == "/chat"
        && let Ok(key) = handshake::check(head)
    {
        let plan = Plan::Reject { code: 4403, reason: "pages of that origin may not come in" };
        return accept("chat", &key, subprotocol(&plan, head), plan);
    }
    let status = match refusal {
        Refusal::NoHost => StatusCode::BAD_REQUEST,
        Refusal::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
        Refusal::ForeignOrigin => StatusCode::FORBIDDEN,
    };
    Answer { route: "refused", response: text(status, format!("{refusal}\n")), plan: None }
}

fn accept(route: &'static str, key: &str, subprotocol: Option<&str>, plan: Plan) -> Answer {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = handshake::accept(key, subprotocol);
    Answer { route, response, plan: Some(plan) }
}

/// `/echo` speaks any tongue, as it understands none, but must not promise to answer as a `heartline.v1` server would.
/// A browser drops a line whose offer was not taken up, so the first offer is taken.
fn subprotocol<'h>(plan: &Plan, head: &'h request::Parts) -> Option<&'h str> {
    let mut offered = handshake::offered(&head.headers);
    match plan {
        Plan::Echo => offered.find(|name| *name != PROTOCOL),
        Plan::Chat { .. } | Plan::Reject { .. } => offered.find(|name| *name == PROTOCOL),
    }
}

fn get(
    head: &request::Parts,
    route: &'static str,
    respond: impl FnOnce() -> Response<Full<Bytes>>,
) -> Answer {
    let response = if head.method == Method::GET || head.method == Method::HEAD {
        respond()
    } else {
        let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        response
    };
    Answer { route, response, plan: None }
}

fn metrics(server: &Server) -> String {
    let ready = is_ready(&server.health);
    server.metrics.history_ready.set(if ready { 1.0 } else { 0.0 });
    server.metrics.history_checks.absolute(*server.checks.borrow());
    server.metrics.render()
}

fn readyz(server: &Server, head: &request::Parts) -> Response<Full<Bytes>> {
    let mut response = if server.shutdown.is_draining() {
        come_back("draining\n", server.config.drain.as_secs() + 1)
    } else {
        // Only that, and not why: whoever asks may be a stranger.
        match is_ready(&server.health) {
            true => text(StatusCode::OK, "ready\n"),
            false => come_back("the history is not available\n", 1),
        }
    };
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    // The guard has let this origin in: a page served by `trunk serve` asks from another port.
    if let Some(origin) = head.headers.get(ORIGIN) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    }
    response
}

fn come_back(words: &'static str, seconds: u64) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, words);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

pub(super) fn text(status: StatusCode, words: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(words.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
