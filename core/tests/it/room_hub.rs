//! Rooms as their members see them: everything once and in order, across reconnects and slow readers, or a gap.

use std::sync::Arc;

use heartline_core::close::code;
use heartline_core::room::engine::{Draft, Entry, Head, MemoryConfig, Page, Reply, Request};
use heartline_core::room::{Enter, FromHub, Hub, HubConfig, Identity, LineId, SessionConfig, ToHub};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::{ClientMessage, HoldCode, Member, ServerMessage};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::room_world::{World, hello, resume, saids, seqs};

#[test]
fn what_one_says_all_hear_its_author_too() {
    let mut world = World::new();
    let ann = world.member("ann", &["tea"]);
    let bob = world.member("bob", &["tea"]);
    let eve = world.member("eve", &["coffee"]);
    world.got(ann);
    world.say(ann, "tea", 1, "hi");
    let got = world.got(ann);
    assert!(
        matches!(&got[..], [ServerMessage::Accepted { id: 1, seq: 1, .. }, ServerMessage::Said(_)]),
        "{got:?}"
    );
    let heard = world.got(bob);
    let said = saids(&heard).next().expect("bob hears it");
    assert_eq!((said.seq, said.prev, said.id, said.at), (1, 0, 1, 1_000));
    assert_eq!((said.name.as_str(), said.text.as_str()), ("ann", "hi"));
    assert_eq!(said.from.len(), 16);
    assert!(saids(&world.got(eve)).next().is_none());
}

#[test]
fn a_repeat_gets_the_seq_it_had() {
    let mut world = World::new();
    let ann = world.member("ann", &["tea"]);
    world.say(ann, "tea", 1, "hi");
    world.cut(ann);
    let ann = world.member_again("ann", 2, vec![resume("tea", None, Some(1))]);
    world.say(ann, "tea", 1, "hi");
    world.say(ann, "tea", 1, "ho");
    world.say(ann, "tea", 2, "ho");
    let got = world.got(ann);
    assert_eq!(seqs(&got), [2]);
    assert!(got.iter().any(|message| matches!(message, ServerMessage::Accepted { id: 1, seq: 1, .. })));
    assert!(got.iter().any(|message| matches!(message, ServerMessage::Rejected { id: 1, .. })));
    assert!(got.iter().any(|message| matches!(message, ServerMessage::Accepted { id: 2, seq: 2, .. })));
}

#[test]
fn the_first_join_brings_the_last_page() {
    let mut world = world_of(250, 100);
    let bob = world.member("bob", &["tea"]);
    let got = world.got(bob);
    assert_eq!(seqs(&got), (151..=250).collect::<Vec<_>>());
    assert!(
        !got.iter().any(|message| matches!(message, ServerMessage::Gap { .. })),
        "the rest was not asked for"
    );
}

#[test]
fn a_page_of_long_messages_comes_whole() {
    let mut world = world_of(100, 4000);
    let bob = world.member("bob", &["tea"]);
    assert_eq!(seqs(&world.got(bob)), (1..=100).collect::<Vec<_>>());
}

#[test]
fn who_was_away_gets_what_it_missed_and_then_the_rest() {
    let mut world = world_of(300, 100);
    let epoch = epoch(&mut world);
    let bob = world.member_again("bob", 1, vec![resume("tea", Some(&epoch), Some(17))]);
    world.say_as_ann("tea", 301);
    assert_eq!(seqs(&world.got(bob)), (18..=301).collect::<Vec<_>>());
    let eve = world.member_again("eve", 1, vec![resume("tea", None, Some(0))]);
    assert_eq!(seqs(&world.got(eve)), (1..=301).collect::<Vec<_>>());
    let all = world.member_again("all", 1, vec![resume("tea", Some(&epoch), Some(301))]);
    assert!(seqs(&world.got(all)).is_empty());
}

#[test]
fn another_epoch_means_start_anew() {
    let mut world = world_of(150, 10);
    let bob = world.member_again("bob", 1, vec![resume("tea", Some("before the flood"), Some(9_999))]);
    assert_eq!(seqs(&world.got(bob)), (1..=150).collect::<Vec<_>>());
}

