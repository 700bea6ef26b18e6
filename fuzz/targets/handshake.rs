//! Two heads of anybody's: read piece by piece or at once they are the same, and a verdict on them is always found.
#![no_main]

use heartline_core::handshake::{HeadReader, Request, Response, evidence, outcome};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8], &[u8])| {
    let (piece, request, response) = input;
    let piece = usize::from(piece).max(1);
    for head in [request, response] {
        assert_eq!(read(std::iter::once(head)), read(head.chunks(piece)));
    }
    let (Ok(request), Ok(response)) = (Request::parse(request), Response::parse(response)) else { return };
    let _ = (request.breaches(), outcome(&request, &response), evidence(&response.fields));
});

/// What the reader makes of it, as words that can be compared.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> String {
    let mut reader = HeadReader::default();
    for mut piece in pieces {
        match reader.read(&mut piece) {
            Ok(None) => {}
            done => return format!("{done:?}"),
        }
    }
    "not yet".to_owned()
}
