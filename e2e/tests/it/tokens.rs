//! A server that asks for tokens, and pages that have one.

use std::fs;

use heartline_e2e::{Browser, Page, Server, wait};
use tempfile::TempDir;

in_both_browsers!(
    a_typed_token_lets_the_page_in_and_is_kept_nowhere,
    a_function_of_the_page_is_asked_anew_for_each_dial,
    a_token_that_ends_is_renewed_on_the_open_line
);

const ADA: &str = "token-of-ada-0123456789";
const KEY: &str = "a-key-of-more-than-thirty-two-bytes-for-tests";

async fn a_typed_token_lets_the_page_in_and_is_kept_nowhere(browser: Browser) {
    let (server, _files) = guarded().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    ada.ask_in("whoever", "tea").await;
    ada.badge().wait_last_end("token wrong or missing").await;
    ada.leave().await;

    ada.type_token(ADA).await;
    ada.ask_in("whoever", "tea").await;
    // The name is the token's to say.
    ada.wait_member("Ada").await;
    ada.say("hello").await;
    ada.wait_accepted("hello").await;
    let shown = page.run("return document.documentElement.outerHTML + location.href", vec![]).await;
    let stored = page.run("return JSON.stringify({ ...localStorage, ...sessionStorage })", vec![]).await;
    for place in [shown, stored] {
        assert!(!place.as_str().is_some_and(|text| text.contains(ADA)), "{place}");
    }
    page.reload().await;
    wait::until("an empty field", async || match page.value("[data-testid='chat-token']").await {
        Some(typed) if typed.is_empty() => Ok(()),
        other => Err(format!("{:?}", other.map(|typed| typed.len()))),
    })
    .await;
}

async fn a_function_of_the_page_is_asked_anew_for_each_dial(browser: Browser) {
    let (mut server, _files) = guarded().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    own(&page, &format!("async () => {{ heartline.asked += 1; return '{ADA}'; }}")).await;
    ada.ask_in("whoever", "tea").await;
    ada.wait_member("Ada").await;
    assert_eq!(asked(&page).await, 1);

    // The server comes back, and so does the page: with another token, which somebody had to be asked for.
    server.kill();
    ada.badge().wait_last_end("").await;
    server.restart().await;
    ada.badge().wait_tone("tone-good").await;
    ada.say("back").await;
    ada.wait_accepted("back").await;
    assert!(asked(&page).await >= 2);

    // One that fails is a dial that fails, in words; and it is asked again.
    own(&page, "async () => { heartline.asked += 1; throw new Error('no session any more'); }").await;
    server.kill();
    server.restart().await;
    ada.badge().wait_last_dial("no session any more").await;
    own(&page, &format!("() => '{ADA}'")).await;
    ada.badge().wait_tone("tone-good").await;
}

async fn a_token_that_ends_is_renewed_on_the_open_line(browser: Browser) {
    let files = tempfile::tempdir().unwrap();
    let key = files.path().join("key");
    fs::write(&key, KEY).unwrap();
    let server = Server::start_with(&["--jwt-key", key.to_str().unwrap()]).await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    // The page's owner signs tokens of a few seconds, as their server would.
    let sign = format!(
        "async () => {{ heartline.asked += 1; \
         const url = bytes => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''); \
         const text = value => url(new TextEncoder().encode(JSON.stringify(value))); \
         const claims = {{ sub: 'ada', name: 'Ada', rooms: ['tea'], exp: Date.now() / 1000 + 8 }}; \
         const said = text({{ alg: 'HS256', typ: 'JWT' }}) + '.' + text(claims); \
         const key = await crypto.subtle.importKey('raw', new TextEncoder().encode('{KEY}'), \
         {{ name: 'HMAC', hash: 'SHA-256' }}, false, ['sign']); \
         return said + '.' + url(new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(said)))); }}"
    );
    own(&page, &sign).await;
    ada.ask_in("whoever", "tea").await;
    ada.wait_member("Ada").await;
    wait::until("the third token", async || match asked(&page).await {
        asked if asked >= 3 => Ok(()),
        asked => Err(format!("{asked}, last end {:?}", ada.badge().last_end().await)),
    })
    .await;
    ada.say("still here").await;
    ada.wait_accepted("still here").await;
    assert_eq!(ada.badge().last_end().await, "", "it is the same line all the time");
}

/// What whoever serves the page defines in it. How often it was asked is counted on.
async fn own(page: &Page, token: &str) {
    let script = format!(
        "window.heartline = {{ asked: window.heartline?.asked ?? 0, token: {token} }}; return typeof heartline.token"
    );
    assert_eq!(page.run(&script, vec![]).await, "function");
}

async fn asked(page: &Page) -> u64 {
    page.run("return heartline.asked", vec![]).await.as_u64().unwrap()
}

async fn guarded() -> (Server, TempDir) {
    let files = tempfile::tempdir().unwrap();
    let tokens = files.path().join("tokens");
    fs::write(&tokens, format!("{ADA}; Ada; tea\n")).unwrap();
    let server = Server::start_with(&["--tokens", tokens.to_str().unwrap()]).await;
    (server, files)
}
