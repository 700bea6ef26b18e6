//! A history that lost all it had: the seqs go on, and whoever comes hears of a gap.

use std::sync::Arc;

use heartline_core::room::engine::{Head, Page, Reply, Request};
use heartline_core::room::{Enter, FromHub, Hub, HubConfig, Identity, LineId, ToHub};
use heartline_core::time::Instant;
use heartline_core::wire::ServerMessage;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn the_first_join_of_a_room_that_lost_everything_brings_a_gap() {
    let now = Instant::now();
    let mut hub = Hub::new(HubConfig::default(), fastrand::Rng::with_seed(1));
    let room: Arc<str> = "tea".into();
    let enter = vec![Enter { room: room.clone(), epoch: None, after: None }];
    let identity = Identity::of("the well kept secret of ann", None);
    hub.handle(now, 0, LineId(1), ToHub::Hello { identity, dial: 1, name: "ann".into(), enter });
    hub.handle_reply(now, Reply::Opened { room, head: Ok(Head { epoch: "e".into(), last: 13 }) });
    while let Some(request) = hub.poll_request() {
        if let Request::ReadBefore { ticket, .. } = request {
            let page = Ok(Page { entries: Vec::new(), last: 13, more: false });
            hub.handle_reply(now, Reply::Page { ticket, page });
        }
    }
    let mut gaps = 0;
    while let Some((_, said)) = hub.poll_transmit() {
        if let FromHub::Deliver(text) = said
            && let ServerMessage::Gap { after: 0, next: None, .. } = ServerMessage::decode(&text).unwrap()
        {
            gaps += 1;
        }
    }
    assert_eq!(gaps, 1);
}
