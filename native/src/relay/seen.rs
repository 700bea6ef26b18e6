//! What was seen on a line, as the feed tells it.

use std::time::Instant;

use base64::{Engine, engine::general_purpose::STANDARD};
use heartline_core::{
    close::Dialect,
    frame::{self, Compression, Kept, Kind, LengthForm, Opcode, Side},
    handshake::{Fields, Outcome},
    inspect::{Close, Frame, FromRelay, Message, PAYLOAD, Payload},
};

use crate::tap::anatomy::Seen;

/// The message for it; none for what says nothing of its own.
pub(super) fn message(number: u64, seen: &Seen, seconds: impl Fn(Instant) -> f64) -> Option<FromRelay> {
    match seen {
        Seen::Request(at, request) => Some(FromRelay::Request {
            connection: number,
            t: seconds(*at),
            method: request.method.clone(),
            target: request.target.clone(),
            version: request.version.clone(),
            fields: fields(&request.fields),
            breaches: request.breaches().iter().map(ToString::to_string).collect(),
        }),
        Seen::Response(at, response, outcome) => Some(FromRelay::Response {
            connection: number,
            t: seconds(*at),
            version: response.version.clone(),
            status: response.status,
            reason: response.reason.clone(),
            fields: fields(&response.fields),
            trouble: outcome.as_deref().map(trouble).unwrap_or_default(),
        }),
        Seen::NotHttp(at, side, _) => {
            Some(FromRelay::Bytes { connection: number, t: seconds(*at), from: (*side).into(), length: 0 })
        }
        Seen::Bytes(at, side, bytes) => Some(FromRelay::Bytes {
            connection: number,
            t: seconds(*at),
            from: (*side).into(),
            length: bytes.len() as u64,
        }),
        Seen::Frame(side, dialect, frame) => {
            Some(FromRelay::Frame(Box::new(told(number, *side, *dialect, frame, seconds))))
        }
        // The end of the connection follows, and says who ended it.
        Seen::End(..) => None,
    }
}

fn fields(fields: &Fields) -> Vec<(String, String)> {
    fields.iter().map(|field| (field.name.clone(), field.value.clone())).collect()
}

fn trouble(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Open(_) => Vec::new(),
        Outcome::Broken(breaches, _) => breaches.iter().map(ToString::to_string).collect(),
        Outcome::Refused(refusal) => vec![refusal.cause.to_string(), refusal.cause.advice().to_owned()],
    }
}

fn told(
    connection: u64,
    side: Side,
    dialect: Dialect,
    frame: &frame::Frame,
    seconds: impl Fn(Instant) -> f64,
) -> Frame {
    let header = &frame.header;
    let is_text = header.opcode == Opcode::Text && !header.reserved.rsv1();
    // Where it is one frame as it came, the payload says it.
    let says_more =
        |message: &&frame::Message| message.fragments > 1 || message.compression != Compression::Plain;
    Frame {
        connection,
        t: seconds(frame.begun),
        took: (frame.ended - frame.begun).as_secs_f64(),
        from: side.into(),
        number: frame.number,
        position: frame.position,
        fin: header.fin,
        reserved: header.reserved.0,
        opcode: header.opcode.bits(),
        name: header.opcode.name().to_owned(),
        masking_key: header.masking_key.map(|key| format!("{:08x}", u32::from_be_bytes(key))),
        length: header.length,
        length_bits: match header.form {
            LengthForm::Bits7 => 7,
            LengthForm::Bits16 => 16,
            LengthForm::Bits64 => 64,
        },
        payload: payload(&frame.payload, is_text),
        close: frame.close.as_ref().map(|close| Close {
            code: close.code,
            reason: close.reason.clone(),
            meaning: close.meaning(dialect).to_owned(),
        }),
        message: frame.message.as_ref().filter(says_more).map(|message| Message {
            is_text: message.kind == Kind::Text,
            fragments: message.fragments,
            compression: compression(message.compression).to_owned(),
            length: message.content.total(),
            content: payload(&message.content, message.kind == Kind::Text),
        }),
        violations: frame.violations.iter().map(|one| (one.to_string(), one.section().to_owned())).collect(),
    }
}

const fn compression(compression: Compression) -> &'static str {
    match compression {
        Compression::Plain => "plain",
        Compression::Inflated => "inflated",
        Compression::NotAgreed => "not_agreed",
        Compression::Corrupt => "corrupt",
        Compression::TooLong => "too_long",
        Compression::ContextLost => "context_lost",
    }
}

fn payload(kept: &Kept, is_text: bool) -> Payload {
    let bytes = &kept.bytes()[..kept.bytes().len().min(PAYLOAD)];
    let cut = (bytes.len() as u64) < kept.total();
    if is_text {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        // The end cuts through a character now and then.
        if cut && text.ends_with('\u{fffd}') {
            text.pop();
        }
        Payload { text: Some(text), base64: None, cut }
    } else {
        Payload { text: None, base64: Some(STANDARD.encode(bytes)), cut }
    }
}
