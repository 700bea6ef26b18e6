//! Sessions, a hub and a history in memory without a socket between them. Time moves only when told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use heartline_core::room::engine::{
    self, Appended, Draft, Engine, Head, Memory, MemoryConfig, Most, Page, Refusal, Request, Unavailable,
};
use heartline_core::room::{
    Gate, Hub, HubConfig, LineId, OpenGate, Parcel, Session, SessionConfig, Transmit, weight,
};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::{ClientMessage, Resume, Said, ServerMessage};

/// Everything on the server's side of `/chat`, and what clients got from it.
pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) hub: Hub,
    pub(crate) history: Flaky,
    pub(crate) clients: BTreeMap<LineId, Client>,
    /// Who says what those who come may do.
    pub(crate) gate: Arc<dyn Gate>,
    session: Arc<SessionConfig>,
    config: HubConfig,
    next: u64,
    /// Requests the engine has not looked at, while it is slow.
    waiting: VecDeque<Request>,
    pub(crate) slow: bool,
    /// Who filled a room.
    pub(crate) ann: Option<LineId>,
}

/// A connection, seen from its far end.
pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) got: Vec<ServerMessage>,
    pub(crate) closed: Option<u16>,
    /// It reads nothing: what is sent waits here.
    pub(crate) stuck: bool,
    pub(crate) queue: VecDeque<Parcel>,
}

/// An engine that can be down.
pub(crate) struct Flaky {
    pub(crate) memory: Memory,
    pub(crate) down: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(SessionConfig::default(), HubConfig::default(), MemoryConfig::default())
    }

    pub(crate) fn with(session: SessionConfig, hub: HubConfig, memory: MemoryConfig) -> Self {
        let now = Instant::now();
        Self {
            now,
            hub: Hub::new(hub.clone(), fastrand::Rng::with_seed(1)),
            config: hub,
            history: Flaky { memory: Memory::new(memory, 1), down: false },
            clients: BTreeMap::new(),
            gate: Arc::new(OpenGate),
            session: Arc::new(session),
            next: 0,
            waiting: VecDeque::new(),
            slow: false,
            ann: None,
        }
    }

    pub(crate) fn open(&mut self) -> LineId {
        self.next += 1;
        let id = LineId(self.next);
        let session =
            Session::new(Arc::clone(&self.session), Arc::clone(&self.gate), id, self.now, self.next);
        let client = Client { session, got: Vec::new(), closed: None, stuck: false, queue: VecDeque::new() };
        self.clients.insert(id, client);
        id
    }

    /// A line whose client has said hello and is in these rooms.
    pub(crate) fn member(&mut self, who: &str, rooms: &[&str]) -> LineId {
        self.member_again(who, 1, rooms.iter().map(|room| resume(room, None, None)).collect())
    }

    pub(crate) fn member_again(&mut self, who: &str, dial: u64, resume: Vec<Resume>) -> LineId {
        let id = self.open();
        self.tell(id, &hello(who, dial, resume));
        id
    }

    pub(crate) fn tell(&mut self, id: LineId, message: &ClientMessage) {
        self.text(id, &message.encode());
    }

    pub(crate) fn say(&mut self, line: LineId, room: &str, id: u64, text: &str) {
        let say = ClientMessage::Say { room: room.into(), id, text: text.into(), style: None };
        self.tell(line, &say);
    }

    pub(crate) fn text(&mut self, id: LineId, text: &str) {
        let now = self.now;
        self.session(id).handle_text(now, text);
        self.settle();
    }

    pub(crate) fn session(&mut self, id: LineId) -> &mut Session {
        &mut self.clients.get_mut(&id).expect("a line of this world").session
    }

    /// The server is killed and started again. Its history is durable, and nothing else is.
    pub(crate) fn restart(&mut self) {
        self.hub = Hub::new(self.config.clone(), fastrand::Rng::with_seed(self.next));
        self.clients.clear();
        self.waiting.clear();
    }

    /// The history comes to nothing while a room is open, and its engine says so.
    pub(crate) fn lose_history(&mut self, room: &str) {
        self.next += 1;
        self.history.memory = Memory::new(MemoryConfig::default(), self.next);
        let (now, hub) = (self.now, &mut self.hub);
        let open = Request::Open { room: room.into() };
        engine::answer(&mut self.history, open, |reply| hub.handle_reply(now, reply));
        self.settle();
    }

    /// When anybody on the server's side wants to be woken.
    pub(crate) fn next_wakeup(&self) -> Option<Instant> {
        let sessions = self.clients.values().filter_map(|client| client.session.poll_timeout());
        sessions.map(|(at, _)| at).chain(self.hub.poll_timeout().map(|(at, _)| at)).min()
    }

    /// The connection ends without a word.
    pub(crate) fn cut(&mut self, id: LineId) {
        self.session(id).handle_closed();
        self.settle();
        self.clients.remove(&id);
    }

    pub(crate) fn stick(&mut self, id: LineId, stuck: bool) {
        self.clients.get_mut(&id).expect("a line of this world").stuck = stuck;
        self.settle();
    }

    /// What a client got since it was last asked, except pings.
    pub(crate) fn got(&mut self, id: LineId) -> Vec<ServerMessage> {
        let client = self.clients.get_mut(&id).expect("a line of this world");
        let mut got = std::mem::take(&mut client.got);
        got.retain(|message| !matches!(message, ServerMessage::Ping { .. }));
        got
    }

    pub(crate) fn closed(&self, id: LineId) -> Option<u16> {
        self.clients[&id].closed
    }

    /// Lets time pass, stopping at every moment somebody wants to be woken at. Clients answer pings meanwhile.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.next_wakeup().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let now = self.now;
            for client in self.clients.values_mut() {
                if client.session.poll_timeout().is_some_and(|(at, _)| at <= now) {
                    client.session.handle_timeout(now);
                    let again = client.session.poll_timeout();
                    assert!(again.is_none_or(|(at, _)| at > now), "{again:?} would be busy");
                }
            }
            self.hub.handle_timeout(now);
            assert!(self.hub.poll_timeout().is_none_or(|(at, _)| at > now), "the hub would be busy");
            self.settle();
        }
        self.now = end;
    }

    /// Lets everybody talk until nobody has anything to say.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1_000_000 {
            if !self.step() {
                return;
            }
        }
        panic!("they talk for ever");
    }

    fn step(&mut self) -> bool {
        let now = self.now;
        let mut moved = false;
        for (&id, client) in &mut self.clients {
            while let Some(said) = client.session.poll_hub() {
                self.hub.handle(now, 1_000, id, said);
                moved = true;
            }
            while let Some(transmit) = client.session.poll_transmit() {
                moved = true;
                match transmit {
                    Transmit::Send(parcel) => client.queue.push_back(parcel),
                    Transmit::Close { code, .. } => client.closed = Some(code),
                }
            }
            while !client.stuck
                && let Some(parcel) = client.queue.pop_front()
            {
                moved = true;
                client.session.handle_progress(now);
                client.session.handle_sent(now, &parcel);
                let message = ServerMessage::decode(&parcel.text).expect("what a server says can be read");
                if let ServerMessage::Ping { n } = message {
                    client.session.handle_text(now, &ClientMessage::Pong { n }.encode());
                }
                client.got.push(message);
            }
        }
        while let Some(request) = self.hub.poll_request() {
            moved = true;
            self.waiting.push_back(request);
        }
        while !self.slow
            && let Some(request) = self.waiting.pop_front()
        {
            moved = true;
            let hub = &mut self.hub;
            engine::answer(&mut self.history, request, |reply| hub.handle_reply(now, reply));
        }
        while let Some((id, said)) = self.hub.poll_transmit() {
            moved = true;
            if let Some(client) = self.clients.get_mut(&id) {
                client.session.handle_hub(now, said);
            }
        }
        moved
    }
}

