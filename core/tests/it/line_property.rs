//! What must hold of a line whatever happens to it, tried with random sequences of what can happen.

use heartline_core::close::Dialect;
use heartline_core::heartbeat::Liveness;
use heartline_core::line::{
    Input, Line, LineConfig, LineEvent, Machine, Message, Proof, Reconnect, Signal, State, Transmit, WINDOW,
};
use heartline_core::policy::{MAX_TOLD_WAIT, OutboxPolicy, Policy};
use heartline_core::time::{Duration, Instant};
use heartline_core::wire::ClientMessage;
use proptest::prelude::*;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::fixed;
use crate::line_steps::{Step, step};

const MESSAGES: usize = 50;
const BYTES: usize = 2000;

#[test]
fn whatever_happens_the_line_keeps_its_promises() {
    let cases = (config(), proptest::collection::vec(step(), 1..120), any::<u64>());
    let mut runner = proptest::test_runner::TestRunner::new(fixed(250));
    runner
        .run(&cases, |(config, steps, seed)| {
            let epoch = Instant::now();
            let first = Trial::run(epoch, config.clone(), &steps, seed);
            let second = Trial::run(epoch, config, &steps, seed);
            prop_assert_eq!(first.transcript, second.transcript, "the same again gives the same again");
            Ok(())
        })
        .unwrap();
}

/// A line and what it is checked against.
struct Trial {
    line: Line,
    now: Instant,
    epoch: Instant,
    newest: u64,
    /// The present generation is closed or abandoned: nothing more may be said on it.
    silent: bool,
    frozen: bool,
    /// Everything that came out, with times, to compare two runs.
    transcript: Vec<String>,
}

impl Trial {
    fn run(epoch: Instant, config: LineConfig, steps: &[Step], seed: u64) -> Self {
        let line = Line::new(config, seed);
        let (newest, silent, frozen) = (0, true, false);
        let mut trial = Self { line, now: epoch, epoch, newest, silent, frozen, transcript: Vec::new() };
        trial.apply(&Step::Connect);
        for step in steps {
            trial.apply(step);
        }
        trial
    }

    fn apply(&mut self, step: &Step) {
        let before = self.line.generation();
        let generation = |told: &i64| before.wrapping_add_signed(-told);
        let input = match step {
            Step::Pass(ms) => {
                self.now += Duration::from_millis(*ms);
                return;
            }
            Step::TimerFires(late) => {
                let Some((at, _)) = self.line.poll_timeout() else { return };
                self.now = self.now.max(at) + Duration::from_millis(*late);
                Input::Timeout
            }
            Step::Timeout => Input::Timeout,
            Step::Connect => return self.act(Line::connect),
            Step::Redial => return self.act(Line::redial),
            Step::Disconnect(code) => return self.act(|line, now| line.disconnect(now, *code, "enough")),
            Step::Send(bytes) => {
                return self.act(|line, now| drop(line.send(now, Message::Binary(vec![0; *bytes]))));
            }
            Step::Post => {
                return self.act(|line, _| {
                    let posted = line.post(&ClientMessage::Pong { n: 1 });
                    assert!(posted.is_err() || line.opened_at().is_some());
                });
            }
            Step::Opened(told, subprotocol) => {
                Input::Opened { generation: generation(told), subprotocol: subprotocol.clone() }
            }
            Step::Said(told, message) => {
                Input::Message { generation: generation(told), message: message.clone() }
            }
            Step::Bytes(told) => Input::Bytes { generation: generation(told) },
            Step::Written(told, messages) => {
                Input::Written { generation: generation(told), messages: *messages }
            }
            Step::Pong(told, payload) => {
                Input::Pong { generation: generation(told), payload: payload.clone() }
            }
            Step::Closed(told, ended) => Input::Closed { generation: generation(told), ended: ended.clone() },
            Step::Signal(signal) => {
                match signal {
                    Signal::Frozen => self.frozen = true,
                    Signal::Resumed | Signal::Visible => self.frozen = false,
                    Signal::Hidden | Signal::Online | Signal::Offline => {}
                }
                Input::Signal(*signal)
            }
        };
        let timed_out = input == Input::Timeout;
        let foreign = step.told().is_some_and(|told| told != 0);
        let (said, state) = (self.transcript.len(), self.line.state().clone());
        let (timer, sign) = (self.line.poll_timeout(), self.line.last_sign());
        self.act(|line, now| line.handle(now, input));
        if foreign {
            assert_eq!((self.transcript.len(), self.line.state()), (said, &state), "{step:?}");
            assert_eq!((self.line.poll_timeout(), self.line.last_sign()), (timer, sign), "{step:?}");
        }
        if timed_out && let Some((at, timer)) = self.line.poll_timeout() {
            assert!(at >= self.now, "{timer:?} lies {:?} in the past", self.now - at);
        }
    }

