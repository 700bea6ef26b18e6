//! What is written with a slash.

use heartline_e2e::{Browser, Server, Terminal};

in_both_browsers!(a_slash_renames_moves_and_clears);

async fn a_slash_renames_moves_and_clears(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    ada.join("Ada", "lobby").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    ada.say("//etc").await;
    assert_eq!(bob.wait_said("/etc").await["name"], "Ada");

    ada.say("/nick Countess").await;
    ada.say("by another name").await;
    assert_eq!(bob.wait_said("by another name").await["name"], "Countess");
    assert_eq!(ada.name().await, "Countess");

    ada.wait_accepted("by another name").await;
    ada.say("/clear").await;
    bob.say("a fresh page");
    ada.wait_said("a fresh page").await;
    assert_eq!(ada.texts().await, ["a fresh page"]);
    page.click("[data-testid='load-older']").await;
    ada.wait_accepted("by another name").await;
    assert_eq!(ada.texts().await, ["/etc", "by another name", "a fresh page"]);

    ada.say("/dance").await;
    page.wait_text("[data-testid='chat-input-complaint']", "what is known", |text| {
        text.contains("/nick NAME")
    })
    .await;
    ada.say("/join elsewhere").await;
    ada.wait_room("elsewhere").await;
    ada.wait_member("Countess").await;
    ada.say("anybody?").await;
    ada.wait_accepted("anybody?").await;
    assert_eq!(ada.texts().await, ["anybody?"]);
    bob.end().await;
}
