//! Coming back, catching up, falling behind, being replaced and being asked to leave: the whole path, with the ledger beside it.

use heartline_core::chat::Delivery;
use heartline_core::close::code;
use heartline_core::line::{Cause, Ended, Message, Transmit};
use heartline_core::room::engine::Draft;
use heartline_core::room::{HubConfig, Identity, Rate, SessionConfig};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::{ClientMessage, RejectCode};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::asked;
use crate::ledger_schedule::{Schedule, Step};
use crate::ledger_world::Life;
use crate::world::{Flow, Trouble, Way, secs};

#[test]
fn one_hello_resumes_all_rooms() {
    let rooms: Vec<String> = (0..30).map(|n| format!("room {n}")).collect();
    let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
    let mut life = life(1, 2, &rooms);
    life.world.run_for(secs(5));
    life.world.cut(0, &Ended::Eof);
    for room in &rooms {
        life.say(1, room, 10);
    }
    let before = life.world.clients[0].transmits.len();
    life.world.run_for(secs(30));
    let said = life.world.clients[0].transmits[before..].iter().filter_map(|(_, transmit)| heard(transmit));
    let said: Vec<ClientMessage> = said.collect();
    assert!(matches!(&said[..], [ClientMessage::Hello { resume, .. }] if resume.len() == 30), "{said:?}");
    assert_agrees(&life);
}

#[test]
fn a_long_way_back_neither_stalls_other_rooms_nor_fills_queues() {
    let missed = if asked("HEARTLINE_LONG").is_some() { 100_000 } else { 3_000 };
    let mut life = life(1, 2, &["tea", "coffee"]);
    life.world.run_for(secs(5));
    life.say(1, "tea", 10);
    life.say(0, "tea", 10);
    life.world.run_for(secs(5));
    life.world.flow(0, Way::Down, Flow::Lost);
    fill(&mut life, "tea", missed);
    life.world.path(0).bandwidth = Some(50_000);
    life.world.flow(0, Way::Down, Flow::Moving);
    life.world.cut(0, &Ended::Eof);
    life.world.run_for(secs(5));
    assert!(life.world.clients[0].machine.chat.room("tea").unwrap().is_in());

    let mut waits = Vec::new();
    while !life.world.clients[0].machine.chat.room("tea").unwrap().is_caught_up() {
        let before = heard_in(&life, "coffee");
        life.say(1, "coffee", 10);
        waits.push(life.world.run_until(secs(30), |world| {
            world.clients[0].machine.chat.timeline("coffee").unwrap().len() > before
        }));
        assert!(waits.len() < missed as usize, "it comes to an end");
    }
    assert!(waits.len() > 3, "the way back is longer than a few messages of another room: {waits:?}");
    // What is before it on the way is at most a window, and what two kernels hold.
    let longest = waits.iter().max().expect("there are some");
    assert!(*longest < secs(4), "a message of another room took {longest:?}");
    let queue = life.world.server.longest_queue;
    assert!(queue < 2 * WINDOW + 1024, "{queue} bytes for one line, however many it missed");
    life.heal();
    assert_agrees(&life);
}

#[test]
fn a_slow_reader_is_set_back_and_loses_neither_its_line_nor_a_message() {
    let mut life = life(1, 3, &["tea"]);
    life.world.run_for(secs(5));
    life.say(0, "tea", 10);
    life.world.run_for(secs(5));
    life.world.path(0).bandwidth = Some(3_000);
    for _ in 0..60 {
        for _ in 0..4 {
            life.say(1, "tea", 1_000);
        }
        life.world.run_for(secs(1));
    }
    assert!(heard_in(&life, "tea") < 230, "it is behind");
    assert!(life.world.server.longest_queue < 2 * WINDOW);
    life.heal();
    assert_eq!(life.world.line(0).generation(), 1, "it kept its line all the time");
    assert_eq!(life.totals().gaps, 0);
    assert_agrees(&life);
}

#[test]
fn of_two_runs_of_one_client_the_higher_dial_stays_whichever_comes_first() {
    let mut life = life(1, 1, &["tea"]);
    life.world.run_for(secs(5));
    let newer = life.second_run(0, &["tea"]);
    life.world.run_for(secs(5));
    assert!(is_code(life.world.cause(0), code::REPLACED), "{:?}", life.world.cause(0));
    assert!(life.world.clients[newer].machine.chat.is_welcome());
    life.world.act(0, |talker, now| talker.chat.redial(now));
    life.world.run_for(secs(60));
    assert!(is_code(life.world.cause(0), code::OLDER_DIAL), "{:?}", life.world.cause(0));
    assert!(life.world.clients[newer].machine.chat.is_welcome(), "and the newer one never noticed");
    assert_eq!(life.world.line(newer).generation(), 1);
}

#[test]
fn clients_of_a_server_that_leaves_come_back_within_its_window_and_not_together() {
    let mut life = life(2, 40, &["tea"]);
    life.world.run_for(secs(10));
    let started = life.world.now;
    life.happen(&Step::Drain { house: 0, within: secs(10) });
    life.world.run_for(secs(20));
    let mut back: Vec<Instant> = (0..40)
        .filter_map(|who| life.world.clients[who].dials().into_iter().find(|at| *at > started))
        .collect();
    back.sort();
    assert!(back.len() > 10, "about half were there: {}", back.len());
    let after = |at: &Instant| *at - started;
    assert!(back.last().is_some_and(|at| after(at) < secs(21)), "{:?}", back.last().map(after));
    for second in 0..20 {
        let at_once = back.iter().filter(|at| (secs(second)..secs(second + 1)).contains(&after(at))).count();
        assert!(at_once <= back.len() / 3, "{at_once} of {} in second {second}", back.len());
    }
    life.heal();
    assert_agrees(&life);
}