#[test]
fn a_tail_lost_under_an_open_room_begins_anew_for_all_who_are_there() {
    let mut world = world_of(10, 10);
    let bob = world.member("bob", &["tea"]);
    world.got(bob);
    world.lose_history("tea");
    world.say_as_ann("tea", 11);
    let got = world.got(bob);
    assert!(matches!(&got[0], ServerMessage::Joined { last: 0, .. }), "{got:?}");
    assert_eq!(seqs(&got), [1]);
}

#[test]
fn who_has_more_than_there_is_hears_of_a_gap() {
    let mut world = world_of(10, 10);
    let epoch = epoch(&mut world);
    let bob = world.member_again("bob", 1, vec![resume("tea", Some(&epoch), Some(99))]);
    let got = world.got(bob);
    assert!(
        got.iter().any(|message| matches!(message, ServerMessage::Gap { after: 99, next: None, .. })),
        "{got:?}"
    );
    world.say_as_ann("tea", 11);
    assert_eq!(seqs(&world.got(bob)), [11]);
}

/// Where several servers share a history, one may have heard less of it than a client that comes from another.
#[test]
fn who_has_more_than_this_server_heard_of_hears_of_no_gap() {
    let now = Instant::now();
    let room: Arc<str> = "tea".into();
    let mut hub = Hub::new(HubConfig::default(), fastrand::Rng::with_seed(1));
    let enter = Enter { room: room.clone(), epoch: Some("e".to_owned()), after: Some(12) };
    let (identity, name) = (Identity::of("bob", None), "bob".into());
    hub.handle(now, 0, LineId(1), ToHub::Hello { identity, dial: 1, name, enter: vec![enter] });
    let mut told = Vec::new();
    let mut hear = |hub: &mut Hub| {
        while let Some((_, from)) = hub.poll_transmit() {
            if let FromHub::Deliver(text) = from {
                told.push(ServerMessage::decode(&text).unwrap());
            }
        }
        told.clone()
    };
    let head = Ok(Head { epoch: "e".into(), last: 10 });
    hub.handle_reply(now, Reply::Opened { room: room.clone(), head });
    assert!(hear(&mut hub).is_empty(), "nothing is certain yet");
    let asked: Vec<Request> = std::iter::from_fn(|| hub.poll_request()).collect();
    let Some(Request::ReadAfter { ticket, after: 12, .. }) = asked.last() else { panic!("{asked:?}") };
    let page = Ok(Page { entries: Vec::new(), last: 12, more: false });
    hub.handle_reply(now, Reply::Page { ticket: *ticket, page });
    for seq in 11..=13 {
        let from = Identity::of("ann", None);
        let draft = Draft { from, name: "ann".into(), id: seq, at: 0, text: String::new(), style: None };
        let entry = Entry::new("tea", seq, seq - 1, draft);
        hub.handle_reply(now, Reply::Followed { room: room.clone(), entry });
    }
    let told = hear(&mut hub);
    assert!(matches!(told[0], ServerMessage::Joined { last: 12, .. }), "{told:?}");
    assert_eq!(seqs(&told), [13]);
    assert!(!told.iter().any(|message| matches!(message, ServerMessage::Gap { .. })), "{told:?}");
}

#[test]
fn what_was_trimmed_is_a_gap() {
    let memory = MemoryConfig { messages_per_room: 50, ..MemoryConfig::default() };
    let mut world = World::with(fast(), HubConfig::default(), memory);
    fill(&mut world, 200, 10);
    let bob = world.member_again("bob", 1, vec![resume("tea", None, Some(20))]);
    let got = world.got(bob);
    let gap = got.iter().find(|message| matches!(message, ServerMessage::Gap { .. }));
    assert!(matches!(gap, Some(ServerMessage::Gap { after: 20, next: Some(151), .. })), "{gap:?}");
    assert_eq!(seqs(&got), (151..=200).collect::<Vec<_>>());
    assert_eq!((world.hub.tally().gaps, world.hub.tally().resumes), (1, 1));
}

#[test]
fn older_pages_come_when_asked_for() {
    let mut world = world_of(250, 10);
    let bob = world.member("bob", &["tea"]);
    world.got(bob);
    world.tell(bob, &ClientMessage::History { room: "tea".into(), before: 151, limit: 40 });
    assert_eq!(seqs(&world.got(bob)), (111..=150).collect::<Vec<_>>());
    world.tell(bob, &ClientMessage::History { room: "tea".into(), before: 5, limit: 40 });
    let got = world.got(bob);
    assert_eq!(seqs(&got), [1, 2, 3, 4]);
    assert_eq!(got.len(), 4, "the room's beginning is no gap");
}

