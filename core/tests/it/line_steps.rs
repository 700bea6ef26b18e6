//! Everything that can happen to a line, drawn at random.

use heartline_core::line::{Ended, Message, Signal};
use heartline_core::time::Duration;
use heartline_core::wire;
use proptest::prelude::*;

/// One thing that happens. Generations are told from the present one: 0 is it, 1 the one before, -1 one to come.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Pass(u64),
    /// To the moment the timer names, and this many milliseconds later.
    TimerFires(u64),
    Timeout,
    Connect,
    Redial,
    Disconnect(u16),
    Send(usize),
    Post,
    Opened(i64, Option<String>),
    Said(i64, Message),
    Bytes(i64),
    Written(i64, usize),
    Pong(i64, Vec<u8>),
    Closed(i64, Ended),
    Signal(Signal),
}

impl Step {
    /// Which line it comes from, if from one.
    pub(crate) fn told(&self) -> Option<i64> {
        match self {
            Self::Opened(told, _)
            | Self::Said(told, _)
            | Self::Bytes(told)
            | Self::Written(told, _)
            | Self::Pong(told, _)
            | Self::Closed(told, _) => Some(*told),
            Self::Pass(_)
            | Self::TimerFires(_)
            | Self::Timeout
            | Self::Connect
            | Self::Redial
            | Self::Disconnect(_)
            | Self::Send(_)
            | Self::Post
            | Self::Signal(_) => None,
        }
    }
}

/// One of them, the likely ones more often.
pub(crate) fn step() -> impl Strategy<Value = Step> {
    let told = || prop_oneof![12 => Just(0_i64), 2 => Just(1), 1 => -2..4_i64];
    let protocol = prop_oneof![4 => Just(Some(wire::PROTOCOL.to_owned())), 1 => Just(None)];
    prop_oneof![
        6 => prop_oneof![0..100_u64, 0..30_000_u64, 0..10_000_000_u64].prop_map(Step::Pass),
        10 => prop_oneof![4 => Just(0), 1 => 0..4_000_000_u64].prop_map(Step::TimerFires),
        2 => Just(Step::Timeout),
        1 => Just(Step::Connect),
        1 => Just(Step::Redial),
        1 => (0..5000_u16).prop_map(Step::Disconnect),
        8 => (0..100_usize).prop_map(Step::Send),
        1 => Just(Step::Post),
        12 => (told(), protocol).prop_map(|(told, protocol)| Step::Opened(told, protocol)),
        8 => (told(), message()).prop_map(|(told, message)| Step::Said(told, message)),
        2 => told().prop_map(Step::Bytes),
        4 => (told(), 0..40_usize).prop_map(|(told, count)| Step::Written(told, count)),
        4 => (told(), pong()).prop_map(|(told, payload)| Step::Pong(told, payload)),
        4 => (told(), ended()).prop_map(|(told, ended)| Step::Closed(told, ended)),
        3 => prop::sample::select(vec![
            Signal::Hidden, Signal::Visible, Signal::Online, Signal::Offline, Signal::Frozen, Signal::Resumed,
        ]).prop_map(Step::Signal),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    let number = || prop_oneof![0..20_u64, Just(wire::MAX_NUMBER)];
    prop_oneof![
        Just("beat".to_owned()),
        "[ -~]{0,20}",
        number().prop_map(|n| format!(r#"{{"type":"ping","n":{n}}}"#)),
        number().prop_map(|n| format!(r#"{{"type":"pong","n":{n}}}"#)),
        number().prop_map(|ms| format!(r#"{{"type":"draining","within_ms":{ms}}}"#)),
        (number(), number()).prop_map(|(interval, grace)| format!(
            r#"{{"type":"welcome","session":"s","you":"y","heartbeat":{{"interval_ms":{interval},"grace_ms":{grace}}}}}"#
        )),
        Just(r#"{"type":"welcome","session":"s","you":"y"}"#.to_owned()),
    ]
    .prop_map(Message::Text)
}

fn pong() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => (0..10_u64).prop_map(|n| n.to_be_bytes().to_vec()), 1 => any::<Vec<u8>>()]
}

fn ended() -> impl Strategy<Value = Ended> {
    let why = || "why".to_owned();
    prop_oneof![
        (0..5000_u16).prop_map(move |code| Ended::Code { code, reason: why() }),
        (1001..1006_u16).prop_map(move |code| Ended::Code { code, reason: why() }),
        Just(Ended::Eof),
        Just(Ended::Reset { why: why() }),
        any::<bool>().prop_map(move |retry| Ended::DialFailed { why: why(), retry }),
        (200..600_u16, prop::option::of(any::<u64>())).prop_map(move |(status, retry_after)| {
            Ended::Refused { status, retry_after: retry_after.map(Duration::from_secs), why: why() }
        }),
    ]
}
