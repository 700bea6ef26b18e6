//! What the page remembers over a reload.

use heartline_e2e::{Browser, Server};

in_both_browsers!(name_room_and_policy_are_remembered, a_broken_memory_is_survived);

async fn name_room_and_policy_are_remembered(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let chat = page.chat();
    chat.set_policy(r#"{"heartbeat":{"interval_ms":12345}}"#).await;
    chat.join("Ada", "the library").await;

    page.reload().await;
    page.wait_text("[data-testid='chat-join']", "the form", |text| text == "Join").await;
    assert_eq!((chat.name().await.as_str(), chat.room().await.as_str()), ("Ada", "the library"));
    assert_eq!(chat.policy().await["heartbeat"]["interval_ms"], 12345);
}

async fn a_broken_memory_is_survived(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    page.run("localStorage.setItem('heartline.policy', '{\"heartbeat\":{\"interval_ms\":0}}')", vec![]).await;
    page.reload().await;
    page.wait_text("[data-testid='notices']", "words about it", |text| text.contains("cannot be used")).await;
    let chat = page.chat();
    assert_eq!(chat.policy().await["heartbeat"]["interval_ms"], 25000);
    chat.join("Ada", "lobby").await;
}
