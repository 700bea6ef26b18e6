//! A disk that fails while the server runs: nothing is accepted that is not there, and it goes on by itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use heartline::server::history::{Durability, Health, HistoryConfig, Keep};
use heartline_core::room::engine::{Draft, Refusal};
use rusqlite::Connection;
use tempfile::TempDir;

use super::super::caller::{chained, draft, seqs};
use super::super::{Caller, Place, Second};
use super::Sqlite;

#[tokio::test]
async fn a_file_that_is_taken_away_takes_nothing_with_it() {
    let place = Sqlite::with(Durability::Process, Keep::default());
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let given = caller.chat("tea", "ann", 1, 10).await;
    let away = place.path().with_file_name("away");
    fs::rename(place.path(), &away).unwrap();
    let refused = caller.append("tea", draft("ann", 11, "eleven")).await;
    let Err(Refusal::Unavailable(why)) = refused else { panic!("{refused:?}") };
    assert!(why.to_string().contains("is gone"), "{why}");
    caller.until_health(|health| matches!(health, Health::Unavailable(_))).await;
    assert_eq!(seqs(&caller.all("tea").await), given, "what was said can be read all the same");
    fs::rename(&away, place.path()).unwrap();
    caller.until_health(|health| *health == Health::Ready).await;
    caller.append("tea", draft("ann", 11, "eleven")).await.unwrap();
    caller.close().await;
    assert_eq!(Caller::at(&place).await.all("tea").await.len(), 11);
}

#[tokio::test]
async fn a_file_that_another_program_has_locked_is_waited_for() {
    let place = Sqlite::with(Durability::Process, Keep::default());
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let other = Connection::open(place.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = caller.append("tea", draft("ann", 1, "hi")).await;
    let Err(Refusal::Unavailable(why)) = refused else { panic!("{refused:?}") };
    assert!(why.to_string().contains("another program"), "{why}");
    assert!(caller.enter("tea").await.last == 0, "who only reads is let in");
    other.execute_batch("ROLLBACK").unwrap();
    caller.until_health(|health| *health == Health::Ready).await;
    caller.append("tea", draft("ann", 1, "hi")).await.unwrap();
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_goes_on_when_there_is_room() {
    let place = Small::new();
    let ballast = place.disk.path().join("ballast");
    fs::write(&ballast, vec![7; 3 << 20]).unwrap();
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    let mut accepted = Vec::new();
    let mut id = 0;
    let full = loop {
        id += 1;
        match caller.append("tea", long(id)).await {
            Ok(seq) => accepted.push(seq),
            Err(refusal) => break refusal,
        }
        assert!(id < 10_000, "the disk does not fill");
    };
    let Refusal::Unavailable(why) = full else { panic!("{full:?}") };
    assert!(why.to_string().contains("the disk is full"), "{why}");
    assert!(accepted.len() > 10, "{accepted:?}");
    caller.until_health(|health| matches!(health, Health::Unavailable(_))).await;
    assert_eq!(seqs(&caller.all("tea").await), accepted);

    fs::remove_file(ballast).unwrap();
    caller.until_health(|health| *health == Health::Ready).await;
    for id in id..id + 20 {
        accepted.push(caller.append("tea", long(id)).await.unwrap());
    }
    assert_eq!(seqs(&caller.all("tea").await), accepted, "each once");
    let followed = caller.follow("tea", accepted.len()).await;
    assert_eq!(seqs(&followed), accepted);
    chained(&followed);
    caller.close().await;
    let mut caller = Caller::at(&place).await;
    assert_eq!(seqs(&caller.all("tea").await), accepted);
    caller.close().await;
}

#[tokio::test]
async fn what_has_grown_old_or_too_much_in_all_is_let_go_of() {
    const HOUR: u64 = 3_600_000;
    let keep = Keep { bytes: 100_000, ..Keep::default() };
    let place = Sqlite::with(Durability::Process, keep);
    let mut caller = Caller::at(&place).await;
    for id in 1..=10 {
        let young = draft("ann", id, "hi");
        let at = if id <= 5 { young.at - 31 * 24 * HOUR } else { young.at };
        caller.append("old", Draft { at, ..young }).await.unwrap();
    }
    caller.append("small", draft("ann", 1, "still here")).await.unwrap();
    for id in 1..=3000 {
        caller.say("large", draft("ann", id, "some words"));
    }
    caller.append("large", draft("ann", 3001, "the last")).await.unwrap();
    caller.close().await;
    // All rooms are looked at when the file is opened.
    let mut caller = Caller::at(&place).await;
    while caller.all("old").await.len() > 5 || caller.all("large").await.len() > 1000 {}
    assert_eq!(caller.all("small").await.len(), 1, "the largest is trimmed");
    assert_eq!(caller.all("large").await.last().map(|entry| entry.seq), Some(3001));
}

/// Two kilobytes.
fn long(id: u64) -> Draft {
    draft("ann", id, &format!("{id} ").repeat(1000)[..2000])
}

/// A file on a disk of four mebibytes.
struct Small {
    disk: TempDir,
}

impl Small {
    fn new() -> Self {
        let disk = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "heartline-test"]).arg(disk.path());
        let mount = mount.output().expect("this test needs the command mount");
        let told = String::from_utf8_lossy(&mount.stderr).into_owned();
        assert!(
            mount.status.success(),
            "this test needs a small disk, and mounts one; run it as root: {told}"
        );
        Self { disk }
    }

    fn path(&self) -> &Path {
        self.disk.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: what a failed test still holds open must not keep it here.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

impl Place for Small {
    const LASTS: bool = true;
    const SECOND: Second = Second::Refused;

    async fn new() -> Self {
        Self::new()
    }

    async fn small() -> Self {
        Self::new()
    }

    fn config(&self) -> HistoryConfig {
        let path = self.path().join("history.sqlite3");
        Sqlite::with(Durability::Process, Keep::default()).config_in(path)
    }

    async fn kill(&mut self, caller: Caller) -> Caller {
        drop(caller);
        Caller::at(self).await
    }
}
