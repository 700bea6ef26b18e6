//! What happens in a room, told: at a terminal, in a pipe, or as JSON.
//!
//! | | what is said | the rest |
//! | --- | --- | --- |
//! | a terminal | `name: text`, own lines marked ✓ once accepted | above the prompt |
//! | a pipe | `name: text`, a line each | gaps and returned messages on standard error, comings and goings with `--verbose` |
//! | `--json` | `said` | an event each |

use std::{
    io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use heartline_core::{
    chat::{Chat, Delivery, Entry, Joining, OwnMessage, RoomEvent, Spoken},
    wire::Member,
};
use serde_json::{Value, json};

use crate::{
    client::console::Console,
    output::{
        escape::{escaped, excerpt},
        style::Tone,
    },
};

/// What was said longer ago than this has its age beside it.
const OLD: Duration = Duration::from_secs(60);
/// So many characters of a message show which one is meant.
const EXCERPT: usize = 60;
/// So many names are told when we come in.
const NAMED: usize = 12;

/// Tells one event of a room. `live`: all that was there when we came in has been told.
///
/// # Errors
/// If standard output is gone.
pub(super) fn room_event(
    console: &mut Console,
    chat: &Chat,
    room: &str,
    what: &RoomEvent,
    live: bool,
) -> io::Result<()> {
    match what {
        RoomEvent::Joined { how, last } => joined(console, chat, room, *how, *last),
        RoomEvent::CaughtUp => console.tell(Tone::Info, "", json!({"event": "caught_up", "room": room})),
        RoomEvent::Entry { key, newest } => match chat.timeline(room).and_then(|timeline| timeline.get(*key))
        {
            Some(entry) => show_entry(console, room, entry, *newest, live),
            None => Ok(()),
        },
        RoomEvent::Healing { after, seen } => {
            let text = format!("something between {after} and {seen} did not come; asking for it again");
            console.mention(
                Tone::Warning,
                &text,
                json!({"event": "healing", "room": room, "after": after, "seen": seen}),
            )
        }
        RoomEvent::Page { added, from_the_beginning } => {
            let text = match (added, from_the_beginning) {
                (0, _) => "nothing older is kept",
                (_, true) => "this is the beginning",
                (_, false) => "",
            };
            let event = json!({"event": "page", "room": room, "added": added, "from_the_beginning": from_the_beginning});
            console.tell(Tone::Info, text, event)
        }
        RoomEvent::Members { joined, left, total } => {
            comings_and_goings(console, chat, room, joined, left, *total)
        }
        RoomEvent::Own(own) => show_own(console, chat, room, own),
        RoomEvent::NotKept { id, why } => {
            let text = format!("not stored, and lost if this ends before it is accepted: {}", escaped(why));
            console.tell(
                Tone::Warning,
                &text,
                json!({"event": "not_kept", "room": room, "id": id, "why": why}),
            )
        }
        // The command ends with the one, and never does the other.
        RoomEvent::Refused { .. } | RoomEvent::Left { .. } => Ok(()),
    }
}

/// Tells who is here.
///
/// # Errors
/// If standard output is gone.
pub(super) fn members(console: &mut Console, chat: &Chat, room: &str) -> io::Result<()> {
    let text = format!("here: {}", in_words(chat, room));
    console.tell(Tone::Info, &text, Value::Null)
}

fn joined(console: &mut Console, chat: &Chat, room: &str, how: Joining, last: u64) -> io::Result<()> {
    let how_word = match how {
        Joining::First => "first",
        Joining::Resumed => "resumed",
        Joining::NewEpoch => "new_epoch",
    };
    let members = chat.members(room);
    let listed: Vec<Value> = members
        .iter()
        .flat_map(|members| members.iter())
        .map(|(from, name)| json!({"from": from, "name": name}))
        .collect();
    let total = members.map_or(0, |members| members.total());
    let event = json!({"event": "joined", "room": room, "how": how_word, "last": last, "members": listed, "total": total});
    let text = format!("in {}, with {}", escaped(room), in_words(chat, room));
    console.mention(Tone::Good, &text, event)
}

fn show_entry(console: &mut Console, room: &str, entry: &Entry, newest: bool, live: bool) -> io::Result<()> {
    match entry {
        Entry::Spoken(spoken) => said(console, room, spoken, newest, live),
        Entry::Gap(gap) => {
            let until = gap.next.map(|next| format!(" and before {next}")).unwrap_or_default();
            let text = format!("here something may be missing (after {}{until})", gap.after);
            console.tell(
                Tone::Warning,
                &text,
                json!({"event": "gap", "room": room, "after": gap.after, "next": gap.next}),
            )
        }
        Entry::NewEpoch { .. } => {
            let text =
                "the server begins anew: it does not know what is above, and something may be missing here";
            console.tell(Tone::Warning, text, json!({"event": "new_epoch", "room": room}))
        }
    }
}

fn said(console: &mut Console, room: &str, spoken: &Spoken, newest: bool, live: bool) -> io::Result<()> {
    if console.is_json() {
        let event = json!({
            "event": "said", "room": room, "seq": spoken.seq, "from": spoken.from, "name": spoken.name, "id": spoken.id,
            "text": spoken.text, "style": spoken.style, "own": spoken.own, "said_at": spoken.at, "history": !(live && newest),
        });
        return console.tell(Tone::Info, "", event);
    }
    if !console.is_at_terminal() {
        return console
            .print(Tone::Received, &format!("{}: {}", on_one_line(&spoken.name), on_one_line(&spoken.text)));
    }
    let mark = if spoken.own { "✓ " } else { "" };
    let tone = if spoken.own { Tone::Sent } else { Tone::Received };
    let older = if newest { "" } else { "↑ " };
    let text = format!("{older}{mark}{}: {}{}", escaped(&spoken.name), escaped(&spoken.text), age(spoken.at));
    console.print(tone, &text)
}

fn show_own(console: &mut Console, chat: &Chat, room: &str, own: &OwnMessage) -> io::Result<()> {
    let mut event = json!({"event": "own", "room": room, "id": own.id, "text": own.text});
    let text = excerpt(&own.text, EXCERPT);
    let (state, tone, words) = match &own.delivery {
        Delivery::Queued if chat.is_welcome() => ("queued", Tone::Info, String::new()),
        Delivery::Queued => ("queued", Tone::Info, format!("◌ {text} (waits for the line)")),
        Delivery::Sent => ("sent", Tone::Info, String::new()),
        Delivery::Held { code, .. } => {
            event["code"] = json!(code.as_str());
            ("held", Tone::Warning, format!("◌ {text} (the server asks to wait: {})", escaped(code.as_str())))
        }
        Delivery::Accepted { seq } => {
            event["seq"] = json!(seq);
            ("accepted", Tone::Info, String::new())
        }
        Delivery::Rejected(rejection) => {
            event["code"] = json!(rejection.code.as_str());
            event["why"] = json!(rejection.why);
            ("rejected", Tone::Bad, format!("✗ {text} (not taken: {})", escaped(&rejection.why)))
        }
    };
    event["state"] = json!(state);
    match own.delivery {
        Delivery::Rejected(_) => console.tell(tone, &words, event),
        Delivery::Queued | Delivery::Sent | Delivery::Held { .. } | Delivery::Accepted { .. } => {
            console.mention(tone, &words, event)
        }
    }
}

fn comings_and_goings(
    console: &mut Console,
    chat: &Chat,
    room: &str,
    joined: &[Member],
    left: &[Member],
    total: u64,
) -> io::Result<()> {
    let others = |members: &[Member]| -> Vec<Value> {
        members.iter().map(|member| json!({"from": member.from, "name": member.name})).collect()
    };
    let event = json!({"event": "members", "room": room, "joined": others(joined), "left": others(left), "total": total});
    let names = |members: &[Member]| -> Vec<String> {
        let others = members.iter().filter(|member| Some(member.from.as_str()) != chat.you());
        others.map(|member| escaped(&member.name).into_owned()).collect()
    };
    let mut parts = Vec::new();
    for (who, what) in [(names(joined), "came"), (names(left), "went")] {
        if !who.is_empty() {
            parts.push(format!("{} {what}", who.join(", ")));
        }
    }
    console.mention(Tone::Info, &parts.join("; "), event)
}

/// Who is here besides us, in words.
fn in_words(chat: &Chat, room: &str) -> String {
    let Some(members) = chat.members(room) else { return "nobody".to_owned() };
    let others = members.iter().filter(|(from, _)| Some(*from) != chat.you());
    let mut names: Vec<String> = others.take(NAMED).map(|(_, name)| escaped(name).into_owned()).collect();
    // We are one of the total, whether listed or not.
    let unnamed = members.total().saturating_sub(names.len() as u64 + 1);
    if unnamed > 0 {
        names.push(format!("{unnamed} more"));
    }
    if names.is_empty() { "nobody else".to_owned() } else { names.join(", ") }
}

/// A line of a pipe is a message: its own line ends are written out. The rest goes as it is.
fn on_one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace('\r', "\\r")
}

/// How long ago, where that is worth telling.
fn age(at: Option<u64>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let Some(age) = at.and_then(|at| now.checked_sub(Duration::from_millis(at))).filter(|age| *age >= OLD)
    else {
        return String::new();
    };
    match age.as_secs() / 60 {
        minutes @ ..60 => format!("  ({minutes} min ago)"),
        minutes @ ..2880 => format!("  ({} h ago)", minutes / 60),
        minutes => format!("  ({} days ago)", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_on_its_line() {
        assert_eq!(on_one_line("a\r\nEve: b"), "a\\r\\nEve: b");
    }

    #[test]
    fn only_what_is_old_has_an_age() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        assert_eq!(age(Some(now)), "");
        assert_eq!(age(None), "");
        assert_eq!(age(Some(now - 5 * 60_000)), "  (5 min ago)");
        assert_eq!(age(Some(now - 5 * 3_600_000)), "  (5 h ago)");
        assert_eq!(age(Some(now - 5 * 86_400_000)), "  (5 days ago)");
        assert_eq!(age(Some(u64::MAX)), "");
    }
}
