//! Without a mouse.

use heartline_e2e::page::Key;
use heartline_e2e::{Browser, Server};

in_both_browsers!(keys_alone_suffice_to_chat, arrows_move_between_the_tabs);

async fn keys_alone_suffice_to_chat(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let chat = page.chat();
    page.tab_to("chat-name").await;
    page.type_keys("Ada").await;
    page.tab_to("chat-room").await;
    // Coming by Tab selects what is there.
    page.type_keys("library").await;
    page.press(Key::Enter).await;
    chat.wait_member("Ada").await;

    // The cursor is where one writes.
    page.wait_focus("chat-input").await;
    page.type_keys("hello").await;
    page.press(Key::Enter).await;
    chat.wait_accepted("hello").await;
    // It stays there.
    page.type_keys("and on").await;
    page.press(Key::Enter).await;
    chat.wait_accepted("and on").await;

    page.tab_back_to("chat-leave").await;
    page.press(Key::Enter).await;
    page.wait_text("[data-testid='chat-join']", "the form", |text| text == "Join").await;
    assert_eq!(chat.room().await, "library");
}

async fn arrows_move_between_the_tabs(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    page.tab_to("tab-chat").await;
    page.press(Key::Right).await;
    page.wait_text("[aria-selected='true']", "the Echo tab", |text| text == "Echo").await;
    page.tab_to("echo-url").await;
    page.press(Key::Enter).await;
    page.tab_to("echo-input").await;
    page.type_keys("hello").await;
    page.press(Key::Enter).await;
    page.echo().wait_logged("in", "hello").await;
}
