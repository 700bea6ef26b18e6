//! Why a dial failed, as far as a page can find out.
//!
//! A failed WebSocket tells a page no status and no cause. Its own server, though, can be asked by `fetch`.

use std::rc::Rc;

use gloo_net::http::Request;
use heartline_core::{
    line::{Ended, Input},
    time::Duration,
};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

use crate::driver::Tell;

/// Where the server that sent the page says whether it takes visitors.
const READY: &str = "/readyz";

/// Asks after a failed dial. Dropping it takes the question back.
#[derive(Clone)]
pub struct ServerProbe {
    own_server: bool,
    url: Rc<str>,
    question: Option<Rc<Question>>,
}

struct Question(AbortController);

impl Drop for Question {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl ServerProbe {
    /// A probe for dials to `url`; only where that is the page's `own_server` is there somebody to ask.
    pub fn new(url: &str, own_server: bool) -> Self {
        let question =
            own_server.then(|| AbortController::new().ok().map(|abort| Rc::new(Question(abort)))).flatten();
        Self { own_server, url: url.into(), question }
    }

    /// Finds out, then tells how the dial of `generation` ended.
    pub fn explain(&self, generation: u64, tell: Tell) {
        let url = self.url.clone();
        if !self.own_server {
            tell(Input::Closed { generation, ended: unknown(&url) });
            return;
        }
        let signal = self.question.as_ref().map(|question| question.0.signal());
        spawn_local(async move {
            let answer = Request::get(READY)
                .cache(web_sys::RequestCache::NoStore)
                .abort_signal(signal.as_ref())
                .send()
                .await;
            let ended = match answer {
                Ok(answer) if answer.ok() => failed(
                    "the server is up and ready, yet refused this WebSocket (too many connections, or something between does not let it through)",
                ),
                // Something else serves the page, and says nothing about the line.
                Ok(answer) if answer.status() == 404 => failed(
                    "whatever served this page has no /readyz to ask; is it a heartline server, or does it lead to one?",
                ),
                Ok(answer) => refused(answer.status(), answer.headers().get("retry-after")),
                Err(_) => {
                    failed("the server this page came from does not answer: it is down, or the network is")
                }
            };
            tell(Input::Closed { generation, ended });
        });
    }
}

/// `Retry-After` in its form of seconds; as a date it says nothing a page needs to know.
fn seconds(value: &str) -> Option<Duration> {
    value.trim().parse().ok().map(Duration::from_secs)
}

fn refused(status: u16, retry_after: Option<String>) -> Ended {
    let why =
        ["the server answers ", &status.to_string(), " to ", READY, ": it takes no visitors now"].concat();
    Ended::Refused { status, retry_after: retry_after.as_deref().and_then(seconds), why }
}

fn failed(why: &str) -> Ended {
    Ended::DialFailed { why: why.to_owned(), retry: true }
}

/// The page's honest answer for a foreign server.
fn unknown(url: &str) -> Ended {
    failed(
        &["the browser does not tell pages why a dial failed; a terminal does: heartline connect ", url]
            .concat(),
    )
}
