//! Who is in the rooms at other servers. Each server tells the others who is in each of its rooms whenever that changes, and every
//! two seconds that it lives. Nothing of it is kept at the broker: what was lost on the way is noticed by a number that rises with
//! each roster, and asked for; and whoever is silent for some beats is gone, with all who were there.

mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::{Client, Subscriber};
use futures_util::StreamExt as _;
use heartline_core::room::engine::{Reply, Roster, ServerId};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::Link;
use super::names::Names;
use told::Told;

/// How often a server says that it lives.
const BEAT: Duration = Duration::from_secs(2);

/// Who is silent for so long is gone.
const SILENT: Duration = Duration::from_secs(7);

/// How many other servers are listened to.
const SERVERS: usize = 64;

/// From one failure to the next try.
const RETRY: Duration = Duration::from_millis(500);

/// Where the worker posts who is here. Of a room that changes again before it was told, the last word counts.
#[derive(Debug)]
pub(super) struct Board {
    posted: Arc<Mutex<BTreeMap<Arc<str>, Roster>>>,
    wake: mpsc::Sender<()>,
}

/// What tells it to others, and hears them.
#[derive(Debug)]
pub(super) struct Elsewhere {
    client: Client,
    names: Arc<Names>,
    link: watch::Receiver<Link>,
    replies: mpsc::Sender<Reply>,
    posted: Arc<Mutex<BTreeMap<Arc<str>, Roster>>>,
    woken: mpsc::Receiver<()>,
    own: ServerId,
    /// How many rosters were told.
    count: u64,
    /// Who is here, in each open room.
    here: HashMap<Arc<str>, Roster>,
    there: BTreeMap<ServerId, Other>,
    /// Somebody lacks what was told: all is told again with the next beat.
    tell_all: bool,
    /// We lack what somebody told: the next beat asks for it.
    lacking: bool,
}

/// Another server.
#[derive(Debug)]
struct Other {
    heard: Instant,
    /// How many rosters it told by now; `None`: nothing was heard of it yet.
    count: Option<u64>,
    /// Rooms that are open here and have somebody there.
    rooms: BTreeSet<Arc<str>>,
}

impl Board {
    /// Who is in a room here; nobody, when it is closed.
    pub(super) fn post(&self, room: Arc<str>, roster: Roster) {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).insert(room, roster);
        // If it is awake already, it will see this too.
        let _ = self.wake.try_send(());
    }
}

impl Elsewhere {
    pub(super) fn new(
        client: Client,
        names: Arc<Names>,
        link: watch::Receiver<Link>,
        replies: mpsc::Sender<Reply>,
    ) -> (Board, Self) {
        let (wake, woken) = mpsc::channel(1);
        let posted = Arc::<Mutex<BTreeMap<Arc<str>, Roster>>>::default();
        let elsewhere = Self {
            client,
            names,
            link,
            replies,
            posted: Arc::clone(&posted),
            woken,
            own: ServerId(fastrand::u64(..)),
            count: 0,
            here: HashMap::new(),
            there: BTreeMap::new(),
            tell_all: false,
            lacking: true,
        };
        (Board { posted, wake }, elsewhere)
    }

    /// Until the board is gone.
    pub(super) async fn run(mut self) {
        loop {
            match self.client.subscribe(self.names.all_here()).await {
                Ok(mut others) => {
                    if self.listen(&mut others).await {
                        let mut gone = self.beat();
                        gone.gone = true;
                        return self.publish(self.names.beat(), &gone).await;
                    }
                }
                Err(error) => tracing::debug!("members at other servers are not known: {error}"),
            }
            sleep(RETRY).await;
        }
    }

