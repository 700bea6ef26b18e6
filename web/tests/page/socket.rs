use std::{cell::RefCell, rc::Rc};

use heartline_core::line::{Ended, Input};
use heartline_web::{driver::Tell, server_probe::ServerProbe, socket::Socket};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::Happening;

/// The discard port, where nothing listens; browsers refuse to go there anyway.
const NOWHERE: &str = "ws://127.0.0.1:9/";

#[wasm_bindgen_test]
async fn a_failed_dial_says_that_browsers_do_not_say_why() {
    let (tell, ears) = ears();
    let Ok(_socket) = dial(NOWHERE, &[], tell) else { return };
    ears.told.wait().await;
    let Some(Input::Closed { generation: 3, ended: Ended::DialFailed { why, retry: true } }) = ears.last()
    else {
        panic!("{:?}", ears.last())
    };
    assert!(why.contains("heartline connect ws://127.0.0.1:9/"), "{why}");
}

#[wasm_bindgen_test]
fn what_the_browser_does_not_accept_is_told_in_its_words() {
    for (url, subprotocols) in
        [("ftp://example.org/", vec![]), ("ws://127.0.0.1:9/", vec!["not a token".to_owned()])]
    {
        let Err(words) = dial(url, &subprotocols, ears().0) else { panic!("{url} was dialled") };
        assert!(!words.is_empty());
    }
}

#[wasm_bindgen_test]
async fn the_page_asks_its_own_server() {
    let (tell, ears) = ears();
    // The server of this test is no heartline server: it has no /readyz.
    let probe = ServerProbe::new("ws://own.example/chat", true);
    probe.explain(5, tell);
    ears.told.wait().await;
    let Some(Input::Closed { generation: 5, ended: Ended::DialFailed { why, retry: true } }) = ears.last()
    else {
        panic!("{:?}", ears.last())
    };
    assert!(why.contains("/readyz"), "{why}");
}

fn dial(url: &str, subprotocols: &[String], tell: Tell) -> Result<Socket, String> {
    Socket::dial(url, subprotocols, 3, ServerProbe::new(url, false), tell)
}

struct Ears {
    heard: Rc<RefCell<Vec<Input>>>,
    told: Happening,
}

impl Ears {
    fn last(&self) -> Option<Input> {
        self.heard.borrow().last().cloned()
    }
}

fn ears() -> (Tell, Ears) {
    let ears = Ears { heard: Rc::default(), told: Happening::new() };
    let (heard, told) = (ears.heard.clone(), ears.told.clone());
    let tell = Rc::new(move |input| {
        heard.borrow_mut().push(input);
        told.now();
    });
    (tell, ears)
}
