//! A room as a list to show: what was said, where something may be missing, and own messages on their way.

use heartline_core::chat::{Chat, Delivery, Entry, EntryKey, Gap, OwnMessage, Spoken, ToldBy};

use super::{hue, mention::mentions, reading::Read};

/// What stands beside an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Somebody else's words.
    Said,
    /// Own words, waiting for a line or their turn.
    Queued,
    /// Own words, under way.
    Sent,
    /// Own words, durable.
    Accepted,
    /// Own words; the server asked to wait with them.
    Held,
    /// Own words that came back.
    Rejected,
    /// No words: here something may be missing.
    Gap,
    /// No words: here another day begins.
    Day,
    /// No words: what follows is new to its reader.
    New,
}

impl Mark {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Said => "said",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Gap => "gap",
            Self::Day => "day",
            Self::New => "new",
        }
    }

    /// A sign for it, beside the word.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Said | Self::Gap | Self::Day | Self::New => "",
            Self::Queued => "⋯",
            Self::Sent => "→",
            Self::Accepted => "✓",
            Self::Held => "⏸",
            Self::Rejected => "✕",
        }
    }
}

/// What tells one item from all others, and an item from what it was before: a keyed list draws it anew.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    place: Option<EntryKey>,
    number: u64,
    mark: Mark,
    leads: bool,
}

/// One item of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its key.
    pub key: Key,
    /// Its place in the room, once it has one.
    pub seq: Option<u64>,
    /// What stands beside it.
    pub mark: Mark,
    /// Whether to say whose it is; else it goes on where the same person stopped a moment ago.
    pub leads: bool,
    /// When the server took it, in milliseconds since 1970.
    pub at: Option<u64>,
    /// Whose it is. Somebody else's words: text, never markup.
    pub name: String,
    /// The class of its writer's colour; none for own messages on their way, and for gaps.
    pub hue: &'static str,
    /// What was said, likewise; for a gap, the words about it.
    pub text: String,
    /// Why it came back.
    pub why: String,
    /// Own messages: the number to take it back by.
    pub id: u64,
    /// Whether it names this client.
    pub for_you: bool,
}

/// Who is in a room.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Present {
    /// Those known by name, as `(from, name, whether it is this client)`.
    pub named: Vec<(String, String, bool)>,
    /// How many there are in all.
    pub total: u64,
}

/// How long somebody may be silent and still go on.
const BREATH_MS: u64 = 5 * 60 * 1000;

/// Everything in a room that is open, oldest first: the timeline, then what is on its way. `day_of` says on which day a moment lies, for
/// those who look at it.
pub fn items(chat: &Chat, read: &Read, day_of: impl Fn(u64) -> u64) -> Vec<Item> {
    let room = read.room();
    let mut items: Vec<Item> = Vec::new();
    // Of whoever spoke last: who, when, and on which day.
    let mut before: Option<(&str, u64, u64)> = None;
    let shown = chat.timeline(room).into_iter().flatten().filter(|entry| Some(entry.key()) > read.cleared);
    for entry in shown {
        let mut item = placed(entry);
        if read.first_new == Some(entry.key()) {
            items.push(between(entry.key(), 0, Mark::New, None, String::new()));
            before = before.map(|(_, at, day)| ("", at, day));
        }
        let Some(spoken) = entry.spoken() else {
            before = None;
            items.push(item);
            continue;
        };
        // An own message that never came back has no time: it stands where it stands.
        let at = spoken.at.or_else(|| before.map(|(_, at, _)| at)).unwrap_or_default();
        let day = day_of(at);
        if let Some((who, then, last)) = before {
            if last != day {
                items.push(day_line(entry.key(), at, day));
            }
            item.set_leads(who != spoken.from || last != day || at.saturating_sub(then) > BREATH_MS);
        }
        item.for_you = !spoken.own && mentions(&spoken.text, chat.name());
        before = Some((&spoken.from, at, day));
        items.push(item);
    }
    let goes_on = before.is_some_and(|(who, ..)| chat.you() == Some(who));
    for (index, message) in chat.outbox(room).into_iter().enumerate() {
        let mut item = on_its_way(message, chat.name());
        item.set_leads(index == 0 && !goes_on);
        items.push(item);
    }
    items
}

