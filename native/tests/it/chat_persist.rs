//! `heartline chat --persist`: what was typed outlives the program, however it ends.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    chat_cli::{Bot, Server},
    program::{command, finish, start_command},
};

#[tokio::test]
async fn killed_and_started_again_it_sends_what_was_typed_once_with_the_same_numbers() {
    let (home, mut server) = (Home::new(), Server::start().await);
    let mut bob = home.start(&server, &["--name", "Bob"]);
    bob.until(|event| event["event"] == "caught_up").await;
    let mut ada = home.start(&server, &["--name", "Ada", "--persist"]);
    ada.until(|event| event["event"] == "caught_up").await;
    let you = ada.heard.iter().find(|event| event["event"] == "welcome").unwrap()["you"].clone();
    server.kill().await;
    ada.until(|event| event["event"] == "ended").await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        ada.program.type_line(text).await;
        ids.push(ada.until(|event| event["event"] == "kept").await["id"].clone());
    }
    ada.program.signal("-KILL").await;
    assert_eq!(ada.program.code().await, -1);

    server.start_again().await;
    let mut ada = home.start(&server, &["--name", "Ada", "--persist"]);
    assert_eq!(ada.until(|event| event["event"] == "earlier").await["messages"], 3);
    for id in &ids {
        ada.until(|event| event["state"] == "accepted" && event["id"] == *id).await;
    }
    ada.program.type_line("four").await;
    ada.until(|event| event["event"] == "said" && event["text"] == "four").await;
    assert_eq!(ada.heard.iter().find(|event| event["event"] == "welcome").unwrap()["you"], you);
    bob.until(|event| event["text"] == "four").await;
    assert_eq!(texts(&bob), ["one", "two", "three", "four"]);

    ada.program.end_input();
    assert_eq!(ada.program.code().await, 0);
    let mut again = home.start(&server, &["--name", "Ada", "--persist"]);
    again.until(|event| event["event"] == "caught_up").await;
    assert!(again.heard.iter().all(|event| event["event"] != "earlier"), "{:?}", again.heard);
}

#[tokio::test]
async fn what_was_accepted_and_not_heard_of_is_not_said_twice() {
    let (home, server) = (Home::new(), Server::start().await);
    let mut ada = home.start(&server, &["--name", "Ada", "--persist"]);
    ada.until(|event| event["event"] == "caught_up").await;
    ada.program.type_line("hello").await;
    ada.until(|event| event["state"] == "accepted").await;
    ada.program.end_input();
    assert_eq!(ada.program.code().await, 0);
    // As if it had been killed before it heard: what says that it is settled is gone.
    let outbox = home.outbox();
    let lines = fs::read_to_string(&outbox).unwrap();
    let unsettled: String =
        lines.lines().filter(|line| !line.contains("forget")).map(|line| format!("{line}\n")).collect();
    assert!(unsettled.contains("hello"), "{lines}");
    fs::write(&outbox, unsettled).unwrap();
    let mut ada = home.start(&server, &["--name", "Ada", "--persist"]);
    ada.until(|event| event["state"] == "accepted" && event["text"] == "hello").await;
    ada.program.type_line("next").await;
    ada.until(|event| event["event"] == "said" && event["text"] == "next").await;
    assert_eq!(texts(&ada), ["hello", "next"]);
}

