//! A connection as long as it speaks HTTP.
//!
//! hyper is driven by hand here instead of by its upgrade channel: when a request has been answered with 101, the socket
//! and what was read ahead come straight back, and nothing of the HTTP side stays behind.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::Either;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::accept::Presence;
use super::routes::{self, Answer, Plan, Visitor};
use super::transport::Transport;
use super::{Server, errands, goodbye};
use crate::spelling::Spelled;

const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: text/plain\r\n\
    content-length: 27\r\n\r\nthe request came too slowly";

/// A connection that has become a line.
pub(super) struct Opened {
    pub(super) transport: Transport,
    /// What the client sent right behind its handshake.
    pub(super) read_ahead: Vec<u8>,
    pub(super) plan: Plan,
    pub(super) presence: Presence,
}

/// Answers requests until one of them becomes a line, or the connection ends.
pub(super) async fn serve(
    transport: Transport,
    accepted: Instant,
    peer: SocketAddr,
    server: Arc<Server>,
    full: bool,
) -> Option<Opened> {
    let visit = Arc::new(Visit::new(accepted));
    let site =
        Site { visit: Arc::clone(&visit), visitor: Visitor { peer, full }, server: Arc::clone(&server) };
    let limits = server.config.http;
    let mut connection = http1::Builder::new()
        .half_close(true)
        .title_case_headers(true)
        .max_buf_size(limits.header_bytes)
        .serve_connection(TokioIo::new(Spelled(transport)), site);

    let mut shutdown = server.shutdown.clone();
    let mut leaving = false;
    let mut deadline = accepted + limits.handshake;
    let end = loop {
        tokio::select! {
            biased;
            done = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break End::Done(done),
            // A request that came at the last moment came in time: this stands before the deadline.
            () = visit.asked.notified() => {
                deadline = visit.last().map_or(deadline, |last| last + limits.idle);
            }
            () = sleep_until(deadline) => match visit.last() {
                None => break End::TooSlow,
                // An answer that takes its time is no idleness; it has a limit of its own.
                Some(_) if visit.owes_an_answer() => deadline = Instant::now() + limits.idle,
                Some(_) => break End::Idle,
            },
            _ = shutdown.draining(), if !leaving => {
                leaving = true;
                finish(&mut connection);
            }
        }
    };

    let parts = connection.into_parts();
    let Spelled(mut transport) = parts.io.into_inner();
    if let (End::Done(Ok(())), Some((plan, presence))) = (&end, visit.take_plan()) {
        // Copied: taking the buffer over would keep hyper's 8 KiB as long as the line lives.
        return Some(Opened { transport, read_ahead: parts.read_buf.to_vec(), plan, presence });
    }
    match end {
        End::Done(Ok(())) | End::Idle => {}
        End::Done(Err(why)) => {
            if let Some(label) = label(&why) {
                server.metrics.refused(label);
            }
            tracing::debug!(%why, "not HTTP as we know it");
        }
        End::TooSlow => {
            server.metrics.refused("slow");
            // A browser opens sockets ahead of need; those that said nothing are owed nothing.
            if transport.received() > 0 {
                let _ = tokio::time::timeout(Duration::from_secs(1), transport.write_all(TOO_SLOW)).await;
            }
        }
    }
    goodbye::linger(transport).await;
    None
}

/// Between two requests: over. Within one: the last.
fn finish(connection: &mut http1::Connection<TokioIo<Spelled<Transport>>, Site>) {
    Pin::new(connection).graceful_shutdown();
}

enum End {
    Done(hyper::Result<()>),
    TooSlow,
    Idle,
}

fn label(why: &hyper::Error) -> Option<&'static str> {
    if why.is_parse_too_large() {
        Some("header_too_large")
    } else if why.is_parse() {
        Some("not_http")
    } else {
        None
    }
}

/// What the service and the loop above both know of one connection.
struct Visit {
    accepted: Instant,
    requests: AtomicU32,
    answers: AtomicU32,
    /// The last request or answer.
    last_ms: AtomicU64,
    /// One has come or gone: the time to the next one begins anew.
    asked: Notify,
    /// What the connection becomes. It counts as a line from before its 101 is sent: a server that leaves in between must
    /// not overlook it.
    plan: Mutex<Option<(Plan, Presence)>>,
}

impl Visit {
    fn new(accepted: Instant) -> Self {
        Self {
            accepted,
            requests: AtomicU32::new(0),
            answers: AtomicU32::new(0),
            last_ms: AtomicU64::new(0),
            asked: Notify::new(),
            plan: Mutex::new(None),
        }
    }

    /// Counts a request, and tells which one it was.
    fn request(&self) -> u32 {
        let count = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        self.moved();
        count
    }

    fn answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.moved();
    }

    fn moved(&self) {
        let age = u64::try_from(self.accepted.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(age, Ordering::Relaxed);
        self.asked.notify_one();
    }

    fn owes_an_answer(&self) -> bool {
        self.answers.load(Ordering::Relaxed) < self.requests.load(Ordering::Relaxed)
    }

    fn take_plan(&self) -> Option<(Plan, Presence)> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn last(&self) -> Option<Instant> {
        let age = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
        (self.requests.load(Ordering::Relaxed) > 0).then(|| self.accepted + age)
    }
}

struct Site {
    visit: Arc<Visit>,
    visitor: Visitor,
    server: Arc<Server>,
}

impl Service<Request<Incoming>> for Site {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Either<Ready<Result<Self::Response, Infallible>>, Errand>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (head, body) = request.into_parts();
        let count = self.visit.request();
        let (visit, server, visitor) = (Arc::clone(&self.visit), Arc::clone(&self.server), self.visitor);
        let admitted = errands::room(head.uri.path()).map(|_| routes::admit(&server, &visitor, &head));
        let answer = match admitted {
            None => routes::answer(&server, &visitor, &head),
            Some(Err(answer)) => *answer,
            Some(Ok(())) => {
                return Either::Right(Box::pin(async move {
                    let answer = errands::answer(Arc::clone(&server), visitor, head, body).await;
                    Ok(conclude(&visit, &server, visitor, count, answer))
                }));
            }
        };
        Either::Left(ready(Ok(conclude(&visit, &server, visitor, count, answer))))
    }
}

/// An answer that has to be waited for.
type Errand = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send>>;

/// Counts an answer, and notes what becomes of the connection behind it.
fn conclude(
    visit: &Visit,
    server: &Server,
    visitor: Visitor,
    count: u32,
    answer: Answer,
) -> Response<Full<Bytes>> {
    visit.answer();
    let Answer { route, mut response, plan } = answer;
    let status = response.status().as_u16();
    server.metrics.request(route, status);
    tracing::debug!(route, status, "answered a request");
    if let Some(plan) = plan {
        let accepted = (plan, server.present.enter());
        *visit.plan.lock().unwrap_or_else(PoisonError::into_inner) = Some(accepted);
        return response;
    }
    let limits = &server.config.http;
    let last = visitor.full
        || count >= limits.requests
        || visit.accepted.elapsed() >= limits.lifetime
        || server.shutdown.is_draining();
    if last {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
