//! The page opens, and nothing on it goes against its own policy.

use heartline_e2e::{Browser, Server};

in_both_browsers!(the_page_opens_without_a_complaint, a_shown_tab_is_remembered);

async fn the_page_opens_without_a_complaint(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    page.wait_text("[data-testid='tab-chat']", "the Chat tab", |text| text == "Chat").await;
    page.echo().show().await;
    page.chat().show().await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

async fn a_shown_tab_is_remembered(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    page.echo().show().await;
    page.reload().await;
    page.wait_text("[aria-selected='true']", "the Echo tab", |text| text == "Echo").await;
}
