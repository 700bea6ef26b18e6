//! A page that nobody looks at.

use std::time::{Duration, Instant};

use heartline_e2e::{Browser, Kind, Server, wait};
use serde_json::json;

in_both_browsers!(a_hidden_page_stays_connected_and_comes_back_when_shown);

/// Chromium wakes the timers of a page hidden for five minutes once a minute.
const THROTTLED: Duration = Duration::from_secs(45);

/// So long Firefox, which throttles less, has to stay hidden.
const LONG: Duration = Duration::from_secs(6 * 60 + 30);

async fn a_hidden_page_stays_connected_and_comes_back_when_shown(browser: Browser) {
    // Ten beats a minute: a timer that rings once a minute is far too late for each of them.
    let mut server = Server::start_with(&["--interval", "6s", "--grace", "3s"]).await;
    let page = browser.open(&server.page()).await;
    let chat = page.chat();
    chat.join("Ada", "lobby").await;
    chat.badge().wait_tone("tone-good").await;
    page.hide().await;

    if std::env::var_os("HEARTLINE_LONG").is_some() {
        let count = "window.rings = []; setInterval(() => rings.push(Date.now()), 1000)";
        page.run(count, vec![]).await;
        let hidden = Instant::now();
        // Two rings in a row that came a minute apart: from now on all timers of this page are throttled.
        let throttled = "const gaps = rings.slice(1).map((at, i) => at - rings[i]); \
             return gaps.filter(gap => gap >= arguments[0]).length >= 2";
        wait::within(2 * LONG, "throttled timers", async || {
            assert_eq!(chat.badge().last_end().await, "", "the line is good, and stays");
            let is_over = match browser.kind() {
                Kind::Chromium => {
                    page.run(throttled, vec![json!(THROTTLED.as_millis() as u64)]).await == json!(true)
                }
                Kind::Firefox => hidden.elapsed() >= LONG,
            };
            if is_over { Ok(()) } else { Err(format!("hidden for {:?}", hidden.elapsed())) }
        })
        .await;
        assert_eq!(chat.badge().tone().await, "tone-good");
    }

    // Thrown off, a hidden page comes back seldom. Shown, it comes at once.
    server.kill();
    chat.badge().wait_last_end("").await;
    server.restart().await;
    page.show().await;
    chat.badge().wait_tone("tone-good").await;
    chat.say("back").await;
    chat.wait_accepted("back").await;
}
