//! The bytes of a connection as a handshake and frames.

use std::time::Instant;

use heartline_core::{
    close::Dialect,
    frame::{Dissector, End, Frame, Keep, Side},
    handshake::{HeadFault, HeadReader, Outcome, Request, Response, outcome},
};

/// Bytes of a client that may wait for the answer to its handshake; more are passed over.
const AHEAD: usize = 64 << 10;

/// Something on the wire that is whole.
pub enum Seen {
    /// What the client asks for.
    Request(Instant, Request),
    /// What the server answers, and what it comes to. No outcome of an answer that only announces another.
    Response(Instant, Response, Option<Box<Outcome>>),
    /// This side does not speak HTTP here, so nothing of it can be read.
    NotHttp(Instant, Side, String),
    /// Bytes that are no frames: the body of a refusal, and what a client sent too early or too late.
    Bytes(Instant, Side, Vec<u8>),
    /// A frame, and what its line speaks.
    Frame(Side, Dialect, Box<Frame>),
    /// What this side left unfinished.
    End(Instant, Side, Box<End>),
}

/// Takes one connection apart. Bounded, whatever comes.
#[derive(Default)]
pub struct Anatomy {
    request: Option<Request>,
    client: Half,
    server: Half,
    /// What the client sent behind its request, before the answer.
    early: Vec<(Instant, Vec<u8>)>,
    early_bytes: usize,
    is_v1: bool,
    is_late: bool,
}

#[derive(Default)]
enum Half {
    /// Its head is being read.
    #[default]
    New,
    Head(HeadReader),
    /// The client has asked and waits.
    Waiting,
    Frames(Box<Dissector>),
    /// Nothing of it can be read as frames.
    Opaque,
}

impl Anatomy {
    /// One that is told the heads of a line that is under way, and then what is new.
    pub fn late() -> Self {
        Self { is_late: true, ..Self::default() }
    }

    /// Takes what one side sent.
    pub fn read(&mut self, side: Side, at: Instant, bytes: &[u8], tell: &mut dyn FnMut(Seen)) {
        let (mut input, dialect) = (bytes, if self.is_v1 { Dialect::V1 } else { Dialect::Plain });
        while !input.is_empty() {
            let half = if side == Side::Client { &mut self.client } else { &mut self.server };
            match half {
                Half::New => *half = Half::Head(HeadReader::new()),
                Half::Head(reader) => match reader.read(&mut input) {
                    Ok(None) => {}
                    Ok(Some(head)) => self.head(side, at, &head, tell),
                    Err(fault) => {
                        *half = Half::Opaque;
                        tell(not_http(at, side, &fault));
                    }
                },
                Half::Waiting => {
                    let room = AHEAD.saturating_sub(self.early_bytes).min(input.len());
                    self.early_bytes += room;
                    self.early.push((at, input[..room].to_vec()));
                    return;
                }
                Half::Frames(dissector) => {
                    while let Some(frame) = dissector.read(at, &mut input) {
                        tell(Seen::Frame(side, dialect, Box::new(frame)));
                    }
                }
                Half::Opaque => {
                    tell(Seen::Bytes(at, side, input.to_vec()));
                    return;
                }
            }
        }
    }

    /// The connection is over: tells what was left unfinished.
    pub fn end(self, at: Instant, tell: &mut dyn FnMut(Seen)) {
        for (side, half) in [(Side::Client, self.client), (Side::Server, self.server)] {
            if let Half::Frames(dissector) = half {
                let end = dissector.end(at);
                if !end.header.is_empty() || end.frame.is_some() || end.message.is_some() {
                    tell(Seen::End(at, side, Box::new(end)));
                }
            }
        }
    }

    fn head(&mut self, side: Side, at: Instant, head: &[u8], tell: &mut dyn FnMut(Seen)) {
        match side {
            Side::Client => match Request::parse(head) {
                Ok(request) => {
                    self.client = Half::Waiting;
                    self.request = Some(request.clone());
                    tell(Seen::Request(at, request));
                }
                Err(error) => {
                    self.client = Half::Opaque;
                    tell(Seen::NotHttp(at, side, error.to_string()));
                }
            },
            Side::Server => match Response::parse(head) {
                Ok(response) => self.answer(at, response, tell),
                Err(error) => {
                    self.server = Half::Opaque;
                    tell(Seen::NotHttp(at, side, error.to_string()));
                }
            },
        }
    }

    fn answer(&mut self, at: Instant, response: Response, tell: &mut dyn FnMut(Seen)) {
        if response.is_informational() {
            tell(Seen::Response(at, response, None));
            return;
        }
        let came_of_it = self.request.as_ref().map(|request| outcome(request, &response));
        let agreement = match &came_of_it {
            Some(Outcome::Open(agreement) | Outcome::Broken(_, agreement)) => {
                self.is_v1 = agreement.subprotocol.as_deref() == Some(heartline_core::wire::PROTOCOL);
                Some(agreement.deflate)
            }
            Some(Outcome::Refused(_)) | None => None,
        };
        tell(Seen::Response(at, response, came_of_it.map(Box::new)));
        let half = |side| match agreement {
            None => Half::Opaque,
            Some(deflate) => {
                let dissector = Dissector::new(side, Keep::default());
                let dissector = match deflate {
                    Some(deflate) => dissector.inflating(deflate.context(side)),
                    None => dissector,
                };
                Half::Frames(Box::new(if self.is_late { dissector.joining() } else { dissector }))
            }
        };
        (self.client, self.server) = (half(Side::Client), half(Side::Server));
        for (at, bytes) in std::mem::take(&mut self.early) {
            self.read(Side::Client, at, &bytes, tell);
        }
    }
}

fn not_http(at: Instant, side: Side, fault: &HeadFault) -> Seen {
    Seen::NotHttp(at, side, fault.to_string())
}