impl Item {
    /// Its place in the timeline, once it has one.
    pub fn place(&self) -> Option<EntryKey> {
        self.key.place
    }

    fn set_leads(&mut self, leads: bool) {
        self.leads = leads;
        self.key.leads = leads;
    }
}

/// Who is in `room`, this client first, the others by name.
pub fn present(chat: &Chat, room: &str) -> Present {
    let Some(members) = chat.members(room) else { return Present::default() };
    let mut named: Vec<_> = members
        .iter()
        .map(|(from, name)| (from.to_owned(), name.to_owned(), chat.you() == Some(from)))
        .collect();
    named.sort_by(|(_, a, a_own), (_, b, b_own)| b_own.cmp(a_own).then_with(|| a.cmp(b)));
    Present { named, total: members.total() }
}

fn placed(entry: &Entry) -> Item {
    match entry {
        Entry::Spoken(spoken) => said(entry.key(), spoken),
        Entry::Gap(gap) => rift(entry.key(), gap.next.unwrap_or_default(), gap_words(gap)),
        Entry::NewEpoch { .. } => {
            let words = "the server counts anew from here: something between may be lost";
            rift(entry.key(), 0, words.to_owned())
        }
    }
}

fn said(place: EntryKey, spoken: &Spoken) -> Item {
    let mark = if spoken.own { Mark::Accepted } else { Mark::Said };
    Item {
        key: Key { place: Some(place), number: spoken.at.unwrap_or_default(), mark, leads: true },
        seq: Some(spoken.seq),
        mark,
        leads: true,
        at: spoken.at,
        name: spoken.name.clone(),
        hue: hue::class(&spoken.from),
        text: spoken.text.clone(),
        why: String::new(),
        id: spoken.id,
        for_you: false,
    }
}

fn rift(place: EntryKey, number: u64, words: String) -> Item {
    between(place, number, Mark::Gap, None, words)
}

fn day_line(place: EntryKey, at: u64, day: u64) -> Item {
    between(place, day, Mark::Day, Some(at), String::new())
}

/// What nobody said.
fn between(place: EntryKey, number: u64, mark: Mark, at: Option<u64>, words: String) -> Item {
    Item {
        key: Key { place: Some(place), number, mark, leads: false },
        seq: None,
        mark,
        leads: false,
        at,
        name: String::new(),
        hue: "",
        text: words,
        why: String::new(),
        id: 0,
        for_you: false,
    }
}

fn gap_words(gap: &Gap) -> String {
    let told = match gap.told_by {
        ToldBy::Server => "the server no longer has it",
        ToldBy::Client => "it never came",
    };
    let after = gap.after.to_string();
    match gap.next {
        Some(next) => {
            ["something may be missing between ", &after, " and ", &next.to_string(), ": ", told].concat()
        }
        None => ["something may be missing after ", &after, ": ", told].concat(),
    }
}

fn on_its_way(message: OwnMessage, name: &str) -> Item {
    let (mark, why) = match message.delivery {
        Delivery::Queued => (Mark::Queued, String::new()),
        Delivery::Sent => (Mark::Sent, String::new()),
        Delivery::Held { .. } => (Mark::Held, String::new()),
        Delivery::Accepted { .. } => (Mark::Accepted, String::new()),
        Delivery::Rejected(rejection) => (Mark::Rejected, rejection.why),
    };
    Item {
        key: Key { place: None, number: message.id, mark, leads: true },
        seq: None,
        mark,
        leads: true,
        at: None,
        name: name.to_owned(),
        hue: "",
        text: message.text,
        why,
        id: message.id,
        for_you: false,
    }
}
