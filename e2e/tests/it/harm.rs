//! A line that is broken by button, and heals.

use heartline_e2e::{Browser, Page, Server, Terminal};

in_both_browsers!(a_line_that_is_cut_heals, a_line_that_freezes_heals, a_line_that_goes_mute_heals);

/// Finds a dead line in seconds, so that nobody waits.
const QUICK: &str = r#"{"heartbeat": {"interval_ms": 1000, "grace_ms": 500}}"#;

async fn a_line_that_is_cut_heals(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let bob = heals(&server, &page, "cut").await;
    page.chat().badge().wait_last_end("without a close frame").await;
    bob.end().await;
}

async fn a_line_that_freezes_heals(browser: Browser) {
    let server = Server::start_with(&["--interval", "1s", "--grace", "500ms"]).await;
    let page = browser.open(&server.page()).await;
    let bob = heals(&server, &page, "freeze").await;
    page.chat().badge().wait_last_end("a probe had no answer").await;
    bob.end().await;
}

async fn a_line_that_goes_mute_heals(browser: Browser) {
    let server = Server::start_with(&["--interval", "1s", "--grace", "500ms"]).await;
    let page = browser.open(&server.page()).await;
    let bob = heals(&server, &page, "mute").await;
    bob.end().await;
}

/// Writes while the line is broken, and waits until it arrived, once and in order.
async fn heals(server: &Server, page: &Page, harm: &str) -> Terminal {
    let ada = page.chat();
    ada.set_policy(QUICK).await;
    ada.join("Ada", "lobby").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    page.click("[data-testid='panel-chat'] [data-testid='line-panel'] > summary").await;
    page.click(&format!("[data-testid='panel-chat'] [data-testid='harm-{harm}']")).await;
    ada.say("are you there?").await;
    bob.say("I am");
    assert_eq!(bob.wait_said("are you there?").await["name"], "Ada");
    ada.wait_accepted("are you there?").await;
    ada.wait_said("I am").await;
    ada.badge().wait_tone("tone-good").await;
    let texts = ada.texts().await;
    assert_eq!(texts.iter().filter(|text| *text == "are you there?").count(), 1, "{texts:?}");
    bob
}
