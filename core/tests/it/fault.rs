//! Faults on a line: what passes, what does not, and when.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::time::Duration;

use heartline_core::fault::{Cut, Fault, Faults, MOST_FAULTS, Step, Whose};
use heartline_core::frame::Side;
use heartline_core::time::Instant;

const PONG: &[u8] = b"\x8a\x01!";
const TEXT: &[u8] = b"\x81\x02hi";
const CLOSE: &[u8] = b"\x88\x05\x03\xe9bye";

fn fault(text: &str) -> Fault {
    text.parse().unwrap()
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

struct Line {
    faults: Faults,
    now: Instant,
}

impl Line {
    fn with(texts: &[&str]) -> Self {
        let now = Instant::now();
        let mut faults = Faults::new(now);
        for text in texts {
            faults.set(now, fault(text)).unwrap();
        }
        Self { faults, now }
    }

    /// What arrives of these bytes, in pieces of `size`, and the step that ended it. Pieces that wait for more are kept.
    fn arrives(&mut self, side: Side, bytes: &[u8], size: usize) -> (Vec<u8>, Step) {
        let (mut out, mut held, mut last) = (Vec::new(), Vec::new(), Step::More);
        for piece in bytes.chunks(size) {
            held.extend_from_slice(piece);
            loop {
                last = self.faults.next(self.now, side, self.now, &mut held);
                match last {
                    Step::Pass(count) => out.extend(held.drain(..count)),
                    Step::Drop(count) => drop(held.drain(..count)),
                    Step::More => break,
                    Step::Wait { .. } | Step::Cut => return (out, last),
                }
            }
        }
        (out, last)
    }
}

#[test]
fn without_a_fault_everything_passes_and_is_counted() {
    let whole = [TEXT, PONG, b"\xff\xff\xff", CLOSE].concat();
    for size in 1..=whole.len() {
        let mut line = Line::with(&[]);
        let (out, _) = line.arrives(Side::Server, &[TEXT, PONG, CLOSE].concat(), size);
        assert_eq!(out, [TEXT, PONG, CLOSE].concat());
        let tally = line.faults.tally(Side::Server);
        assert_eq!((tally.frames, tally.bytes), (3, out.len() as u64));
        let close = tally.close.clone().unwrap();
        assert_eq!((close.code, close.reason.as_str()), (Some(1001), "bye"));
        assert_eq!(line.faults.tally(Side::Client).frames, 0);
        // What is no frame passes as well.
        assert_eq!(line.arrives(Side::Client, &whole, size).0, whole);
    }
}

#[test]
fn the_reason_of_a_masked_close_is_read() {
    let mut line = Line::with(&[]);
    line.arrives(Side::Client, b"\x88\x83\x01\x02\x03\x04\x02\xea\x7b", 2);
    let close = line.faults.tally(Side::Client).close.clone().unwrap();
    assert_eq!((close.code, close.reason.as_str()), (Some(1000), "x"));
}

#[test]
fn muted_pongs_are_taken_out_and_nothing_else_is() {
    let whole = [TEXT, PONG, b"\x8a\x00", b"\x89\x00", PONG, TEXT].concat();
    for size in 1..=whole.len() {
        let mut line = Line::with(&["server: mute-pongs"]);
        assert_eq!(line.arrives(Side::Server, &whole, size).0, [TEXT, b"\x89\x00", TEXT].concat());
        assert_eq!(line.arrives(Side::Client, PONG, size).0, PONG);
        assert_eq!(line.faults.tally(Side::Server).frames, 6, "what is dropped has come all the same");
    }
}

#[test]
fn a_blackhole_begins_and_ends_between_frames() {
    let mut line = Line::with(&[]);
    // The first half of a frame has passed: so does the second, and the header's second half.
    for cut in 1..TEXT.len() {
        line.faults.clear();
        assert_eq!(line.arrives(Side::Client, &TEXT[..cut], 9).0, &TEXT[..cut]);
        line.faults.set(line.now, fault("client: blackhole")).unwrap();
        assert_eq!(line.arrives(Side::Client, &[&TEXT[cut..], TEXT, PONG].concat(), 9).0, &TEXT[cut..]);
        // Half a frame is dropped, and the fault cleared: so is the other half.
        assert_eq!(line.arrives(Side::Client, b"\x81\x03ab", 9).0, b"");
        line.faults.clear();
        assert_eq!(line.arrives(Side::Client, &[b"c", TEXT].concat(), 9).0, TEXT);
    }
}

#[test]
fn faults_begin_after_frames_to_the_frame() {
    let mut line = Line::with(&["both: cut 1012 after 3 frames"]);
    assert_eq!(line.arrives(Side::Client, TEXT, 9).0, TEXT);
    let (out, step) = line.arrives(Side::Server, &[TEXT, PONG, TEXT].concat(), 99);
    assert_eq!((out, step), ([TEXT, PONG].concat(), Step::Cut));
    assert_eq!(line.faults.cut(), Some((Whose::Both, Cut::Code(1012))));
    assert_eq!(line.faults.poll_fired(), Some(fault("both: cut 1012 after 3 frames")));
    assert_eq!(line.faults.poll_fired(), None);
    assert_eq!(line.arrives(Side::Client, TEXT, 9), (vec![], Step::Cut));
}

#[test]
fn a_close_code_waits_for_the_end_of_the_frame_and_a_reset_does_not() {
    for (text, passes) in [("server: cut 1012 after 1s", "i"), ("server: cut rst after 1s", "")] {
        let mut line = Line::with(&[text]);
        line.arrives(Side::Server, &TEXT[..3], 9);
        line.now += ms(1000);
        assert_eq!(line.faults.poll_timeout(), Some(line.now));
        line.faults.handle_timeout(line.now);
        assert_eq!(line.faults.poll_timeout(), None);
        let (out, step) = line.arrives(Side::Server, &[b"i", TEXT].concat(), 99);
        assert_eq!((out.as_slice(), step), (passes.as_bytes(), Step::Cut), "{text}");
    }
}

#[test]
fn silence_is_counted_from_the_last_byte() {
    let mut line = Line::with(&["client: stall after 2s of silence", "both: stall after 5s of silence"]);
    let begun = line.now;
    line.now += ms(1500);
    line.arrives(Side::Client, TEXT, 9);
    assert_eq!(line.faults.poll_timeout(), Some(begun + ms(3500)));
    line.now += ms(1900);
    line.arrives(Side::Server, TEXT, 9);
    line.faults.handle_timeout(line.now);
    assert_eq!(line.faults.poll_fired(), None);
    line.now = begun + ms(3500);
    line.faults.handle_timeout(line.now);
    assert_eq!(line.faults.poll_fired(), Some(fault("client: stall after 2s of silence")));
    assert_eq!(line.faults.poll_timeout(), Some(begun + ms(8400)), "both are counted from the later one");
    let (out, step) = line.arrives(Side::Client, TEXT, 9);
    assert_eq!((out, step), (vec![], Step::Wait { until: None, may_read: false }));
    assert_eq!(line.arrives(Side::Server, TEXT, 9).0, TEXT);
}

#[test]
fn a_delay_holds_each_byte_for_its_time() {
    let mut line = Line::with(&["client: delay 100ms"]);
    let begun = line.now;
    let mut bytes = TEXT.to_vec();
    let held = Step::Wait { until: Some(begun + ms(100)), may_read: true };
    assert_eq!(line.faults.next(begun + ms(99), Side::Client, begun, &mut bytes), held);
    assert_eq!(line.faults.next(begun + ms(100), Side::Client, begun, &mut bytes), Step::Pass(4));
}

#[test]
fn a_throttle_lets_through_as_much_as_it_says() {
    let mut line = Line::with(&["server: throttle 1000"]);
    let begun = line.now;
    let mut bytes = b"\x82\x7e\x27\x10".to_vec();
    bytes.extend([7; 10_000]);
    let whole = bytes.clone();
    let mut out = Vec::new();
    while !bytes.is_empty() {
        match line.faults.next(line.now, Side::Server, begun, &mut bytes) {
            Step::Pass(count) => out.extend(bytes.drain(..count)),
            Step::Wait { until: Some(until), may_read: true } => {
                assert!(until > line.now, "it must not spin");
                line.now = until;
            }
            other @ (Step::Drop(_) | Step::More | Step::Wait { .. } | Step::Cut) => panic!("{other:?}"),
        }
    }
    assert_eq!(out, whole);
    let took = (line.now - begun).as_secs_f64();
    assert!((9.5..10.2).contains(&took), "{took}");
}

#[test]
fn one_bit_of_one_data_frame_is_turned_over() {
    let whole = [b"\x81\x00", PONG, TEXT, TEXT].concat();
    let expected = [b"\x81\x00", PONG, b"\x81\x02ii", TEXT].concat();
    for size in 1..=whole.len() {
        let mut line = Line::with(&["server: corrupt"]);
        assert_eq!(line.arrives(Side::Server, &whole, size).0, expected, "in pieces of {size}");
        assert_eq!(line.faults.iter().count(), 0, "once is enough");
    }
}

#[test]
fn payload_may_pass_unseen_while_no_fault_is_set() {
    let mut line = Line::with(&[]);
    assert_eq!((line.faults.unseen(Side::Client), line.faults.length(Side::Client)), (0, 0));
    line.arrives(Side::Client, b"\x82\x7e\x01\x00ab", 9);
    assert_eq!((line.faults.unseen(Side::Client), line.faults.length(Side::Client)), (254, 256));
    assert_eq!(line.faults.unseen(Side::Server), 0);
    line.faults.passed_unseen(line.now, Side::Client, 200);
    line.faults.set(line.now, fault("client: blackhole")).unwrap();
    assert_eq!((line.faults.unseen(Side::Client), line.faults.length(Side::Client)), (0, 0));
    // The rest of the frame passes, and the next one does not.
    assert_eq!(line.arrives(Side::Client, &[&[7; 54], TEXT].concat(), 99).0, [7; 54]);
    line.faults.clear();
    line.arrives(Side::Client, b"\x82\x7e\x01\x00", 9);
    line.faults.passed_unseen(line.now, Side::Client, 256);
    let tally = line.faults.tally(Side::Client);
    assert_eq!((tally.frames, tally.bytes), (3, 260 + 4 + 260));
    assert!(line.faults.is_between_frames(Side::Client));
    // What a close frame says must be seen.
    line.arrives(Side::Client, b"\x88\x02", 9);
    assert_eq!(line.faults.unseen(Side::Client), 0);
}

#[test]
fn a_line_takes_no_more_faults_than_it_has_room_for() {
    let mut line = Line::with(&[]);
    for count in 0..MOST_FAULTS {
        line.faults.set(line.now, fault(&format!("client: stall after {} frames", count + 1))).unwrap();
    }
    line.faults.set(line.now, fault("client: stall after 1 frames")).expect("that one is there already");
    let told = line.faults.set(line.now, fault("client: corrupt")).unwrap_err().to_string();
    assert!(told.contains("16 faults"), "{told}");
}

/// A direction's bytes in pieces and with faults that drop frames: what arrives is made of whole frames that were sent, in their
/// order, and after the faults are cleared everything does.
#[test]
fn whatever_is_dropped_and_however_it_is_cut_frames_arrive_whole_and_in_order() {
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut line = Line::with(&[]);
        let frames: Vec<Vec<u8>> =
            (0..random.usize(1..30)).map(|number| frame(&mut random, number)).collect();
        let bytes = frames.concat();
        let (mut out, mut held, mut rest) = (Vec::new(), Vec::new(), bytes.as_slice());
        let mut clean_from = bytes.len();
        while !rest.is_empty() {
            match random.u8(..20) {
                0 => line.faults.set(line.now, fault("server: mute-pongs")).unwrap(),
                1 => line.faults.set(line.now, fault("server: blackhole after 2 frames")).unwrap(),
                2 => line.faults.clear(),
                _ => {}
            }
            if line.faults.iter().count() > 0 {
                clean_from = bytes.len();
            } else {
                clean_from = clean_from.min(bytes.len() - rest.len());
            }
            let (piece, more) = rest.split_at(random.usize(1..=rest.len().min(40)));
            held.extend_from_slice(piece);
            rest = more;
            loop {
                match line.faults.next(line.now, Side::Server, line.now, &mut held) {
                    Step::Pass(count) => out.extend(held.drain(..count)),
                    Step::Drop(count) => drop(held.drain(..count)),
                    Step::More => break,
                    step @ (Step::Wait { .. } | Step::Cut) => panic!("{step:?} with seed {seed}"),
                }
            }
        }
        assert!(held.is_empty(), "seed {seed}");
        assert_eq!(line.faults.tally(Side::Server).frames, frames.len() as u64, "seed {seed}");
        let (mut at, mut arrived) = (0, out.as_slice());
        for frame in &frames {
            // Each has its own number in it, so none is taken for another.
            match arrived.strip_prefix(frame.as_slice()) {
                Some(more) => arrived = more,
                None => assert!(at < clean_from, "a frame is missing though nothing was set, seed {seed}"),
            }
            at += frame.len();
        }
        assert!(arrived.is_empty(), "something arrived that was not sent so, seed {seed}");
    }
}

fn frame(random: &mut fastrand::Rng, number: usize) -> Vec<u8> {
    let opcode = [0x81, 0x82, 0x8a, 0x89, 0x01, 0x00][random.usize(..6)];
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(8 + [0, 1, 100, 118, 200][random.usize(..5)], number as u8);
    let mut frame = vec![opcode];
    match payload.len() {
        length @ ..126 => frame.push(length as u8),
        length => frame.extend([126, 0, length as u8]),
    }
    frame.extend(payload);
    frame
}
