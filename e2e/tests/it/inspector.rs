//! What passes through a relay stands in the Inspector, bit by bit, and its buttons hurt the line.

use heartline_e2e::{Browser, Server, relay::Relay};

in_both_browsers!(frames_are_seen_and_opened, a_line_is_hurt_and_heals, what_is_no_feed_is_said);

async fn frames_are_seen_and_opened(browser: Browser) {
    let server = Server::start().await;
    let relay = Relay::to(&server.line("")).await;
    let page = browser.open(&server.page()).await;
    let inspector = page.inspector();
    inspector.show().await;
    assert!(inspector.hint().await.contains("heartline relay"), "how to start one stands there");
    inspector.read(relay.feed()).await;
    inspector.wait_to(&server.line("/")).await;

    let echo = page.echo();
    echo.show().await;
    echo.connect(&format!("{}echo", relay.line())).await;
    echo.send("<i>frame</i> by frame").await;
    echo.wait_logged("in", "<i>frame</i> by frame").await;
    inspector.show().await;
    let request = inspector.wait_row("request", "GET /echo").await;
    assert_eq!(request[2], "client →");
    let row = inspector.wait_row("Text", "<i>frame</i> by frame").await;
    assert_eq!((&*row[2], &*row[4]), ("client →", "21 bytes"));
    let fields = inspector.open("<i>frame</i> by frame").await;
    let value = |name: &str| {
        let field = fields.iter().find(|(field, ..)| field == name);
        field.map(|(_, value, means)| (value.clone(), means.clone())).unwrap_or_default()
    };
    assert_eq!(value("FIN").0, "1");
    assert_eq!(value("Opcode"), ("0001".to_owned(), "Text".to_owned()));
    assert_eq!(value("MASK"), ("1".to_owned(), "masked, as a client must".to_owned()));
    assert_eq!(value("Masking-Key").0.len(), 8);
    let dump = inspector.dump().await;
    assert!(dump.contains("3c 69 3e 66 72 61 6d 65") && dump.contains("<i>frame</i> by"), "{dump}");
    assert_eq!(browser.complaints(&server.page()).await, Vec::<String>::new());
}

async fn a_line_is_hurt_and_heals(browser: Browser) {
    let server = Server::start().await;
    let relay = Relay::to(&server.line("")).await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;
    echo.connect(&format!("{}echo", relay.line())).await;
    echo.send("before").await;
    echo.wait_logged("in", "before").await;
    let inspector = page.inspector();
    inspector.show().await;
    inspector.read(relay.feed()).await;
    inspector.wait_to(&server.line("/")).await;

    inspector.fault("server: delay 1h").await;
    inspector
        .wait_faults(|faults| {
            faults.contains("#1: server: delay") && faults.contains("lines to come: server: delay")
        })
        .await;
    inspector.fault("no such fault").await;
    inspector.wait_row("refused", "say whose bytes are meant").await;
    inspector.heal().await;
    inspector.wait_faults(str::is_empty).await;
    inspector.press_fault("both: cut 1012").await;
    inspector.wait_row("ended", "1012").await;
    // It comes back by itself, through the same relay, and what is said then arrives.
    inspector.heal().await;
    echo.show().await;
    echo.send("after").await;
    echo.wait_logged("in", "after").await;
}

async fn what_is_no_feed_is_said(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let inspector = page.inspector();
    inspector.show().await;
    inspector.read("http://127.0.0.1:8900/inspect").await;
    assert!(inspector.complaint().await.contains("begins with ws://"));
}
