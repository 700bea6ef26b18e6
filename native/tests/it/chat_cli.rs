//! `heartline chat` against a real `heartline serve`, both as users run them.

use serde_json::Value;

use crate::program::{Running, run, start};

#[tokio::test]
async fn in_a_pipe_lines_in_are_messages_and_lines_out_are_what_is_said() {
    let server = Server::start().await;
    let ada = run(&["chat", &server.url, "--name", "Ada"], "hello\n\n弹幕\n".as_bytes()).await;
    assert_eq!((ada.code, ada.stdout.as_str(), ada.stderr.as_str()), (0, "Ada: hello\nAda: 弹幕\n", ""));
    let bob = run(&["chat", &server.url, "--name", "Bob"], b"").await;
    assert_eq!((bob.code, bob.stdout.as_str()), (0, "Ada: hello\nAda: 弹幕\n"), "history on join");
    let cat = run(&["chat", &server.url, "--room", "elsewhere", "--name", "Cat"], b"").await;
    assert_eq!((cat.code, cat.stdout.as_str()), (0, ""));
}

#[tokio::test]
async fn two_talk_and_hear_of_each_other() {
    let server = Server::start().await;
    let mut ada = Bot::start(&server, "Ada").await;
    let mut bob = Bot::start(&server, "Bob").await;
    let came = ada.until(|event| event["event"] == "members").await;
    assert_eq!(came["joined"][0]["name"], "Bob");
    ada.program.type_line("hello, Bob").await;
    let heard = bob.until(|event| event["event"] == "said").await;
    assert_eq!(
        (&heard["text"], &heard["name"], &heard["own"]),
        (&"hello, Bob".into(), &"Ada".into(), &false.into())
    );
    bob.program.type_line("hello, Ada").await;
    ada.until(|event| event["text"] == "hello, Ada").await;
    let steps: Vec<&Value> =
        ada.heard.iter().filter(|event| event["event"] == "own").map(|event| &event["state"]).collect();
    assert_eq!(steps, ["queued", "sent", "accepted"]);
}

#[tokio::test]
async fn what_is_typed_while_the_server_is_dead_arrives_once() {
    let mut server = Server::start().await;
    let mut ada = Bot::start(&server, "Ada").await;
    let mut bob = Bot::start(&server, "Bob").await;
    ada.program.type_line("before").await;
    bob.until(|event| event["text"] == "before").await;
    server.kill().await;
    for bot in [&mut ada, &mut bob] {
        bot.until(|event| event["event"] == "ended").await;
    }
    ada.program.type_line("meanwhile").await;
    ada.until(|event| event["text"] == "meanwhile" && event["state"] == "queued").await;
    server.start_again().await;
    ada.until(|event| event["text"] == "meanwhile" && event["state"] == "accepted").await;
    bob.until(|event| event["event"] == "new_epoch").await;
    bob.until(|event| event["text"] == "meanwhile").await;
    bob.program.type_line("after").await;
    for bot in [&mut ada, &mut bob] {
        bot.until(|event| event["event"] == "said" && event["text"] == "after").await;
    }
    assert_eq!(ada.said_since("new_epoch"), ["1 meanwhile", "2 after"]);
    assert_eq!(bob.said_since("new_epoch"), ["1 meanwhile", "2 after"]);
}

