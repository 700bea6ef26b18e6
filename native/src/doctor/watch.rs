//! Stage two: several lines side by side, each with one kind of life.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use heartline_core::doctor::{
    Ending, FailedDial, Fate, How, HttpKeepAlive, Life, Story,
    ladder::{self, Bracket},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{sleep_until, timeout},
};

use super::{
    knock::knock,
    line::{Course, Line, News, told},
    plain,
    rules::Rules,
};
use crate::{
    cli::doctor::Data,
    client::dial::{Dialer, Steps},
};

/// Lines that are open at the same time, at most. Beyond it none is opened.
const MOST: u32 = 20;
/// The time over which the first lines are opened: a server that counts dials is to be looked at, not loaded.
const SPREAD: Duration = Duration::from_secs(1);
/// News that wait to be heard. Beyond it a line waits with the end of its story.
const NEWS: usize = 64;
/// Lines that are opened because a busy one has ended, or could not be opened.
const FOLLOWERS: u32 = 6;
/// What ends within this time ends at once.
const AT_ONCE: Duration = Duration::from_millis(500);
/// How often it is shown how far the watch is.
const TICK: Duration = Duration::from_millis(500);

/// What a watch found.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The lines, in the order of their numbers.
    pub(super) stories: Vec<Story>,
    /// Dials that did not become lines.
    pub(super) failed: Vec<FailedDial>,
    /// What became of a plain connection beside the lines.
    pub(super) http_keepalive: Option<HttpKeepAlive>,
    /// How long it went on.
    pub(super) lasted: Duration,
    /// It was told to stop.
    pub(super) interrupted: bool,
}

