//! The one who answers: takes what the hub asks and what the stream brings, and lets tasks ask the broker, many at a time.

mod done;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use heartline_core::room::engine::{Head, Page, Refusal, Reply, Request, Roster, Ticket, Unavailable};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::super::Health;
use super::author;
use super::authors::{Authors, Key};
use super::broker::Broker;
use super::config::NatsKeep;
use super::elsewhere::Board;
use super::error::unavailable;
use super::follow::News;
use super::pending::Pending;
use super::rooms::{Rooms, Stage};
use super::wellbeing::Wellbeing;
use done::Done;

/// How many appends are underway at the broker; others wait their turn.
const APPENDS: usize = 512;

/// How many reads are; each is a page in memory.
const READS: usize = 32;

/// How often the servers trim.
const CHORES: Duration = Duration::from_secs(2);

/// From one try to open a room in a new epoch to the next.
const REOPEN: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Worker {
    broker: Broker,
    keep: NatsKeep,
    replies: mpsc::Sender<Reply>,
    wellbeing: Wellbeing,
    /// For other servers: who is here.
    board: Board,
    epoch: Arc<str>,
    rooms: Rooms,
    authors: Authors,
    tasks: JoinSet<Done>,
    /// How many of the tasks must be done before the end.
    owed: usize,
    appends: Arc<Semaphore>,
    reads: Arc<Semaphore>,
    visits: u64,
    /// Up to here the stream was trimmed.
    gone: u64,
    pending: Pending,
    /// This server's name for its notes.
    name: String,
    /// What was seen when chores were done last.
    tended: u64,
    at_chores: bool,
}

impl Worker {
    pub(super) fn new(
        broker: Broker,
        keep: NatsKeep,
        replies: mpsc::Sender<Reply>,
        health: watch::Sender<Health>,
        board: Board,
    ) -> Self {
        Self {
            broker,
            keep,
            replies,
            wellbeing: Wellbeing::new(health),
            board,
            epoch: "".into(),
            rooms: Rooms::default(),
            authors: Authors::default(),
            tasks: JoinSet::new(),
            owed: 0,
            appends: Arc::new(Semaphore::new(APPENDS)),
            reads: Arc::new(Semaphore::new(READS)),
            visits: 0,
            gone: 0,
            pending: Pending::default(),
            name: format!("{:016x}", fastrand::u64(..)),
            tended: 0,
            at_chores: false,
        }
    }

    /// Until nobody asks any more and all that was asked is answered.
    pub(super) async fn run(
        mut self,
        mut requests: mpsc::UnboundedReceiver<Request>,
        mut news: mpsc::Receiver<News>,
    ) {
        let mut chores = interval(CHORES);
        chores.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_asked = true;
        while is_asked || self.owed > 0 {
            tokio::select! {
                request = requests.recv(), if is_asked => match request {
                    Some(request) => self.handle(request).await,
                    None => is_asked = false,
                },
                Some(news) = news.recv(), if self.pending.has_room() => self.hear(news).await,
                Some(done) = self.tasks.join_next() => {
                    self.done(done.expect("tasks neither panic nor are aborted")).await;
                }
                _ = chores.tick() => self.do_chores(),
            }
        }
    }

    async fn handle(&mut self, request: Request) {
        match request {
            Request::Open { room } => self.open(room).await,
            Request::Close { room } => {
                self.rooms.close(&room);
                self.board.post(room, Roster::default());
            }
            Request::Here { room, roster } => self.board.post(room, roster),
            Request::Append { ticket, room, draft } => {
                if let Err(away) = self.wellbeing.is_up() {
                    return self.say(Reply::Appended { ticket, seq: Err(away.into()) }).await;
                }
                let key = (room, draft.from);
                self.authors.wait(key.clone(), ticket, draft);
                self.append_next(key);
            }
            Request::ReadAfter { ticket, room, after, most } => {
                // Of what is above all that was followed only the broker knows.
                let last = self.rooms.last(&room).filter(|last| after <= *last);
                let here = last.and_then(|last| self.rooms.tails.read_after(&room, after, most, last));
                let broker = self.broker.clone();
                self.read(ticket, room.clone(), here, false, async move {
                    let known = known(&broker, &room, last).await?;
                    broker.read_after(&room, after, most, known).await
                })
                .await;
            }
            Request::ReadBefore { ticket, room, before, most } => {
                let last = self.rooms.last(&room);
                let here = last.and_then(|last| self.rooms.tails.read_before(&room, before, most, last));
                let broker = self.broker.clone();
                let is_end = last.is_none_or(|last| before > last);
                self.read(ticket, room.clone(), here, is_end, async move {
                    let known = known(&broker, &room, last).await?;
                    broker.read_before(&room, before, most, known).await
                })
                .await;
            }
        }
    }

    async fn open(&mut self, room: Arc<str>) {
        if let Err(away) = self.wellbeing.is_up() {
            return self.say(Reply::Opened { room, head: Err(away) }).await;
        }
        match self.rooms.open.get_mut(&room) {
            Some(Stage::Open) => {
                let last = self.rooms.last(&room).unwrap_or_default();
                let head = Ok(Head { epoch: self.epoch.clone(), last });
                self.say(Reply::Opened { room, head }).await;
            }
            Some(Stage::Opening { asked, .. }) => *asked += 1,
            None => self.look_up(room, 1, false),
        }
    }

