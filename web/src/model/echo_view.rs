//! What happens on an echo line, as lines of a log.

use heartline_core::{
    echo::Event,
    line::{LineEvent, Message},
    time::Duration,
};

use super::{
    log::{Kind, Log, What},
    payload, words,
};

/// Notes a message the user sent.
pub fn sent(log: &mut Log, message: &Message, time: &str) {
    log.message(Kind::Out, time.to_owned(), message.clone(), words::size(message.len()));
}

/// Notes an event, if it is one for the log. Probes are not: they have a drawing.
pub fn note(log: &mut Log, event: &Event, time: &str) {
    let text = match event {
        Event::Echoed { message, round_trip, changed, out_of_order, corrects, .. } => {
            let aside = judged(*round_trip, *changed, *out_of_order, *corrects);
            return log.message(Kind::In, time.to_owned(), message.clone(), aside);
        }
        Event::Unasked(message) => {
            let aside = [&words::size(message.len()), ", nobody asked"].concat();
            return log.message(Kind::In, time.to_owned(), message.clone(), aside);
        }
        Event::Unanswered(ids) => unanswered(ids.len()),
        Event::Line(event) => match line(event) {
            Some(text) => text,
            None => return,
        },
        Event::ProbeSent { .. }
        | Event::ProbeBack { .. }
        | Event::ProbeRepeated { .. }
        | Event::ProbeLost { .. }
        | Event::ProbesUnknown { .. }
        | Event::RunOver => return,
    };
    // A server that stays away is told of once, not with every dial.
    if log.last().is_some_and(|last| last.what == What::Words(text.clone())) {
        return;
    }
    log.note(time.to_owned(), text);
}

fn judged(round_trip: Duration, changed: bool, out_of_order: bool, corrects: bool) -> String {
    let mut words = words::round_trip(round_trip);
    for (holds, word) in [
        (changed, ", changed on the way"),
        (out_of_order, ", out of order"),
        (corrects, ", the true echo of an earlier one"),
    ] {
        if holds {
            words.push_str(word);
        }
    }
    words
}

fn unanswered(count: usize) -> String {
    let messages = if count == 1 { " message was" } else { " messages were" };
    [&count.to_string(), messages, " under way when the line ended: whether it arrived is unknown"].concat()
}

fn line(event: &LineEvent) -> Option<String> {
    match event {
        LineEvent::Opened { subprotocol: None, .. } => Some("connected, without a subprotocol".to_owned()),
        LineEvent::Opened { subprotocol: Some(name), .. } => Some(["connected, subprotocol ", name].concat()),
        LineEvent::Ended(end) => {
            let what = if end.lived.is_some() { "line ended: " } else { "no connection: " };
            Some([what, &end.to_string()].concat())
        }
        LineEvent::Expired(expired) => {
            let texts =
                expired.iter().map(|(_, message)| payload::show(message)).collect::<Vec<_>>().join(", ");
            Some(["not sent, because it waited too long: ", &texts].concat())
        }
        LineEvent::StateChanged(_)
        | LineEvent::Message(_)
        | LineEvent::Server(_)
        | LineEvent::Unreadable { .. }
        | LineEvent::Clamped { .. }
        | LineEvent::RoundTrip(_)
        | LineEvent::Sent(_)
        | LineEvent::Arrived { .. }
        | LineEvent::UnknownFate { .. }
        | LineEvent::TokenWanted => None,
    }
}
