//! A client's token: said with each hello, renewed on the open line before it ends.

use heartline_core::chat::{Event, Joining, RoomEvent};
use heartline_core::close::Dialect;
use heartline_core::line::{Input, LineConfig, Machine};
use heartline_core::policy::TOKEN_LEAD;
use heartline_core::time::Duration;
use heartline_core::wire::{BearerToken, ClientMessage, ErrorCode, Limits, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::chat_world::{ROOM, World, joined};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_token_goes_to_this_line_and_to_the_next() {
    let mut world = World::joined();
    world.chat.set_token(world.now, Some(bearer("t1")));
    world.drain();
    assert_eq!(world.sent, [token("t1")]);
    world.cut();
    world.open();
    assert_eq!(said_with_hello(&mut world).as_deref(), Some("t1"));
}

#[test]
fn a_token_fetched_for_a_dial_is_said_with_its_hello() {
    let mut world = World::with(with_source());
    hand_over(&mut world, "of-the-first-dial");
    world.open();
    assert_eq!(said_with_hello(&mut world).as_deref(), Some("of-the-first-dial"));
    world.cut();
    world.wake();
    hand_over(&mut world, "of-the-second");
    world.open();
    assert_eq!(said_with_hello(&mut world).as_deref(), Some("of-the-second"));
}

#[test]
fn a_token_that_was_taken_back_is_shown_no_more() {
    let mut world = World::joined();
    world.chat.set_token(world.now, Some(bearer("t1")));
    world.drain();
    world.sent.clear();
    world.chat.set_token(world.now, None);
    world.drain();
    assert!(world.sent.is_empty(), "the line that is open goes on");
    world.cut();
    world.open();
    assert_eq!(said_with_hello(&mut world), None);
}

#[test]
fn a_token_fetched_for_a_dial_that_was_given_up_is_nobodys() {
    let mut world = World::with(with_source());
    let late = Input::Token { generation: world.chat.line().generation(), token: Some(bearer("late")) };
    world.chat.redial(world.now);
    world.drain();
    world.input(late);
    world.open();
    assert_eq!(said_with_hello(&mut world), None);
}

#[test]
fn another_is_asked_for_before_the_token_ends_and_once() {
    let mut world = World::with(with_source());
    begin(&mut world);
    ends(&mut world, Some(HOUR));
    live(&mut world, HOUR - TOKEN_LEAD - Duration::from_millis(1));
    assert_eq!(asked(&mut world), []);
    world.pass(Duration::from_millis(1));
    assert_eq!(asked(&mut world), [TOKEN_LEAD]);
    world.sent.clear();
    hand_over(&mut world, "fresh");
    assert_eq!(world.sent, [token("fresh")]);

    // The answer begins it anew, and a token that does not end ends it.
    ends(&mut world, Some(Duration::from_secs(8)));
    world.pass(Duration::from_secs(6));
    assert_eq!(asked(&mut world), [Duration::from_secs(2)]);
    ends(&mut world, None);
    live(&mut world, HOUR);
    assert_eq!(asked(&mut world), []);
}

#[test]
fn nobody_is_asked_who_has_no_other_token_and_no_line() {
    let mut world = World::joined();
    ends(&mut world, Some(HOUR));
    live(&mut world, HOUR);
    assert_eq!(asked(&mut world), [], "without a source there is none to be had");

    let mut world = World::with(with_source());
    begin(&mut world);
    ends(&mut world, Some(Duration::from_millis(40)));
    world.cut();
    world.pass(Duration::from_millis(50));
    assert_eq!(asked(&mut world), [], "the next dial fetches its own");
}

#[test]
fn a_lie_about_the_end_of_a_token_does_no_harm() {
    let mut world = World::with(with_source());
    begin(&mut world);
    world.server(ServerMessage::Token { ends_ms: Some((1 << 53) - 1) });
    world.server(ServerMessage::Token { ends_ms: Some(0) });
    world.pass(Duration::from_secs(1));
    assert_eq!(asked(&mut world), [Duration::ZERO]);
}

#[test]
fn a_room_that_the_token_does_not_open_is_refused_and_so_is_one_it_opens_no_more() {
    let forbidden = || ServerMessage::Error {
        code: ErrorCode::Forbidden,
        why: "not you".to_owned(),
        room: Some(ROOM.to_owned()),
    };
    let mut world = World::new();
    world.open();
    world.welcome(Limits::default());
    world.server(forbidden());
    assert!(world.chat.room(ROOM).unwrap().is_refused());

    world.chat.join(world.now, ROOM).unwrap();
    world.drain();
    world.server(joined("e1", 0));
    world.events.clear();
    world.server(forbidden());
    assert!(world.chat.room(ROOM).unwrap().is_refused());
    let told: Vec<_> = world.room_events().collect();
    assert!(matches!(told[..], [RoomEvent::Refused { code: ErrorCode::Forbidden, .. }]), "{told:?}");

    // It is not asked for again by itself, but by hand.
    world.cut();
    world.open();
    world.welcome(Limits::default());
    assert!(
        matches!(world.sent.make_contiguous(), [ClientMessage::Hello { resume, .. }] if resume.is_empty())
    );
    world.chat.join(world.now, ROOM).unwrap();
    world.drain();
    world.server(joined("e1", 0));
    let again = RoomEvent::Joined { how: Joining::Resumed, last: 0 };
    assert_eq!(world.room_events().filter(|event| **event == again).count(), 1);
}

#[test]
fn no_token_shows_when_a_client_is_written_out_for_a_log() {
    let mut world = World::joined();
    let told = Input::Token { generation: 1, token: Some(bearer("do-not-tell")) };
    world.chat.set_token(world.now, Some(bearer("do-not-tell")));
    world.drain();
    let mut written = format!("{told:?} {:?} {:?}", world.chat, world.sent);
    world.cut();
    world.open();
    let secret = world.chat.identity().secret().as_str().to_owned();
    written += &format!("{:?}", world.sent);
    assert_eq!(said_with_hello(&mut world).as_deref(), Some("do-not-tell"), "it was there to be told");
    for word in ["do-not-tell", &secret] {
        assert!(!written.contains(word), "{written}");
    }
}

fn with_source() -> LineConfig {
    LineConfig { token_source: true, ..LineConfig::new(Dialect::V1) }
}

fn begin(world: &mut World) {
    world.open();
    world.welcome(Limits::default());
    world.server(joined("e1", 0));
}

/// Time passes on a line whose server beats.
fn live(world: &mut World, time: Duration) {
    let end = world.now + time;
    while world.now < end {
        world.server(ServerMessage::Ping { n: 1 });
        world.pass((end - world.now).min(Duration::from_secs(20)));
    }
}

fn ends(world: &mut World, left: Option<Duration>) {
    world.server(ServerMessage::Token { ends_ms: left.map(|left| left.as_millis() as u64) });
}

fn hand_over(world: &mut World, token: &str) {
    let generation = world.chat.line().generation();
    world.input(Input::Token { generation, token: Some(bearer(token)) });
}

fn asked(world: &mut World) -> Vec<Duration> {
    let asked = world.events.iter().filter_map(|event| match event {
        Event::TokenEnds { within } => Some(*within),
        Event::Line(_)
        | Event::Room { .. }
        | Event::Welcome { .. }
        | Event::Draining { .. }
        | Event::ServerError { .. }
        | Event::Keep(_)
        | Event::Odd { .. } => None,
    });
    let asked = asked.collect();
    world.events.clear();
    asked
}

fn said_with_hello(world: &mut World) -> Option<String> {
    let Some(ClientMessage::Hello { token, .. }) = world.sent.pop_front() else { panic!("no hello") };
    token
}

fn token(token: &str) -> ClientMessage {
    ClientMessage::Token { token: token.to_owned() }
}

fn bearer(token: &str) -> BearerToken {
    BearerToken::parse(token).unwrap()
}