#[test]
fn a_repeat_on_another_server_while_the_first_is_underway_gets_one_place() {
    let mut repeats = 0;
    for seed in 0..30 {
        let schedule = Schedule { delay: Duration::from_millis(2_000), ..schedule(seed, 2) };
        let mut life = with(&schedule, 2, &["tea"]);
        life.world.run_for(secs(10));
        for _ in 0..5 {
            life.say(0, "tea", 10);
        }
        // They are with the server now, and not yet with the store.
        life.world.run_for(Duration::from_millis(100));
        life.world.cut(0, &Ended::Eof);
        life.heal();
        repeats += life.world.server.store.repeats;
        assert_eq!(life.world.server.store.kept("tea").count(), 5);
        assert_agrees(&life);
    }
    assert!(repeats > 5, "only {repeats} were sent twice: this tries nothing");
}

#[test]
fn a_repeat_of_what_was_trimmed_goes_back_to_its_writer() {
    let mut life = life(1, 2, &["tea"]);
    life.world.run_for(secs(5));
    life.world.flow(0, Way::Down, Flow::Lost);
    let id = life.say(0, "tea", 10);
    life.world.run_for(secs(5));
    life.say(1, "tea", 10);
    life.world.run_for(secs(5));
    life.trim("tea", 1);
    life.heal();
    let outbox = life.world.clients[0].machine.chat.outbox("tea");
    let [own] = &outbox[..] else { panic!("{outbox:?}") };
    let Delivery::Rejected(rejection) = &own.delivery else { panic!("{own:?}") };
    assert_eq!((own.id, &rejection.code, rejection.by_server), (id, &RejectCode::Expired, true));
    assert_agrees(&life);
}

#[test]
fn however_much_waits_an_outage_of_the_history_costs_nobody_the_line() {
    let mut life = life(1, 2, &["tea", "coffee", "milk"]);
    life.world.run_for(secs(5));
    life.world.server.trouble = Trouble::Full;
    for _ in 0..150 {
        for room in ["tea", "coffee", "milk"] {
            life.say(0, room, 10);
        }
    }
    life.world.run_for(secs(120));
    life.heal();
    assert_eq!(life.world.line(0).generation(), 1);
    assert_agrees(&life);
}

#[test]
fn whoever_has_much_to_say_says_it_in_time_and_keeps_the_line() {
    let mut life = Life::with(
        &schedule(7, 1),
        2,
        &["tea", "coffee", "milk"],
        &SessionConfig::default(),
        &HubConfig::default(),
    );
    life.world.run_for(secs(5));
    for _ in 0..300 {
        for room in ["tea", "coffee", "milk"] {
            life.say(0, room, 10);
        }
    }
    // 100 at once, then 20 a second.
    let took = life.world.run_until(secs(80), |world| world.clients[0].machine.chat.unsettled() == 0);
    assert!(took >= secs(40), "{took:?}: faster than the server allows");
    assert_eq!(life.world.line(0).generation(), 1);
    life.heal();
    assert_agrees(&life);
}

const WINDOW: usize = 64 * 1024;

fn schedule(seed: u64, houses: usize) -> Schedule {
    Schedule { seed, houses, delay: Duration::from_millis(20), steps: Vec::new() }
}

fn life(houses: usize, people: usize, rooms: &[&str]) -> Life {
    with(&schedule(7, houses), people, rooms)
}

fn with(schedule: &Schedule, people: usize, rooms: &[&str]) -> Life {
    let say = Rate { per_second: 1e6, burst: 1e6 };
    let session = SessionConfig { say, ..SessionConfig::default() };
    Life::with(schedule, people, rooms, &session, &HubConfig { window: WINDOW, ..HubConfig::default() })
}

#[track_caller]
fn assert_agrees(life: &Life) {
    assert_eq!(life.findings(), []);
}

/// Puts messages into the store that nobody here sent.
fn fill(life: &mut Life, room: &str, messages: u64) {
    let from = Identity::of("the well kept secret of somebody far away", None);
    for id in 1..=messages {
        let text = format!("{id} from far away");
        life.ledger.lock().unwrap().wrote(&from.to_string(), room, id, &text);
        let draft = Draft { from, name: "far".into(), id, at: 1, text, style: None };
        let now = life.world.now;
        let seq = life.world.server.bring(now, &room.into(), draft);
        let epoch = life.world.server.store.epoch(room).unwrap();
        life.ledger.lock().unwrap().accepted(&from.to_string(), room, epoch, id, seq);
    }
}

fn heard_in(life: &Life, room: &str) -> usize {
    life.world.clients[0].machine.chat.timeline(room).unwrap().len()
}

fn heard(transmit: &Transmit) -> Option<ClientMessage> {
    let Transmit::Send { message: Message::Text(text), .. } = transmit else { return None };
    let said = ClientMessage::decode(text).unwrap();
    (!matches!(said, ClientMessage::Ping { .. } | ClientMessage::Pong { .. })).then_some(said)
}

fn is_code(cause: &Cause, wanted: u16) -> bool {
    matches!(cause, Cause::Peer(Ended::Code { code, .. }) if *code == wanted)
}