/// An older page that runs ahead of what is due would seem to have a hole before it.
#[test]
fn an_older_page_holds_nothing_that_was_not_sent_yet() {
    let mut world = World::with(fast(), HubConfig::default(), MemoryConfig::default());
    let bob = world.member("bob", &["tea"]);
    world.got(bob);
    world.stick(bob, true);
    fill(&mut world, 2000, 100);
    world.tell(bob, &ClientMessage::History { room: "tea".into(), before: 2000, limit: 1 });
    world.stick(bob, false);
    let mut last = 0;
    for seq in seqs(&world.got(bob)) {
        assert!(seq <= last + 1, "{seq} came when {last} was the last one");
        last = last.max(seq);
    }
    assert_eq!(last, 2000);
}

#[test]
fn a_slow_reader_loses_its_queue_and_not_its_line() {
    let mut world = World::with(fast(), HubConfig::default(), MemoryConfig::default());
    let bob = world.member("bob", &["tea"]);
    world.got(bob);
    world.stick(bob, true);
    fill(&mut world, 2000, 100);
    let queued = world.clients[&bob].queued();
    assert_eq!(world.hub.tally().set_back, 1);
    assert!(queued <= HubConfig::default().window + 1024, "{queued} bytes wait for one who does not read");
    world.stick(bob, false);
    assert_eq!(world.closed(bob), None);
    world.say_as_ann("tea", 2001);
    assert_eq!(seqs(&world.got(bob)), (1..=2001).collect::<Vec<_>>());
    assert_eq!(world.hub.tally().gaps, 0);
}

#[test]
fn other_rooms_go_between_while_one_is_caught_up() {
    let mut world = world_of(2000, 200);
    let bob = world.member("bob", &["coffee"]);
    let ann = world.ann();
    world.tell(ann, &ClientMessage::Join { room: "coffee".into(), epoch: None, after: None });
    world.got(bob);
    world.stick(bob, true);
    world.tell(bob, &ClientMessage::Join { room: "tea".into(), epoch: None, after: Some(0) });
    world.say(ann, "coffee", 1, "between");
    world.stick(bob, false);
    let got = world.got(bob);
    let coffee = saids(&got).position(|said| said.room == "coffee").expect("it comes");
    let tea = saids(&got).filter(|said| said.room == "tea").count();
    assert_eq!(tea, 2000);
    assert!(coffee < 1000, "coffee came after {coffee} of tea");
}

#[test]
fn of_two_lines_the_higher_dial_stays() {
    let mut world = World::new();
    let first = world.member_again("ann", 1, vec![resume("tea", None, None)]);
    let third = world.member_again("ann", 3, vec![resume("tea", None, None)]);
    let second = world.member_again("ann", 2, vec![resume("tea", None, None)]);
    assert_eq!(world.closed(first), Some(code::REPLACED));
    assert_eq!(world.closed(second), Some(code::OLDER_DIAL));
    assert_eq!(world.closed(third), None);
    world.cut(first);
    world.cut(second);
    world.say(third, "tea", 1, "here");
    assert_eq!(seqs(&world.got(third)), [1]);
    assert_eq!(world.hub.lines(), 1);
}

#[test]
fn who_comes_is_told_and_who_goes_only_after_a_while() {
    let mut world = World::new();
    let ann = world.member("ann", &["tea"]);
    world.got(ann);
    world.pass(Duration::from_secs(1));
    let bob = world.member("bob", &["tea"]);
    let (joined, left, total) = members(&world.got(ann)).expect("bob is told of at once");
    assert_eq!((names(&joined), left.len(), total), (vec!["bob".to_owned()], 0, 2));
    assert_eq!(members(&world.got(bob)), None, "nobody is told of itself");

    world.pass(Duration::from_secs(1));
    world.cut(bob);
    world.pass(Duration::from_secs(9));
    let bob = world.member_again("bob", 2, vec![resume("tea", None, None)]);
    world.pass(Duration::from_secs(20));
    assert_eq!(members(&world.got(ann)), None, "a reconnect is no news");
    world.tell(bob, &ClientMessage::Leave { room: "tea".into() });
    world.pass(Duration::from_millis(9_999));
    assert_eq!(members(&world.got(ann)), None);
    world.pass(Duration::from_millis(1));
    let (joined, left, total) = members(&world.got(ann)).expect("bob has left");
    assert_eq!((joined.len(), names(&left), total), (0, vec!["bob".to_owned()], 1));
}

