//! What a chat has to say beside its timeline, in words; and whether it changes what is shown.

use heartline_core::{
    chat::{Delivery, Event, Joining, OwnMessage, RoomEvent},
    line::LineEvent,
};

use super::words;

/// Words about an event, if it is one to talk about. What happens in the room that is `shown` speaks for itself.
pub fn words(event: &Event, shown: Option<&str>) -> Option<String> {
    match event {
        Event::Draining { within } => Some(
            ["the server is about to leave; the line comes back by itself within ", &words::span(*within)]
                .concat(),
        ),
        Event::ServerError { why, .. } => Some(["the server did not understand: ", why].concat()),
        Event::Odd { what, .. } => Some(["the server said something odd: ", what].concat()),
        Event::Room { room, what: RoomEvent::Own(own) } if shown != Some(room) => of_earlier(room, own),
        Event::Room { what, .. } => in_room(what),
        Event::Line(LineEvent::Unreadable { why }) => Some(["a message was not understood: ", why].concat()),
        Event::Line(LineEvent::Clamped { what }) => {
            Some(["the server announced odd numbers: ", what].concat())
        }
        Event::Line(_) | Event::Welcome { .. } | Event::TokenEnds { .. } | Event::Keep(_) => None,
    }
}

/// Whether the list or the members of a room may be others after this event.
pub fn is_about_room(event: &Event) -> bool {
    match event {
        Event::Room { .. } | Event::Welcome { .. } | Event::Line(LineEvent::Ended(_)) => true,
        Event::Line(_)
        | Event::Draining { .. }
        | Event::TokenEnds { .. }
        | Event::ServerError { .. }
        | Event::Keep(_)
        | Event::Odd { .. } => false,
    }
}

/// Words about messages that an earlier visit left, for its writer is told what becomes of them.
pub fn earlier(messages: usize) -> String {
    match messages {
        1 => "a message of an earlier visit is still to be delivered".to_owned(),
        n => [&n.to_string(), " messages of an earlier visit are still to be delivered"].concat(),
    }
}

fn of_earlier(room: &str, own: &OwnMessage) -> Option<String> {
    match &own.delivery {
        Delivery::Accepted { .. } => {
            Some(["what you wrote in ", room, " on an earlier visit has arrived: ", &own.text].concat())
        }
        Delivery::Rejected(rejection) => {
            Some(["what you wrote in ", room, " came back: ", &own.text, " (", &rejection.why, ")"].concat())
        }
        Delivery::Queued | Delivery::Sent | Delivery::Held { .. } => None,
    }
}

fn in_room(event: &RoomEvent) -> Option<String> {
    match event {
        RoomEvent::Refused { why, .. } => Some(["you were not let in: ", why].concat()),
        RoomEvent::Left { unsettled } if !unsettled.is_empty() => {
            let texts = unsettled.iter().map(|own| own.text.as_str()).collect::<Vec<_>>().join(" · ");
            Some(["never confirmed when you left: ", &texts].concat())
        }
        RoomEvent::NotKept { why, .. } => {
            Some(["what you wrote is lost if this tab closes before it is accepted: ", why].concat())
        }
        RoomEvent::Healing { .. } => Some("a hole was noticed; asking for what is missing".to_owned()),
        RoomEvent::Joined { how: Joining::NewEpoch, .. } => {
            Some("the server counts this room anew".to_owned())
        }
        RoomEvent::Joined { how: Joining::First | Joining::Resumed, .. }
        | RoomEvent::CaughtUp
        | RoomEvent::Left { .. }
        | RoomEvent::Entry { .. }
        | RoomEvent::Page { .. }
        | RoomEvent::Members { .. }
        | RoomEvent::Own(_) => None,
    }
}
