//! Frames taken apart: the fields, the messages, and each breach by its name.

use heartline_core::close::Dialect;
use heartline_core::frame::{
    Compression, Context, Dissector, Frame, Keep, Kind, LengthForm, Reserved, Side, Violation,
};
use heartline_core::time::{Duration, Instant};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::frame_encode::{Deflater, Plan};

const KEY: [u8; 4] = [0x42, 0x04, 0xcb, 0x9a];

#[test]
fn the_capture_of_the_seed_reads_as_it_reads_there() {
    let asked = Plan { key: Some(KEY), ..Plan::new(1, b"abc") };
    let frame = one(Side::Client, &asked.encode());
    assert_eq!(
        frame.header.lines(),
        [
            "1... .... = Fin: True",
            ".000 .... = Reserved: 0x0",
            ".... 0001 = Opcode: Text (1)",
            "1... .... = Mask: True",
            ".000 0011 = Payload length: 3",
            "Masking-Key: 4204cb9a",
        ]
    );
    assert_eq!(frame.masked_payload(), [0x23, 0x66, 0xa8]);
    assert_eq!(frame.payload.bytes(), b"abc");
    assert_eq!(frame.message.as_ref().map(|message| message.content.text()).as_deref(), Some("abc"));
    assert_eq!(frame.violations, []);

    let answered = one(Side::Server, &Plan::new(1, b"abc").encode());
    assert_eq!(answered.header.lines()[3..], ["0... .... = Mask: False", ".000 0011 = Payload length: 3"]);
    assert_eq!(answered.masked_payload(), b"abc");
    assert_eq!(answered.violations, []);
}

#[test]
fn every_form_of_a_length_is_told() {
    for (length, form, size) in [
        (0, LengthForm::Bits7, 2),
        (125, LengthForm::Bits7, 2),
        (126, LengthForm::Bits16, 4),
        (0xffff, LengthForm::Bits16, 4),
        (0x1_0000, LengthForm::Bits64, 10),
    ] {
        let frame = one(Side::Server, &Plan::new(2, &vec![7; length]).encode());
        assert_eq!(
            (frame.header.length, frame.header.form, frame.header.size()),
            (length as u64, form, size)
        );
        assert_eq!(frame.violations, []);
    }
    let lines = one(Side::Server, &Plan::new(2, &[7; 300]).encode()).header.lines();
    assert_eq!(lines[4], ".111 1110 = Payload length: 126 Extended Payload Length (16 bits)");
    assert_eq!(lines[5], "Extended Payload length (16 bits): 300");
}

#[test]
fn control_frames_between_fragments_stay_in_their_place() {
    let pieces = [
        Plan { fin: false, ..Plan::new(1, &"café".as_bytes()[..4]) },
        Plan::new(9, b"there?"),
        Plan { fin: false, ..Plan::new(0, &"é".as_bytes()[1..]) },
        Plan::new(10, b""),
        Plan::new(0, b"!"),
    ];
    let frames = all(Side::Server, &pieces.iter().flat_map(Plan::encode).collect::<Vec<_>>());
    let opcodes: Vec<_> = frames.iter().map(|frame| frame.header.opcode.name()).collect();
    assert_eq!(opcodes, ["Text", "Ping", "Continuation", "Pong", "Continuation"]);
    assert!(frames[..4].iter().all(|frame| frame.message.is_none()));
    let message = frames[4].message.clone().unwrap();
    assert_eq!(message.content.text(), "café!");
    assert_eq!((message.fragments, message.controls_between, message.wire_bytes), (3, 2, 6));
    assert!(frames.iter().all(|frame| frame.violations.is_empty()));
    assert_eq!(frames[1].position, 6);
    assert_eq!(frames[4].number, 4);
}

