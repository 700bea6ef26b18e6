//! News about a line, told the same way by every command.

use std::io;

use heartline_core::{
    close,
    line::{Cause, Ended, LineEnd, LineEvent, Machine, Reason, State},
};
use serde_json::{Value, json};

use super::{
    console::Console,
    driver::{Driver, Trouble, now},
};
use crate::output::style::Tone;

/// Tells what is new about the line. Messages, and what is special to a command, are the command's own.
///
/// # Errors
/// If standard output is gone.
pub fn tell<M: Machine>(console: &mut Console, driver: &Driver<M>, event: &LineEvent) -> io::Result<()> {
    match event {
        LineEvent::StateChanged(state) => changed(console, driver, state),
        LineEvent::Opened { generation, .. } => opened(console, driver, *generation),
        LineEvent::RoundTrip(time) => {
            console.tell(Tone::Info, "", json!({"event": "round_trip", "ms": time.as_secs_f64() * 1e3}))
        }
        LineEvent::UnknownFate { ids, forgotten } => {
            let count = ids.len() as u64 + forgotten;
            let text = format!("{count} sent {} may not have arrived", plural(count, "message"));
            let event = json!({"event": "unknown_fate", "messages": count});
            // Who closed normally, has read what it wanted to.
            let in_order = driver.machine().line().last_end().is_some_and(|end| {
                matches!(
                    end.cause,
                    Cause::Manual | Cause::Peer(Ended::Code { code: close::code::NORMAL, .. })
                )
            });
            console.tell(Tone::Warning, if in_order { "" } else { &text }, event)
        }
        LineEvent::Expired(messages) => {
            let count = messages.len() as u64;
            let text = format!(
                "{count} {} waited too long for a line and will not be sent",
                plural(count, "message")
            );
            console.tell(Tone::Bad, &text, json!({"event": "expired", "messages": count}))
        }
        LineEvent::Clamped { what } => console.tell(
            Tone::Warning,
            &format!("the server announced what cannot work: {what}"),
            Value::Null,
        ),
        LineEvent::Unreadable { why } => {
            let text = format!("the server sent what is no heartline.v1 message: {why}");
            console.tell(Tone::Warning, &text, json!({"event": "unreadable", "why": why}))
        }
        LineEvent::Ended(end) => console.tell(Tone::Info, "", ended(end, driver.trouble())),
        LineEvent::Message(_)
        | LineEvent::Server(_)
        | LineEvent::Sent(_)
        | LineEvent::Arrived { .. }
        | LineEvent::TokenWanted => Ok(()),
    }
}

fn opened<M: Machine>(console: &mut Console, driver: &Driver<M>, generation: u64) -> io::Result<()> {
    console.trouble_is_over();
    let url = driver.dialer().endpoint.to_string();
    let subprotocol = driver.subprotocol();
    let event = json!({"event": "open", "url": url, "subprotocol": subprotocol, "generation": generation});
    let speaking = subprotocol.map(|name| format!(", speaking {name}")).unwrap_or_default();
    if driver.machine().line().last_end().is_some() {
        console.tell(Tone::Good, &format!("connected again to {url}{speaking}"), event)
    } else {
        console.mention(Tone::Good, &format!("connected to {url}{speaking}"), event)
    }
}

fn changed<M: Machine>(console: &mut Console, driver: &Driver<M>, state: &State) -> io::Result<()> {
    let event = |name: &str| json!({"event": "state", "state": name});
    match state {
        State::Idle => Ok(()),
        State::Connecting { .. } => console.tell(Tone::Info, "", event("connecting")),
        State::Open => console.tell(Tone::Info, "", event("open")),
        State::Suspect => {
            let text = "nothing comes any more: asking whether the other side is still there";
            console.mention(Tone::Warning, text, event("suspect"))
        }
        State::Waiting { until } => {
            let wait = until.saturating_duration_since(now());
            let mut event = event("waiting");
            event["next_dial_in_ms"] = json!(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
            let why = match (driver.trouble(), driver.machine().line().last_end()) {
                (Some(Trouble::Dial(failure)), _) => failure.to_string(),
                (Some(Trouble::Violation(what)), _) => format!("the server broke the protocol: {what}"),
                (None, Some(end)) => end.to_string(),
                (None, None) => "the line ended".to_owned(),
            };
            console.tell_trouble(&why, &format!("dialling again in {:.1} s", wait.as_secs_f64()), event)
        }
        State::Closed(reason) => {
            let mut event = event("closed");
            event["by"] = json!(match reason {
                Reason::Manual => "us",
                Reason::Final(_) | Reason::FirstDial(_) | Reason::NoReconnect(_) => "them",
            });
            console.tell(Tone::Info, "", event)
        }
    }
}

/// The end of a line or a dial as an event.
fn ended(end: &LineEnd, trouble: Option<&Trouble>) -> Value {
    let mut event = json!({"event": "ended", "why": end.to_string(), "generation": end.generation});
    if let Some(lived) = end.lived {
        event["lived_ms"] = json!(u64::try_from(lived.as_millis()).unwrap_or(u64::MAX));
    }
    match &end.cause {
        Cause::Peer(Ended::Code { code, reason }) => {
            event["code"] = json!(code);
            event["reason"] = json!(reason);
            event["meaning"] = json!(close::meaning(end.dialect, *code));
        }
        Cause::Peer(Ended::Refused { status, .. }) => event["status"] = json!(status),
        Cause::Peer(Ended::Eof | Ended::Reset { .. } | Ended::DialFailed { .. })
        | Cause::HeartbeatLost { .. }
        | Cause::DialTimeout { .. }
        | Cause::NoWelcome { .. }
        | Cause::WrongProtocol { .. }
        | Cause::Redialled
        | Cause::Manual => {}
    }
    if let Some(Trouble::Dial(failure)) = trouble {
        event["why"] = json!(failure.to_string());
        event["step"] = json!(failure.step.to_string());
    }
    event
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}