    fn look_up(&mut self, room: Arc<str>, asked: usize, stubborn: bool) {
        self.visits += 1;
        let (visit, broker) = (self.visits, self.broker.clone());
        self.rooms.open.insert(room.clone(), Stage::Opening { visit, asked });
        self.tasks.spawn(async move {
            let mut head = broker.head(&room).await;
            while stubborn && head.is_err() {
                sleep(REOPEN).await;
                head = broker.head(&room).await;
            }
            Done::Looked { room, visit, head }
        });
    }

    fn append_next(&mut self, key: Key) {
        let Some((ticket, draft, known)) = self.authors.begin(&key) else { return };
        let broker = self.broker.clone();
        let (turns, epoch) = (self.appends.clone(), self.epoch.clone());
        let (above, gone) = (self.rooms.seen(), self.gone);
        let id = draft.id;
        self.owed += 1;
        self.tasks.spawn(async move {
            let _turn = turns.acquire().await;
            let (seq, author) = author::append(&broker, &key.0, known, draft, above, gone).await;
            Done::Appended { key, id, epoch, ticket, seq, author }
        });
    }

    async fn read(
        &mut self,
        ticket: Ticket,
        room: Arc<str>,
        here: Option<Page>,
        is_end: bool,
        there: impl Future<Output = Result<Page, Unavailable>> + Send + 'static,
    ) {
        if let Some(page) = here {
            return self.say(Reply::Page { ticket, page: Ok(page) }).await;
        }
        if let Err(away) = self.wellbeing.is_up() {
            return self.say(Reply::Page { ticket, page: Err(away) }).await;
        }
        let (turns, epoch) = (self.reads.clone(), self.epoch.clone());
        self.owed += 1;
        self.tasks.spawn(async move {
            let _turn = turns.acquire().await;
            Done::Read { room, ticket, epoch, is_end, page: there.await }
        });
    }

    async fn hear(&mut self, news: News) {
        match news {
            News::Up { epoch, last } => {
                if epoch != self.epoch {
                    self.epoch = epoch;
                    self.authors.begin_anew();
                    self.rooms.begin_anew(last);
                    (self.tended, self.gone) = (0, 0);
                    let waiting = self.pending.begin_anew(last);
                    self.answer(waiting, Err(begun_anew())).await;
                    for (room, stage) in self.rooms.open.clone() {
                        let asked = match stage {
                            Stage::Opening { asked, .. } => asked,
                            Stage::Open => 1,
                        };
                        self.look_up(room, asked, true);
                    }
                }
                self.wellbeing.up();
            }
            News::Down(why) => {
                let waiting = self.pending.lose_sight();
                self.answer(waiting, Err(Unavailable(why.clone()))).await;
                self.wellbeing.down(why);
            }
            News::Said { seq, record } => {
                let passed = self.pending.pass(&self.epoch, seq, record);
                passed.keys.iter().for_each(|key| self.authors.forget(key));
                self.answer(passed.gone, Err(gone())).await;
                self.note_next();
            }
        }
    }

    /// Takes down what this server knows of, unless it is being done.
    fn note_next(&mut self) {
        let Some(note) = self.pending.next() else { return };
        let (broker, name) = (self.broker.clone(), self.name.clone());
        self.tasks.spawn(async move { Done::Noted(broker.note(&name, &note).await) });
    }

    /// Trims, and finds out whether a broker that refused takes something again.
    fn do_chores(&mut self) {
        if self.at_chores || self.wellbeing.is_up().is_err() {
            return;
        }
        let seen = self.rooms.seen();
        if seen == self.tended && !self.wellbeing.is_ill() && self.keep.age.is_none() {
            return;
        }
        self.at_chores = true;
        self.note_next();
        let (broker, keep) = (self.broker.clone(), self.keep);
        self.tasks.spawn(async move {
            let done = async {
                broker.probe().await?;
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                broker.trim(keep, now).await
            };
            Done::Chores { seen, trimmed: done.await }
        });
    }

    /// Tells who asked for these messages to be appended what became of them.
    async fn answer(
        &mut self,
        appended: impl IntoIterator<Item = (Ticket, u64)>,
        became: Result<(), Unavailable>,
    ) {
        for (ticket, seq) in appended {
            self.owed -= 1;
            let seq = became.clone().map(|()| seq).map_err(Refusal::from);
            self.say(Reply::Appended { ticket, seq }).await;
        }
    }

    /// A hub that is gone asks no more either.
    async fn say(&self, reply: Reply) {
        let _ = self.replies.send(reply).await;
    }
}

/// What is said of things that were asked in an epoch that is over.
fn begun_anew() -> Unavailable {
    unavailable("it has begun anew")
}

/// What is said of a message that is not where the broker took it.
fn gone() -> Unavailable {
    unavailable("it took a message, and has it no more")
}

/// A seq that a room has reached, from its leader where nothing was followed.
async fn known(broker: &Broker, room: &str, last: Option<u64>) -> Result<u64, Unavailable> {
    match last {
        Some(last) => Ok(last),
        None => broker.head(room).await,
    }
}
