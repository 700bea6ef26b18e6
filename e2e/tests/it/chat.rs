//! People in a room.

use heartline_e2e::{Browser, Server, Terminal, wait};

in_both_browsers!(
    two_pages_talk,
    a_page_and_a_terminal_talk,
    what_others_write_is_text,
    a_bad_name_is_explained,
    who_leaves_is_gone
);

async fn two_pages_talk(browser: Browser) {
    let server = Server::start().await;
    let (first, second) = (browser.open(&server.page()).await, browser.open_beside(&server.page()).await);
    let (ada, bob) = (first.chat(), second.chat());
    ada.join("Ada", "lobby").await;
    ada.say("is anybody here?").await;
    ada.wait_accepted("is anybody here?").await;
    bob.join("Bob", "lobby").await;
    ada.wait_member("Bob").await;
    bob.wait_member("Ada").await;

    // Who comes later reads what was said.
    let read = bob.wait_said("is anybody here?").await;
    assert_eq!((read.name.as_str(), read.seq), ("Ada", Some(1)));
    bob.say("I am").await;
    ada.wait_said("I am").await;
    bob.wait_accepted("I am").await;
    assert_eq!(ada.texts().await, ["is anybody here?", "I am"]);
    assert_eq!(bob.texts().await, ada.texts().await);

    // Rooms are apart.
    ada.leave().await;
    ada.join("Ada", "elsewhere").await;
    assert_eq!(ada.texts().await, Vec::<String>::new());
}

async fn a_page_and_a_terminal_talk(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let ada = page.chat();
    ada.join("Ada", "lobby").await;
    ada.say("is anybody here?").await;
    ada.wait_accepted("is anybody here?").await;

    let mut bob = Terminal::join(server.host(), "Bob", "lobby").await;
    let read = bob.wait_said("is anybody here?").await;
    assert_eq!((read["name"].as_str(), read["seq"].as_u64()), (Some("Ada"), Some(1)));
    ada.wait_member("Bob").await;
    bob.say("I am <i>here</i>");
    assert_eq!(ada.wait_said("I am <i>here</i>").await.name, "Bob");
    bob.wait_said("I am <i>here</i>").await;
    assert_eq!(ada.texts().await, bob.texts());
    bob.end().await;
}

async fn what_others_write_is_text(browser: Browser) {
    let server = Server::start().await;
    let (first, second) = (browser.open(&server.page()).await, browser.open_beside(&server.page()).await);
    let (eve, bob) = (first.chat(), second.chat());
    let name = "<b>Eve</b><script>";
    let text = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>&amp;";
    bob.join("Bob", "<i>room</i>").await;
    eve.join(name, "<i>room</i>").await;
    eve.say(text).await;
    let read = bob.wait_said(text).await;
    assert_eq!(read.name, name);
    bob.wait_member(name).await;
    for page in [&first, &second] {
        let made = page
            .run("return document.querySelectorAll('main img, main script, main b, main i').length", vec![]);
        assert_eq!(made.await, 0, "no element came out of it");
        assert_eq!(page.run("return document.title", vec![]).await, "Heartline");
    }
}

async fn a_bad_name_is_explained(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    let chat = page.chat();
    for (name, room, words) in [
        ("", "lobby", "this cannot be your name"),
        ("Ada", "", "this cannot be a room"),
        ("Ada", &"x".repeat(500), "this cannot be a room"),
    ] {
        chat.ask_in(name, room).await;
        let complaint = chat.complaint().await;
        assert!(complaint.contains(words), "{name:?} in {room:?} is answered with {complaint:?}");
    }
    assert_eq!(chat.badge().tone().await, "tone-idle");
}

async fn who_leaves_is_gone(browser: Browser) {
    let server = Server::start().await;
    let (first, second) = (browser.open(&server.page()).await, browser.open_beside(&server.page()).await);
    let (ada, bob) = (first.chat(), second.chat());
    ada.join("Ada", "lobby").await;
    bob.join("Bob", "lobby").await;
    ada.wait_member("Bob").await;
    bob.leave().await;
    wait::until("Bob to be gone", async || {
        let members = ada.members().await;
        if members.contains("Bob") { Err(members) } else { Ok(()) }
    })
    .await;
}
