//! The server dies and comes back; so does everybody else.

use heartline_e2e::{Browser, Server, Terminal};

in_both_browsers!(
    a_killed_server_is_survived,
    two_pages_come_back_together,
    the_page_says_why_and_dials_when_told
);

/// Whoever waits by this waits for good, as far as a test is concerned: only a press of the button ends it.
const PATIENT: &str = r#"{"reconnect":{"base_ms":3600000,"cap_ms":3600000}}"#;

async fn a_killed_server_is_survived(browser: Browser) {
    let mut server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    ada.join("Ada", "lobby").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    ada.wait_member("Bob").await;
    ada.say("before").await;
    bob.wait_said("before").await;

    server.kill();
    ada.badge().wait_last_end("").await;
    ada.say("from Ada, meanwhile").await;
    ada.wait_entry("from Ada, meanwhile", &["queued"]).await;
    bob.wait_ended().await;
    bob.say("from Bob, meanwhile");
    bob.wait_own("from Bob, meanwhile", "queued").await;
    server.restart().await;

    // Nobody did anything for it.
    ada.wait_said("from Bob, meanwhile").await;
    bob.wait_said("from Ada, meanwhile").await;
    ada.wait_accepted("from Ada, meanwhile").await;
    bob.wait_said("from Bob, meanwhile").await;
    ada.wait_member("Bob").await;
    ada.badge().wait_tone("tone-good").await;
    ada.say("after").await;
    bob.wait_said("after").await;
    bob.say("after that");
    ada.wait_said("after that").await;

    let ends = "return [...document.querySelectorAll(\"#panel-chat [data-testid='line-ends'] > li\")].map(one => one.textContent)";
    let ends = page.run(ends, vec![]).await;
    let [end] = &ends.as_array().unwrap()[..] else { panic!("one line has ended: {ends}") };
    assert!(end.as_str().unwrap().contains("1006"), "{end}");

    let texts = ada.texts().await;
    assert_eq!(texts.len(), 5, "each arrived once: {texts:?}");
    assert_eq!(texts, bob.texts(), "the timelines are equal");
    bob.end().await;
}

async fn two_pages_come_back_together(browser: Browser) {
    let mut server = Server::start().await;
    let (first, second) = (browser.open(&server.page()).await, browser.open_beside(&server.page()).await);
    let (ada, bob) = (first.chat(), second.chat());
    ada.join("Ada", "lobby").await;
    bob.join("Bob", "lobby").await;
    server.kill();
    for person in [ada, bob] {
        person.badge().wait_last_end("").await;
        person.say("still here").await;
    }
    server.restart().await;
    for person in [ada, bob] {
        person.wait_said("still here").await;
        person.wait_accepted("still here").await;
        assert_eq!(person.texts().await, ["still here", "still here"]);
    }
}

async fn the_page_says_why_and_dials_when_told(browser: Browser) {
    let mut server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let chat = page.chat();
    chat.set_policy(PATIENT).await;
    chat.join("Ada", "lobby").await;

    server.kill();
    chat.badge().wait_tone("tone-bad").await;
    chat.badge().wait_last_end("it lived").await;
    chat.badge().wait_countdown().await;

    // Still nobody there: the page asked, and says what it found out.
    chat.badge().dial_now().await;
    chat.badge().wait_last_dial("does not answer").await;
    chat.badge().wait_countdown().await;

    server.restart().await;
    chat.badge().dial_now().await;
    chat.badge().wait_tone("tone-good").await;
    chat.say("back").await;
    chat.wait_accepted("back").await;
}
