//! Whatever bytes come, in whatever pieces: the dissector sees the same, and keeps no more than it may.
#![no_main]

use heartline_core::frame::{Context, Dissector, Frame, Keep, Side};
use heartline_core::time::Instant;
use libfuzzer_sys::fuzz_target;

const KEEP: Keep = Keep { frame: 1_000, message: 2_000, inflated: 50_000 };

fuzz_target!(|input: (bool, u8, u8, &[u8])| {
    let (is_client, compression, piece, bytes) = input;
    let side = if is_client { Side::Client } else { Side::Server };
    let context = match compression % 3 {
        0 => None,
        1 => Some(Context::TakenOver),
        _ => Some(Context::Fresh),
    };
    let now = Instant::now();
    let whole = read(side, context, now, std::iter::once(bytes));
    let pieces = read(side, context, now, bytes.chunks(usize::from(piece).max(1)));
    assert_eq!(whole, pieces);
    for frame in &whole {
        assert!(frame.payload.bytes().len() <= KEEP.frame);
        assert!(frame.message.as_ref().is_none_or(|message| message.content.bytes().len() <= KEEP.message));
    }
});

fn read<'a>(
    side: Side,
    context: Option<Context>,
    now: Instant,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Vec<Frame> {
    let mut dissector = Dissector::new(side, KEEP);
    if let Some(context) = context {
        dissector = dissector.inflating(context);
    }
    let mut frames = Vec::new();
    for mut piece in pieces {
        while let Some(frame) = dissector.read(now, &mut piece) {
            frames.push(frame);
        }
        assert!(piece.is_empty());
    }
    frames
}
