//! `heartline history` beside a real server, and with the server stopped.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use crate::{
    chat_cli::Bot,
    program::{Outcome, Running, command, run, start},
};

#[tokio::test]
async fn while_a_server_runs_it_is_listed_exported_and_checked_and_nothing_else() {
    let place = Place::new();
    let server = place.serve("127.0.0.1:0").await;
    server.say("tea", "Ada", "one\ntwo\n弹幕\n").await;
    server.say("coffee", "Bob", "black\n").await;

    let rooms = place.rooms().await;
    let told: Vec<_> = rooms.iter().map(|room| (&room["room"], &room["messages"], &room["last"])).collect();
    assert_eq!(told, [(&json!("coffee"), &json!(1), &json!(1)), (&json!("tea"), &json!(3), &json!(3))]);
    let export = place.export().await;
    let texts: Vec<_> = lines(&export).into_iter().filter(|line| line["type"] == "said").collect();
    assert_eq!(texts.iter().rfind(|said| said["room"] == "tea").unwrap()["text"], "弹幕");
    let one = place.run(&["export", "--room", "coffee"]).await;
    assert_eq!((one.code, lines(&one.stdout).len()), (0, 4), "{one:?}");
    place.run(&["export", "--room", "nowhere"]).await.failed(2, &["no room \"nowhere\""]);
    let check = place.run(&["check"]).await;
    assert_eq!((check.code, check.stdout.as_str()), (0, "no damage: 2 rooms, 4 messages\n"), "{check:?}");

    place.run(&["trim", "--keep-messages", "1"]).await.failed(1, &["stop it first"]);
    place.restore(&export, &["--replace"]).await.failed(1, &["stop it first"]);
    server.say("coffee", "Bob", "with milk\n").await;
    server.stop().await;
    let after = place.export().await;
    assert_eq!(lines(&after).len(), lines(&export).len() + 1);
}

#[tokio::test]
async fn what_was_exported_and_restored_is_exported_alike() {
    let (place, export) = (Place::new(), an_export(50));
    let restored = place.restore(&export, &[]).await;
    assert_eq!((restored.code, restored.stderr.as_str()), (0, ""), "{restored:?}");
    assert!(restored.stdout.contains("52 messages in 3 rooms"), "{restored:?}");
    assert_eq!(place.export().await, export);
    assert_eq!(place.run(&["check"]).await.code, 0);
    assert_eq!(mode(&place.path), 0o600);

    let was = place.rooms().await;
    place.restore(&export, &[]).await.failed(2, &["line 2", "in the history already", "--replace"]);
    assert_eq!(place.rooms().await, was);
    let again = place.restore(&export, &["--replace"]).await;
    assert_eq!(again.code, 0, "{again:?}");
    for (was, is) in was.iter().zip(place.rooms().await) {
        assert_ne!(was["epoch"], is["epoch"], "every restored room begins a new epoch");
    }
    assert_eq!(place.export().await, export);

    let file = place.folder.path().join("export.jsonl");
    let told = place.run(&["export", "--output", file.to_str().unwrap()]).await;
    assert_eq!((told.code, told.stdout.as_str()), (0, ""), "{told:?}");
    assert_eq!((fs::read_to_string(&file).unwrap(), mode(&file)), (export, 0o600));
}

