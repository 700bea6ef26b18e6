//! `/rooms/{room}`: the rooms for programs that have no socket. `POST` says one thing and is answered when it is durable; `GET` reads
//! a page.
//!
//! It is the same way as a line's: the hub's task, the desk, the engine. Who may do it is asked of the same door and the same gate.
//! A page of somebody else's cannot: the door looks at `Origin`, and only `application/json` is taken, which a browser sends to
//! another origin only after asking, and nobody here answers that question.
//!
//! **A key is an author.** An engine takes the ids of one author in rising order, and keys are words without an order. So each key
//! writes as its own identity, made of the key and the subject, and says its one message with id 1: a repeat finds the seq it had by
//! the same rule as a line's, also after a restart and on another server, and no second rule is needed. What it costs is what an author
//! costs the engine, for as long as authors are remembered (a day at least); what it means is that `from` differs from message to
//! message: `name` says who wrote it.

mod answer;
mod request;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use heartline_core::room::engine::Draft;
use heartline_core::room::{Done, Errand, Grant, Identity};
use http::{Method, Response, request::Parts};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::Server;
use super::chat::{Busy, Poster};
use super::gatekeeper::bearer;
use super::routes::{Answer, Visitor};
use answer::Fault;
use request::{Query, Words};

/// What it is counted under.
const ROUTE: &str = "rooms";

/// How long a program waits at most, from the head of its request to the answer.
const WITHIN: Duration = Duration::from_secs(10);

/// The room of a path under `/rooms/`, as it is written there; `None` for any other path.
pub(super) fn room(path: &str) -> Option<&str> {
    path.strip_prefix("/rooms/")
}

/// Does what the request wants. The door has let it in.
pub(super) async fn answer(server: Arc<Server>, visitor: Visitor, head: Parts, body: Incoming) -> Answer {
    // A server that leaves waits for it as for a line.
    let _present = server.present.enter();
    // An idle connection is cut; one that waits for its answer must not be.
    let within = WITHIN.min(server.config.http.idle);
    let response = match timeout(within, respond(&server, visitor, &head, body)).await {
        Ok(Ok(response)) => response,
        Ok(Err(fault)) => fault.into_response(),
        Err(_) => Fault::Late.into_response(),
    };
    Answer { route: ROUTE, response, plan: None }
}

async fn respond(
    server: &Server,
    visitor: Visitor,
    head: &Parts,
    body: Incoming,
) -> Result<Response<Full<Bytes>>, Fault> {
    if server.shutdown.is_draining() {
        return Err(Fault::Leaving { seconds: server.config.drain.as_secs() + 1 });
    }
    if visitor.full {
        return Err(Fault::Busy);
    }
    let limits = server.rooms.limits();
    let room = request::room(room(head.uri.path()).unwrap_or_default(), limits.room_bytes)?;
    let grant = server.gate.authorize(&head.headers).map_err(|denied| {
        server.metrics.refused(denied.label());
        Fault::Unauthorised { denied, told: bearer(&head.headers).is_some() }
    })?;
    match head.method {
        Method::POST => {
            if !grant.may_write(&room) {
                return Err(Fault::Forbidden("this token does not let you write in this room"));
            }
            let poster = Poster::of(grant.subject.as_ref(), visitor.peer.ip());
            server
                .rooms
                .may_post(poster)
                .map_err(|wait| Fault::TooFast { seconds: wait.as_secs().max(1) })?;
            let key = request::key(&head.headers)?;
            request::check_json(&head.headers)?;
            let words = Words::read(body, &limits).await?;
            say(server, &grant, room, &key, words).await
        }
        Method::GET | Method::HEAD => {
            if !grant.may_read(&room) {
                return Err(Fault::Forbidden("this token does not open this room"));
            }
            let query = Query::parse(head.uri.query().unwrap_or_default(), limits.first_page)?;
            let Query { epoch, after, limit } = query;
            match run(server, Errand::Read { room: Arc::clone(&room), epoch, after, limit }).await? {
                Done::Read(piece) => Ok(answer::page(&room, &piece)),
                Done::Said { .. } | Done::Rejected(..) | Done::Unavailable => Err(Fault::Unavailable),
            }
        }
        _ => Err(Fault::Method),
    }
}

async fn say(
    server: &Server,
    grant: &Grant,
    room: Arc<str>,
    key: &str,
    words: Words,
) -> Result<Response<Full<Bytes>>, Fault> {
    // Where tokens are asked for, the name is theirs to say.
    let name =
        grant.name.clone().or(words.name).ok_or(Fault::Bad("say your `name`; no token says it here"))?;
    let draft = Draft {
        // The words in front keep a key apart from any client's secret that was not made to collide with it; and who makes one so,
        // under the same subject, only gets at what is its own.
        from: Identity::of(&format!("idempotency-key\n{key}"), grant.subject.as_deref()),
        name,
        id: 1,
        at: unix_ms(),
        text: words.text,
        style: words.style,
    };
    match run(server, Errand::Say { room: Arc::clone(&room), draft }).await? {
        Done::Said { epoch, seq } => Ok(answer::said(&room, &epoch, seq)),
        Done::Rejected(code, why) => Err(Fault::Rejected(code, why)),
        Done::Read(_) | Done::Unavailable => Err(Fault::Unavailable),
    }
}

async fn run(server: &Server, errand: Errand) -> Result<Done, Fault> {
    server.rooms.run(errand).await.map_err(|Busy| Fault::Busy)
}

/// The time of day; before 1970 it is 1970.
fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
