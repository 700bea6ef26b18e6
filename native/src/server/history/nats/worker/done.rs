//! What tasks bring back from the broker, and what follows from it.

use std::sync::Arc;

use heartline_core::room::engine::{Head, Page, Refusal, Reply, Ticket, Unavailable};

use super::Worker;
use crate::server::history::nats::author::Author;
use crate::server::history::nats::authors::Key;
use crate::server::history::nats::rooms::Stage;

/// How a task ended.
#[derive(Debug)]
pub(super) enum Done {
    Looked {
        room: Arc<str>,
        visit: u64,
        head: Result<u64, Unavailable>,
    },
    Appended {
        key: Key,
        id: u64,
        epoch: Arc<str>,
        ticket: Ticket,
        seq: Result<u64, Refusal>,
        author: Option<Author>,
    },
    Read {
        room: Arc<str>,
        ticket: Ticket,
        epoch: Arc<str>,
        is_end: bool,
        page: Result<Page, Unavailable>,
    },
    Chores {
        noted: u64,
        trimmed: Result<u64, Unavailable>,
    },
}

impl Worker {
    pub(super) async fn done(&mut self, done: Done) {
        match done {
            Done::Looked { room, visit, head } => {
                let Some(&Stage::Opening { visit: current, asked }) = self.rooms.open.get(&room) else {
                    return;
                };
                if visit != current {
                    return;
                }
                let head = head
                    .map(|found| Head { epoch: self.epoch.clone(), last: self.rooms.opened(&room, found) });
                if head.is_err() {
                    self.rooms.close(&room);
                }
                for _ in 0..asked {
                    self.say(Reply::Opened { room: room.clone(), head: head.clone() }).await;
                }
            }
            Done::Appended { key, id, epoch, ticket, seq, author } => {
                self.owed -= 1;
                match &seq {
                    Ok(seq) => {
                        if epoch == self.epoch {
                            self.rooms.accept(&key, id, *seq);
                        }
                        self.wellbeing.took();
                    }
                    Err(Refusal::Unavailable(Unavailable(why))) => self.wellbeing.refused(why.clone()),
                    Err(Refusal::IdReused | Refusal::Expired) => {}
                }
                self.authors.end(&key, author.filter(|_| epoch == self.epoch));
                self.append_next(key);
                self.say(Reply::Appended { ticket, seq }).await;
            }
            Done::Read { room, ticket, epoch, is_end, page } => {
                self.owed -= 1;
                let page =
                    if epoch == self.epoch { page } else { Err(Unavailable("it has begun anew".to_owned())) };
                if is_end && let Ok(page) = &page {
                    self.rooms.tails.extend_back(&room, &page.entries);
                }
                self.say(Reply::Page { ticket, page }).await;
            }
            Done::Chores { noted, trimmed } => {
                self.at_chores = false;
                match trimmed {
                    Ok(trimmed) => {
                        self.noted = noted;
                        self.gone = trimmed;
                        self.rooms.tails.trim(trimmed);
                        self.wellbeing.took();
                    }
                    Err(Unavailable(why)) => self.wellbeing.refused(why),
                }
            }
        }
    }
}
