//! What is sent comes back, and the page says how long it took.

use heartline_e2e::{Browser, Page, Server, page::Key, wait};
use serde_json::json;

in_both_browsers!(
    text_and_bytes_come_back,
    probes_draw_a_plot,
    a_line_that_was_closed_stays_closed,
    json_is_checked_kept_recalled_and_read,
    files_and_repeats_go_out,
);

async fn text_and_bytes_come_back(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;
    // The page proposes its own server.
    assert_eq!(echo.url().await, server.line("/echo"));
    echo.connect(&server.line("/echo")).await;

    echo.send("grüß dich <b>Welt</b>").await;
    let reply = echo.wait_logged("in", "grüß dich <b>Welt</b>").await;
    assert!(reply.aside.contains(" ms"), "the round trip stands beside the reply: {reply:?}");

    echo.send_as("hex").await;
    echo.send("00 ff 10").await;
    let reply = echo.wait_logged("in", "00 ff 10").await;
    assert!(reply.aside.contains(" ms"), "{reply:?}");
}

async fn probes_draw_a_plot(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;
    echo.connect(&server.line("/echo")).await;
    echo.probe(20, 20).await;
    wait::until("a dot for each probe", async || match echo.dots().await {
        20 => Ok(()),
        dots => Err(dots),
    })
    .await;
    let statistics = echo.statistics().await;
    assert!(statistics.contains("20"), "{statistics}");
}

async fn a_line_that_was_closed_stays_closed(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;
    echo.connect(&server.line("/echo")).await;
    echo.send("one").await;
    echo.wait_logged("in", "one").await;
    echo.disconnect().await;
    echo.badge().wait_tone("tone-idle").await;
    assert_eq!(echo.badge().next_dial().await, "–");

    // The same button leads back.
    echo.connect(&server.line("/echo")).await;
    echo.send("two").await;
    echo.wait_logged("in", "two").await;
}

async fn json_is_checked_kept_recalled_and_read(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;
    echo.connect(&server.line("/echo")).await;
    echo.badge().wait_tone("tone-unknown").await;
    echo.send_as("json").await;
    echo.send("{\"a\": [1, 2}").await;
    let refused = |text: &str| text.starts_with("this is not JSON: ");
    page.wait_text("[data-testid='echo-input-complaint']", "why it is no JSON", refused).await;
    assert_eq!(input(&page).await, "{\"a\": [1, 2}", "what was written is still there");

    page.write(INPUT, "{\"a\":[1,2]}").await;
    page.click("[data-testid='echo-keep']").await;
    page.click(INPUT).await;
    page.press(Key::Enter).await;
    echo.wait_logged("in", "{\"a\":[1,2]}").await;
    assert_eq!(input(&page).await, "");
    page.press(Key::Up).await;
    assert_eq!(input(&page).await, "{\"a\":[1,2]}", "the arrow keys lead back to what was sent");
    page.click("[data-testid='echo-tidy']").await;
    assert_eq!(input(&page).await, "{\n  \"a\": [\n    1,\n    2\n  ]\n}");

    page.click("[data-kind='in'] [data-testid='log-open']").await;
    let whole = page.text("[data-testid='log-detail'] pre").await.unwrap();
    assert_eq!(whole, "{\n  \"a\": [\n    1,\n    2\n  ]\n}");

    // Another visit.
    page.reload().await;
    page.wait_text("[data-testid='saved']", "what was kept", |text| text.contains("{\"a\":[1,2]}")).await;
    page.click("[data-testid='panel-echo'] details:has([data-testid='saved']) > summary").await;
    page.click("[data-testid='saved-take']").await;
    assert_eq!(input(&page).await, "{\"a\":[1,2]}");
    assert_eq!(page.value("[data-testid='echo-form']").await.as_deref(), Some("json"));
}

async fn files_and_repeats_go_out(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;
    echo.connect(&server.line("/echo")).await;
    page.run(CHOOSE, vec![json!("small.bin"), json!(null)]).await;
    page.wait_text("[data-testid='echo-attached']", "the file", |text| {
        text.starts_with("small.bin, 3 bytes")
    })
    .await;
    page.write(INPUT, "half a sentence").await;
    page.click("[data-testid='echo-send']").await;
    echo.wait_logged("in", "01 02 ff").await;
    assert_eq!(input(&page).await, "half a sentence", "a file goes out by itself");

    page.run(CHOOSE, vec![json!("big.bin"), json!(2_u64 << 30)]).await;
    let too_large = |text: &str| text.contains("big.bin has") && text.contains("at most");
    page.wait_text("[data-testid='echo-input-complaint']", "a file too large", too_large).await;
    assert_eq!(input(&page).await, "half a sentence");

    page.write(INPUT, "tick").await;
    page.click("[data-testid='panel-echo'] details:has([data-testid='repeat-every']) > summary").await;
    page.write("[data-testid='repeat-every']", "5").await;
    page.click("[data-testid='repeat-start']").await;
    page.wait_text("[data-testid='repeat-complaint']", "a bound", |text| text.contains("from 10 on")).await;
    page.write("[data-testid='repeat-every']", "20").await;
    page.write("[data-testid='repeat-times']", "5").await;
    page.click("[data-testid='repeat-start']").await;
    page.wait_text("[data-testid='repeat-sent']", "five times", |text| text == "sent 5 times").await;
    page.write("[data-testid='log-words']", "tick").await;
    page.wait_text("[data-testid='log-count']", "each and its echo", |text| text == "10 lines").await;
    assert_eq!(echo.log().await.len(), 10);
}

const INPUT: &str = "[data-testid='echo-input']";

/// Chooses a file of three bytes with this name, which says that it has another size if one is given.
const CHOOSE: &str = "const file = new File([new Uint8Array([1, 2, 255])], arguments[0]); \
     if (arguments[1]) Object.defineProperty(file, 'size', { value: arguments[1] }); \
     const input = document.querySelector(`[data-testid='echo-file']`); \
     Object.defineProperty(input, 'files', { value: { length: 1, item: () => file, 0: file }, configurable: true }); \
     input.dispatchEvent(new Event('change', { bubbles: true }))";

async fn input(page: &Page) -> String {
    page.value(INPUT).await.unwrap_or_default()
}
