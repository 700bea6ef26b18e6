//! What a request and its answer make together.

use super::accept::accept_for;
use super::breach::AnswerBreach;
use super::extension::{Deflate, extensions};
use super::head::{Request, Response};
use super::refusal::Refusal;

/// What both agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The subprotocol.
    pub subprotocol: Option<String>,
    /// Compression of messages.
    pub deflate: Option<Deflate>,
}

/// What came of a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A line: frames follow.
    Open(Agreement),
    /// The server believes it is a line, and a client must not: what is wrong, and what would have been agreed on.
    Broken(Vec<AnswerBreach>, Agreement),
    /// No line, and why.
    Refused(Refusal),
}

/// Judges an answer by what it answers.
#[must_use]
pub fn outcome(request: &Request, response: &Response) -> Outcome {
    if response.status != 101 {
        return Outcome::Refused(Refusal::of(request, response));
    }
    let mut breaches = Vec::new();
    if !response.fields.lists("upgrade", "websocket") {
        breaches.push(AnswerBreach::Upgrade);
    }
    if !response.fields.lists("connection", "upgrade") {
        breaches.push(AnswerBreach::Connection);
    }
    let expected = accept_for(request.key().unwrap_or_default());
    match response.fields.get("sec-websocket-accept") {
        None => breaches.push(AnswerBreach::NoAccept),
        Some(found) if found == expected => {}
        Some(found) => breaches.push(AnswerBreach::Accept { expected, found: found.to_owned() }),
    }
    let agreement = Agreement {
        subprotocol: subprotocol(request, response, &mut breaches),
        deflate: deflate(request, response, &mut breaches),
    };
    breaches.extend(response.odd_lines.iter().cloned().map(AnswerBreach::OddLine));
    if breaches.is_empty() { Outcome::Open(agreement) } else { Outcome::Broken(breaches, agreement) }
}

fn subprotocol(request: &Request, response: &Response, breaches: &mut Vec<AnswerBreach>) -> Option<String> {
    let mut chosen = response.fields.items("sec-websocket-protocol");
    let first = chosen.next()?;
    if chosen.next().is_some() {
        breaches.push(AnswerBreach::Subprotocols);
    }
    // Subprotocols are compared letter by letter (RFC 6455 section 4.1).
    if !request.subprotocols().any(|offered| offered == first) {
        breaches.push(AnswerBreach::Subprotocol(first.to_owned()));
    }
    Some(first.to_owned())
}

fn deflate(request: &Request, response: &Response, breaches: &mut Vec<AnswerBreach>) -> Option<Deflate> {
    let mut offers = extensions(&request.fields);
    let mut agreed = None;
    for chosen in extensions(&response.fields) {
        if !offers.iter().any(|offer| offer.name == chosen.name) {
            breaches.push(AnswerBreach::Extension(chosen.name));
            continue;
        }
        if chosen.name == "permessage-deflate" && agreed.is_none() {
            offers.retain(|offer| offer.name == chosen.name);
            match Deflate::agreed(&chosen, &offers) {
                Ok(deflate) => agreed = Some(deflate),
                Err(fault) => breaches.push(AnswerBreach::Deflate(fault)),
            }
        }
    }
    agreed
}
