//! What must hold of the dissector for any bytes in any pieces.

use heartline_core::frame::{Context, Dissector, End, Frame, Keep, LengthForm, Side};
use heartline_core::time::Instant;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::fixed;
use crate::frame_encode::{Deflater, Plan};

#[test]
fn the_dissector_reads_what_the_encoder_wrote() {
    let cases = proptest::collection::vec(plan(), 1..20);
    TestRunner::new(fixed(300))
        .run(&cases, |plans| {
            let bytes: Vec<u8> = plans.iter().flat_map(Plan::encode).collect();
            let (frames, end) = read(dissector(Side::Client, None), &[&bytes]);
            prop_assert!(end.header.is_empty() && end.frame.is_none());
            let read_back: Vec<Plan> = frames.iter().map(as_plan).collect();
            prop_assert_eq!(read_back, plans);
            let mut at = 0;
            for frame in &frames {
                prop_assert_eq!(frame.position, at);
                at += frame.header.size() as u64 + frame.header.length;
            }
            prop_assert_eq!(at, bytes.len() as u64);
            Ok(())
        })
        .unwrap();
}

#[test]
fn in_whatever_pieces_it_comes_the_same_is_seen() {
    let plans =
        proptest::collection::vec(plan().prop_map(|plan| plan.encode()), 1..12).prop_map(|all| all.concat());
    let bytes = prop_oneof![plans, proptest::collection::vec(any::<u8>(), 0..600)];
    let cuts = proptest::collection::vec(any::<prop::sample::Index>(), 0..40);
    TestRunner::new(fixed(600))
        .run(&(bytes, cuts, side(), context()), |(bytes, cuts, side, context)| {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            let singles: Vec<&[u8]> = bytes.chunks(1).collect();
            let whole = read(dissector(side, context), &[&bytes]);
            prop_assert_eq!(&read(dissector(side, context), &pieces), &whole);
            prop_assert_eq!(&read(dissector(side, context), &singles), &whole);
            Ok(())
        })
        .unwrap();
}

#[test]
fn compressed_messages_come_back_whole_in_any_fragments() {
    let content = proptest::collection::vec(0u8..4, 0..3_000);
    let messages = proptest::collection::vec((content, proptest::collection::vec(1usize..200, 0..4)), 1..8);
    TestRunner::new(fixed(150))
        .run(&(messages, any::<bool>()), |(messages, remembers)| {
            let mut deflater = Deflater::new();
            let mut bytes = Vec::new();
            for (content, cuts) in &messages {
                let payload = deflater.message(content);
                if !remembers {
                    deflater.forget();
                }
                let mut rest = &payload[..];
                for (number, cut) in cuts.iter().enumerate() {
                    let (now, later) = rest.split_at((*cut).min(rest.len()));
                    bytes.extend(fragment(number, false, now));
                    rest = later;
                }
                bytes.extend(fragment(cuts.len(), true, rest));
            }
            let context = if remembers { Context::TakenOver } else { Context::Fresh };
            let (frames, _) = read(dissector(Side::Server, Some(context)), &[&bytes]);
            let read_back: Vec<_> =
                frames.iter().filter_map(|frame| Some(frame.message.as_ref()?.content.bytes())).collect();
            let written: Vec<_> = messages.iter().map(|(content, _)| &content[..]).collect();
            prop_assert_eq!(read_back, written);
            prop_assert!(frames.iter().all(|frame| frame.violations.is_empty()));
            Ok(())
        })
        .unwrap();
}

fn fragment(number: usize, fin: bool, payload: &[u8]) -> Vec<u8> {
    let (opcode, reserved) = if number == 0 { (2, 4) } else { (0, 0) };
    Plan { fin, reserved, ..Plan::new(opcode, payload) }.encode()
}

/// Bounds that the cases reach.
fn dissector(side: Side, context: Option<Context>) -> Dissector {
    let dissector = Dissector::new(side, Keep { frame: 70_000, message: 5_000, inflated: 20_000 });
    match context {
        Some(context) => dissector.inflating(context),
        None => dissector,
    }
}

fn read(mut dissector: Dissector, pieces: &[&[u8]]) -> (Vec<Frame>, End) {
    // One moment for all, so that only what was seen is compared.
    thread_local!(static MOMENT: Instant = Instant::now());
    let now = MOMENT.with(|moment| *moment);
    let mut frames = Vec::new();
    for mut piece in pieces.iter().copied() {
        while let Some(frame) = dissector.read(now, &mut piece) {
            frames.push(frame);
        }
        assert!(piece.is_empty(), "all is taken before it says that there is no frame");
    }
    (frames, dissector.end(now))
}

fn as_plan(frame: &Frame) -> Plan {
    Plan {
        fin: frame.header.fin,
        reserved: frame.header.reserved.0,
        opcode: frame.header.opcode.bits(),
        key: frame.header.masking_key,
        form: frame.header.form,
        payload: frame.payload.bytes().to_vec(),
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    let payload = prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..140),
        4 => "[a-zé漢🙂]{0,40}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 65_530..65_542),
    ];
    let forms = prop::sample::select(vec![None, None, Some(LengthForm::Bits16), Some(LengthForm::Bits64)]);
    let reserved = prop_oneof![4 => Just(0u8), 1 => Just(4), 1 => 0u8..8];
    (any::<bool>(), reserved, 0u8..16, any::<Option<[u8; 4]>>(), forms, payload).prop_map(
        |(fin, reserved, opcode, key, form, payload)| {
            let plan = Plan::new(opcode, &payload);
            // A longer form than needed is a breach; a shorter one would be another length.
            let form = match (plan.form, form) {
                (LengthForm::Bits64, _) | (LengthForm::Bits16, Some(LengthForm::Bits7)) => plan.form,
                (_, form) => form.unwrap_or(plan.form),
            };
            Plan { fin, reserved, key, form, ..plan }
        },
    )
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::Client, Side::Server])
}

fn context() -> impl Strategy<Value = Option<Context>> {
    prop::sample::select(vec![None, Some(Context::TakenOver), Some(Context::Fresh)])
}
