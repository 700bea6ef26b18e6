use heartline_core::{
    close::Dialect,
    line::{Ended, Input, Line, LineConfig, LineEvent, Machine, Message, Proof, State},
    time::{Duration, Instant},
};
use heartline_web::model::{
    plot::SHOWN,
    pulse::{ENDS, Pulse, Shown},
};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn beats_that_are_answered_are_dots_and_one_that_is_not_is_a_stroke() {
    let mut life = Life::new();
    life.open();
    life.beat(true);
    life.beat(true);
    life.beat(false);
    assert_eq!(*life.line.state(), State::Suspect);
    let shown = life.shown();
    assert_eq!((shown.plot.dots.len(), shown.plot.lost.len()), (2, 1));
    let names: Vec<_> = shown.facts.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["Dial number", "Beat every", "Median", "p99"]);
}

#[wasm_bindgen_test]
fn the_latest_ends_are_told_newest_first_and_failed_dials_are_none() {
    let mut life = Life::new();
    for _ in 0..ENDS + 5 {
        life.open();
        life.now += Duration::from_secs(75);
        life.end(Ended::Eof);
    }
    life.line.redial(life.now);
    life.end(Ended::DialFailed { why: "nobody there".into(), retry: true });
    let ends = life.shown().ends;
    assert_eq!(ends.len(), ENDS);
    let numbers: Vec<_> = ends.iter().map(|end| end.number).collect();
    assert_eq!(numbers, (6..=15).rev().collect::<Vec<_>>());
    assert!(
        ends.iter().all(|end| end.lived == "1 min 15 s" && end.time == "12:00:00" && !end.why.is_empty())
    );
}

#[wasm_bindgen_test]
fn only_the_latest_beats_are_kept() {
    let (mut life, mut pulse) = (Life::new(), Pulse::default());
    life.open();
    let trips: Vec<_> = (0..1000).map(|ms| LineEvent::RoundTrip(Duration::from_millis(ms))).collect();
    assert!(pulse.take(trips.iter(), String::new));
    let shown = pulse.shown(&life.line);
    assert_eq!(shown.plot.dots.len(), SHOWN);
    assert!(shown.facts.contains(&("p99", "998 ms".to_owned())), "{:?}", shown.facts);
    assert!(shown.facts.contains(&("Median", "939 ms".to_owned())), "{:?}", shown.facts);
    assert!(!pulse.take([LineEvent::Message(Message::Text(String::new()))].iter(), String::new));
}

/// A line to a server that answers a text, and what is noted of it.
struct Life {
    line: Line,
    pulse: Pulse,
    now: Instant,
}

impl Life {
    fn new() -> Self {
        let mut config = LineConfig::new(Dialect::Plain);
        config.proof = Proof::Text { send: "beat".into(), expect: "beat".into() };
        Self { line: Line::new(config, 1), pulse: Pulse::default(), now: Instant::now() }
    }

    fn open(&mut self) {
        if *self.line.state() == State::Idle {
            self.line.connect(self.now);
        } else {
            self.line.redial(self.now);
        }
        self.input(Input::Opened { generation: self.line.generation(), subprotocol: None });
    }

    fn beat(&mut self, is_answered: bool) {
        // Until something is sent: what else the line wakes up for is of no interest.
        loop {
            self.now = self.line.poll_timeout().map_or(self.now, |(due, _)| self.now.max(due));
            self.line.handle(self.now, Input::Timeout);
            let has_beaten = self.line.poll_transmit().is_some();
            self.note();
            if has_beaten {
                break;
            }
        }
        if is_answered {
            let message = Message::Text("beat".into());
            self.now += Duration::from_millis(20);
            self.input(Input::Message { generation: self.line.generation(), message });
        } else if let Some((due, _)) = self.line.poll_timeout() {
            self.now = due;
            self.input(Input::Timeout);
        }
    }

    fn end(&mut self, ended: Ended) {
        self.input(Input::Closed { generation: self.line.generation(), ended });
    }

    fn input(&mut self, input: Input) {
        self.line.handle(self.now, input);
        while self.line.poll_transmit().is_some() {}
        self.note();
    }

    fn note(&mut self) {
        let events: Vec<_> = std::iter::from_fn(|| self.line.poll_event()).collect();
        self.pulse.take(events.iter(), || "12:00:00".to_owned());
    }

    fn shown(&self) -> Shown {
        self.pulse.shown(&self.line)
    }
}
