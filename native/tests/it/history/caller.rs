//! The hub's side of a desk, which asks for one thing after the other and keeps every reply.

use std::sync::Arc;
use std::time::Duration;

use heartline::server::history::{Health, History, HistoryError};
use heartline_core::room::Identity;
use heartline_core::room::engine::{Draft, Entry, Head, Most, Page, Refusal, Reply, Request, Roster, Ticket};

use super::Place;

/// How long a reply may take before the test gives up on it. Not a measure of anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// More than there is.
pub(crate) const ALL: Most = Most { messages: 1_000_000, bytes: usize::MAX };

pub(crate) struct Caller {
    history: History,
    tickets: u64,
    /// Everything the engine said, in its order.
    pub(crate) heard: Vec<Reply>,
}

impl Caller {
    /// Opens the history at a place.
    pub(crate) async fn at(place: &impl Place) -> Self {
        Self::open(place).await.unwrap()
    }

    /// Tries to open the history at a place, and waits until it can take messages.
    pub(crate) async fn open(place: &impl Place) -> Result<Self, HistoryError> {
        Ok(Self::of(History::open(&place.config()).await?).await)
    }

    /// Waits until a history can take messages.
    pub(crate) async fn of(history: History) -> Self {
        let mut caller = Self { history, tickets: 0, heard: Vec::new() };
        caller.until_health(|health| *health == Health::Ready).await;
        caller
    }

    /// Waits until the history feels like that, and hears what it says meanwhile.
    pub(crate) async fn until_health(&mut self, feels: impl Fn(&Health) -> bool) {
        let mut health = self.history.desk.health();
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            if feels(&health.borrow_and_update()) {
                return;
            }
            tokio::select! {
                changed = health.changed() => changed.expect("the engine has ended"),
                count = self.history.desk.hear(&mut self.heard, 64) => assert_ne!(count, 0, "the engine has ended"),
                () = tokio::time::sleep_until(until) => panic!("its health does not change"),
            }
        }
    }

    /// Ends as a server does that was asked to.
    pub(crate) async fn close(self) {
        let History { desk, worker } = self.history;
        drop(desk);
        tokio::time::timeout(PATIENCE, worker).await.expect("it does not come to an end").unwrap();
    }

    /// Opens a room.
    pub(crate) async fn enter(&mut self, room: &str) -> Head {
        let opened = |heard: &[Reply]| {
            let opened = heard.iter().filter_map(|reply| match reply {
                Reply::Opened { room: of, head } if &**of == room => Some(head.clone()),
                Reply::Opened { .. }
                | Reply::Appended { .. }
                | Reply::Page { .. }
                | Reply::There { .. }
                | Reply::Followed { .. } => None,
            });
            opened.collect::<Vec<_>>()
        };
        let before = opened(&self.heard).len();
        self.history.desk.ask(Request::Open { room: room.into() });
        self.until(|heard| opened(heard).get(before).cloned()).await.unwrap()
    }

    /// Nobody is in a room any more.
    pub(crate) fn leave(&mut self, room: &str) {
        self.history.desk.ask(Request::Close { room: room.into() });
    }

    /// Says who is in an open room here.
    pub(crate) fn here(&mut self, room: &str, who: &[&str]) {
        self.history.desk.ask(Request::Here { room: room.into(), roster: roster(who) });
    }

    /// Waits until one other server has exactly these in a room.
    pub(crate) async fn until_there(&mut self, room: &str, who: &[&str]) {
        let wanted = roster(who);
        let is_there = |reply: &Reply| matches!(reply, Reply::There { room: of, .. } if **of == *room);
        let last = |heard: &[Reply]| heard.iter().rfind(|reply| is_there(reply)).cloned();
        self.until(|heard| match last(heard) {
            Some(Reply::There { roster, .. }) if roster == wanted => Some(()),
            Some(_) | None => None,
        })
        .await
    }

    /// Asks for a message to be appended, and does not wait.
    pub(crate) fn say(&mut self, room: &str, draft: Draft) -> Ticket {
        let ticket = self.ticket();
        self.history.desk.ask(Request::Append { ticket, room: room.into(), draft });
        ticket
    }

    /// What became of a message.
    pub(crate) async fn outcome(&mut self, ticket: Ticket) -> Result<u64, Refusal> {
        self.until(|heard| outcome(heard, ticket)).await
    }

    /// What became of a message, if it is known by now.
    pub(crate) fn outcome_so_far(&self, ticket: Ticket) -> Option<Result<u64, Refusal>> {
        outcome(&self.heard, ticket)
    }

    /// Has a message appended.
    pub(crate) async fn append(&mut self, room: &str, draft: Draft) -> Result<u64, Refusal> {
        let ticket = self.say(room, draft);
        self.outcome(ticket).await
    }

    /// Has as many messages appended, numbered from `first`, and gives their seqs.
    pub(crate) async fn chat(&mut self, room: &str, who: &str, first: u64, many: usize) -> Vec<u64> {
        let ids = first..first + many as u64;
        let tickets: Vec<Ticket> =
            ids.map(|id| self.say(room, draft(who, id, &format!("{who} says {id}")))).collect();
        let mut seqs = Vec::new();
        for ticket in tickets {
            seqs.push(self.outcome(ticket).await.unwrap());
        }
        seqs
    }

    pub(crate) async fn after(&mut self, room: &str, after: u64, most: Most) -> Page {
        self.page(|ticket| Request::ReadAfter { ticket, room: room.into(), after, most }).await
    }

    pub(crate) async fn before(&mut self, room: &str, before: u64, most: Most) -> Page {
        self.page(|ticket| Request::ReadBefore { ticket, room: room.into(), before, most }).await
    }

    /// Everything that is kept of a room.
    pub(crate) async fn all(&mut self, room: &str) -> Vec<Entry> {
        self.after(room, 0, ALL).await.entries
    }

    /// What was followed of a room so far.
    pub(crate) fn followed(&self, room: &str) -> Vec<Entry> {
        followed(&self.heard, room)
    }

    /// Waits until so many messages of a room were followed.
    pub(crate) async fn follow(&mut self, room: &str, many: usize) -> Vec<Entry> {
        self.until(|heard| Some(followed(heard, room)).filter(|entries| entries.len() >= many)).await
    }

    /// Hears replies until what is looked for is among them.
    pub(crate) async fn until<T>(&mut self, find: impl Fn(&[Reply]) -> Option<T>) -> T {
        loop {
            if let Some(found) = find(&self.heard) {
                return found;
            }
            let hear = self.history.desk.hear(&mut self.heard, 64);
            let count = tokio::time::timeout(PATIENCE, hear).await.expect("the reply does not come");
            assert_ne!(count, 0, "the engine has ended");
        }
    }

    /// Asks for a page, and again while a broker on a machine that is busy does not answer in time, as the hub does.
    async fn page(&mut self, request: impl Fn(Ticket) -> Request) -> Page {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let ticket = self.ticket();
            self.history.desk.ask(request(ticket));
            let page = self.until(|heard| {
                heard.iter().find_map(|reply| match reply {
                    Reply::Page { ticket: of, page } if *of == ticket => Some(page.clone()),
                    Reply::Page { .. }
                    | Reply::Opened { .. }
                    | Reply::Appended { .. }
                    | Reply::There { .. }
                    | Reply::Followed { .. } => None,
                })
            });
            match page.await {
                Ok(page) => return page,
                Err(why) => assert!(tokio::time::Instant::now() < until, "{why:?}"),
            }
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }
}

