//! Follows the stream of all rooms from one message to the next, across whatever happens to the broker.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use heartline_core::room::engine::Unavailable;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::broker::{Broker, Stored};
use super::epoch::{self, Seen};
use super::error::unavailable;
use super::judge::Judge;
use super::record::Record;
use super::streams::{self, Trouble};
use super::{Link, NatsConfig};

/// A reader that hears nothing for two of these is made anew.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// One request for messages lasts so long at the broker.
const REQUEST: Duration = Duration::from_secs(30);

/// How often it is asked whether another server began a new epoch, or noted what is not there any more.
const ASK_EPOCH: Duration = Duration::from_secs(5);

/// Nobody leads a stream for longer than this after a leader died. One that takes over may have less than was there.
const QUIET: Duration = Duration::from_secs(1);

/// So many of the messages before such a pause are looked at again, so many at once.
const LATELY: usize = 256;
const AT_ONCE: usize = 32;

/// From one failure to the next try.
const RETRY: Duration = Duration::from_millis(250);

/// What there is to tell.
#[derive(Debug)]
pub(super) enum News {
    /// The broker is there. What comes next continues what came before, if the epoch is the same; else it begins above `last`.
    Up { epoch: Arc<str>, last: u64 },
    /// It is not, and why.
    Down(String),
    /// What is at the next place of the stream; `None`: nothing that counts.
    Said { seq: u64, record: Option<Record> },
}

/// Whoever follows.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) broker: Broker,
    pub(super) config: NatsConfig,
    pub(super) link: watch::Receiver<Link>,
    pub(super) news: mpsc::Sender<News>,
    /// Counts the looks that found all that servers noted.
    pub(super) checks: watch::Sender<u64>,
    pub(super) seen: Option<Seen>,
    pub(super) judge: Judge,
}

impl Follower {
    /// Until nobody listens any more.
    pub(super) async fn run(mut self) {
        loop {
            let why = match self.stand_up().await {
                Ok(()) => match self.follow().await {
                    // Nobody listens any more.
                    Ok(()) => return,
                    Err(Unavailable(why)) => why,
                },
                Err(Trouble::Away(Unavailable(why))) => why,
                Err(Trouble::Wrong(error)) => error.to_string(),
            };
            if self.news.send(News::Down(why)).await.is_err() {
                return;
            }
            tokio::select! {
                () = sleep(RETRY) => {}
                () = self.news.closed() => return,
            }
        }
    }

    async fn stand_up(&mut self) -> Result<(), Trouble> {
        if !self.link.borrow_and_update().up {
            let why = self.link.borrow().why.clone();
            let _ = self.news.send(News::Down(why)).await;
            // The sender lives as long as the connection, which we hold.
            let _ = self.link.wait_for(|link| link.up).await;
        }
        streams::prepare(&self.broker, &self.config).await?;
        let (epoch, info) = epoch::agree(&self.broker, self.seen.as_ref()).await?;
        self.broker.learn_repeats().await?;
        let last = info.state.last_sequence;
        if self.seen.as_ref().is_none_or(|seen| seen.epoch != epoch) {
            self.seen = Some(Seen { epoch: epoch.clone(), seq: last, at: None });
            self.judge = Judge::default();
        }
        let _ = self.news.send(News::Up { epoch, last }).await;
        self.has_checked();
        Ok(())
    }

    fn has_checked(&self) {
        self.checks.send_modify(|checks| *checks += 1);
    }

    /// Whether another message is where one of these was seen. What is found is said by the next look for a lost end, too.
    async fn has_lost_any(&mut self, lately: impl Iterator<Item = Seen>) -> Result<bool, Unavailable> {
        let broker = self.broker.clone();
        let looks =
            lately.map(|seen| {
                let broker = broker.clone();
                async move {
                    Ok::<_, Unavailable>(epoch::is_replaced(&broker, Some(&seen)).await?.then_some(seen))
                }
            });
        let replaced: Vec<Option<Seen>> = stream::iter(looks).buffer_unordered(AT_ONCE).try_collect().await?;
        let Some(first) = replaced.into_iter().flatten().min_by_key(|seen| seen.seq) else {
            return Ok(false);
        };
        self.seen = Some(first);
        Ok(true)
    }

    async fn follow(&mut self) -> Result<(), Unavailable> {
        let Some(mut seen) = self.seen.clone() else { return Ok(()) };
        let reader: PullConsumer = self.broker.reader(self.broker.names.all(), seen.seq + 1, REQUEST).await?;
        let mut messages =
            reader.stream().heartbeat(HEARTBEAT).expires(REQUEST).messages().await.map_err(unavailable)?;
        let mut ask_epoch = interval(ASK_EPOCH);
        ask_epoch.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut count = 0;
        // What was seen and not looked at again, the newest last.
        let mut lately: VecDeque<Seen> = VecDeque::from([seen.clone()]);
        loop {
            tokio::select! {
                message = messages.next() => {
                    let message = message.ok_or_else(|| unavailable("the reader has ended"))?;
                    let message = message.map_err(unavailable)?;
                    let (Stored { seq, at, record, .. }, nth) = Stored::read(&message)?;
                    count += 1;
                    if nth != count {
                        return Err(unavailable("a message was lost on its way"));
                    }
                    let is_quiet = seen.at.is_some_and(|before| at - before >= QUIET.as_nanos().cast_signed());
                    if seq <= seen.seq || is_quiet && self.has_lost_any(lately.drain(..)).await? {
                        return Err(unavailable("the stream has another message where one was seen"));
                    }
                    let counts = match &record {
                        Some(record) => self.judge.counts(&self.broker, seq, record).await?,
                        None => false,
                    };
                    (seen.seq, seen.at) = (seq, Some(at));
                    self.seen = Some(seen.clone());
                    lately.push_back(seen.clone());
                    if lately.len() > LATELY {
                        lately.pop_front();
                    }
                    if self.news.send(News::Said { seq, record: record.filter(|_| counts) }).await.is_err() {
                        return Ok(());
                    }
                }
                _ = ask_epoch.tick() => {
                    if epoch::current(&self.broker).await?.as_deref() != Some(&*seen.epoch) {
                        return Err(unavailable("another server has begun a new epoch"));
                    }
                    if self.broker.lacks_noted(&seen.epoch).await? {
                        return Err(unavailable("the stream lacks what a server had seen"));
                    }
                    self.has_checked();
                }
                changed = self.link.changed() => {
                    let link = self.link.borrow_and_update().clone();
                    if changed.is_err() || !link.up {
                        return Err(Unavailable(link.why));
                    }
                }
                () = self.news.closed() => return Ok(()),
            }
        }
    }
}
