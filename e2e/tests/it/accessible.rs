//! What keeps people from using the page, as far as a program can find it: axe-core looks at each tab.

use heartline_e2e::{Browser, Kind, Page, Server, Terminal, axe};
use serde_json::{Value, json};

in_both_browsers!(axe_finds_nothing);

async fn axe_finds_nothing(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    // Firefox has no tool to look at the dark.
    let looks: &[bool] = if browser.kind() == Kind::Chromium { &[false, true] } else { &[false] };
    page.run(&axe(), vec![]).await;
    nothing_is_found(&page, "as it opens").await;

    let ada = page.chat();
    ada.join("Ada", "lobby").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    ada.say("see https://example.com").await;
    ada.wait_accepted("see https://example.com").await;
    page.echo().show().await;
    bob.say("Ada, are you there?");
    page.wait_text("[data-testid='tab-chat']", "what is new", |text| text.contains("1 new")).await;
    let echo = page.echo();
    echo.connect(&server.line("/echo")).await;
    echo.send("hello").await;
    echo.wait_logged("in", "hello").await;
    page.click("[data-kind='in'] [data-testid='log-open']").await;
    // All that is folded away counts, too.
    page.run("document.querySelectorAll('details').forEach(one => one.open = true)", vec![]).await;
    for dark in looks {
        if browser.kind() == Kind::Chromium {
            browser.looks((1100, 900), *dark).await;
        }
        for tab in ["tab-chat", "tab-echo", "tab-inspect", "tab-doctor"] {
            page.click(&format!("[data-testid='{tab}']")).await;
            nothing_is_found(&page, &format!("{tab}, dark: {dark}")).await;
        }
        page.click("[data-testid='tab-chat']").await;
        page.click("[data-testid='view-stage']").await;
        nothing_is_found(&page, &format!("the stage, dark: {dark}")).await;
        page.click("[data-testid='view-timeline']").await;
    }
    bob.end().await;
}

async fn nothing_is_found(page: &Page, what: &str) {
    let look = "return axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => [passes.length, \
         violations.map(({ id, help, nodes }) => [id, help, nodes.map(({ html, any }) => [html, any.map(({ message }) => message)])])])";
    let found: Value = page.run(look, vec![]).await;
    assert!(found[0].as_u64() > Some(10), "{what}: axe-core looked at nothing: {found}");
    assert_eq!(found[1], json!([]), "{what}");
}
