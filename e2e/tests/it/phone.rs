//! On a small screen.

use heartline_e2e::{Browser, Page, Server};

in_both_browsers!(nothing_is_wider_than_a_phone);

async fn nothing_is_wider_than_a_phone(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    browser.shrink_to_phone(&page).await;
    let chat = page.chat();
    fits(&page).await;
    let long = "x".repeat(60);
    chat.join(&long, &long).await;
    let word = "long".repeat(200);
    chat.say(&word).await;
    chat.wait_accepted(&word).await;
    fits(&page).await;
    page.open_settings("panel-chat").await;
    fits(&page).await;

    let echo = page.echo();
    echo.show().await;
    fits(&page).await;
    echo.connect(&server.line("/echo")).await;
    echo.send(&word).await;
    // A row shows the beginning of it; opened, all of it.
    echo.wait_logged("in", "longlong").await;
    page.click("[data-kind='in'] [data-testid='log-open']").await;
    page.wait_text("[data-testid='log-detail'] pre", "the whole message", |text| text == word).await;
    echo.probe(3, 20).await;
    page.open_settings("panel-echo").await;
    fits(&page).await;

    for tab in ["tab-inspect", "tab-doctor"] {
        page.click(&format!("[data-testid='{tab}']")).await;
        fits(&page).await;
    }
}

async fn fits(page: &Page) {
    let script = "const root = document.documentElement; const width = root.clientWidth; \
         const out = [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > width); \
         return root.scrollWidth <= width ? [] : out.map(one => one.outerHTML.slice(0, 80))";
    let sticking_out = page.run(script, vec![]).await;
    assert_eq!(sticking_out, serde_json::json!([]), "wider than the window");
}
