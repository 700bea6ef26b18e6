//! A log of a hundred thousand lines.

use heartline_core::line::Message;
use heartline_web::{
    components::{log_bar::LogBar, log_view::LogView},
    model::log::KEPT,
    session::echo::EchoSession,
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Mounted, mount, until};

#[wasm_bindgen_test]
async fn a_long_log_is_kept_and_little_of_it_is_drawn() {
    let made = StoredValue::new(None::<EchoSession>);
    let page = mount(move || {
        let session = EchoSession::new();
        made.set_value(Some(session));
        view! {
            <LogBar session />
            <LogView session />
        }
    });
    let session = made.get_value().unwrap();
    // What the style sheet does, which is not here.
    let log = page.get("echo-log");
    log.style().set_property("overflow", "auto").unwrap();
    log.style().set_property("block-size", "400px").unwrap();
    for n in 0..KEPT {
        session.send(Message::Text(format!("line {n}"))).unwrap();
    }
    until("all of it", || page.text("log-count") == format!("{KEPT} lines")).await;
    until("the end of it", || texts(&page).last().is_some_and(|last| last == "line 99999")).await;
    let list: web_sys::HtmlElement = log.query_selector("ol").unwrap().unwrap().unchecked_into();
    list.style().set_property("box-sizing", "border-box").unwrap();
    until("its end in sight", || log.scroll_height() - log.scroll_top() - log.client_height() < 48).await;
    assert!(texts(&page).len() < 100, "{} lines are in the document", texts(&page).len());

    log.set_scroll_top(log.scroll_height() / 2);
    until("the middle", || texts(&page).iter().any(|text| text == "line 50000")).await;
    assert!(texts(&page).len() < 100);
    log.set_scroll_top(0);
    until("the beginning", || texts(&page).first().is_some_and(|first| first == "line 0")).await;

    page.write("log-words", "line 4711").await;
    assert_eq!(page.text("log-count"), "11 lines");
    assert_eq!(texts(&page).last().map(String::as_str), Some("line 47119"));
}

fn texts(page: &Mounted) -> Vec<String> {
    let lines = page.root.query_selector_all(".log-text").unwrap();
    (0..lines.length()).filter_map(|at| lines.item(at)?.text_content()).collect()
}
