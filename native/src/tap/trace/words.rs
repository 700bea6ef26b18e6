//! A trace for people: when, which line, which way, what. What comes from the wire is escaped.

use std::fmt::Write;

use heartline_core::{
    close::Dialect,
    frame::{Compression, End, Frame, Kept, Kind, Opcode, Side},
    handshake::{Fields, Outcome, Request, Response},
};

use super::{super::anatomy::Seen, Moment};
use crate::output::escape::excerpt;

/// Characters of a payload that are shown.
const SHOWN: usize = 160;
/// Bytes of a binary payload that are shown.
const SHOWN_BYTES: usize = 32;

pub(super) fn begun(moment: Moment, number: u64, far: &str) -> String {
    format!("{} connected to {}\n", stamp(moment, number), excerpt(far, SHOWN))
}

pub(super) fn ended(moment: Moment, number: u64, why: Option<&str>) -> String {
    let why = why.map_or_else(String::new, |why| format!(": {}", excerpt(why, 2 * SHOWN)));
    format!("{} connection over{why}\n", stamp(moment, number))
}

pub(super) fn seen(moment: Moment, number: u64, seen: &Seen) -> String {
    let stamp = stamp(moment, number);
    // What belongs to the line above stands below its words.
    let more = " ".repeat(stamp.chars().count());
    match seen {
        Seen::Request(_, request) => asked(&stamp, &more, request),
        Seen::Response(_, response, outcome) => answered(&stamp, &more, response, outcome.as_deref()),
        Seen::NotHttp(_, side, what) => format!("{stamp} {} ! {}\n", arrow(*side), excerpt(what, SHOWN)),
        Seen::Bytes(_, side, bytes) => {
            let text = excerpt(&String::from_utf8_lossy(bytes), SHOWN);
            format!("{stamp} {} {} bytes, no frames: {text}\n", arrow(*side), bytes.len())
        }
        Seen::Frame(side, dialect, frame) => frame_lines(&stamp, &more, *side, *dialect, frame),
        Seen::End(_, side, end) => unfinished(&stamp, *side, end),
    }
}

fn stamp(moment: Moment, number: u64) -> String {
    format!("{:10.4} +{:<8.4} #{number}", moment.at, moment.after)
}

const fn arrow(side: Side) -> &'static str {
    match side {
        Side::Client => "→",
        Side::Server => "←",
    }
}

fn asked(stamp: &str, more: &str, request: &Request) -> String {
    let first = format!("{} {} {}", request.method, request.target, request.version);
    let mut text = format!("{stamp} → {}\n", excerpt(&first, 2 * SHOWN));
    push_fields(&mut text, more, "→", &request.fields);
    for breach in request.breaches() {
        let _ = writeln!(text, "{more}   ! {}", excerpt(&breach.to_string(), SHOWN));
    }
    text
}

fn answered(stamp: &str, more: &str, response: &Response, outcome: Option<&Outcome>) -> String {
    let first = format!("{} {} {}", response.version, response.status, response.reason);
    let mut text = format!("{stamp} ← {}\n", excerpt(&first, 2 * SHOWN));
    push_fields(&mut text, more, "←", &response.fields);
    match outcome {
        Some(Outcome::Broken(breaches, _)) => {
            for breach in breaches {
                let _ = writeln!(text, "{more}   ! {}", excerpt(&breach.to_string(), SHOWN));
            }
        }
        Some(Outcome::Refused(refusal)) => {
            let why = excerpt(&refusal.cause.to_string(), SHOWN);
            let _ = writeln!(text, "{more}   ! no WebSocket: {why}; {}", refusal.cause.advice());
        }
        Some(Outcome::Open(_)) | None => {}
    }
    text
}

fn push_fields(text: &mut String, more: &str, arrow: &str, fields: &Fields) {
    for field in fields.iter() {
        let line = format!("{}: {}", field.name, field.value);
        let _ = writeln!(text, "{more} {arrow}   {}", excerpt(&line, 2 * SHOWN));
    }
}

fn frame_lines(stamp: &str, more: &str, side: Side, dialect: Dialect, frame: &Frame) -> String {
    let header = &frame.header;
    let mut text = format!("{stamp} {} {}", arrow(side), header.opcode.name());
    if !header.fin {
        text.push_str(" (more to come)");
    }
    if !header.reserved.is_empty() {
        let _ = write!(text, " rsv {}", header.reserved);
    }
    if let Some(key) = header.masking_key {
        let _ = write!(text, " mask {:08x}", u32::from_be_bytes(key));
    }
    let _ = write!(text, " {} B", header.length);
    if let Some(close) = &frame.close {
        if let Some(code) = close.code {
            let _ = write!(text, " {code} ({})", close.meaning(dialect));
        }
        if !close.reason.is_empty() {
            let _ = write!(text, " \"{}\"", excerpt(&close.reason, SHOWN));
        }
    } else if header.length > 0 {
        let is_text = header.opcode == Opcode::Text && !header.reserved.rsv1();
        let _ = write!(text, " {}", content(&frame.payload, is_text));
    }
    text.push('\n');
    if let Some(message) = &frame.message {
        let is_text = message.kind == Kind::Text;
        if message.fragments > 1 || message.compression != Compression::Plain {
            let kind = if is_text { "text" } else { "binary" };
            let how = match message.compression {
                Compression::Plain => "",
                Compression::Inflated => ", inflated",
                Compression::NotAgreed => ", marked as compressed where that was not agreed on",
                Compression::Corrupt => ", which cannot be inflated",
                Compression::TooLong => ", inflated in part: it becomes too long",
                Compression::ContextLost => ", which cannot be inflated: it refers to one that was not",
            };
            let shown = content(&message.content, is_text);
            let (fragments, total) = (message.fragments, message.content.total());
            let _ = writeln!(text, "{more}   = {kind} of {fragments} frames, {total} B{how}: {shown}");
        }
    }
    for violation in &frame.violations {
        let _ = writeln!(text, "{more}   ! {violation} ({})", violation.section());
    }
    text
}

fn content(kept: &Kept, is_text: bool) -> String {
    if is_text {
        return format!("\"{}\"", excerpt(&kept.text(), SHOWN));
    }
    let bytes = kept.bytes();
    let hex: Vec<String> = bytes.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect();
    let more = if kept.total() > SHOWN_BYTES as u64 { " …" } else { "" };
    format!("{}{more}", hex.join(" "))
}

fn unfinished(stamp: &str, side: Side, end: &End) -> String {
    let arrow = arrow(side);
    let mut text = String::new();
    if !end.header.is_empty() {
        let _ = writeln!(
            text,
            "{stamp} {arrow} ! ends inside a frame's header, after {} bytes",
            end.header.len()
        );
    }
    if let Some(frame) = &end.frame {
        let (name, came, length) = (frame.header.opcode.name(), frame.payload.total(), frame.header.length);
        let _ = writeln!(text, "{stamp} {arrow} ! ends inside a {name} frame: {came} of {length} B");
    }
    if let Some(message) = &end.message {
        let _ =
            writeln!(text, "{stamp} {arrow} ! ends inside a message of {} frames so far", message.fragments);
    }
    text
}