#[tokio::test]
async fn an_export_that_is_cut_or_none_names_the_line_and_changes_nothing() {
    let (place, export) = (Place::new(), an_export(5));
    let kept = export.replace("tea", "kept").replace("coffee", "kept-2").replace("empty", "kept-3");
    assert_eq!(place.restore(&kept, &[]).await.code, 0);
    let was = place.rooms().await;
    let without = |number: usize| {
        let lines = export.lines().enumerate().filter(|(at, _)| at + 1 != number);
        lines.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    let all = export.lines().count();
    for (wrong, words) in [
        (String::new(), vec!["line 1:", "it is cut"]),
        ("hello\n".to_owned(), vec!["line 1:", "no line of an export"]),
        (without(1), vec!["line 1:", "version is missing"]),
        (export.replace("\"version\":1", "\"version\":2"), vec!["line 1:", "version 2", "update"]),
        (export[..export.len() / 2].to_owned(), vec!["is cut"]),
        (without(all), vec![&*format!("line {all}:"), "it is cut"]),
        (without(3), vec!["lines are missing"]),
        (export.replacen("\"seq\":12", "\"seq\":13", 1), vec!["line 4:", "stands above"]),
        (export.replacen("\"prev\":10", "\"prev\":9", 1), vec!["line 8:", "room \"tea\""]),
        (export.replacen("\"id\":3,", "\"id\":2,", 1), vec!["line 3:", "stands above"]),
        (export.replacen("\"room\":\"coffee\"", "\"room\":\"\"", 1), vec!["no room can have this name"]),
        (format!("{export}{export}"), vec!["behind the end line"]),
        (format!("{export}{}\n", "x".repeat(2 << 20)), vec!["longer than any line"]),
    ] {
        let told = place.restore(&wrong, &[]).await;
        told.failed(2, &["nothing was restored"]);
        told.failed(2, &words);
        assert_eq!(place.rooms().await, was, "{words:?}");
    }
    assert_eq!(place.run(&["check"]).await.code, 0);
    let missing = place.folder.path().join("missing.jsonl");
    place.run(&["restore", missing.to_str().unwrap()]).await.failed(1, &["missing.jsonl"]);
}

#[tokio::test]
async fn where_there_was_no_history_a_restore_that_fails_leaves_none() {
    let place = Place::new();
    let export = an_export(5);
    place.restore(&export[..export.len() / 2], &[]).await.failed(2, &["is cut", "nothing was restored"]);
    let left: Vec<_> = fs::read_dir(place.path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".lock"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    place.run(&["list"]).await.failed(2, &["there is no history"]);
    assert_eq!(place.restore(&export, &[]).await.code, 0, "and it can be done right");
}

#[tokio::test]
async fn killed_in_the_middle_of_a_restore_it_is_as_it_was() {
    let place = Place::new();
    assert_eq!(place.restore(&an_export(5), &[]).await.code, 0);
    let was = (place.export().await, place.rooms().await);
    let much = an_export(20_000);
    let mut child = place.command(&["restore", "--replace"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: most of it was read when this is over.
    stdin.write_all(&much.as_bytes()[..much.len() / 2]).await.unwrap();
    child.kill().await.unwrap();
    assert_eq!((place.export().await, place.rooms().await), was);
    assert_eq!(place.run(&["check"]).await.code, 0);
    assert_eq!(place.restore(&much, &["--replace"]).await.code, 0, "and it can be done again");
    assert_eq!(place.export().await, much);
}

#[tokio::test]
async fn whoever_was_there_before_a_restore_hears_of_it_and_loses_nothing_of_their_own() {
    let place = Place::new();
    let mut server = place.serve("127.0.0.1:0").await;
    let mut ada = server.bot("Ada");
    ada.until(|event| event["event"] == "caught_up").await;
    ada.program.type_line("one").await;
    ada.until(|event| event["state"] == "accepted").await;
    let export = place.export().await;
    ada.program.type_line("two").await;
    ada.until(|event| event["text"] == "two" && event["state"] == "accepted").await;
    server.kill().await;
    ada.until(|event| event["event"] == "ended").await;
    ada.program.type_line("three").await;
    ada.until(|event| event["text"] == "three" && event["state"] == "queued").await;

    let restored = place.restore(&export, &["--replace"]).await;
    assert_eq!(restored.code, 0, "{restored:?}");
    let server = place.serve(server.address()).await;
    ada.until(|event| event["event"] == "new_epoch").await;
    ada.until(|event| event["text"] == "three" && event["state"] == "accepted").await;
    let bob = run(&["chat", &server.url, "--name", "Bob"], b"").await;
    assert_eq!(
        bob.stdout, "Ada: one\nAda: three\n",
        "what came after the export is gone, and nothing is twice"
    );
}

#[tokio::test]
async fn a_client_that_missed_what_was_trimmed_hears_of_the_gap() {
    let place = Place::new();
    let mut server = place.serve("127.0.0.1:0").await;
    let mut ada = server.bot("Ada");
    ada.until(|event| event["event"] == "caught_up").await;
    server.say("lobby", "Bob", "1\n2\n3\n").await;
    ada.until(|event| event["text"] == "3").await;
    server.kill().await;
    ada.until(|event| event["event"] == "ended").await;
    let elsewhere = place.serve("127.0.0.1:0").await;
    elsewhere.say("lobby", "Cat", "4\n5\n6\n7\n8\n").await;
    elsewhere.stop().await;

    let trimmed = place.run(&["trim", "--keep-messages", "2", "--room", "lobby"]).await;
    assert_eq!((trimmed.code, trimmed.stdout.as_str()), (0, "lobby: let go of 6, kept 2\n"), "{trimmed:?}");
    assert_eq!(place.run(&["check"]).await.code, 0);
    let room = &place.rooms().await[0];
    assert_eq!((&room["first"], &room["trimmed"], &room["last"]), (&json!(7), &json!(6), &json!(8)));
    place.run(&["trim", "--keep-messages", "2", "--room", "none"]).await.failed(2, &["no room \"none\""]);
    place.run(&["trim"]).await.failed(2, &["--older-than", "--keep-messages"]);

    let server = place.serve(server.address()).await;
    let gap = ada.until(|event| event["event"] == "gap").await;
    ada.until(|event| event["text"] == "8").await;
    assert!(ada.heard.iter().all(|event| event["event"] != "new_epoch"), "{:?}", ada.heard);
    assert_eq!(gap["after"], 3, "{gap}");
    server.stop().await;

    let trimmed = place.run(&["trim", "--older-than", "0"]).await;
    assert_eq!(trimmed.stdout, "lobby: let go of 2, kept 0\n", "{trimmed:?}");
    assert_eq!(place.rooms().await[0]["last"], 8, "no place is given twice");
    assert_eq!(place.run(&["check"]).await.code, 0);
    let moved = Place::new();
    assert_eq!(moved.restore(&place.export().await, &[]).await.code, 0);
    assert_eq!(moved.export().await, place.export().await, "with all marks of what was let go of");
}

#[tokio::test]
async fn damage_is_found_and_not_touched() {
    let place = Place::new();
    assert_eq!(place.restore(&an_export(500), &[]).await.code, 0);
    let whole = fs::read(&place.path).unwrap();
    for (sql, words) in [
        ("UPDATE rooms SET messages = 7 WHERE name = 'tea'", "room \"tea\": 7 messages"),
        ("UPDATE rooms SET last = last + 1 WHERE name = 'tea'", "the highest place given"),
        ("DELETE FROM messages WHERE seq = 20", "names 20 as the one before it"),
        ("UPDATE rooms SET trimmed = 20 WHERE name = 'tea'", "message 11 was let go of up to 20"),
        ("UPDATE messages SET author = 'nobody' WHERE seq = 20", "message 20 has an author that is none"),
        ("UPDATE messages SET style = '{' WHERE seq = 20", "message 20 has a style"),
        ("UPDATE messages SET id = 1000 WHERE seq = 20", "against their author's order"),
        ("UPDATE authors SET highest = 1000", "higher ones of its author were let go of"),
        ("DELETE FROM rooms WHERE name = 'tea'", "rows of messages belong to no room"),
    ] {
        let file = Connection::open(&place.path).unwrap();
        file.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
        file.close().unwrap();
        let told = place.run(&["check"]).await;
        told.failed(3, &["is damaged"]);
        assert!(told.stdout.contains(words), "{words}: {told:?}");
        fs::write(&place.path, &whole).unwrap();
    }
    let mut damaged = whole.clone();
    damaged[2 * 4096..8 * 4096].fill(0xa5);
    fs::write(&place.path, &damaged).unwrap();
    place.run(&["check"]).await.failed(3, &["is damaged"]);
    place.run(&["trim", "--keep-messages", "1"]).await.failed(3, &["is damaged", "not touched"]);
    place.restore(&an_export(1), &["--replace"]).await.failed(3, &["is damaged", "not touched"]);
    fs::write(&place.path, b"no database at all, however long it is\n".repeat(10)).unwrap();
    for what in [&["list"][..], &["export"], &["check"]] {
        place.run(what).await.failed(3, &["is damaged"]);
    }
    fs::write(&place.path, &damaged).unwrap();
    place.run(&["check"]).await.failed(3, &["is damaged"]);
    assert!(fs::read(&place.path).unwrap() == damaged, "it was touched");
    let beside = |ending| PathBuf::from(format!("{}{ending}", place.path.display()));
    assert!(!beside("-wal").exists() && !beside("-shm").exists(), "something was made beside it");
}

#[tokio::test]
async fn a_reader_that_has_enough_is_fine() {
    let place = Place::new();
    assert_eq!(place.restore(&an_export(20_000), &[]).await.code, 0);
    let mut export = start(&["history", "export", "--history", &place.flag()]);
    export.out().await;
    let status = export.break_pipe().wait().await.unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn where_there_is_no_file_it_says_what_to_do() {
    let place = Place::new();
    for what in [&["list"][..], &["export"], &["check"], &["trim", "--older-than", "1d"]] {
        place.run(what).await.failed(2, &["no history at", "--history sqlite:PATH"]);
    }
    assert!(!place.path.exists());
    run(&["history", "list", "--history", "memory"], b"").await.failed(2, &["GET /rooms/{room}"]);
    run(&["history", "export", "--history", "nats://127.0.0.1:1"], b"").await.failed(2, &["nats stream"]);
    run(&["history"], b"").await.failed(2, &["restore"]);
}

/// Where a history lies.
struct Place {
    folder: TempDir,
    path: PathBuf,
}

/// A server with its history there.
struct Server {
    program: Running,
    url: String,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite3");
        Self { folder, path }
    }

    fn flag(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }

    fn command(&self, what: &[&str]) -> tokio::process::Command {
        let mut command = command(&["history"]);
        command.args(what).args(["--history", &self.flag()]);
        command
    }

    async fn run(&self, what: &[&str]) -> Outcome {
        crate::program::finish(self.command(what), b"").await
    }

    async fn restore(&self, export: &str, flags: &[&str]) -> Outcome {
        let mut command = self.command(&["restore"]);
        command.args(flags);
        crate::program::finish(command, export.as_bytes()).await
    }

    async fn export(&self) -> String {
        let export = self.run(&["export"]).await;
        assert_eq!((export.code, export.stderr.as_str()), (0, ""));
        export.stdout
    }

    async fn rooms(&self) -> Vec<Value> {
        let list = self.run(&["list"]).await;
        assert_eq!((list.code, list.stderr.as_str()), (0, ""));
        lines(&list.stdout)
    }

    async fn serve(&self, address: &str) -> Server {
        let mut program = start(&["serve", "--listen", address, "--history", &self.flag()]);
        let line = program.out().await;
        let url = line.strip_prefix("heartline listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Server { program, url }
    }
}

impl Server {
    fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    fn bot(&self, name: &str) -> Bot {
        Bot::of(start(&["chat", &self.url, "--name", name, "--json"]))
    }

    async fn say(&self, room: &str, name: &str, lines: &str) {
        let said = run(&["chat", &self.url, "--room", room, "--name", name], lines.as_bytes()).await;
        assert_eq!(said.code, 0, "{said:?}");
    }

    async fn kill(&mut self) {
        self.program.signal("-KILL").await;
        assert_eq!(self.program.code().await, -1);
    }

    async fn stop(mut self) {
        self.program.signal("-TERM").await;
        assert_eq!(self.program.code().await, 0);
    }
}

/// An export of three rooms: one trimmed, with as many messages; one with two; one empty.
fn an_export(many: u64) -> String {
    let (ann, bob) = ("AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB");
    let mut export = String::from("{\"type\":\"heartline_history\",\"version\":1}\n");
    let said = |room: &str, seq: u64, from: &str, id: u64, more: &str| {
        format!(
            "{{\"type\":\"said\",\"room\":\"{room}\",\"seq\":{seq},\"prev\":{},\"at\":{},\"from\":\"{from}\",\
             \"name\":\"弹幕 \\\"x\\\"\",\"id\":{id},\"text\":\"line\\nof {seq}\"{more}}}\n",
            seq - 1,
            1_700_000_000_000 + seq,
        )
    };
    for n in 1..=many {
        export.push_str(&said("tea", 10 + n, ann, n + 1, ""));
    }
    writeln!(
        export,
        "{{\"type\":\"author\",\"room\":\"tea\",\"from\":\"{ann}\",\"highest\":1,\"at\":1700000000000}}\n\
         {{\"type\":\"room\",\"room\":\"tea\",\"last\":{},\"trimmed\":10,\"messages\":{many}}}",
        10 + many
    )
    .unwrap();
    export.push_str(&said("coffee", 1, ann, 1, ",\"style\":{\"colour\":\"#ff8800\",\"lane\":\"top\"}"));
    export.push_str(&said("coffee", 2, bob, 7, ""));
    writeln!(
        export,
        "{{\"type\":\"room\",\"room\":\"coffee\",\"last\":2,\"trimmed\":0,\"messages\":2}}\n\
         {{\"type\":\"room\",\"room\":\"empty\",\"last\":0,\"trimmed\":0,\"messages\":0}}\n\
         {{\"type\":\"end\",\"rooms\":3,\"messages\":{}}}",
        many + 2
    )
    .unwrap();
    export
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