    /// Returns whether the board is gone; else the subscription is.
    async fn listen(&mut self, others: &mut Subscriber) -> bool {
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                woken = self.woken.recv() => match woken {
                    Some(()) => self.tell_posted().await,
                    None => return true,
                },
                message = others.next() => match message {
                    Some(message) => {
                        if let Some(told) = Told::decode(&message.payload) {
                            self.hear(told).await;
                        }
                    }
                    None => return false,
                },
                _ = beats.tick() => self.live_on().await,
                changed = self.link.changed() => {
                    if changed.is_err() {
                        return true;
                    }
                    // What was told while the broker was away was told to nobody.
                    (self.tell_all, self.lacking) = (true, true);
                }
            }
        }
    }

    async fn tell_posted(&mut self) {
        let posted = std::mem::take(&mut *self.posted.lock().unwrap_or_else(PoisonError::into_inner));
        for (room, roster) in posted {
            // Of a room that is new here nothing is known.
            let asks = !self.here.contains_key(&room) && roster.total > 0;
            if roster.total > 0 {
                self.here.insert(room.clone(), roster.clone());
            } else {
                self.here.remove(&room);
                for other in self.there.values_mut() {
                    other.rooms.remove(&room);
                }
            }
            self.tell(&room, &roster, asks).await;
        }
    }

    /// Says that we live; forgets who does not.
    async fn live_on(&mut self) {
        let silent =
            |(server, other): (&ServerId, &Other)| (other.heard.elapsed() > SILENT).then_some(*server);
        let gone: Vec<ServerId> = self.there.iter().filter_map(silent).collect();
        for server in gone {
            self.forget(server).await;
        }
        if !self.link.borrow().up {
            return;
        }
        if std::mem::take(&mut self.tell_all) {
            for (room, roster) in self.here.clone() {
                self.tell(&room, &roster, false).await;
            }
        }
        let mut beat = self.beat();
        beat.asks_for_all = std::mem::take(&mut self.lacking);
        self.publish(self.names.beat(), &beat).await;
    }

    async fn hear(&mut self, told: Told) {
        let Some(server) = told.server().filter(|server| *server != self.own) else { return };
        if told.gone {
            return self.forget(server).await;
        }
        if self.there.len() >= SERVERS && !self.there.contains_key(&server) {
            return;
        }
        let fresh = Other { heard: Instant::now(), count: None, rooms: BTreeSet::new() };
        let other = self.there.entry(server).or_insert(fresh);
        other.heard = Instant::now();
        let due = other.count.map(|count| count.saturating_add(told.room.is_some().into()));
        self.lacking |= due != Some(told.count);
        self.tell_all |= told.asks_for_all;
        other.count = Some(told.count);
        if let Some(room) = &told.room {
            self.hear_roster(server, room, &told).await;
        }
    }

    async fn hear_roster(&mut self, server: ServerId, room: &str, told: &Told) {
        let Some((room, own)) = self.here.get_key_value(room).map(|(room, own)| (room.clone(), own.clone()))
        else {
            return;
        };
        if told.asks {
            self.tell(&room, &own, false).await;
        }
        let roster = told.roster();
        if let Some(other) = self.there.get_mut(&server) {
            if roster.total > 0 {
                other.rooms.insert(room.clone())
            } else {
                other.rooms.remove(&room)
            };
        }
        // A hub that is gone asks no more either.
        let _ = self.replies.send(Reply::There { room, server, roster }).await;
    }

    async fn forget(&mut self, server: ServerId) {
        let Some(other) = self.there.remove(&server) else { return };
        for room in other.rooms {
            let _ = self.replies.send(Reply::There { room, server, roster: Roster::default() }).await;
        }
    }

    async fn tell(&mut self, room: &str, roster: &Roster, asks: bool) {
        self.count += 1;
        let mut told = Told::of(self.own, self.count, room, roster);
        told.asks = asks;
        self.publish(self.names.roster(room), &told).await;
    }

    fn beat(&self) -> Told {
        Told::beat(self.own, self.count)
    }

    async fn publish(&self, subject: String, told: &Told) {
        // Without a broker it would wait for one; when there is one again, all is told.
        if self.link.borrow().up {
            let _ = self.client.publish(subject, told.encode()).await;
        }
    }
}