#[test]
fn each_breach_has_its_name_and_section() {
    let close = |bytes: &[u8]| Plan::new(8, bytes);
    let cases = [
        (Plan { reserved: 0b100, ..Plan::new(1, b"") }, Violation::ReservedBits(Reserved(4)), "5.2"),
        (Plan { reserved: 0b001, ..Plan::new(9, b"") }, Violation::ReservedBits(Reserved(1)), "5.2"),
        (Plan::new(3, b""), Violation::UnknownOpcode(3), "5.2"),
        (Plan::new(11, b""), Violation::UnknownOpcode(11), "5.2"),
        (Plan { fin: false, ..Plan::new(9, b"") }, Violation::FragmentedControl, "5.5"),
        (Plan::new(9, &[0; 126]), Violation::LongControl(126), "5.5"),
        (Plan { form: LengthForm::Bits16, ..Plan::new(2, b"abc") }, Violation::LengthNotMinimal, "5.2"),
        (Plan { form: LengthForm::Bits64, ..Plan::new(2, &[0; 300]) }, Violation::LengthNotMinimal, "5.2"),
        (Plan { key: Some(KEY), ..Plan::new(2, b"abc") }, Violation::Masked, "5.1"),
        (Plan::new(0, b"abc"), Violation::NothingToContinue, "5.4"),
        (Plan::new(1, b"ab\xff"), Violation::TextNotUtf8 { at: 2 }, "8.1"),
        (Plan::new(1, &"é".as_bytes()[..1]), Violation::TextNotUtf8 { at: 0 }, "8.1"),
        (close(&[3]), Violation::HalfACloseCode, "5.5.1"),
        (close(&[3, 0xed]), Violation::CloseCode(1005), "7.4.1"),
        (close(&[0, 7]), Violation::CloseCode(7), "7.4.1"),
        (close(&[0x13, 0x88]), Violation::CloseCode(5000), "7.4.2"),
        (close(&[3, 0xe8, 0xff]), Violation::ReasonNotUtf8, "5.5.1"),
    ];
    for (plan, violation, section) in cases {
        let frame = one(Side::Server, &plan.encode());
        assert_eq!(frame.violations, [violation], "{plan:?}");
        assert_eq!(violation.section(), format!("RFC 6455 section {section}"));
    }
    let bare = one(Side::Client, &Plan::new(1, b"abc").encode());
    assert_eq!(bare.violations, [Violation::NotMasked]);
}

#[test]
fn parsing_goes_on_behind_a_breach() {
    let plans = [
        Plan { fin: false, ..Plan::new(1, b"never finished") },
        Plan::new(2, b"another"),
        Plan::new(0, b"of nothing"),
        Plan::new(8, &[3, 0xe9]),
        Plan::new(1, b"too late"),
        Plan::new(10, b""),
    ];
    let frames = all(Side::Server, &plans.iter().flat_map(Plan::encode).collect::<Vec<_>>());
    let found: Vec<_> = frames.iter().map(|frame| frame.violations.clone()).collect();
    assert_eq!(
        found,
        [
            vec![],
            vec![Violation::MessageInsideMessage],
            vec![Violation::NothingToContinue],
            vec![],
            vec![Violation::DataAfterClose],
            vec![]
        ]
    );
    assert_eq!(frames[1].message.as_ref().unwrap().content.bytes(), b"another");
    assert_eq!(frames[4].message.as_ref().unwrap().content.bytes(), b"too late");
}

#[test]
fn a_close_is_told_in_words() {
    let frame = one(Side::Server, &Plan::new(8, b"\x03\xe9bye").encode());
    let close = frame.close.unwrap();
    assert_eq!((close.code, close.reason.as_str()), (Some(1001), "bye"));
    assert_eq!(close.meaning(Dialect::Plain), "the other side is going away");
    let empty = one(Side::Server, &Plan::new(8, b"").encode());
    assert_eq!(empty.close.unwrap().meaning(Dialect::Plain), "closed without a code");
    assert_eq!(empty.violations, []);
}

#[test]
fn the_times_are_those_of_the_first_and_the_last_byte() {
    let start = Instant::now();
    let mut dissector = Dissector::new(Side::Server, Keep::default());
    let bytes = Plan::new(2, b"abc").encode();
    for (second, byte) in bytes.iter().enumerate() {
        let at = start + Duration::from_secs(second as u64);
        let frame = dissector.read(at, &mut std::slice::from_ref(byte));
        assert_eq!(frame.is_some(), second == 4, "byte {second}");
        if let Some(frame) = frame {
            assert_eq!((frame.begun, frame.ended), (start, at));
        } else if second >= 1 {
            assert_eq!(dissector.underway().unwrap().received, second as u64 - 1);
        }
    }
}