/// What a watch shows while it goes on.
#[derive(Clone, Debug)]
pub(super) enum Scene<'a> {
    /// So many lines stand.
    Standing {
        /// How many.
        lines: usize,
        /// Since the watch began.
        at: Duration,
    },
    /// One has ended, or was let go.
    Over(&'a Story),
    /// One could not be opened.
    NotOpened(&'a FailedDial),
    /// The last probes are under way.
    Asking,
}

/// The time between two dials.
fn gap(length: Duration) -> Duration {
    SPREAD.min(length / 20) / MOST
}

/// A line that is to be opened.
#[derive(Clone, Copy, Debug)]
struct Due {
    /// Since the watch began.
    at: Duration,
    life: Life,
    /// Probe it once after so long a silence.
    rung: Option<Duration>,
}

/// The lines of the beginning, and when each is to be opened.
fn schedule(rules: &Rules) -> Vec<Due> {
    let mut lives = vec![Life::Silence, Life::Mute, Life::TcpKeepalive, Life::Pongs, Life::Pings];
    if rules.data != Data::None {
        lives.extend([Life::Data, Life::Once]);
    }
    let mut lines: Vec<(Life, Option<Duration>)> = lives.into_iter().map(|life| (life, None)).collect();
    lines.extend(
        ladder::first(rules.length, rules.patience).into_iter().map(|rung| (Life::Silence, Some(rung))),
    );
    let gap = gap(rules.length);
    let mut lines: Vec<Due> =
        (0..).zip(lines).map(|(place, (life, rung))| Due { at: gap * place, life, rung }).collect();
    // Opened later: a lifetime ends them later than the others, an event at the same moment.
    let later = rules.length / 3;
    lines.push(Due { at: later, life: Life::Silence, rung: None });
    lines.push(Due { at: later + gap, life: Life::Pings, rung: None });
    lines
}

/// Watches until its time is over, until nothing is left to watch, or until `stop` is ready.
pub(super) async fn watch(
    dialer: &Arc<Dialer>,
    dial_timeout: Duration,
    rules: Rules,
    stop: impl Future<Output = ()>,
    show: &mut (dyn FnMut(Scene<'_>) + Send),
) -> Watched {
    let (news, mut heard) = mpsc::channel(NEWS);
    let (end, ending) = watch::channel(false);
    let mut round = Round {
        due: schedule(&rules),
        rules: Arc::new(rules),
        dialer: Arc::clone(dialer),
        dial_timeout,
        news,
        ending,
        tasks: JoinSet::new(),
        numbers: 0,
        followers: 0,
        alive: Duration::ZERO,
        lost: None,
    };
    let plain = tokio::spawn(plain::keep_alive(Arc::clone(dialer), dial_timeout, round.ending.clone()));
    let mut found = Watched::default();
    let zero = round.rules.zero;
    let over = zero + round.rules.length;
    let mut tick = tokio::time::interval(TICK);
    tokio::pin!(stop);
    loop {
        let now = Instant::now();
        round.open_due(now);
        // What is still to be heard may want further lines.
        let is_done = round.tasks.is_empty() && round.due.is_empty() && heard.is_empty();
        if now >= over || is_done {
            break;
        }
        let next = round.next_due().map_or(over, |due| due.min(over));
        tokio::select! {
            () = &mut stop => {
                found.interrupted = true;
                break;
            }
            () = sleep_until(next.into()) => {}
            Some(news) = heard.recv() => {
                round.hear(&news);
                note(news, &mut found, show);
            }
            Some(_) = round.tasks.join_next(), if !round.tasks.is_empty() => {}
            _ = tick.tick() => show(Scene::Standing { lines: round.tasks.len(), at: now - zero }),
        }
    }
    found.lasted = round.rules.zero.elapsed();
    show(Scene::Asking);
    // Nobody left to hear it is no failure.
    let _ = end.send(true);
    // Each line ends by itself once its last probe has had its time.
    let patience = round.rules.patience * 2 + Duration::from_secs(1);
    let Round { news, mut tasks, .. } = round;
    drop(news);
    let rest = async {
        while let Some(news) = heard.recv().await {
            note(news, &mut found, show);
        }
        while tasks.join_next().await.is_some() {}
        plain.await.ok().flatten()
    };
    let kept = timeout(patience, rest).await.ok().flatten();
    found.http_keepalive = kept.map(|kept| without_event(kept, zero, &found.stories));
    found.stories.sort_by_key(|story| story.number);
    found
}

/// What also ended a busy line is no idleness: until then the plain connection was kept.
fn without_event((mut kept, closed): plain::Kept, zero: Instant, stories: &[Story]) -> HttpKeepAlive {
    let Some(closed) = closed.map(|closed| closed.saturating_duration_since(zero)) else { return kept };
    let is_event = stories.iter().any(|story| {
        let is_busy = matches!(story.life, Life::Pings | Life::Pongs | Life::Data);
        matches!(&story.fate, Fate::Ended(end) if is_busy && end.at.abs_diff(closed) < AT_ONCE)
    });
    if is_event {
        kept.closed_after = None;
    }
    kept
}

fn note(news: News, found: &mut Watched, show: &mut (dyn FnMut(Scene<'_>) + Send)) {
    match news {
        News::Over(story) => {
            show(Scene::Over(&story));
            found.stories.push(*story);
        }
        News::Alive { .. } => {}
        News::NotOpened(failed) => {
            show(Scene::NotOpened(&failed));
            found.failed.push(failed);
        }
    }
}

/// What is under way.
struct Round {
    rules: Arc<Rules>,
    dialer: Arc<Dialer>,
    dial_timeout: Duration,
    news: mpsc::Sender<News>,
    ending: watch::Receiver<bool>,
    tasks: JoinSet<()>,
    /// What is still to be opened, the next one first.
    due: Vec<Due>,
    numbers: u32,
    /// Lines that were opened because one had ended.
    followers: u32,
    /// The longest silence that a line lived through.
    alive: Duration,
    /// The shortest that one did not.
    lost: Option<Duration>,
}

impl Round {
    fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|due| self.rules.zero + due.at)
    }

    fn open_due(&mut self, now: Instant) {
        while self.next_due().is_some_and(|at| at <= now) {
            let due = self.due.remove(0);
            if self.tasks.len() < MOST as usize {
                self.open(due);
            }
        }
    }

    fn open(&mut self, due: Due) {
        self.numbers += 1;
        let course = Course { number: self.numbers, life: due.life, rung: due.rung };
        let keepalive = (due.life == Life::TcpKeepalive).then(|| self.rules.tcp_beat());
        let (rules, dialer) = (Arc::clone(&self.rules), Arc::clone(&self.dialer));
        let (news, mut ending, patience) = (self.news.clone(), self.ending.clone(), self.dial_timeout);
        self.tasks.spawn(async move {
            let mut steps = Steps::default();
            let opened = tokio::select! {
                opened = knock(&dialer, patience, keepalive, &mut steps) => opened,
                // What is no line by then tells nothing.
                () = told(&mut ending) => return,
            };
            match opened {
                Ok(open) => {
                    let (line, read_ahead) = Line::new(rules, course, open, news);
                    line.live(read_ahead, ending).await;
                }
                Err(failure) => {
                    let (at, why) = (rules.zero.elapsed(), failure.to_string());
                    // A watch that is over does not count it.
                    let _ = news.send(News::NotOpened(FailedDial { at, life: course.life, why })).await;
                }
            }
        });
    }

    /// Where the path drops silent lines, silences between the last good one and the first bad one are tried next.
    fn hear(&mut self, news: &News) {
        match news {
            News::Alive { silence } => self.alive = self.alive.max(*silence),
            News::Over(story) => {
                self.follow(story.life, self.rules.beat);
                let Some(silence) = silence_of_loss(story) else { return };
                if self.lost.is_some_and(|before| before <= silence) {
                    return;
                }
                self.lost = Some(silence);
                let now = self.rules.zero.elapsed();
                // A loss that contradicts what was seen before is no matter of silence.
                let alive = if self.alive < silence { self.alive } else { Duration::ZERO };
                let left = self.rules.length.saturating_sub(now);
                let rungs = ladder::refine(Bracket { alive, dead: silence }, left, self.rules.patience);
                let gap = gap(self.rules.length);
                self.due.retain(|due| due.rung.is_none());
                let closer = (0..).zip(rungs).map(|(place, rung)| Due {
                    at: now + gap * place,
                    life: Life::Silence,
                    rung: Some(rung),
                });
                self.due.extend(closer);
                self.due.sort_by_key(|due| due.at);
            }
            // A server that was restarted may be back by then.
            News::NotOpened(failed) => self.follow(failed.life, self.rules.length / 12),
        }
    }

    /// A busy line that has ended gets a follower: whether that lives on tells an event from a lifetime.
    fn follow(&mut self, life: Life, wait: Duration) {
        if life == Life::Pings && self.followers < FOLLOWERS {
            self.followers += 1;
            self.due.push(Due { at: self.rules.zero.elapsed() + wait, life, rung: None });
            self.due.sort_by_key(|due| due.at);
        }
    }
}

/// How long a silent line had been silent when a probe found it lost.
fn silence_of_loss(story: &Story) -> Option<Duration> {
    let Fate::Ended(Ending { how: How::Silence { probed, .. }, .. }) = &story.fate else { return None };
    let last = story.marks.iter().map(|mark| mark.at).filter(|at| at < probed).max();
    (story.life == Life::Silence).then(|| probed.saturating_sub(last.unwrap_or(story.opened)))
}
