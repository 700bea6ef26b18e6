//! What is in the file, and how an older one becomes one of today.

use rusqlite::{Connection, TransactionBehavior};

/// Tells a history of ours from other databases: "HrtL".
pub(super) const APPLICATION_ID: u32 = 0x4872_744c;

/// Each step makes a file one version newer; the first makes it from nothing. A step that was shipped is never changed.
const STEPS: &[&str] = &[include_str!("schema.sql")];

/// What this program writes.
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// Brings a file to [`VERSION`], all of it or nothing.
///
/// # Errors
/// The database's; the file is as it was.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    walk(connection, STEPS)
}

fn walk(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let missing = steps.get(version as usize..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", steps.len() as u32)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()?;
    // Whoever reads the head of the file without the log beside it sees the new version.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_goes_through_the_steps_it_lacks() {
        let steps = [STEPS[0], "ALTER TABLE rooms ADD COLUMN topic TEXT", "UPDATE rooms SET topic = name"];
        let mut connection = Connection::open_in_memory().unwrap();
        walk(&mut connection, &steps[..1]).unwrap();
        connection.execute("INSERT INTO rooms (name, epoch) VALUES ('tea', 'e')", []).unwrap();
        walk(&mut connection, &steps).unwrap();
        walk(&mut connection, &steps).unwrap();
        let topic: String = connection.query_one("SELECT topic FROM rooms", [], |row| row.get(0)).unwrap();
        assert_eq!(topic, "tea");
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let steps = [STEPS[0], "CREATE TABLE more (id INTEGER); SELECT nothing FROM nowhere"];
        let mut connection = Connection::open_in_memory().unwrap();
        walk(&mut connection, &steps[..1]).unwrap();
        assert!(walk(&mut connection, &steps).is_err());
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        let tables: u32 = connection
            .query_one("SELECT count(*) FROM sqlite_schema WHERE name = 'more'", [], |row| row.get(0))
            .unwrap();
        assert_eq!((version, tables), (1, 0));
    }
}