#[test]
fn members_are_told_at_most_once_a_second() {
    let mut world = World::new();
    let ann = world.member("ann", &["tea"]);
    world.pass(Duration::from_secs(1));
    world.got(ann);
    for who in 0..20 {
        world.member(&format!("guest {who}"), &["tea"]);
        world.pass(Duration::from_millis(100));
    }
    world.pass(Duration::from_secs(2));
    let got = world.got(ann);
    let told: Vec<_> = got.iter().filter_map(|message| members(std::slice::from_ref(message))).collect();
    assert!(told.len() <= 3, "{} tellings in two seconds", told.len());
    assert_eq!(told.iter().map(|(joined, _, _)| joined.len()).sum::<usize>(), 20);
    assert_eq!(told.last().map(|(_, _, total)| *total), Some(21));
}

#[test]
fn a_large_room_hears_only_how_many() {
    let config = HubConfig { members: 5, ..HubConfig::default() };
    let mut world = World::with(SessionConfig::default(), config, MemoryConfig::default());
    let ann = world.member("ann", &["tea"]);
    for who in 0..20 {
        world.member(&format!("guest {who}"), &["tea"]);
    }
    world.pass(Duration::from_secs(2));
    let (joined, left, total) = members(&world.got(ann)).expect("the total is told");
    assert_eq!((joined.len(), left.len(), total), (0, 0, 21));
    let late = world.member("late", &["tea"]);
    let got = world.got(late);
    let joined = got.iter().find_map(|message| {
        if let ServerMessage::Joined { members, total, .. } = message {
            Some((members.len(), *total))
        } else {
            None
        }
    });
    assert_eq!(joined, Some((5, 22)));
}

#[test]
fn who_could_not_take_the_news_gets_them_in_one() {
    let config = HubConfig { window: 4096, ..HubConfig::default() };
    let mut world = World::with(fast(), config, MemoryConfig::default());
    let ann = world.member("ann", &["tea", "coffee"]);
    world.pass(Duration::from_secs(1));
    world.got(ann);
    world.stick(ann, true);
    let loud = world.member("loud", &["coffee"]);
    for id in 1..=100 {
        world.say(loud, "coffee", id, "x");
    }
    for who in 0..5 {
        world.member(&format!("guest {who}"), &["tea"]);
        world.pass(Duration::from_secs(2));
    }
    world.stick(ann, false);
    world.pass(Duration::from_secs(2));
    let got = world.got(ann);
    let told: Vec<_> = got
        .iter()
        .filter(|message| matches!(message, ServerMessage::Members { room, .. } if room == "tea"))
        .filter_map(|message| members(std::slice::from_ref(message)))
        .collect();
    assert!(told.len() <= 2, "{told:?}");
    let joined: Vec<_> = told.iter().flat_map(|(joined, _, _)| names(joined)).collect();
    assert_eq!(joined, (0..5).map(|who| format!("guest {who}")).collect::<Vec<_>>());
    assert_eq!(told.last().map(|(_, _, total)| *total), Some(6));
}

#[test]
fn an_engine_that_is_down_holds_and_lets_in_later() {
    let mut world = World::new();
    world.history.down = true;
    let ann = world.member("ann", &["tea"]);
    let got = world.got(ann);
    assert!(
        matches!(&got[1..], [ServerMessage::Hold { from_id: 0, code: HoldCode::Unavailable, .. }]),
        "{got:?}"
    );
    world.say(ann, "tea", 1, "anybody?");
    assert!(matches!(&world.got(ann)[..], [ServerMessage::Hold { from_id: 1, .. }]));
    world.history.down = false;
    world.pass(Duration::from_secs(1));
    assert!(matches!(&world.got(ann)[..], [ServerMessage::Joined { .. }]));
    world.say(ann, "tea", 1, "anybody?");
    assert_eq!(seqs(&world.got(ann)), [1]);
}

