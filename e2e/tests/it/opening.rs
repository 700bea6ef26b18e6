//! The page opens, and nothing on it goes against its own policy.

use heartline_e2e::{Browser, Server, wait};

in_both_browsers!(the_page_opens_without_a_complaint, a_shown_tab_is_remembered, the_page_can_be_installed);

async fn the_page_opens_without_a_complaint(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    page.wait_text("[data-testid='tab-chat']", "the Chat tab", |text| text == "Chat").await;
    let echo = page.echo();
    echo.show().await;
    echo.connect(&server.line("/echo")).await;
    echo.send("one").await;
    echo.wait_logged("in", "one").await;
    let chat = page.chat();
    chat.show().await;
    chat.join("Ada", "lobby").await;
    assert_eq!(browser.complaints(&server.page()).await, Vec::<String>::new());

    // The console is heard, and what others might smuggle in does not run.
    let smuggle = "const script = document.createElement('script'); script.textContent = 'document.title = \"taken\"'; \
                   document.body.append(script); return document.title";
    assert_eq!(page.run(smuggle, vec![]).await, "Heartline");
    let complaints =
        wait::until("a complaint about it", async || match browser.complaints(&server.page()).await {
            complaints if complaints.is_empty() => Err("none"),
            complaints => Ok(complaints),
        })
        .await;
    assert!(complaints[0].contains("inline script"), "{complaints:?}");
}

async fn a_shown_tab_is_remembered(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    page.echo().show().await;
    page.reload().await;
    page.wait_text("[aria-selected='true']", "the Echo tab", |text| text == "Echo").await;
}

async fn the_page_can_be_installed(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let get = "const get = (url) => { const asked = new XMLHttpRequest(); asked.open('GET', url, false); asked.send(); \
               return [asked.status, asked.getResponseHeader('Content-Type'), asked.responseText]; }; \
               const link = document.querySelector('link[rel=manifest]').href; \
               const [status, type, text] = get(link); const manifest = JSON.parse(text); \
               const icon = get(new URL(manifest.icons[0].src, link)); \
               return [status, type, manifest.name, icon[0], icon[1]]";
    let found = page.run(get, vec![]).await;
    let wanted = serde_json::json!([200, "application/manifest+json", "Heartline", 200, "image/svg+xml"]);
    assert_eq!(found, wanted);
}