#[tokio::test]
async fn a_message_of_another_room_goes_there_and_nobody_stays() {
    let (home, mut server) = (Home::new(), Server::start().await);
    let mut ada = home.start(&server, &["--name", "Ada", "--persist", "--room", "ops"]);
    ada.until(|event| event["event"] == "caught_up").await;
    server.kill().await;
    ada.until(|event| event["event"] == "ended").await;
    ada.program.type_line("for ops").await;
    ada.until(|event| event["event"] == "kept").await;
    ada.program.signal("-KILL").await;
    ada.program.code().await;
    server.start_again().await;
    let mut bob = home.start(&server, &["--name", "Bob", "--room", "ops"]);
    bob.until(|event| event["event"] == "caught_up").await;
    let ada = home.run(&server, &["--name", "Ada", "--persist", "--room", "lobby", "--json"], "").await;
    assert_eq!(ada.0, 0, "{ada:?}");
    bob.until(|event| event["event"] == "said" && event["text"] == "for ops").await;
    assert!(!ada.1.contains(r#""event":"said""#), "{}", ada.1);
}

#[tokio::test]
async fn an_interrupt_says_what_the_next_run_will_send() {
    let (home, mut server) = (Home::new(), Server::start().await);
    let mut ada = home.start(&server, &["--name", "Ada", "--persist"]);
    ada.until(|event| event["event"] == "caught_up").await;
    server.kill().await;
    ada.until(|event| event["event"] == "ended").await;
    ada.program.type_line("later").await;
    ada.until(|event| event["event"] == "kept").await;
    ada.program.signal("-INT").await;
    let exit = ada.until(|event| event["event"] == "exit").await;
    assert!(
        exit["why"].as_str().unwrap().contains("1 message was not accepted yet and will be sent"),
        "{exit}"
    );
}

#[tokio::test]
async fn of_two_at_once_the_second_has_a_fresh_identity_and_says_so() {
    let (home, server) = (Home::new(), Server::start().await);
    let mut first = home.start(&server, &["--name", "Ada", "--persist"]);
    first.until(|event| event["event"] == "caught_up").await;
    let mut second = home.start(&server, &["--name", "Ada", "--persist"]);
    let told = second.until(|event| event["event"] == "outbox").await;
    assert!(told["why"].as_str().unwrap().contains("another heartline holds this identity"), "{told}");
    second.until(|event| event["event"] == "caught_up").await;
    second.program.type_line("from the second").await;
    let heard = first.until(|event| event["event"] == "said").await;
    assert_eq!(heard["own"], false, "nobody's line was taken over");
    let mut other = home.start(&server, &["--name", "Ada", "--persist=other"]);
    other.until(|event| event["event"] == "caught_up").await;
    assert!(other.heard.iter().all(|event| event["event"] != "outbox"), "{:?}", other.heard);
    // The lock ends with its holder.
    first.program.signal("-KILL").await;
    first.program.code().await;
    let third = home.run(&server, &["--name", "Ada", "--persist"], "from the third").await;
    assert!(third.0 == 0 && !third.2.contains("another"), "{third:?}");
}

#[tokio::test]
async fn a_damaged_outbox_is_told_and_set_aside() {
    let (home, server) = (Home::new(), Server::start().await);
    for (damage, words) in [
        (&b"{\"say\":{}}\n"[..], "it does not begin as one"),
        (b"", "it does not begin as one"),
        (b"\0\0\0\0", "it does not begin as one"),
    ] {
        assert_eq!(home.run(&server, &["--name", "Ada", "--persist"], "hello").await.0, 0);
        let outbox = home.outbox();
        fs::write(&outbox, damage).unwrap();
        let told = home.run(&server, &["--name", "Ada", "--persist"], "hello").await;
        assert!(told.0 == 0 && told.2.contains(words) && told.2.contains("damaged-"), "{told:?}");
        let folder = fs::read_dir(outbox.parent().unwrap()).unwrap();
        let aside = folder
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_str().unwrap().contains("damaged-"));
        let aside = aside.unwrap();
        assert_eq!(fs::read(&aside).unwrap(), damage, "it is not touched");
        fs::remove_file(aside).unwrap();
    }
}

#[tokio::test]
async fn a_line_in_the_middle_that_does_not_read_is_damage_and_one_cut_short_at_the_end_is_not() {
    let (home, server) = (Home::new(), Server::start().await);
    assert_eq!(home.run(&server, &["--name", "Ada", "--persist"], "hello").await.0, 0);
    let outbox = home.outbox();
    let whole = fs::read_to_string(&outbox).unwrap();
    fs::write(&outbox, format!("{whole}{{\"say\":{{\"room\":\"lob")).unwrap();
    let fine = home.run(&server, &["--name", "Ada", "--persist"], "again").await;
    assert!(fine.0 == 0 && fine.2.is_empty(), "{fine:?}");
    let whole = fs::read_to_string(&outbox).unwrap();
    fs::write(&outbox, whole.replacen("used", "us\ned", 1)).unwrap();
    let told = home.run(&server, &["--name", "Ada", "--persist"], "and again").await;
    assert!(told.0 == 0 && told.2.contains("line 2"), "{told:?}");
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_left_alone() {
    let (home, server) = (Home::new(), Server::start().await);
    assert_eq!(home.run(&server, &["--name", "Ada", "--persist"], "hello").await.0, 0);
    let outbox = home.outbox();
    let newer = fs::read_to_string(&outbox).unwrap().replacen("\"version\":1", "\"version\":2", 1);
    fs::write(&outbox, &newer).unwrap();
    let told = home.run(&server, &["--name", "Ada", "--persist"], "hello").await;
    assert!(
        told.0 == 1 && told.2.contains("newer heartline") && told.2.contains("--persist=NAME"),
        "{told:?}"
    );
    assert_eq!(fs::read_to_string(&outbox).unwrap(), newer);
}

#[tokio::test]
async fn on_a_full_disk_it_says_that_it_is_not_stored_and_sends_it() {
    let (home, server) = (Home::new(), Server::start().await);
    // Files may have a kibibyte; what would make one larger is refused, as by a full disk.
    let limited = r#"trap "" XFSZ; ulimit -f 1; exec "$0" "$@""#;
    let mut command = Command::new("bash");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_heartline")]);
    command
        .args(["chat", &server.url, "--name", "Ada", "--persist", "--json"])
        .env("XDG_DATA_HOME", home.path());
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped()).kill_on_drop(true);
    let mut ada = Bot::of(start_command(command));
    ada.until(|event| event["event"] == "caught_up").await;
    let long = "long ".repeat(400);
    ada.program.type_line(&long).await;
    let told = ada.until(|event| event["event"] == "not_kept").await;
    assert!(told["why"].as_str().is_some_and(|why| !why.is_empty()), "{told}");
    ada.until(|event| event["state"] == "accepted").await;
    ada.program.type_line("short").await;
    ada.until(|event| event["event"] == "kept").await;
    ada.until(|event| event["state"] == "accepted" && event["text"] == "short").await;
    ada.program.end_input();
    assert_eq!(ada.program.code().await, 0);
    let fine = home.run(&server, &["--name", "Ada", "--persist"], "").await;
    assert!(fine.0 == 0 && fine.2.is_empty(), "the file is whole: {fine:?}");
}

#[tokio::test]
async fn nobody_else_may_read_it() {
    let (home, server) = (Home::new(), Server::start().await);
    assert_eq!(home.run(&server, &["--name", "Ada", "--persist"], "hello").await.0, 0);
    let outbox = home.outbox();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&outbox), mode(outbox.parent().unwrap())), (0o600, 0o700));
}

