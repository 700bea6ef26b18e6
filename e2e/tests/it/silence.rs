//! Other ends that fall silent without a word.

use heartline_e2e::{Browser, Server, Wire};

in_both_browsers!(
    a_plain_server_is_unknown_and_never_green,
    an_expected_answer_proves_life_and_finds_silence,
    a_silent_chat_server_is_found_and_dialled_again,
);

/// The shortest beat a line may have.
const QUICK: &str =
    r#"{"heartbeat":{"interval_ms":1000,"grace_ms":500},"reconnect":{"base_ms":50,"cap_ms":200}}"#;

async fn a_plain_server_is_unknown_and_never_green(browser: Browser) {
    let server = Server::start().await;
    let foreign = Wire::to(server.host()).await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;
    echo.set_policy(QUICK).await;
    echo.connect(&format!("ws://{}/echo", foreign.host())).await;
    echo.badge().wait_tone("tone-unknown").await;
    echo.send("before").await;
    echo.wait_logged("in", "before").await;
    assert_eq!(echo.badge().tone().await, "tone-unknown", "an echo is no promise to answer");

    // Silence proves nothing against an end that never promised to answer: the line stays, and so does what was sent.
    foreign.freeze();
    echo.send("meanwhile").await;
    echo.wait_logged("out", "meanwhile").await;
    assert_eq!(echo.badge().tone().await, "tone-unknown");
    foreign.thaw();
    echo.wait_logged("in", "meanwhile").await;
    assert_eq!(echo.badge().tone().await, "tone-unknown");
    assert_eq!(echo.badge().last_end().await, "");
}

async fn an_expected_answer_proves_life_and_finds_silence(browser: Browser) {
    let server = Server::start().await;
    let foreign = Wire::to(server.host()).await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;
    echo.set_policy(QUICK).await;
    echo.beat_with("still there?").await;
    echo.connect(&format!("ws://{}/echo", foreign.host())).await;
    echo.badge().wait_tone("tone-good").await;

    foreign.freeze();
    echo.badge().wait_last_end("no answer").await;
    // What is dialled now is not frozen.
    echo.badge().wait_tone("tone-good").await;
    echo.send("back").await;
    echo.wait_logged("in", "back").await;
}

async fn a_silent_chat_server_is_found_and_dialled_again(browser: Browser) {
    let server = Server::start_with(&["--interval", "1s", "--grace", "500ms"]).await;
    let wire = Wire::to(server.host()).await;
    let page = browser.open(&format!("http://{}/", wire.host())).await;
    let chat = page.chat();
    chat.join("Ada", "silence").await;
    chat.badge().wait_tone("tone-good").await;
    chat.say("before").await;
    chat.wait_accepted("before").await;

    wire.freeze();
    chat.say("meanwhile").await;
    chat.badge().wait_last_end("no answer").await;
    chat.wait_accepted("meanwhile").await;
    chat.badge().wait_tone("tone-good").await;
    assert_eq!(chat.texts().await, ["before", "meanwhile"]);
}
