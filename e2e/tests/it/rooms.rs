//! Several rooms at once, and what is new in those that nobody looks at.

use heartline_e2e::{Browser, Page, Server, Terminal, page::Key, wait};
use serde_json::{Value, json};

in_both_browsers!(
    rooms_are_open_side_by_side,
    what_nobody_looked_at_is_counted_and_marked,
    a_link_leads_to_one_more_room,
    who_is_named_is_told_when_nobody_looks,
);

const ROOM: &str = "[data-testid='room']";

async fn rooms_are_open_side_by_side(browser: Browser) {
    let mut server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    ada.join("Ada", "tea").await;
    ada.say("one").await;
    ada.wait_accepted("one").await;
    page.write("[data-testid='chat-input']", "half a sentence").await;

    page.write("[data-testid='chat-another']", "coffee").await;
    page.press(Key::Enter).await;
    ada.wait_room("coffee").await;
    wait_rooms(&page, &[("tea", ""), ("coffee", "")]).await;
    ada.wait_member("Ada").await;
    assert_eq!(page.value("[data-testid='chat-input']").await.as_deref(), Some(""));
    ada.say("two").await;
    ada.wait_accepted("two").await;
    assert_eq!(ada.texts().await, ["two"], "each room has its own timeline");

    let mut bob = Terminal::join(server.host(), "Bob", "tea").await;
    bob.say("psst, ada");
    bob.wait_said("psst, ada").await;
    wait_rooms(&page, &[("tea", "1 new, and you are named"), ("coffee", "")]).await;
    page.click(ROOM).await;
    ada.wait_room("tea").await;
    assert_eq!(page.focus().await.as_deref(), Some("room"), "the focus stays where it was");
    ada.wait_said("psst, ada").await;
    wait_rooms(&page, &[("tea", ""), ("coffee", "")]).await;
    assert_eq!(
        page.value("[data-testid='chat-input']").await.as_deref(),
        Some("half a sentence"),
        "what was being written is still there"
    );
    assert!(page.run("return location.hash", vec![]).await.as_str().unwrap().ends_with("tea"));

    // Both live on one line, and both come back with it.
    server.kill();
    ada.badge().wait_tone("tone-bad").await;
    ada.say("while it was away").await;
    server.restart().await;
    ada.badge().wait_tone("tone-good").await;
    ada.wait_accepted("while it was away").await;

    ada.say("/leave").await;
    ada.wait_room("coffee").await;
    wait_rooms(&page, &[("coffee", "")]).await;
    ada.say("three").await;
    ada.wait_accepted("three").await;
    ada.leave().await;
    wait_rooms(&page, &[]).await;
    bob.end().await;
}

async fn what_nobody_looked_at_is_counted_and_marked(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    ada.join("Ada", "lobby").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    bob.say("before");
    ada.wait_said("before").await;
    page.echo().show().await;
    for text in ["one", "two"] {
        bob.say(text);
        bob.wait_said(text).await;
    }
    page.wait_text("[data-testid='tab-chat']", "two new messages", |text| text == "Chat2 new").await;
    wait::until("the count beside the page's name", async || {
        match page.run("return document.title", vec![]).await {
            title if title == "(2) Heartline" => Ok(()),
            title => Err(title),
        }
    })
    .await;

    ada.show().await;
    page.wait_text("[data-testid='tab-chat']", "no new message", |text| text == "Chat").await;
    let order = "return [...document.querySelectorAll(`[data-testid='entry'], [data-testid='new']`)] \
                 .map(it => it.querySelector(`[data-testid='entry-text']`)?.textContent ?? 'NEW')";
    wait::until("the line above what is new", async || match page.run(order, vec![]).await {
        order if order == json!(["before", "NEW", "one", "two"]) => Ok(()),
        order => Err(order),
    })
    .await;
    ada.say("here I am").await;
    ada.wait_accepted("here I am").await;
    wait::until("no line any more", async || match page.run(order, vec![]).await {
        order if order == json!(["before", "one", "two", "here I am"]) => Ok(()),
        order => Err(order),
    })
    .await;
    bob.end().await;
}

async fn a_link_leads_to_one_more_room(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    ada.join("Ada", "tea").await;
    page.run("location.hash = '#room=' + encodeURIComponent('茶 & more')", vec![]).await;
    ada.wait_room("茶 & more").await;
    wait_rooms(&page, &[("tea", ""), ("茶 & more", "")]).await;
    ada.say("你好").await;
    ada.wait_accepted("你好").await;
}

async fn who_is_named_is_told_when_nobody_looks(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    // Browsers without a desktop show no notices; that they are asked to is what there is to see.
    let stand_in = "window.told = []; window.Notification = class { \
         constructor(title, options) { window.told.push([title, options.body, options.tag]) } \
         static permission = 'default'; \
         static async requestPermission() { return Notification.permission = 'granted' } }; \
         Object.defineProperty(document, 'hidden', { configurable: true, get: () => window.isHidden ?? false })";
    page.run(stand_in, vec![]).await;
    let ada = page.chat();
    ada.join("Ada", "lobby").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    let hide = "window.isHidden = arguments[0]; document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))";
    page.run(hide, vec![json!(true)]).await;
    bob.say("Ada, nobody asked to be told yet");
    ada.wait_said("Ada, nobody asked to be told yet").await;
    page.run(hide, vec![json!(false)]).await;

    page.click("[data-testid='notify']").await;
    wait::until("the switch on", async || {
        match page.attribute("[data-testid='notify']", "aria-pressed").await.as_deref() {
            Some("true") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    bob.say("Ada, you can see this");
    ada.wait_said("Ada, you can see this").await;
    page.run(hide, vec![json!(true)]).await;
    bob.say("the armada is not you");
    bob.say("psst @ada");
    ada.wait_said("psst @ada").await;
    let told = page.run("return window.told", vec![]).await;
    assert_eq!(told, json!([["Bob · lobby", "psst @ada", "lobby"]]));
    bob.end().await;
}

/// Waits until these rooms are open, with these words about what is new.
async fn wait_rooms(page: &Page, rooms: &[(&str, &str)]) {
    let script = "return [...document.querySelectorAll(arguments[0])].map(room => \
         [room.firstElementChild.textContent, room.querySelector(`[data-testid='unread']`)?.textContent ?? ''])";
    let wanted: Value = rooms.iter().map(|(name, news)| json!([name, news])).collect();
    wait::until("the open rooms", async || match page.run(script, vec![json!(ROOM)]).await {
        open if open == wanted => Ok(()),
        open => Err(open),
    })
    .await;
}