#[tokio::test]
async fn what_is_said_while_one_is_away_is_caught_up_with() {
    let server = Server::start().await;
    let mut ada = Bot::start(&server, "Ada").await;
    for n in 0..5 {
        let text = format!("message {n}");
        let bob = run(&["chat", &server.url, "--name", "Bob"], text.as_bytes()).await;
        assert_eq!(bob.code, 0, "{bob:?}");
    }
    ada.until(|event| event["text"] == "message 4").await;
    let seqs: Vec<u64> = ada.said().filter_map(|said| said["seq"].as_u64()).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_pipe_faster_than_the_server_allows_loses_nothing() {
    let server = Server::start().await;
    let input: String = (1..=150).map(|n| format!("{n}\n")).collect();
    let ada = run(&["chat", &server.url, "--name", "Ada"], input.as_bytes()).await;
    let said: String = (1..=150).map(|n| format!("Ada: {n}\n")).collect();
    assert_eq!((ada.code, ada.stdout), (0, said), "{}", ada.stderr);
}

#[tokio::test]
async fn what_is_not_taken_is_told() {
    let server = Server::start().await;
    let input = format!("{}\nfine\n", "x".repeat(5_000));
    let ada = run(&["chat", &server.url, "--name", "Ada"], input.as_bytes()).await;
    ada.failed(2, &["5000 bytes", "4096", "1 message was not taken"]);
    assert_eq!(ada.stdout, "Ada: fine\n");
}

#[tokio::test]
async fn line_ends_in_a_message_forge_no_lines() {
    let server = Server::start().await;
    let mut ada = Bot::start(&server, "Ada").await;
    // A carriage return inside a line is part of the message.
    ada.program.type_line("one\rBob: two").await;
    ada.until(|event| event["event"] == "said").await;
    let bob = run(&["chat", &server.url, "--name", "Bob"], b"").await;
    assert_eq!(bob.stdout, "Ada: one\\rBob: two\n");
}

#[tokio::test]
async fn names_and_rooms_that_cannot_be_are_told_before_a_dial() {
    let url = "http://127.0.0.1:1";
    run(&["chat", url, "--name", " "], b"").await.failed(2, &["--name", "empty"]);
    run(&["chat", url, "--name", "a\u{202e}b"], b"").await.failed(2, &["--name", "U+202E"]);
    run(&["chat", url, "--name", "A", "--room", &"x".repeat(65)], b"")
        .await
        .failed(2, &["--room", "65 bytes"]);
    run(&["chat", "example.com", "--name", "A"], b"").await.failed(2, &["no scheme"]);
}

#[tokio::test]
async fn where_there_is_no_chat_it_says_so() {
    let server = Server::start().await;
    run(&["chat", &format!("{}/echo", server.url), "--name", "A"], b"").await.failed(15, &["heartline.v1"]);
    run(&["chat", &format!("{}/nowhere", server.url), "--name", "A"], b"").await.failed(20, &["404"]);
}

#[tokio::test]
async fn an_interrupt_ends_it_and_says_what_was_left_behind() {
    let mut server = Server::start().await;
    let mut ada = Bot::start(&server, "Ada").await;
    server.kill().await;
    ada.until(|event| event["event"] == "ended").await;
    ada.program.type_line("never sent").await;
    ada.until(|event| event["state"] == "queued").await;
    ada.program.signal("-INT").await;
    let exit = ada.until(|event| event["event"] == "exit").await;
    assert!(exit["why"].as_str().unwrap().contains("1 message"), "{exit}");
    assert_eq!(ada.program.code().await, 130);
}

/// A server process, and where it listens.
pub(crate) struct Server {
    program: Running,
    /// As it says so itself: `http://127.0.0.1:PORT`.
    pub(crate) url: String,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    async fn at(address: &str) -> Self {
        let mut program = start(&["serve", "--listen", address]);
        let line = program.out().await;
        let url = line.strip_prefix("heartline listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { program, url }
    }

    /// It dies at once, with all it knows.
    pub(crate) async fn kill(&mut self) {
        self.program.signal("-KILL").await;
        assert_eq!(self.program.code().await, -1);
    }

    /// Another one at the same place.
    pub(crate) async fn start_again(&mut self) {
        *self = Self::at(self.url.trim_start_matches("http://")).await;
    }

    /// The address of an endpoint.
    pub(crate) fn ws(&self, path: &str) -> String {
        format!("{}{path}", self.url.replacen("http", "ws", 1))
    }
}

/// A chat client that speaks JSON, and what it told so far.
pub(crate) struct Bot {
    pub(crate) program: Running,
    pub(crate) heard: Vec<Value>,
}

impl Bot {
    /// Starts one, and waits until it is in the room.
    async fn start(server: &Server, name: &str) -> Self {
        let mut bot = Self::of(start(&["chat", &server.url, "--name", name, "--json"]));
        bot.until(|event| event["event"] == "caught_up").await;
        bot
    }

    /// One that was started.
    pub(crate) fn of(program: Running) -> Self {
        Self { program, heard: Vec::new() }
    }

    /// The next event that is such.
    pub(crate) async fn until(&mut self, such: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event: Value = serde_json::from_str(&self.program.out().await).unwrap();
            self.heard.push(event.clone());
            if such(&event) {
                return event;
            }
        }
    }

    pub(crate) fn said(&self) -> impl Iterator<Item = &Value> {
        self.heard.iter().filter(|event| event["event"] == "said")
    }

    /// `seq text` of all that was said since the last event of that name.
    fn said_since(&self, name: &str) -> Vec<String> {
        let since = self.heard.iter().rev().take_while(|event| event["event"] != name);
        let said = since.filter(|event| event["event"] == "said");
        let mut said: Vec<String> =
            said.map(|said| format!("{} {}", said["seq"], said["text"].as_str().unwrap())).collect();
        said.reverse();
        said
    }
}
