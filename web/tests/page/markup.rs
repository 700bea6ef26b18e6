use heartline_core::{
    chat::{Chat, ChatConfig, ClientSecret, Identity},
    close::Dialect,
    line::{LineConfig, Message},
    time::Instant,
};
use heartline_web::{
    components::{entry::Entry, log_detail::LogDetail, log_view::LogView},
    model::{
        chat_view::{self, Item},
        reading::Reading,
    },
    session::echo::EchoSession,
};
use leptos::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{mount, settled};

const EVIL: &str =
    r#"<img src=x onerror="window.harmed = true"><b>bold</b><script>window.harmed = true</script>"#;

#[wasm_bindgen_test]
async fn what_others_wrote_is_text() {
    let item = said(EVIL);
    let mounted = mount(move || view! { <Entry item take_back=Callback::new(|_| ()) /> });
    settled().await;
    assert_eq!(mounted.text("entry-text"), EVIL);
    assert_eq!(mounted.text("entry-name"), "<i>Eve</i>");
    assert!(mounted.root.query_selector("img, b, i, script").unwrap().is_none());
}

#[wasm_bindgen_test]
async fn what_a_server_sends_is_text_in_the_log() {
    let mounted = mount(move || {
        let session = EchoSession::new();
        session.send(Message::Text(EVIL.into())).unwrap();
        let write = Callback::new(|_| {});
        view! {
            <LogView session />
            <LogDetail session write />
        }
    });
    settled().await;
    assert!(mounted.text("log-line").contains(EVIL));
    mounted.click("log-open").await;
    assert!(mounted.text("log-detail").contains(EVIL));
    assert!(mounted.root.query_selector("img, b, script").unwrap().is_none());
}

#[wasm_bindgen_test]
async fn a_message_shows_how_far_it_is_and_can_be_taken_back() {
    let taken = ArcRwSignal::new(None);
    let note = taken.clone();
    let item = Item { mark: chat_view::Mark::Rejected, why: "too long".into(), id: 7, ..said("my words") };
    let mounted = mount(move || {
        let take_back = Callback::new(move |message| note.set(Some(message)));
        view! { <Entry item take_back /> }
    });
    settled().await;
    assert_eq!(mounted.get("entry").get_attribute("data-mark").as_deref(), Some("rejected"));
    assert_eq!(mounted.text("entry-why"), "not taken: too long");
    mounted.click("take-back").await;
    assert_eq!(taken.get_untracked(), Some((7, "my words".to_owned())));
}

/// An item as a chat makes it, with another's words in it.
fn said(text: &str) -> Item {
    let identity = Identity::new(ClientSecret::from_random(&[7; 16]).unwrap(), 1);
    let line = LineConfig::new(Dialect::V1);
    let config = ChatConfig { line, identity, name: "Ada".into(), token: None };
    let mut chat = Chat::new(config, 1).unwrap();
    chat.join(Instant::now(), "lobby").unwrap();
    chat.say(Instant::now(), "lobby", "hello", None).unwrap();
    let mut reading = Reading::default();
    reading.enter("lobby");
    let mut item = chat_view::items(&chat, reading.of("lobby").unwrap(), |_| 0).remove(0);
    assert_eq!(item.mark, chat_view::Mark::Queued);
    item.mark = chat_view::Mark::Said;
    item.name = "<i>Eve</i>".into();
    item.text = text.into();
    item
}
