//! What is typed wrong, and what the program says about itself.

use crate::program::run;

#[tokio::test]
async fn urls_that_cannot_be_dialled() {
    run(&["connect", "localhost:8080/echo"], b"").await.failed(2, &["no scheme", "ws://localhost:8080/echo"]);
    run(&["connect", "http://localhost/x"], b"").await.failed(2, &["write ws://localhost/x"]);
    run(&["connect", "https://localhost/x"], b"").await.failed(2, &["write wss://localhost/x"]);
    run(&["connect", "ftp://localhost"], b"").await.failed(2, &["ftp:"]);
    run(&["connect", "ws://"], b"").await.failed(2, &["ws://host:port/path"]);
    run(&["connect", "ws://[::1"], b"").await.failed(2, &["cannot be read"]);
    run(&["connect", "ws://ann:secret@localhost:0/"], b"").await.failed(2, &["port 0"]);
}

#[tokio::test]
async fn flags_that_cannot_work() {
    let url = "ws://127.0.0.1:1/";
    for (args, word) in [
        (vec!["--header", "nonsense"], "--header"),
        (vec!["--header", "Upgrade: x"], "Upgrade"),
        (vec!["--subprotocol", "two words"], "--subprotocol"),
        (vec!["--count", "0"], "--count"),
        (vec!["--wait", "soon"], "--wait"),
        (vec!["--policy", "nonsense"], "behind-a-60s-proxy"),
        (vec!["--reconnect", "sometimes"], "--reconnect"),
        (vec!["--ping-interval", "1", "--ping-timeout", "2"], "cannot work together"),
        (vec!["--cert", "x.pem"], "--key"),
        (vec!["--proxy", "gopher://x"], "--proxy"),
    ] {
        let mut words = vec!["connect", url];
        words.extend(args);
        run(&words, b"").await.failed(2, &[word]);
    }
    run(&["nonsense"], b"").await.failed(2, &["nonsense"]);
    run(&[], b"").await.failed(2, &["Usage"]);
}

#[tokio::test]
async fn help_and_version_are_fine() {
    let help = run(&["--help"], b"").await;
    assert!(help.code == 0 && help.stdout.contains("Exit codes:"), "{help:?}");
    let version = run(&["--version"], b"").await;
    assert!(version.code == 0 && version.stdout.starts_with("heartline "), "{version:?}");
}

#[tokio::test]
async fn completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell], b"").await;
        assert!(script.code == 0 && script.stdout.contains("connect"), "{shell}");
        assert!(script.stdout.contains("keep-messages"), "{shell}: commands of commands, too");
    }
    let page = run(&["man"], b"").await;
    assert!(page.code == 0 && page.stdout.contains(".SH \"EXIT STATUS\""), "{page:?}");
    let page = run(&["man", "connect"], b"").await;
    assert!(page.code == 0 && page.stdout.contains("heartline\\-connect"), "{page:?}");
    let page = run(&["man", "history"], b"").await;
    assert!(page.code == 0 && page.stdout.contains("restore"), "{page:?}");
    let page = run(&["man", "history", "trim"], b"").await;
    assert!(page.code == 0 && page.stdout.contains("older\\-than"), "{page:?}");
    run(&["man", "history", "nonsense"], b"").await.failed(2, &["nonsense"]);
    run(&["man", "nonsense"], b"").await.failed(2, &["nonsense"]);
}

#[tokio::test]
async fn colour_only_where_it_was_asked_for() {
    let args = ["connect", "ws://127.0.0.1:1/"];
    assert!(!run(&args, b"").await.stderr.contains('\x1b'));
    assert!(run(&["--color", "always", args[0], args[1]], b"").await.stderr.contains('\x1b'));
}
