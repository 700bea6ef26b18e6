use heartline_core::{
    chat::{Chat, ChatConfig, ClientSecret, Identity},
    close::Dialect,
    line::{Input, LineConfig, Machine, Message},
    time::Instant,
    wire::{Beat, Limits, PROTOCOL, Said, ServerMessage},
};
use heartline_web::model::chat_view::{self, Mark};
use wasm_bindgen_test::wasm_bindgen_test;

const ROOM: &str = "lobby";
const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

#[wasm_bindgen_test]
fn who_goes_on_is_named_once() {
    let mut room = Room::new();
    room.said("ada", 0);
    room.said("ada", MINUTE);
    room.said("bob", 2 * MINUTE);
    room.said("ada", 3 * MINUTE);
    room.said("ada", 9 * MINUTE);
    assert_eq!(room.leads(), [true, false, true, true, true], "nobody goes on after six minutes");
}

#[wasm_bindgen_test]
fn own_words_on_their_way_go_on_where_own_words_stand() {
    let mut room = Room::new();
    room.chat.say(room.now, ROOM, "mine", None).unwrap();
    room.chat.say(room.now, ROOM, "mine too", None).unwrap();
    assert_eq!(room.leads(), [true, false]);
    room.said("you", 0);
    assert_eq!(room.leads(), [true, false, false]);
    room.said("ada", 0);
    assert_eq!(room.leads(), [true, true, true, false]);
}

#[wasm_bindgen_test]
fn a_day_begins_with_a_line_and_with_names() {
    let mut room = Room::new();
    room.said("ada", DAY - MINUTE);
    room.said("ada", DAY + MINUTE);
    room.said("ada", DAY + 2 * MINUTE);
    let items = chat_view::items(&room.chat, ROOM, |at| at / DAY);
    let marks: Vec<_> = items.iter().map(|item| item.mark).collect();
    assert_eq!(marks, [Mark::Said, Mark::Day, Mark::Said, Mark::Said]);
    assert_eq!(items[1].at, Some(DAY + MINUTE));
    let leads: Vec<_> = items.iter().map(|item| item.leads).collect();
    assert_eq!(leads, [true, false, true, false]);
    let mut keys: Vec<_> = items.iter().map(|item| format!("{:?}", item.key)).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), items.len(), "a keyed list can tell all of them");
}

/// A client in a room, and what its server says.
struct Room {
    chat: Chat,
    now: Instant,
    last: u64,
}

impl Room {
    fn new() -> Self {
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

    fn said(&mut self, from: &str, at: u64) {
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
            text: "words".to_owned(),
            style: None,
        }));
    }

    fn leads(&self) -> Vec<bool> {
        chat_view::items(&self.chat, ROOM, |_| 0).iter().map(|item| item.leads).collect()
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
