use std::collections::BTreeMap;

use heartline_core::chat::{Chat, Delivery, Entry, EntryKey, Event, Joining, OwnMessage, RoomEvent};

use crate::{Ledger, Sighting};

/// Writes down what one client is told.
#[derive(Debug)]
pub struct Witness {
    member: String,
    from: String,
    rooms: BTreeMap<String, Stay>,
}

/// From joining a room to leaving it.
#[derive(Debug, Default)]
struct Stay {
    /// How often this client was in this room before: it remembers nothing of that.
    before: u32,
    /// The epochs seen, in their order: a timeline only counts them.
    epochs: Vec<String>,
}

impl Witness {
    /// A witness for the client of this name, which others see as `from`.
    pub fn new(member: &str, from: &str) -> Self {
        Self { member: member.to_owned(), from: from.to_owned(), rooms: BTreeMap::new() }
    }

    /// The client told this. To be called after each input for each event, before the next input.
    pub fn note(&mut self, ledger: &mut Ledger, chat: &Chat, event: &Event) {
        match event {
            Event::Room { room, what } => self.note_room(ledger, chat, room, what),
            Event::Line(_)
            | Event::Welcome { .. }
            | Event::Draining { .. }
            | Event::TokenEnds { .. }
            | Event::ServerError { .. }
            | Event::Keep(_)
            | Event::Odd { .. } => {}
        }
    }

    /// The client stands at the end of all its rooms, and nothing more is on its way.
    pub fn finish(&self, ledger: &mut Ledger, chat: &Chat) {
        for (room, stay) in &self.rooms {
            let member = stay.member(&self.member);
            let Some(timeline) = chat.timeline(room) else { continue };
            // Gaps that touch become one without a word.
            for entry in timeline {
                note_gap(ledger, &member, room, stay, entry);
            }
            if let Some(epoch) = stay.epochs.last() {
                ledger.caught_up(&member, room, epoch);
            }
        }
    }

    /// The client ends as it stands: what it wrote and was not told of is of unknown fate.
    pub fn end(&self, ledger: &mut Ledger, chat: &Chat) {
        for room in chat.rooms() {
            for own in chat.outbox(room.name()) {
                ledger.gave_up(&self.from, room.name(), own.id);
            }
        }
    }

    fn note_room(&mut self, ledger: &mut Ledger, chat: &Chat, room: &str, what: &RoomEvent) {
        let stay = self.rooms.entry(room.to_owned()).or_default();
        let member = stay.member(&self.member);
        match what {
            RoomEvent::Joined { how, last: _ } => {
                let Some(epoch) = chat.room(room).and_then(|room| room.epoch()) else { return };
                match how {
                    Joining::First | Joining::NewEpoch => stay.epochs.push(epoch.to_owned()),
                    Joining::Resumed => {}
                }
                ledger.entered(&member, room, epoch, *how == Joining::NewEpoch);
            }
            RoomEvent::Entry { key, newest } => {
                let stay = &self.rooms[room];
                if let Some(entry) = entry(chat, room, *key) {
                    note_gap(ledger, &member, room, stay, entry);
                    note_spoken(ledger, &member, room, stay, entry, *newest);
                }
            }
            RoomEvent::Own(own) => self.own(ledger, chat, room, own),
            RoomEvent::Left { unsettled } => {
                for own in unsettled {
                    ledger.gave_up(&self.from, room, own.id);
                }
                *stay = Stay { before: stay.before + 1, epochs: Vec::new() };
            }
            RoomEvent::CaughtUp
            | RoomEvent::Refused { .. }
            | RoomEvent::Healing { .. }
            | RoomEvent::Page { .. }
            | RoomEvent::Members { .. }
            | RoomEvent::NotKept { .. } => {}
        }
    }

    fn own(&self, ledger: &mut Ledger, chat: &Chat, room: &str, own: &OwnMessage) {
        match &own.delivery {
            Delivery::Queued | Delivery::Sent | Delivery::Held { .. } => {
                ledger.wrote(&self.from, room, own.id, &own.text);
            }
            Delivery::Accepted { seq } => {
                let epoch = chat.room(room).and_then(|room| room.epoch()).unwrap_or_default();
                ledger.accepted(&self.from, room, epoch, own.id, *seq);
            }
            Delivery::Rejected(_) => ledger.gave_up(&self.from, room, own.id),
        }
    }
}

impl Stay {
    /// Each stay is a view of its own.
    fn member(&self, name: &str) -> String {
        if self.before == 0 { name.to_owned() } else { format!("{name} (stay {})", self.before + 1) }
    }

    fn epoch(&self, era: u32) -> &str {
        self.epochs.get(era as usize).map_or("an epoch that was not announced", String::as_str)
    }
}

fn entry<'a>(chat: &'a Chat, room: &str, key: EntryKey) -> Option<&'a Entry> {
    chat.timeline(room)?.get(key)
}

fn note_gap(ledger: &mut Ledger, member: &str, room: &str, stay: &Stay, entry: &Entry) {
    match entry {
        Entry::Gap(gap) => ledger.gap(member, room, stay.epoch(gap.era), gap.after, gap.next),
        Entry::Spoken(_) | Entry::NewEpoch { .. } => {}
    }
}

fn note_spoken(ledger: &mut Ledger, member: &str, room: &str, stay: &Stay, entry: &Entry, newest: bool) {
    let Some(spoken) = entry.spoken() else { return };
    // An own copy is no sighting: it was put there because the message itself never came back.
    if spoken.at.is_none() {
        return;
    }
    let sighting = Sighting {
        seq: spoken.seq,
        prev: spoken.prev,
        from: &spoken.from,
        id: spoken.id,
        text: &spoken.text,
        newest,
    };
    ledger.seen(member, room, stay.epoch(spoken.era), sighting);
}
