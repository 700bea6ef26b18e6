//! What is found when the file is opened: whose it is, whether it is whole, whether its end is missing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use heartline::server::history::{Durability, Keep};
use heartline_core::room::engine::{Head, Refusal};
use rusqlite::Connection;

use super::super::caller::draft;
use super::super::{Caller, Place};
use super::Sqlite;

#[tokio::test]
async fn what_is_no_whole_history_is_refused_and_not_touched() {
    let place = Sqlite::with(Durability::Process, Keep::default());
    let mut caller = Caller::at(&place).await;
    caller.enter("tea").await;
    caller.chat("tea", "ann", 1, 500).await;
    caller.close().await;
    let whole = fs::read(place.path()).unwrap();
    let page = 4096;
    assert!(whole.len() > 8 * page, "there is something to damage");
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        bytes
    };
    for (bytes, words) in [
        (with(&|bytes| bytes[..16].fill(b'x')), "is damaged"),
        (with(&|bytes| bytes.truncate(50)), "is damaged"),
        (with(&|bytes| bytes.truncate(3 * page)), "is damaged"),
        (with(&|bytes| bytes[2 * page..7 * page].fill(0xa5)), "is damaged"),
        (b"a text that somebody keeps here\n".repeat(10), "is damaged"),
        (with(&|bytes| bytes[68..72].fill(0)), "is no history of heartline"),
        (with(&|bytes| bytes[60..64].copy_from_slice(&99_u32.to_be_bytes())), "newer heartline (version 99"),
    ] {
        fs::write(place.path(), &bytes).unwrap();
        let told = Caller::open(&place).await.err().expect(words).to_string();
        assert!(told.contains(words) && told.contains("not touched"), "{told}");
        assert!(fs::read(place.path()).unwrap() == bytes, "{words}: it was touched");
        for beside in ["-wal", "-shm", "-journal"] {
            let beside = format!("{}{beside}", place.path().display());
            assert!(!Path::new(&beside).exists(), "{beside}");
        }
    }
    fs::write(place.path(), &whole).unwrap();
    assert_eq!(Caller::at(&place).await.all("tea").await.len(), 500);
}

#[tokio::test]
async fn what_may_only_be_read_is_refused() {
    let place = Sqlite::with(Durability::Process, Keep::default());
    Caller::at(&place).await.close().await;
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o400)).unwrap();
    let told = Caller::open(&place).await.err().expect("it cannot be written").to_string();
    assert!(told.contains("may only be read"), "{told}");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o600)).unwrap();
    Caller::at(&place).await.close().await;
}

#[tokio::test]
async fn nobody_else_may_read_it() {
    let place = Sqlite::with(Durability::Process, Keep::default());
    let mut caller = Caller::at(&place).await;
    caller.append("tea", draft("ann", 1, "hi")).await.unwrap();
    let folder = place.path().parent().unwrap().to_owned();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn an_older_copy_begins_a_new_epoch_and_still_knows_repeats() {
    let place = Sqlite::with(Durability::Process, Keep::default());
    let (was, _) = session(&place, 1).await;
    let copy = fs::read(place.path()).unwrap();
    let (still, _) = session(&place, 2).await;
    assert_eq!(still.epoch, was.epoch);
    fs::write(place.path(), copy).unwrap();
    let mut caller = Caller::at(&place).await;
    let anew = caller.enter("tea").await;
    assert_ne!(anew.epoch, was.epoch, "a place that was given in the old one may be given again");
    assert_eq!(caller.append("tea", draft("ann", 1, "message 1")).await, Ok(1));
    assert_eq!(caller.append("tea", draft("ann", 1, "another")).await, Err(Refusal::IdReused));
    caller.append("tea", draft("ann", 2, "message 2")).await.unwrap();
    caller.close().await;
    assert_eq!(Caller::at(&place).await.enter("tea").await.epoch, anew.epoch, "once");
}

#[tokio::test]
async fn a_lost_machine_costs_the_epoch_where_the_end_may_be_missing_and_nowhere_else() {
    for (durability, closed, anew) in [
        (Durability::Process, false, true),
        (Durability::Process, true, false),
        (Durability::Disk, false, false),
        (Durability::Disk, true, false),
    ] {
        let mut place = Sqlite::with(durability, Keep::default());
        let mut caller = Caller::at(&place).await;
        let was = caller.enter("tea").await;
        caller.chat("tea", "ann", 1, 10).await;
        if closed {
            caller.close().await;
        } else {
            place.leave();
            drop(caller);
        }
        let file = Connection::open(place.path()).unwrap();
        file.execute("UPDATE meta SET value = 'another boot' WHERE key = 'boot'", []).unwrap();
        file.close().unwrap();
        let mut caller = Caller::at(&place).await;
        let is = caller.enter("tea").await;
        assert_eq!(is.epoch != was.epoch, anew, "{durability:?}, closed: {closed}");
        assert_eq!(caller.all("tea").await.len(), 10);
    }
}

/// Opens it, has one message said, closes it.
async fn session(place: &impl Place, id: u64) -> (Head, u64) {
    let mut caller = Caller::at(place).await;
    let head = caller.enter("tea").await;
    let seq = caller.append("tea", draft("ann", id, &format!("message {id}"))).await.unwrap();
    caller.close().await;
    (head, seq)
}
