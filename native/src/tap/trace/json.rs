//! A trace for programs: one object a line. `t` and `dt` are seconds since the trace began and since the line before.

use base64::{Engine, engine::general_purpose::STANDARD};
use heartline_core::{
    close::Dialect,
    frame::{Compression, End, Frame, Kept, Kind, LengthForm, Message, Opcode, Side},
    handshake::{Agreement, Fields, Outcome},
};
use serde_json::{Value, json};

use super::{super::anatomy::Seen, Moment};

pub(super) fn begun(moment: Moment, number: u64, far: &str) -> String {
    line(moment, number, "connected", json!({ "to": far }))
}

pub(super) fn ended(moment: Moment, number: u64, why: Option<&str>) -> String {
    let facts = why.map_or_else(|| json!({}), |why| json!({ "why": why }));
    line(moment, number, "over", facts)
}

pub(super) fn seen(moment: Moment, number: u64, seen: &Seen) -> String {
    let (kind, facts) = match seen {
        Seen::Request(_, request) => (
            "request",
            json!({
                "from": "client", "method": request.method, "target": request.target, "version": request.version,
                "fields": fields(&request.fields), "breaches": words(&request.breaches()),
            }),
        ),
        Seen::Response(_, response, outcome) => (
            "response",
            json!({
                "from": "server", "version": response.version, "status": response.status, "reason": response.reason,
                "fields": fields(&response.fields), "outcome": outcome.as_deref().map(outcome_json),
            }),
        ),
        Seen::NotHttp(_, side, what) => ("not_http", json!({ "from": name(*side), "what": what })),
        Seen::Bytes(_, side, bytes) => {
            ("bytes", json!({ "from": name(*side), "base64": STANDARD.encode(bytes) }))
        }
        Seen::Frame(side, dialect, frame) => ("frame", frame_json(*side, *dialect, frame)),
        Seen::End(_, side, end) => ("unfinished", end_json(*side, end)),
    };
    line(moment, number, kind, facts)
}

fn line(moment: Moment, number: u64, kind: &str, facts: Value) -> String {
    let mut object =
        json!({ "t": round(moment.at), "dt": round(moment.after), "line": number, "kind": kind });
    if let (Value::Object(object), Value::Object(facts)) = (&mut object, facts) {
        object.extend(facts);
    }
    format!("{object}\n")
}

/// Microseconds: what is finer is noise.
fn round(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

const fn name(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

fn fields(fields: &Fields) -> Vec<Value> {
    fields.iter().map(|field| json!([field.name, field.value])).collect()
}

fn words(breaches: &[impl ToString]) -> Vec<String> {
    breaches.iter().map(ToString::to_string).collect()
}

fn outcome_json(outcome: &Outcome) -> Value {
    let agreed = |agreement: &Agreement| {
        let deflate = agreement.deflate.map(|deflate| {
            use heartline_core::frame::Context::Fresh;
            json!({
                "client_no_context_takeover": deflate.client == Fresh,
                "server_no_context_takeover": deflate.server == Fresh,
                "client_max_window_bits": deflate.client_bits, "server_max_window_bits": deflate.server_bits,
            })
        });
        json!({ "subprotocol": agreement.subprotocol, "permessage_deflate": deflate })
    };
    match outcome {
        Outcome::Open(agreement) => json!({ "open": agreed(agreement) }),
        Outcome::Broken(breaches, agreement) => {
            json!({ "broken": words(breaches), "would_be": agreed(agreement) })
        }
        Outcome::Refused(refusal) => {
            let evidence = refusal.evidence.iter();
            let evidence: Vec<Value> = evidence
                .map(|one| json!({ "field": one.field, "value": one.value, "suggests": one.suggests }))
                .collect();
            json!({
                "refused": refusal.cause.to_string(), "advice": refusal.cause.advice(), "evidence": evidence,
            })
        }
    }
}

fn frame_json(side: Side, dialect: Dialect, frame: &Frame) -> Value {
    let header = &frame.header;
    let is_text = header.opcode == Opcode::Text && !header.reserved.rsv1();
    let mut facts = json!({
        "from": name(side), "number": frame.number, "position": frame.position,
        "fin": header.fin, "reserved": header.reserved.0, "opcode": header.opcode.bits(), "name": header.opcode.name(),
        "mask": header.masking_key.is_some(), "length": header.length, "length_bits": bits(header.form),
        "payload": kept(&frame.payload, is_text),
        "took": round((frame.ended - frame.begun).as_secs_f64()),
    });
    if let Some(key) = header.masking_key {
        facts["masking_key"] = json!(format!("{:08x}", u32::from_be_bytes(key)));
    }
    if let Some(close) = &frame.close {
        let meaning = close.meaning(dialect);
        facts["close"] = json!({ "code": close.code, "reason": close.reason, "meaning": meaning });
    }
    if let Some(message) = &frame.message {
        facts["message"] = message_json(message);
    }
    if !frame.violations.is_empty() {
        let violations = frame.violations.iter();
        facts["violations"] =
            violations.map(|one| json!({ "what": one.to_string(), "section": one.section() })).collect();
    }
    facts
}

fn message_json(message: &Message) -> Value {
    let compression = match message.compression {
        Compression::Plain => "plain",
        Compression::Inflated => "inflated",
        Compression::NotAgreed => "not_agreed",
        Compression::Corrupt => "corrupt",
        Compression::TooLong => "too_long",
        Compression::ContextLost => "context_lost",
    };
    json!({
        "kind": if message.kind == Kind::Text { "text" } else { "binary" }, "fragments": message.fragments,
        "controls_between": message.controls_between, "compression": compression, "length": message.content.total(),
        // Where it is one frame as it came, the payload says it.
        "content": (message.fragments > 1 || message.compression != Compression::Plain)
            .then(|| kept(&message.content, message.kind == Kind::Text)),
    })
}

fn end_json(side: Side, end: &End) -> Value {
    json!({
        "from": name(side), "header_bytes": end.header.len(),
        "frame": end.frame.as_ref().map(|frame| frame_json(side, Dialect::Plain, frame)),
        "message": end.message.as_ref().map(message_json),
    })
}

fn kept(kept: &Kept, is_text: bool) -> Value {
    let mut value = if is_text {
        json!({ "text": kept.text() })
    } else {
        json!({ "base64": STANDARD.encode(kept.bytes()) })
    };
    if kept.is_cut() {
        value["cut_at"] = json!(kept.bytes().len());
    }
    value
}

const fn bits(form: LengthForm) -> u8 {
    match form {
        LengthForm::Bits7 => 7,
        LengthForm::Bits16 => 16,
        LengthForm::Bits64 => 64,
    }
}