impl Client {
    /// What waits for a client that does not read, in bytes.
    pub(crate) fn queued(&self) -> usize {
        self.queue.iter().map(|parcel| weight(&parcel.text)).sum()
    }
}

impl Flaky {
    fn up(&mut self) -> Result<&mut Memory, Unavailable> {
        if self.down { Err(Unavailable("it is down".into())) } else { Ok(&mut self.memory) }
    }
}

impl Engine for Flaky {
    fn open(&mut self, room: &str) -> Result<Head, Unavailable> {
        self.up()?.open(room)
    }

    fn close(&mut self, room: &str) {
        self.memory.close(room);
    }

    fn append(&mut self, room: &str, draft: Draft) -> Result<Appended, Refusal> {
        self.up()?.append(room, draft)
    }

    fn read_after(&mut self, room: &str, after: u64, most: Most) -> Result<Page, Unavailable> {
        self.up()?.read_after(room, after, most)
    }

    fn read_before(&mut self, room: &str, before: u64, most: Most) -> Result<Page, Unavailable> {
        self.up()?.read_before(room, before, most)
    }
}

pub(crate) fn secret(who: &str) -> String {
    format!("the well kept secret of {who}")
}

pub(crate) fn hello(who: &str, dial: u64, resume: Vec<Resume>) -> ClientMessage {
    ClientMessage::Hello { client: secret(who), dial, name: who.into(), token: None, resume }
}

pub(crate) fn resume(room: &str, epoch: Option<&str>, after: Option<u64>) -> Resume {
    Resume { room: room.into(), epoch: epoch.map(Into::into), after }
}

/// The seqs of what was said, in the order in which it came.
pub(crate) fn seqs(got: &[ServerMessage]) -> Vec<u64> {
    saids(got).map(|said| said.seq).collect()
}

pub(crate) fn saids(got: &[ServerMessage]) -> impl Iterator<Item = &Said> {
    got.iter().filter_map(|message| if let ServerMessage::Said(said) = message { Some(said) } else { None })
}