#[test]
fn catching_up_goes_on_when_the_engine_is_back() {
    let mut world = world_of(1000, 200);
    let bob = world.member_again("bob", 1, vec![]);
    world.got(bob);
    world.stick(bob, true);
    world.tell(bob, &ClientMessage::Join { room: "tea".into(), epoch: None, after: Some(0) });
    world.history.down = true;
    world.stick(bob, false);
    let first = seqs(&world.got(bob)).len();
    assert!(first < 1000);
    world.pass(Duration::from_secs(3));
    assert!(world.got(bob).is_empty());
    world.history.down = false;
    world.pass(Duration::from_secs(1));
    assert_eq!(seqs(&world.got(bob)).len(), 1000 - first);
}

#[test]
fn a_server_that_leaves_tells_everybody_and_closes_them_one_after_the_other() {
    let mut world = World::new();
    let lines: Vec<_> = (0..50).map(|who| world.member(&format!("guest {who}"), &["tea"])).collect();
    let now = world.now;
    world.hub.drain(now, Duration::from_secs(8));
    world.slow = true;
    world.settle();
    for &line in &lines {
        let got = world.got(line);
        assert!(got.iter().any(|message| matches!(message, ServerMessage::Draining { within_ms: 8000 })));
        world.say(line, "tea", 1, "last words");
    }
    world.pass(Duration::from_secs(4));
    world.slow = false;
    world.settle();
    let closed = lines.iter().filter(|line| world.closed(**line) == Some(code::DRAINING)).count();
    assert!((10..40).contains(&closed), "{closed} of 50 after half the time");
    for &line in &lines {
        let got = world.got(line);
        assert!(
            got.iter().any(|message| matches!(message, ServerMessage::Accepted { id: 1, .. })),
            "{got:?}"
        );
    }
    let late = world.open();
    world.tell(late, &hello("late", 1, vec![]));
    world.pass(Duration::from_secs(4));
    assert!(lines.iter().all(|line| world.closed(*line) == Some(code::DRAINING)));
    assert_eq!(world.closed(late), Some(code::DRAINING));
}

#[test]
fn an_empty_room_costs_nothing_and_keeps_its_history() {
    let mut world = world_of(10, 10);
    let ann = world.ann();
    world.cut(ann);
    world.pass(Duration::from_secs(11));
    assert_eq!((world.hub.rooms(), world.hub.lines()), (0, 0));
    assert!(world.hub.poll_timeout().is_none());
    let bob = world.member("bob", &["tea"]);
    assert_eq!(seqs(&world.got(bob)), (1..=10).collect::<Vec<_>>());
}

impl World {
    fn ann(&self) -> LineId {
        self.ann.expect("ann filled a room")
    }

    fn say_as_ann(&mut self, room: &str, id: u64) {
        let ann = self.ann();
        self.say(ann, room, id, "by the way");
    }
}

/// Ann says so much in one room.
fn world_of(messages: u64, bytes: usize) -> World {
    let mut world = World::with(fast(), HubConfig::default(), MemoryConfig::default());
    fill(&mut world, messages, bytes);
    world
}

fn fill(world: &mut World, messages: u64, bytes: usize) {
    let ann = world.member("ann", &["tea"]);
    for id in 1..=messages {
        world.say(ann, "tea", id, &"x".repeat(bytes));
    }
    let accepted = world.got(ann).iter().filter(|m| matches!(m, ServerMessage::Accepted { .. })).count();
    assert_eq!(accepted as u64, messages);
    world.ann = Some(ann);
}

/// Nobody is held for being fast.
fn fast() -> SessionConfig {
    let rate = heartline_core::room::Rate { per_second: 1e6, burst: 1e6 };
    SessionConfig { say: rate, message: rate, ..SessionConfig::default() }
}

fn epoch(world: &mut World) -> String {
    let asker = world.member("asker", &["tea"]);
    let got = world.got(asker);
    world.cut(asker);
    got.iter()
        .find_map(
            |message| {
                if let ServerMessage::Joined { epoch, .. } = message { Some(epoch.clone()) } else { None }
            },
        )
        .expect("the asker joined")
}

fn members(got: &[ServerMessage]) -> Option<(Vec<Member>, Vec<Member>, u64)> {
    got.iter().rev().find_map(|message| {
        if let ServerMessage::Members { joined, left, total, .. } = message {
            Some((joined.clone(), left.clone(), *total))
        } else {
            None
        }
    })
}

fn names(members: &[Member]) -> Vec<String> {
    let mut names: Vec<_> = members.iter().map(|member| member.name.clone()).collect();
    names.sort();
    names
}
