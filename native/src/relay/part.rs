//! How connections end here: by what one side did, or as a fault wants it.

use std::time::Duration;

use heartline_core::{
    fault::{Cut, Whose},
    frame::Side,
    inspect::{self, End},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::onlooker::Onlooker;
use crate::{client::activity::Stream, net::Breaker};

/// How long the far end may take to hang up, too.
const GOODBYE: Duration = Duration::from_secs(2);

/// One end of a connection: its stream, with what it takes to reset it.
pub(super) struct Party {
    pub(super) stream: Box<dyn Stream>,
    pub(super) breaker: Breaker,
    /// The stream is its socket, with nothing of ours between.
    pub(super) is_bare: bool,
}

impl Party {
    /// Lets go of both. A reset by one of them is passed on to the other.
    pub(super) fn both_gone(client: Self, server: Self, end: &End) {
        match end {
            End::Reset { by: inspect::Party::Client } => server.breaker.reset(),
            End::Reset { by: inspect::Party::Server } => client.breaker.reset(),
            End::Close { .. }
            | End::Fin { .. }
            | End::Cut { .. }
            | End::Refused { .. }
            | End::NoServer { .. }
            | End::Relay { .. } => {}
        }
    }

    /// Ends this one in that way, as the reader of what `side` sends. A close frame has a place only between two others.
    async fn part(mut self, how: Cut, side: Side, has_place: bool, onlooker: &Onlooker) {
        if how == Cut::Reset {
            return self.breaker.reset();
        }
        let goodbye = async {
            if let (Cut::Code(code), true) = (how, has_place) {
                let frame = close_frame(code, side);
                onlooker.passed(side, &frame, || true);
                self.stream.write_all(&frame).await?;
            }
            self.stream.shutdown().await?;
            // Hanging up on bytes that nobody has read would be a reset.
            let mut unread = [0; 4096];
            while self.stream.read(&mut unread).await? > 0 {}
            std::io::Result::Ok(())
        };
        // It has seen what it was to see, or never will.
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}

/// Cuts both ends: whoever reads what is meant in this way, the other one by a FIN.
pub(super) async fn cut(
    client: Party,
    server: Party,
    (whose, how): (Whose, Cut),
    has_place: impl Fn(Side) -> bool,
    onlooker: &Onlooker,
) {
    let of = |side| if whose.includes(side) { how } else { Cut::Fin };
    // A reset comes first: the FIN of the other end waits for an answer.
    tokio::join!(
        client.part(of(Side::Server), Side::Server, has_place(Side::Server), onlooker),
        server.part(of(Side::Client), Side::Client, has_place(Side::Client), onlooker),
    );
}

/// A close frame as `side` sends it.
fn close_frame(code: u16, side: Side) -> Vec<u8> {
    let code = code.to_be_bytes();
    match side {
        Side::Server => vec![0x88, 2, code[0], code[1]],
        Side::Client => {
            let [a, b, c, d] = fastrand::u32(..).to_be_bytes();
            vec![0x88, 0x82, a, b, c, d, code[0] ^ a, code[1] ^ b]
        }
    }
}