    fn act(&mut self, verb: impl FnOnce(&mut Line, Instant)) {
        verb(&mut self.line, self.now);
        self.drain();
        self.check();
    }

    fn drain(&mut self) {
        let after = self.now - self.epoch;
        for _ in 0..10_000 {
            let (transmit, event) = (self.line.poll_transmit(), self.line.poll_event());
            if transmit.is_none() && event.is_none() {
                return;
            }
            if let Some(transmit) = transmit {
                self.transcript.push(format!("{after:?} {transmit:?}"));
                self.check_transmit(&transmit);
            }
            if let Some(event) = event {
                assert!(!matches!(event, LineEvent::UnknownFate { ref ids, .. } if ids.is_empty()));
                self.transcript.push(format!("{after:?} {event:?}"));
            }
        }
        panic!("the polls do not drain");
    }

    fn check_transmit(&mut self, transmit: &Transmit) {
        match transmit {
            Transmit::Dial { generation } => {
                assert!(*generation > self.newest, "generations rise");
                (self.newest, self.silent) = (*generation, false);
            }
            Transmit::Abandon { generation } => {
                assert!(*generation <= self.newest);
                self.silent |= *generation == self.newest;
            }
            Transmit::Close { generation, reason, .. } => {
                assert!(*generation == self.newest && !self.silent, "{transmit:?}");
                assert!(reason.len() <= 123);
                self.silent = true;
            }
            Transmit::Send { generation, .. } | Transmit::Ping { generation, .. } => {
                assert!(*generation == self.newest && !self.silent, "said on an old line: {transmit:?}");
            }
        }
    }

    fn check(&self) {
        let line = &self.line;
        assert_eq!(line.generation(), self.newest);
        let open = matches!(line.state(), State::Open | State::Suspect);
        assert_eq!(line.opened_at().is_some(), open);
        assert_eq!(*line.state() == State::Suspect, line.liveness() == Liveness::Suspect);
        assert_ne!(line.liveness(), Liveness::Dead, "a dead line is given up at once");
        match line.state() {
            State::Waiting { until } => {
                let longest = MAX_TOLD_WAIT + line.config().policy.reconnect().cap();
                assert!(until.saturating_duration_since(self.now) <= longest);
                assert!(self.frozen || line.poll_timeout().is_some(), "it would wait for ever");
            }
            State::Connecting { until } => {
                let longest = line.config().policy.reconnect().dial_timeout();
                assert!(until.saturating_duration_since(self.now) <= longest);
                assert!(line.poll_timeout().is_some(), "it would dial for ever");
            }
            State::Idle | State::Open | State::Suspect => {}
            State::Closed(_) => assert_eq!(line.poll_timeout(), None),
        }
        assert!(line.outbox().len() <= MESSAGES && line.outbox().bytes() <= BYTES);
        assert!(line.outbox().in_flight() <= WINDOW);
    }
}

fn config() -> impl Strategy<Value = LineConfig> {
    let preset = prop::sample::select(Policy::PRESETS.map(|(name, _)| name).to_vec());
    let dialect = prop::sample::select(vec![Dialect::Plain, Dialect::V1]);
    let proof = prop::sample::select(vec![
        Proof::Auto,
        Proof::Text { send: "beat".to_owned(), expect: "beat".to_owned() },
    ]);
    let reconnect =
        prop::sample::select(vec![Reconnect::Auto, Reconnect::Auto, Reconnect::Always, Reconnect::Never]);
    (preset, dialect, proof, reconnect, any::<[bool; 3]>()).prop_map(
        |(preset, dialect, proof, reconnect, [can_ping, retry_first, token_source])| {
            let policy = Policy::preset(preset).unwrap();
            let outbox = OutboxPolicy::new(MESSAGES, BYTES, Duration::from_secs(100)).unwrap();
            let policy = Policy::new(policy.heartbeat().clone(), policy.reconnect().clone(), outbox);
            LineConfig { policy, dialect, proof, can_ping, reconnect, retry_first, token_source }
        },
    )
}
