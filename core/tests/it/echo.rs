//! The Echo application over a line that loses, repeats, reorders, changes and breaks.

use heartline_core::close::Dialect;
use heartline_core::echo::{Echo, Event, ProbeKind, ProbePlan};
use heartline_core::line::{Ended, Input, LineConfig, Machine, Message, Refused, Transmit};
use heartline_core::time::{Duration, Instant};
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::fixed;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn probes_go_out_in_step_and_are_counted() {
    let mut world = World::open();
    world.start(ProbePlan { count: Some(3), size: 100, ..ProbePlan::default() });
    world.pass(SECOND * 2);
    assert_eq!(world.sent.len(), 3);
    assert!(world.sent.iter().all(|message| message.len() == 100));
    world.pass(SECOND / 100);
    world.echo_all();
    let report = world.echo.report().unwrap();
    assert_eq!((report.sent, report.intact, report.lost, report.waiting), (3, 3, 0, 0));
    assert_eq!(report.round_trips.min(), Some(SECOND / 100));
    assert_eq!(report.round_trips.max(), Some(SECOND / 100 + 2 * SECOND));
    assert_eq!(world.events.last(), Some(&Event::RunOver));
}

#[test]
fn lost_late_repeated_reordered_changed_and_foreign_are_told_apart() {
    let mut world = World::open();
    world.start(ProbePlan { count: Some(5), interval: Duration::from_millis(1), ..ProbePlan::default() });
    world.pass(Duration::from_millis(5));
    let probes: Vec<Message> = world.sent.drain(..).collect();
    let Message::Text(third) = &probes[2] else { panic!("text is the default") };
    for answer in
        [&probes[1], &probes[0], &probes[1], &Message::Text(third.to_uppercase()), &text("welcome!")]
    {
        world.receive(answer.clone());
    }
    world.pass(SECOND * 5);
    let report = world.echo.report().unwrap();
    assert_eq!((report.intact, report.changed, report.lost), (2, 1, 2));
    assert_eq!((report.out_of_order, report.duplicated, report.foreign), (1, 1, 1));
    world.receive(probes[4].clone());
    let report = world.echo.report().unwrap();
    assert_eq!((report.intact, report.lost, report.late), (3, 1, 1));
}

#[test]
fn across_a_reconnect_a_probe_is_unknown_and_the_run_goes_on() {
    let mut world = World::open();
    world.start(ProbePlan { count: Some(2), ..ProbePlan::default() });
    world.cut();
    let report = world.echo.report().unwrap();
    assert_eq!((report.lost, report.unknown, report.sent), (0, 1, 1));
    assert!(world.events.contains(&Event::ProbesUnknown { count: 1 }));
    world.reopen();
    assert_eq!(world.echo.report().unwrap().sent, 2);
    world.echo_all();
    assert!(!world.echo.is_running());
}

#[test]
fn what_the_user_types_comes_back_in_order() {
    let mut world = World::open();
    let (a, b) = (world.say("a"), world.say("b"));
    world.pass(SECOND);
    world.receive(text("a"));
    world.receive(text("B"));
    world.receive(text("c"));
    let echoed = |event: &Event| {
        if let Event::Echoed { id, changed, round_trip, .. } = event {
            Some((*id, *changed, *round_trip))
        } else {
            None
        }
    };
    let told: Vec<_> = world.events.iter().filter_map(echoed).collect();
    assert_eq!(told, [(a, false, SECOND), (b, true, SECOND)]);
    assert_eq!(world.events.last(), Some(&Event::Unasked(text("c"))));
}

#[test]
fn a_greeting_is_not_mistaken_for_an_echo_for_long() {
    let mut world = World::open();
    let a = world.say("a");
    world.receive(text("welcome!"));
    world.receive(text("a"));
    assert!(
        matches!(world.events.last(), Some(Event::Echoed { id, changed: false, corrects: true, .. }) if *id == a)
    );
}

#[test]
fn the_round_trip_of_what_waited_for_the_line_begins_with_the_line() {
    let mut world = World::new();
    world.say("typed before the line was open");
    world.pass(SECOND);
    world.reopen();
    world.pass(SECOND / 2);
    world.echo_all();
    assert!(
        matches!(world.events.last(), Some(Event::Echoed { round_trip, .. }) if *round_trip == SECOND / 2)
    );
}

#[test]
fn what_was_under_way_when_the_line_ended_is_unanswered() {
    let mut world = World::open();
    let lost = world.say("lost");
    world.cut();
    world.say("typed meanwhile");
    assert!(world.events.contains(&Event::Unanswered(vec![lost])));
    world.reopen();
    world.echo_all();
    assert_eq!(world.echo.unanswered(), 0);
}