#[test]
fn an_endless_frame_takes_no_more_room_than_was_said() {
    let keep = Keep { frame: 100, message: 50, ..Keep::default() };
    for opcode in [1, 2, 9, 3] {
        let mut dissector = Dissector::new(Side::Client, keep);
        let mut head: &[u8] = &[0x80 | opcode, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
        assert_eq!(dissector.read(Instant::now(), &mut head), None);
        let block: Vec<u8> = (0..1_000_000).map(|at| b'a' ^ [1, 2, 3, 4][at % 4]).collect();
        for _ in 0..20 {
            assert_eq!(dissector.read(Instant::now(), &mut &block[..]), None);
        }
        assert_eq!(dissector.underway().unwrap().received, 20_000_000);
        let end = dissector.end(Instant::now());
        let frame = end.frame.unwrap();
        assert_eq!(frame.payload.bytes(), [b'a'; 100]);
        assert_eq!(frame.payload.total(), 20_000_000);
        assert!(frame.violations.contains(&Violation::LengthTooHigh));
        if let Some(message) = end.message {
            assert_eq!((message.content.bytes().len(), message.content.total()), (50, 20_000_000));
        }
    }
}

#[test]
fn endless_fragments_take_no_more_room_either() {
    let keep = Keep { message: 50, ..Keep::default() };
    let mut dissector = Dissector::new(Side::Server, keep);
    let first = Plan { fin: false, ..Plan::new(2, b"0123456789") }.encode();
    let next = Plan { fin: false, ..Plan::new(0, b"0123456789") }.encode();
    dissector.read(Instant::now(), &mut &first[..]).unwrap();
    for _ in 0..10_000 {
        dissector.read(Instant::now(), &mut &next[..]).unwrap();
    }
    let message = dissector.end(Instant::now()).message.unwrap();
    assert_eq!((message.fragments, message.wire_bytes), (10_001, 100_010));
    assert_eq!((message.content.bytes().len(), message.content.total()), (50, 100_010));
}

#[test]
fn what_the_end_cuts_through_is_told() {
    let whole = Plan { key: Some(KEY), ..Plan::new(1, b"abc") }.encode();
    for cut in 0..whole.len() {
        let mut dissector = Dissector::new(Side::Client, Keep::default());
        assert_eq!(dissector.read(Instant::now(), &mut &whole[..cut]), None);
        let end = dissector.end(Instant::now());
        if cut < 6 {
            assert_eq!((end.header.len(), end.frame), (cut, None));
        } else {
            assert_eq!(end.frame.unwrap().payload.bytes(), &b"abc"[..cut - 6]);
            assert!(end.header.is_empty());
        }
    }
}

#[test]
fn the_compressed_examples_of_the_rfc_are_inflated() {
    // RFC 7692 section 7.2.3: one block; two fragments; the same again with context; no compression; BFINAL; two blocks.
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let payloads: [&[u8]; 6] = [
        hello,
        b"\xf2\x00\x11\x00\x00",
        b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
        b"\xf3\x48\xcd\xc9\xc9\x07\x00",
    ];
    let mut bytes: Vec<u8> =
        payloads.iter().flat_map(|payload| Plan { reserved: 4, ..Plan::new(1, payload) }.encode()).collect();
    bytes.extend(Plan { reserved: 4, fin: false, ..Plan::new(1, &hello[..3]) }.encode());
    bytes.extend(Plan::new(9, b"").encode());
    bytes.extend(Plan::new(0, &hello[3..]).encode());
    bytes.extend(Plan::new(1, b"Hello").encode());
    let frames = read(Dissector::new(Side::Server, Keep::default()).inflating(Context::TakenOver), &bytes);
    let messages: Vec<_> = frames.iter().filter_map(|frame| frame.message.as_ref()).collect();
    assert_eq!(messages.len(), 8);
    for (at, message) in messages.iter().enumerate() {
        assert_eq!(message.content.text(), "Hello", "message {at}");
        let packed = if at == 7 { Compression::Plain } else { Compression::Inflated };
        assert_eq!((message.kind, message.compression), (Kind::Text, packed));
    }
    assert!(frames.iter().all(|frame| frame.violations.is_empty()));
}

#[test]
fn rsv1_belongs_on_the_first_frame_only() {
    let deflating = || Dissector::new(Side::Server, Keep::default()).inflating(Context::Fresh);
    let ping = read(deflating(), &Plan { reserved: 4, ..Plan::new(9, b"") }.encode());
    assert_eq!(ping[0].violations, [Violation::CompressedMark]);
    assert_eq!(ping[0].violations[0].section(), "RFC 7692 section 6");
    let two = read(deflating(), &Plan { reserved: 0b110, ..Plan::new(1, b"\x00") }.encode());
    assert_eq!(two[0].violations, [Violation::ReservedBits(Reserved(2))]);
}

#[test]
fn a_context_that_was_taken_over_is_needed_and_one_that_was_not_is_not() {
    let text = "the same words again and again, ".repeat(20);
    let (mut remembers, mut forgets) = (Deflater::new(), Deflater::new());
    let (mut over, mut fresh) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        over.extend(Plan { reserved: 4, ..Plan::new(1, &remembers.message(text.as_bytes())) }.encode());
        fresh.extend(Plan { reserved: 4, ..Plan::new(1, &forgets.message(text.as_bytes())) }.encode());
        forgets.forget();
    }
    assert!(over.len() < fresh.len());
    for (context, bytes) in [(Context::TakenOver, &over), (Context::Fresh, &fresh)] {
        let frames = read(Dissector::new(Side::Server, Keep::default()).inflating(context), bytes);
        assert!(frames.iter().all(|frame| frame.message.as_ref().unwrap().content.text() == text));
    }
}

