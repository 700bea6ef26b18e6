//! What the page remembers over a reload.

use heartline_e2e::{Browser, Server};

in_both_browsers!(name_room_and_policy_are_remembered, a_broken_memory_is_survived, a_link_names_the_room);

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

async fn a_link_names_the_room(browser: Browser) {
    let server = Server::start().await;
    let first = browser.open(&server.page()).await;
    first.chat().join("Ada", "the library & so on").await;
    let link = first.run("return location.href", vec![]).await;
    let link = link.as_str().unwrap();
    assert_eq!(link, format!("{}#room=the%20library%20%26%20so%20on", server.page()));
    let second = browser.open_beside(link).await;
    second.wait_text("[data-testid='chat-join']", "the form", |text| text == "Join").await;
    assert_eq!(second.chat().room().await, "the library & so on");
    // Followed while the page is open, too.
    second.run("location.hash = '#room=elsewhere'", vec![]).await;
    heartline_e2e::wait::until("the other room", async || match second.chat().room().await {
        room if room == "elsewhere" => Ok(()),
        room => Err(room),
    })
    .await;
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
