//! Bullet comments.

use heartline_e2e::{Browser, Page, Server, Terminal, wait};
use serde_json::{Value, json};

in_both_browsers!(what_is_said_flies_by_and_stays_in_the_timeline, what_finds_no_room_is_counted);

async fn what_is_said_flies_by_and_stays_in_the_timeline(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    ada.join("Ada", "lobby").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    bob.say("before the curtain");
    ada.wait_said("before the curtain").await;
    page.click("[data-testid='view-stage']").await;
    bob.say("<b>look</b>");

    // It comes in on the right, and moves to the left.
    let first = flying(&page, "<b>look</b>").await;
    wait::until("the comment to move", async || match left_of(&page, "<b>look</b>").await {
        Some(left) if left < first => Ok(()),
        left => Err(format!("{left:?}, and it began at {first}")),
    })
    .await;
    assert_eq!(page.run("return document.querySelectorAll('.stage b').length", vec![]).await, 0);

    // One's own stands where one wants it.
    let choose = "const list = document.querySelector(\"[data-testid='comment-lane']\"); list.value = 'stands at the bottom'; \
         list.dispatchEvent(new Event('change', { bubbles: true }))";
    page.run(choose, vec![]).await;
    ada.say("and here").await;
    let standing = "return [...document.querySelectorAll('.stage .stands.own')].map(one => one.textContent)";
    wait::until("the own comment", async || match page.run(standing, vec![]).await {
        seen if seen == json!(["and here"]) => Ok(()),
        seen => Err(seen),
    })
    .await;

    wait::until("an empty stage", async || match comments(&page).await {
        seen if seen == json!([]) => Ok(()),
        seen => Err(seen),
    })
    .await;
    page.click("[data-testid='view-timeline']").await;
    ada.wait_accepted("and here").await;
    assert_eq!(ada.texts().await, ["before the curtain", "<b>look</b>", "and here"]);
    bob.end().await;
}

async fn what_finds_no_room_is_counted(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    // One row, and slow.
    let setting = r#"{"lasts_ms":30000,"density":1}"#;
    let remember = "localStorage.setItem('heartline.stage', arguments[0]); localStorage.setItem('heartline.view', 'stage')";
    page.run(remember, vec![json!(setting)]).await;
    page.reload().await;
    let ada = page.chat();
    ada.join("Ada", "lobby").await;
    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    let said: Vec<String> = (0..15).map(|n| format!("number {n} of a flood")).collect();
    said.iter().for_each(|text| bob.say(text));
    flying(&page, "number 0 of a flood").await;
    page.wait_text("[data-testid='stage-dropped']", "how many found no room", |text| {
        text.split(' ').next().and_then(|count| count.parse::<usize>().ok()).is_some_and(|count| count >= 12)
    })
    .await;
    page.click("[data-testid='view-timeline']").await;
    ada.wait_said(&said[14]).await;
    assert_eq!(ada.texts().await, said, "the timeline has them all");
    bob.end().await;
}

async fn comments(page: &Page) -> Value {
    page.run("return [...document.querySelectorAll('.stage-ground > *')].map(one => one.textContent)", vec![])
        .await
}

async fn left_of(page: &Page, text: &str) -> Option<f64> {
    let script = "const one = [...document.querySelectorAll('.stage .flies')].find(one => one.textContent == arguments[0]); \
         return one ? one.getBoundingClientRect().left : null";
    page.run(script, vec![json!(text)]).await.as_f64()
}

/// Waits until it flies, and says where its left end was.
async fn flying(page: &Page, text: &str) -> f64 {
    wait::until("a comment that flies", async || match left_of(page, text).await {
        Some(left) => Ok(left),
        None => Err(comments(page).await),
    })
    .await
}