#[test]
fn a_bomb_is_given_up_and_so_is_what_refers_to_it() {
    let mut deflater = Deflater::new();
    let bomb = deflater.message(&vec![0; 2_000_000]);
    assert!(bomb.len() < 4_000);
    let mut bytes = Plan { reserved: 4, ..Plan::new(2, &bomb) }.encode();
    bytes.extend(Plan { reserved: 4, ..Plan::new(1, &deflater.message(b"after")) }.encode());
    bytes.extend(Plan::new(1, b"plain").encode());
    let keep = Keep { inflated: 1_000_000, ..Keep::default() };
    let frames = read(Dissector::new(Side::Server, keep).inflating(Context::TakenOver), &bytes);
    let packed: Vec<_> = frames.iter().map(|frame| frame.message.as_ref().unwrap().compression).collect();
    assert_eq!(packed, [Compression::TooLong, Compression::ContextLost, Compression::Plain]);
    assert!(frames[0].message.as_ref().unwrap().content.bytes().len() <= keep.message);
    assert!(frames.iter().all(|frame| frame.violations.is_empty()));
}

#[test]
fn what_no_compressor_made_is_said_once() {
    let mut bytes = Plan { reserved: 4, ..Plan::new(1, &[0xff; 40]) }.encode();
    bytes.extend(Plan { reserved: 4, ..Plan::new(1, b"\xf2\x48\xcd\xc9\xc9\x07\x00") }.encode());
    let fresh = read(Dissector::new(Side::Server, Keep::default()).inflating(Context::Fresh), &bytes);
    assert_eq!(fresh[0].violations, [Violation::NotDeflate]);
    assert_eq!(fresh[1].message.as_ref().unwrap().content.text(), "Hello");
    let over = read(Dissector::new(Side::Server, Keep::default()).inflating(Context::TakenOver), &bytes);
    assert_eq!(over[1].message.as_ref().unwrap().compression, Compression::ContextLost);
    assert_eq!(over[1].violations, []);
}

#[test]
fn only_a_compressed_message_given_up_takes_the_context_with_it() {
    let hello = Plan { reserved: 4, ..Plan::new(1, b"\xf2\x48\xcd\xc9\xc9\x07\x00") };
    for (reserved, packed) in [(0, Compression::Inflated), (4, Compression::ContextLost)] {
        let begun = Plan { fin: false, reserved, ..Plan::new(1, b"\xf2\x48") };
        let bytes = [begun.encode(), hello.encode()].concat();
        let frames =
            read(Dissector::new(Side::Server, Keep::default()).inflating(Context::TakenOver), &bytes);
        assert_eq!(frames[1].message.as_ref().unwrap().compression, packed);
    }
}

fn one(side: Side, bytes: &[u8]) -> Frame {
    let mut frames = all(side, bytes);
    assert_eq!(frames.len(), 1);
    frames.remove(0)
}

fn all(side: Side, bytes: &[u8]) -> Vec<Frame> {
    read(Dissector::new(side, Keep::default()), bytes)
}

fn read(mut dissector: Dissector, mut bytes: &[u8]) -> Vec<Frame> {
    let now = Instant::now();
    let frames = std::iter::from_fn(|| dissector.read(now, &mut bytes)).collect();
    assert!(bytes.is_empty());
    frames
}

#[test]
fn who_joins_late_blames_nobody_for_what_was_before() {
    let now = Instant::now();
    // The end of a message, a compressed one (RFC 7692 section 7.2.3.1), and then one that goes on with nothing.
    let mut input: &[u8] = b"\x80\x01x\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x80\x01x";
    let mut late = Dissector::new(Side::Server, Keep::default()).inflating(Context::TakenOver).joining();
    let frames: Vec<_> = std::iter::from_fn(|| late.read(now, &mut input)).collect();
    assert_eq!((&frames[0].violations, &frames[0].message), (&vec![], &None));
    assert_eq!(frames[1].message.as_ref().unwrap().compression, Compression::ContextLost);
    assert!(frames[1].violations.is_empty(), "{:?}", frames[1]);
    assert_eq!(frames[2].violations, [Violation::NothingToContinue]);
}
