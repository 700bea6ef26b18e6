//! What is sent comes back, and the page says how long it took.

use heartline_e2e::{Browser, Server, wait};

in_both_browsers!(text_and_bytes_come_back, probes_draw_a_plot, a_line_that_was_closed_stays_closed);

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
