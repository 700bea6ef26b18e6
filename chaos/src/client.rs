//! One client: the machine of `heartline chat` on real sockets, which talks by itself and has a witness at its side.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use heartline::client::dial::{Dialer, Endpoint, LazyTls, Proxies, Request, TlsOptions};
use heartline::client::driver::Driver;
use heartline::net::TcpLiveness;
use heartline_core::chat::{Chat, ChatConfig, ClientSecret, Entry, Identity, Room};
use heartline_core::close::Dialect;
use heartline_core::line::{LineConfig, Machine};
use heartline_core::policy::{HeartbeatPolicy, OutboxPolicy, Policy, ReconnectPolicy};
use heartline_core::wire::Limits;
use heartline_ledger::{Ledger, Talker, Witness};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

/// The longest pause between two words. A server takes some twenty a second of each client, and lets it wait beyond.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// Words that may wait for an answer before a client falls silent.
const PATIENT: usize = 150;

/// Which client this is, and which run of it.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) who: usize,
    pub(crate) run: u64,
    pub(crate) rooms: Vec<String>,
    /// How much it has to say; else it goes on until it is told to be silent.
    pub(crate) words: Option<u64>,
    pub(crate) seed: u64,
}

/// How a client stands, for whoever waits until all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How much it has said.
    pub(crate) said: u64,
    pub(crate) unsettled: usize,
    pub(crate) rooms: BTreeMap<String, Stand>,
    /// The state of its line, in words.
    pub(crate) line: String,
}

/// How a client stands in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) epoch: Option<String>,
    pub(crate) newest: u64,
    /// It is in, has what was there, and has its own messages back.
    pub(crate) complete: bool,
}

/// What becomes of a client in the end.
#[derive(Debug)]
pub(crate) enum End {
    /// It stands where everybody stands.
    Finish,
    /// Its program is gone.
    Gone,
}

/// All standings, by client.
pub(crate) type Standings = watch::Sender<BTreeMap<usize, Standing>>;

/// Runs a client until it is told how it ends.
pub(crate) async fn run(
    person: Person,
    proxy: SocketAddr,
    ledger: Arc<Mutex<Ledger>>,
    standings: Arc<Standings>,
    mut talks: watch::Receiver<bool>,
    mut end: oneshot::Receiver<End>,
) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(person.seed);
    let mut driver = Driver::new(talker(&person, &ledger)?, dialer(proxy)?);
    let mut said = 0;
    let mut next_word = Instant::now();
    let how = loop {
        standings.send_if_modified(|all| {
            let standing = Standing::of(&driver.machine().chat, said);
            let before = all.insert(person.who, standing.clone());
            before != Some(standing)
        });
        let left = person.words.map_or(u64::MAX, |words| words - said);
        let may_talk = *talks.borrow() && left > 0 && driver.machine().chat.unsettled() < PATIENT;
        tokio::select! {
            () = driver.next() => {}
            () = sleep_until(next_word), if may_talk => {
                let room = &person.rooms[random.usize(..person.rooms.len())];
                let words = if random.u8(..50) == 0 { random.u64(5..30) } else { 1 };
                for _ in 0..words.min(left) {
                    let text = format!("{} says {} {}", person.name(), said + 1, "x".repeat(random.usize(..600)));
                    driver.with(|talker, now| {
                        // A full outbox is a word less.
                        said += u64::from(talker.chat.say(now, room, &text, None).is_ok());
                        // It is written down before anybody can see it.
                        while talker.poll_event().is_some() {}
                    });
                }
                next_word = Instant::now() + LONGEST_PAUSE.mul_f64(random.f64());
            }
            Ok(()) = talks.changed() => {}
            how = &mut end => break how.unwrap_or(End::Gone),
        }
    };
    driver.with(|talker, _| while talker.poll_event().is_some() {});
    let Talker { chat, witness, .. } = driver.machine();
    let mut ledger = ledger.lock().expect("nobody panics with the ledger in hand");
    match how {
        End::Finish => witness.finish(&mut ledger, chat),
        End::Gone => witness.end(&mut ledger, chat),
    }
    Ok(())
}

impl Person {
    fn name(&self) -> String {
        if self.run == 0 {
            format!("person {}", self.who)
        } else {
            format!("person {} (run {})", self.who, self.run + 1)
        }
    }
}

impl Standing {
    fn of(chat: &Chat, said: u64) -> Self {
        let rooms = chat.rooms().map(|room| (room.name().to_owned(), Stand::of(room))).collect();
        Self { said, unsettled: chat.unsettled(), rooms, line: format!("{:?}", chat.line().state()) }
    }
}

impl Stand {
    fn of(room: &Room) -> Self {
        let newest = room.timeline().iter().rev().find_map(|entry| match entry {
            Entry::Spoken(spoken) => Some(spoken.seq),
            Entry::NewEpoch { .. } => Some(0),
            Entry::Gap(_) => None,
        });
        Self {
            epoch: room.epoch().map(str::to_owned),
            newest: newest.unwrap_or_default(),
            complete: room.is_in() && room.is_caught_up() && room.accepted_are_back(),
        }
    }
}

fn talker(person: &Person, ledger: &Arc<Mutex<Ledger>>) -> Result<Talker> {
    let who = u8::try_from(person.who).context("too many people")?;
    let secret = ClientSecret::from_random(&[who; 16])?;
    let from = heartline_core::room::Identity::of(secret.as_str(), None).to_string();
    // Numbers of a later run are above those of all before.
    let identity = Identity::new(secret, 1_000_000 * (person.run + 1));
    let line = LineConfig { policy: policy()?, ..LineConfig::new(Dialect::V1) };
    let config = ChatConfig { line, identity, name: format!("person {}", person.who), token: None };
    let mut talker =
        Talker::new(Chat::new(config, person.seed)?, Witness::new(&person.name(), &from), ledger);
    let now = heartline::client::driver::now();
    for room in &person.rooms {
        talker.chat.join(now, room)?;
    }
    talker.chat.connect(now);
    Ok(talker)
}

/// As a terminal's, but for haste: a life is short.
fn policy() -> Result<Policy> {
    let [timeout, base, cap, stable] = [3000, 50, 1000, 1000].map(Duration::from_millis);
    let reconnect = ReconnectPolicy::new(timeout, base, cap, stable)?;
    Ok(Policy::new(HeartbeatPolicy::default(), reconnect, OutboxPolicy::default()))
}

fn dialer(proxy: SocketAddr) -> Result<Dialer> {
    Ok(Dialer {
        endpoint: Endpoint::parse(&format!("ws://{proxy}/chat"))?,
        request: Request {
            subprotocols: vec![heartline_core::wire::PROTOCOL.to_owned()],
            ..Request::default()
        },
        tls: LazyTls::new(TlsOptions { ca: None, identity: None, insecure: false }),
        // Whatever the environment says of proxies is not meant for these.
        proxies: Proxies::always("")?,
        max_redirects: 0,
        max_message: Limits::default().message_bytes as usize,
        liveness: TcpLiveness::default(),
        token_command: None,
        tap: heartline::tap::Tap::default(),
    })
}
