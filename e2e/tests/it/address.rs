//! URLs that lead nowhere: the page says so, and what would be right.

use std::net::TcpListener;

use heartline_e2e::{Browser, Server};

in_both_browsers!(a_wrong_url_is_explained, a_closed_port_is_explained);

async fn a_wrong_url_is_explained(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;
    for (url, words) in [
        ("", "there is no URL"),
        ("ws://", "names no host"),
        ("ftp://127.0.0.1/", "begins with ws:// or wss://"),
        ("ws://a b/", "no blanks"),
        (&format!("http://{}/echo", server.host()), "http and https are for pages"),
        (&format!("{}/echo", server.host()), "put ws:// or wss:// in front"),
    ] {
        echo.connect(url).await;
        let complaint = echo.complaint().await;
        assert!(complaint.contains(words), "{url:?} is answered with {complaint:?}");
        // Nothing was dialled.
        assert_eq!(echo.badge().tone().await, "tone-idle", "{url:?}");
    }

    // The last one lacked only its scheme.
    echo.take_suggestion().await;
    assert_eq!(echo.url().await, server.line("/echo"));
    assert_eq!(echo.complaint().await, "");
}

async fn a_closed_port_is_explained(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let echo = page.echo();
    echo.show().await;

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    echo.connect(&format!("ws://{closed}/")).await;
    echo.badge().wait_last_dial("the browser does not tell pages why").await;
    assert_ne!(echo.badge().tone().await, "tone-good");
}