/// A message that says who and what.
pub(crate) fn draft(who: &str, id: u64, text: &str) -> Draft {
    let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    Draft { from: Identity::of(who, None), name: who.into(), id, at, text: text.to_owned(), style: None }
}

/// Their places.
pub(crate) fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq).collect()
}

/// Checks that each names the one before it.
#[track_caller]
pub(crate) fn chained(entries: &[Entry]) {
    for pair in entries.windows(2) {
        assert!(pair[0].seq < pair[1].seq, "{pair:?}");
        assert_eq!(pair[1].prev, pair[0].seq, "{pair:?}");
    }
}

fn outcome(heard: &[Reply], ticket: Ticket) -> Option<Result<u64, Refusal>> {
    heard.iter().find_map(|reply| match reply {
        Reply::Appended { ticket: of, seq } if *of == ticket => Some(seq.clone()),
        Reply::Appended { .. }
        | Reply::Opened { .. }
        | Reply::Page { .. }
        | Reply::There { .. }
        | Reply::Followed { .. } => None,
    })
}

fn followed(heard: &[Reply], room: &str) -> Vec<Entry> {
    let followed = heard.iter().filter_map(|reply| match reply {
        Reply::Followed { room: of, entry } if &**of == room => Some(entry.clone()),
        Reply::Followed { .. }
        | Reply::Opened { .. }
        | Reply::There { .. }
        | Reply::Appended { .. }
        | Reply::Page { .. } => None,
    });
    followed.collect()
}

/// A name, shared.
pub(crate) fn name(name: &str) -> Arc<str> {
    name.into()
}

/// These, and no more.
pub(crate) fn roster(who: &[&str]) -> Roster {
    let mut members: Vec<_> = who.iter().map(|name| (Identity::of(name, None), Arc::from(*name))).collect();
    members.sort();
    Roster { members, total: who.len() as u64 }
}
