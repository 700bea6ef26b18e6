use heartline_core::{
    chat::{Chat, ChatConfig, ClientSecret, Identity},
    close::Dialect,
    line::{Input, LineConfig, Machine, Message},
    time::Instant,
    wire::{Beat, Limits, PROTOCOL, Said, ServerMessage},
};

pub(crate) const ROOM: &str = "lobby";

/// A client in a room, and what its server says.
pub(crate) struct Room {
    pub(crate) chat: Chat,
    pub(crate) now: Instant,
    last: u64,
}

impl Room {
    pub(crate) fn new() -> Self {
        let identity = Identity::new(ClientSecret::from_random(&[7; 16]).unwrap(), 1);
        let line = LineConfig::new(Dialect::V1);
        let config = ChatConfig { line, identity, name: "Ada".into(), token: None };
        let now = Instant::now();
        let mut chat = Chat::new(config, 1).unwrap();
        chat.join(now, ROOM).unwrap();
        chat.connect(now);
        let generation = chat.line().generation();
        let mut room = Self { chat, now, last: 0 };
        room.input(Input::Opened { generation, subprotocol: Some(PROTOCOL.to_owned()) });
        room.server(ServerMessage::Welcome {
            session: "s".to_owned(),
            you: "you".to_owned(),
            heartbeat: Beat::default(),
            limits: Limits::default(),
        });
        room.server(ServerMessage::Joined {
            room: ROOM.to_owned(),
            epoch: "e".to_owned(),
            last: 0,
            members: Vec::new(),
            total: 1,
        });
        room
    }

    /// Somebody says something; `you` is this client.
    pub(crate) fn said(&mut self, from: &str, text: &str) {
        self.said_at(from, text, 0);
    }

    /// At a moment, in milliseconds since 1970.
    pub(crate) fn said_at(&mut self, from: &str, text: &str, at: u64) {
        let (prev, seq) = (self.last, self.last + 1);
        self.last = seq;
        self.server(ServerMessage::Said(Said {
            room: ROOM.to_owned(),
            seq,
            prev,
            at,
            from: from.to_owned(),
            name: from.to_owned(),
            // Far from the numbers that this client gives its own.
            id: 1_000_000 + seq,
            text: text.to_owned(),
            style: None,
        }));
    }

    fn server(&mut self, message: ServerMessage) {
        let generation = self.chat.line().generation();
        self.input(Input::Message { generation, message: Message::Text(message.encode()) });
    }

    fn input(&mut self, input: Input) {
        self.chat.handle(self.now, input);
        while self.chat.poll_transmit().is_some() || self.chat.poll_event().is_some() {}
    }
}