#[test]
fn what_waits_for_its_echo_is_bounded() {
    let mut world = World::open();
    let refused = (0..100_000).find_map(|_| {
        let refused = world.echo.send(world.now, text("x")).err();
        world.drain();
        refused
    });
    assert!(matches!(refused, Some(Refused::TooMany { limit: 4_096 })), "{refused:?}");
}

#[test]
fn a_stalled_network_delays_probes_instead_of_piling_them_up() {
    let mut world = World::open();
    world.takes_bytes = false;
    world.start(ProbePlan { interval: Duration::from_millis(10), ..ProbePlan::default() });
    world.pass(SECOND * 60);
    let before = world.echo.report().unwrap().sent;
    assert!(before < 100, "{before} were sent into a network that takes none");
    world.takes_bytes = true;
    world.input(Input::Written { generation: 1, messages: before as usize });
    world.pass(SECOND);
    let burst = world.echo.report().unwrap().sent - before;
    assert!((90..=101).contains(&burst), "{burst} in the second after");
}

proptest! {
    #![proptest_config(fixed(100))]

    #[test]
    fn every_probe_has_exactly_one_fate(
        steps in prop::collection::vec((0..8_u8, any::<prop::sample::Index>()), 0..150),
        binary in any::<bool>(),
    ) {
        let mut world = World::open();
        let kind = if binary { ProbeKind::Binary } else { ProbeKind::Text };
        world.start(ProbePlan { count: Some(40), interval: SECOND / 10, size: 64, kind, timeout: SECOND });
        let mut seen: Vec<Message> = Vec::new();
        for (step, pick) in steps {
            seen.append(&mut world.sent);
            match step {
                0..=2 => world.pass(SECOND / 7),
                // Any probe of the past, again and again, in any order.
                3..=5 if !seen.is_empty() => world.receive(pick.get(&seen).clone()),
                6 => world.receive(Message::Binary(vec![0; pick.index(50)])),
                7 => { world.cut(); world.reopen(); }
                _ => {}
            }
            let report = world.echo.report().unwrap();
            prop_assert_eq!(report.sent, report.intact + report.changed + report.lost + report.unknown + report.waiting);
        }
    }
}

struct World {
    echo: Echo,
    now: Instant,
    sent: Vec<Message>,
    events: Vec<Event>,
    dialled: Option<u64>,
    takes_bytes: bool,
}

impl World {
    fn new() -> Self {
        let echo = Echo::new(LineConfig::new(Dialect::Plain), 7);
        let (sent, events) = (Vec::new(), Vec::new());
        let mut world = Self { echo, now: Instant::now(), sent, events, dialled: None, takes_bytes: true };
        world.echo.connect(world.now);
        world.drain();
        world
    }

    fn open() -> Self {
        let mut world = Self::new();
        world.reopen();
        world
    }

    fn reopen(&mut self) {
        while self.dialled.is_none() {
            let (at, _) = self.echo.poll_timeout().expect("a dial is due some time");
            self.now = self.now.max(at);
            self.input(Input::Timeout);
        }
        let generation = self.dialled.take().unwrap();
        self.input(Input::Opened { generation, subprotocol: None });
    }

    fn cut(&mut self) {
        self.sent.clear();
        let generation = self.echo.line().generation();
        self.input(Input::Closed { generation, ended: Ended::Eof });
    }

    fn start(&mut self, plan: ProbePlan) {
        self.echo.start(self.now, plan).unwrap();
        self.drain();
    }

    fn say(&mut self, words: &str) -> heartline_core::line::MessageId {
        let id = self.echo.send(self.now, text(words)).unwrap();
        self.drain();
        id
    }

    fn receive(&mut self, message: Message) {
        let generation = self.echo.line().generation();
        self.input(Input::Message { generation, message });
    }

    fn echo_all(&mut self) {
        for message in std::mem::take(&mut self.sent) {
            self.receive(message);
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some((at, _)) = self.echo.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            self.input(Input::Timeout);
            let next = self.echo.poll_timeout();
            assert!(next.is_none_or(|(at, _)| at > self.now), "{next:?} lies in the past");
        }
        self.now = until;
    }

    fn input(&mut self, input: Input) {
        self.echo.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        let mut written = 0;
        while let Some(transmit) = self.echo.poll_transmit() {
            match transmit {
                Transmit::Dial { generation } => self.dialled = Some(generation),
                Transmit::Send { message, .. } => {
                    self.sent.push(message);
                    written += 1;
                }
                Transmit::Ping { .. } | Transmit::Close { .. } | Transmit::Abandon { .. } => {}
            }
        }
        while let Some(event) = self.echo.poll_event() {
            if !matches!(event, Event::Line(_)) {
                self.events.push(event);
            }
        }
        if written > 0 && self.takes_bytes {
            let generation = self.echo.line().generation();
            self.input(Input::Written { generation, messages: written });
        }
    }
}

fn text(words: &str) -> Message {
    Message::Text(words.to_owned())
}
