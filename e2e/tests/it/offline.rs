//! The page without its server.

use heartline_e2e::{Browser, Page, Server, Terminal, wait};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

in_both_browsers!(
    the_page_opens_without_its_server_and_keeps_what_was_written,
    another_program_at_the_same_address_meets_nothing_of_ours,
);

async fn the_page_opens_without_its_server_and_keeps_what_was_written(browser: Browser) {
    let mut server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    ada.join("Ada", "lobby").await;
    ada.say("while it is there").await;
    ada.wait_accepted("while it is there").await;
    wait_kept(&page).await;

    server.kill();
    ada.badge().wait_tone("tone-bad").await;
    ada.say("while it is away").await;
    ada.wait_entry("while it is away", &["queued"]).await;
    // The WebDriver command that reloads goes past what a page keeps in Firefox; people's own reload does not.
    page.go(&server.page()).await;
    page.wait_text("h1", "the page", |text| text.contains("Heartline")).await;
    ada.ask_in("Ada", "lobby").await;
    ada.wait_entry("while it is away", &["queued"]).await;

    server.restart().await;
    ada.wait_accepted("while it is away").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    assert_eq!(bob.wait_said("while it is away").await["name"], "Ada");
    let texts = ada.texts().await;
    assert_eq!(texts.iter().filter(|text| *text == "while it is away").count(), 1, "{texts:?}");
    bob.end().await;
}

async fn another_program_at_the_same_address_meets_nothing_of_ours(browser: Browser) {
    let mut server = Server::start().await;
    let page = browser.open(&server.page()).await;
    wait_kept(&page).await;
    server.kill();
    let other = TcpListener::bind(server.host()).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut visitor, _)) = other.accept().await {
            let _ = visitor.read(&mut [0; 4096]).await;
            let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<h1>Other</h1>";
            let _ = visitor.write_all(page.as_bytes()).await;
        }
    });
    page.go(&server.page()).await;
    page.wait_text("h1", "the other page", |text| text == "Other").await;
    let left = "return Promise.all([caches.keys(), navigator.serviceWorker.getRegistrations()]).then(([kept, workers]) => \
         [kept.length, workers.length])";
    wait::until("nothing of ours", async || match page.run(left, vec![]).await {
        nothing if nothing == serde_json::json!([0, 0]) => Ok(()),
        left => Err(left),
    })
    .await;
}

/// Waits until the browser has all that the page is made of.
async fn wait_kept(page: &Page) {
    let is_kept = "return caches.match(new URL('./', location)).then(kept => !!kept)";
    wait::until("the page in the browser's keeping", async || match page.run(is_kept, vec![]).await {
        kept if kept == true => Ok(()),
        kept => Err(kept),
    })
    .await;
}
