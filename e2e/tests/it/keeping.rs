//! What was written outlives the tab it was written in.

use heartline_e2e::{Browser, Page, Server, Terminal, wait};
use serde_json::Value;

in_both_browsers!(
    a_closed_tab_loses_nothing_it_was_told,
    a_second_tab_is_somebody_else_and_says_so,
    a_reloaded_page_is_who_it_was,
    without_storage_one_chats_all_the_same,
);

async fn a_closed_tab_loses_nothing_it_was_told(browser: Browser) {
    let mut server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let other = browser.open_beside("about:blank").await;
    page.chat().join("Ada", "lobby").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;

    server.kill();
    page.chat().badge().wait_last_end("").await;
    bob.wait_ended().await;
    for text in ["one", "two"] {
        page.chat().say(text).await;
        page.chat().wait_entry(text, &["queued"]).await;
    }
    let kept = wait_stored(&page, 2).await;
    page.close().await;
    server.restart().await;

    // Nobody joins: it is enough that the page is open again.
    other.go(&server.page()).await;
    for (text, kept) in ["one", "two"].into_iter().zip(&kept) {
        let said = bob.wait_said(text).await;
        assert_eq!((said["name"].as_str(), kept["text"].as_str()), (Some("Ada"), Some(text)));
        assert_eq!(said["id"].as_f64(), kept["id"].as_f64(), "with the number it had");
    }
    wait_stored(&other, 0).await;
    other.chat().badge().wait_tone("tone-idle").await;
    other
        .wait_text("[data-testid='chat-note']", "word of it", |note| note.contains("has arrived: two"))
        .await;

    let ada = other.chat();
    ada.join("Ada", "lobby").await;
    ada.say("three").await;
    bob.wait_said("three").await;
    ada.wait_accepted("three").await;
    assert_eq!(ada.texts().await, ["one", "two", "three"]);
    assert_eq!(bob.texts(), ["one", "two", "three"], "each arrived once");
    bob.end().await;
}

async fn a_second_tab_is_somebody_else_and_says_so(browser: Browser) {
    let server = Server::start().await;
    let (first, second) = (browser.open(&server.page()).await, browser.open_beside(&server.page()).await);
    let (ada, bob) = (first.chat(), second.chat());
    ada.join("Ada", "lobby").await;
    bob.join("Bob", "lobby").await;
    second
        .wait_text("[data-testid='notices']", "words about it", |text| {
            text.contains("another tab chats here")
        })
        .await;
    assert_eq!(first.text("[data-testid='notices']").await.as_deref(), Some(""));
    ada.say("two of us").await;
    bob.wait_said("two of us").await;
    bob.say("indeed").await;
    ada.wait_said("indeed").await;
}

async fn a_reloaded_page_is_who_it_was(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    for text in ["before", "after", "after that"] {
        ada.join("Ada", "lobby").await;
        ada.say(text).await;
        ada.wait_accepted(text).await;
        // What it said before is its own, and it is there once.
        ada.wait_accepted("before").await;
        page.reload().await;
    }
    ada.join("Ada", "lobby").await;
    ada.wait_accepted("after that").await;
    assert_eq!(ada.texts().await, ["before", "after", "after that"]);
    assert_eq!(page.text("[data-testid='notices']").await.as_deref(), Some(""));
}

async fn without_storage_one_chats_all_the_same(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    page.wait_text("[data-testid='chat-join']", "the form", |text| text == "Join").await;
    let forbid = "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError') } })";
    page.run(forbid, vec![]).await;
    ada.join("Ada", "lobby").await;
    page.wait_text("[data-testid='notices']", "words about it", |text| text.contains("forbids storage"))
        .await;
    ada.say("all the same").await;
    ada.wait_accepted("all the same").await;
}

/// Waits until so many messages lie in the page's outbox, and brings them.
async fn wait_stored(page: &Page, count: usize) -> Vec<Value> {
    let look = "indexedDB.open('heartline').onsuccess = ({ target: { result: db } }) => { \
         const asked = db.transaction('outbox').objectStore('outbox').getAll(); \
         asked.onsuccess = () => { window.stored = asked.result; db.close(); }; }; return window.stored ?? null";
    wait::until(&format!("{count} stored messages"), async || {
        let stored = page.run(look, vec![]).await;
        match stored.as_array() {
            Some(messages) if messages.len() == count => Ok(messages.clone()),
            Some(_) | None => Err(stored.to_string()),
        }
    })
    .await
}
