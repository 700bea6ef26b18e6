//! What tasks bring back from the broker, and what follows from it.

use std::sync::Arc;

use heartline_core::room::engine::{Head, Page, Refusal, Reply, Ticket, Unavailable};

use super::{Worker, begun_anew, gone};
use crate::server::history::nats::author::Author;
use crate::server::history::nats::authors::Key;
use crate::server::history::nats::pending::Fate;
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
    Noted(Result<(), Unavailable>),
    Chores {
        seen: u64,
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
                let is_now = epoch == self.epoch;
                self.authors.end(&key, author.filter(|_| is_now));
                match seq {
                    Ok(seq) if is_now => {
                        self.wellbeing.took();
                        match self.pending.take(ticket, &epoch, &key, id, seq) {
                            Fate::Accepted => self.answer([(ticket, seq)], Ok(())).await,
                            Fate::Open => self.note_next(),
                            Fate::Gone => {
                                self.authors.forget(&key);
                                self.answer([(ticket, seq)], Err(gone())).await;
                            }
                        }
                    }
                    // It may have been lost with the end of that epoch, or not.
                    Ok(seq) => self.answer([(ticket, seq)], Err(begun_anew())).await,
                    Err(refusal) => {
                        if let Refusal::Unavailable(Unavailable(why)) = &refusal {
                            self.wellbeing.refused(why.clone());
                        }
                        self.owed -= 1;
                        self.say(Reply::Appended { ticket, seq: Err(refusal) }).await;
                    }
                }
                self.append_next(key);
            }
            Done::Noted(Ok(())) => {
                let (accepted, told) = self.pending.noted();
                self.answer(accepted, Ok(())).await;
                for (seq, record) in told {
                    if let Some((room, entry)) = self.rooms.follow(seq, record) {
                        self.say(Reply::Followed { room, entry }).await;
                    }
                }
                self.note_next();
            }
            Done::Noted(Err(away)) => {
                self.wellbeing.refused(away.0.clone());
                let waiting = self.pending.not_noted();
                self.answer(waiting, Err(away)).await;
            }
            Done::Read { room, ticket, epoch, is_end, page } => {
                self.owed -= 1;
                let page = if epoch == self.epoch { page } else { Err(begun_anew()) };
                if is_end && let Ok(page) = &page {
                    self.rooms.tails.extend_back(&room, &page.entries);
                }
                self.say(Reply::Page { ticket, page }).await;
            }
            Done::Chores { seen, trimmed } => {
                self.at_chores = false;
                match trimmed {
                    Ok(trimmed) => {
                        self.tended = seen;
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