#[tokio::test]
async fn where_it_cannot_begin_it_says_so_before_a_dial() {
    let (home, server) = (Home::new(), Server::start().await);
    let told = home.run(&server, &["--name", "Ada", "--persist=../elsewhere"], "").await;
    assert!(told.0 == 2 && told.2.contains("--persist=../elsewhere"), "{told:?}");
    fs::write(home.path().join("heartline"), "a file in the way").unwrap();
    let told = home.run(&server, &["--name", "Ada", "--persist"], "").await;
    assert!(told.0 == 1 && told.2.contains("leave --persist out"), "{told:?}");
}

/// A user's data directory.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    fn command(&self, server: &Server, args: &[&str]) -> Command {
        let mut command = command(&["chat", &server.url]);
        command.args(args).env("XDG_DATA_HOME", self.path());
        command
    }

    /// A client that speaks JSON.
    fn start(&self, server: &Server, args: &[&str]) -> Bot {
        let mut command = self.command(server, args);
        command.arg("--json");
        Bot::of(start_command(command))
    }

    /// Runs to the end: exit code, standard output, standard error.
    async fn run(&self, server: &Server, args: &[&str], input: &str) -> (i32, String, String) {
        let outcome = finish(self.command(server, args), input.as_bytes()).await;
        (outcome.code, outcome.stdout, outcome.stderr)
    }

    /// The one outbox of the identity `default`.
    fn outbox(&self) -> PathBuf {
        let mut servers = fs::read_dir(self.path().join("heartline/chat/default")).unwrap();
        servers.next().unwrap().unwrap().path().join("outbox.jsonl")
    }
}

fn texts(bot: &Bot) -> Vec<&str> {
    bot.said().filter_map(|said: &Value| said["text"].as_str()).collect()
}
