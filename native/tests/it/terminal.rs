//! Clients at a terminal: what is typed there, and what then stands on its screen.

use std::{
    fs::File,
    io::{Read, Write},
    os::unix::ffi::OsStrExt,
    process::Stdio,
    sync::{Arc, Mutex},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use tokio::{process::Child, sync::watch};

use crate::{
    peer::Peer,
    program::{PATIENCE, command},
};

const CTRL_D: &str = "\x04";
const CTRL_U: &str = "\x15";
const CTRL_Z: &str = "\x1a";

/// A terminal with the program in it.
struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    changed: watch::Receiver<()>,
    /// The end where the fingers are.
    keys: File,
    program: Child,
}

impl Terminal {
    fn start(args: &[&str], columns: u16, rows: u16) -> Self {
        Self::with(&command(args), columns, rows)
    }

    fn with(prepared: &tokio::process::Command, columns: u16, rows: u16) -> Self {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&near).unwrap();
        unlockpt(&near).unwrap();
        let name = ptsname(&near, Vec::new()).unwrap();
        let far = std::ffi::OsStr::from_bytes(name.as_bytes());
        let far = File::options().read(true).write(true).open(far).unwrap();
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&far, size).unwrap();

        // In a session of its own: the program must not find the terminal the tests were started from.
        let mut alone = tokio::process::Command::new("setsid");
        alone.arg("--ctty").arg(prepared.as_std().get_program()).args(prepared.as_std().get_args());
        for (name, value) in prepared.as_std().get_envs() {
            match value {
                Some(value) => alone.env(name, value),
                None => alone.env_remove(name),
            };
        }
        alone.env("TERM", "xterm").env_remove("NO_COLOR").kill_on_drop(true);
        alone.stdin(far.try_clone().unwrap()).stdout(far.try_clone().unwrap()).stderr(Stdio::from(far));
        let program = alone.spawn().unwrap();
        // Or it would hold the far end open for ever.
        drop(alone);

        let keys = File::from(near);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let (told, changed) = watch::channel(());
        let (mut shown, drawn) = (keys.try_clone().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Once the program has left, reading fails.
            while let Ok(count @ 1..) = shown.read(&mut bytes) {
                drawn.lock().unwrap().process(&bytes[..count]);
                told.send_replace(());
            }
        });
        Self { screen, changed, keys, program }
    }

    /// Types, on a thread: the program may be slower than these fingers.
    fn type_keys(&self, keys: impl Into<Vec<u8>>) {
        let (mut near, keys) = (self.keys.try_clone().unwrap(), keys.into());
        std::thread::spawn(move || near.write_all(&keys));
    }

    /// The rows that are not empty.
    fn rows(&self) -> Vec<String> {
        let parser = self.screen.lock().unwrap();
        let (_, columns) = parser.screen().size();
        let rows = parser.screen().rows(0, columns).map(|row| row.trim_end().to_owned());
        rows.filter(|row| !row.is_empty()).collect()
    }

    /// Waits until the screen is right, and gives its rows.
    async fn shows(&mut self, is_right: impl Fn(&[String]) -> bool) -> Vec<String> {
        let right = async {
            loop {
                self.changed.borrow_and_update();
                let rows = self.rows();
                if is_right(&rows) {
                    return rows;
                }
                // The program has left: this is how the screen stays.
                if self.changed.changed().await.is_err() {
                    assert!(is_right(&self.rows()), "{:#?}", self.rows());
                }
            }
        };
        match tokio::time::timeout(PATIENCE, right).await {
            Ok(rows) => rows,
            Err(_) => panic!("the screen stays wrong: {:#?}", self.rows()),
        }
    }

    async fn code(&mut self) -> Option<i32> {
        let status = tokio::time::timeout(PATIENCE, self.program.wait()).await;
        status.expect("the program does not end").unwrap().code()
    }
}

/// Whether the last row is a prompt with nothing behind it.
fn is_waiting(rows: &[String]) -> bool {
    rows.last().is_some_and(|row| row.ends_with(" ›"))
}

#[tokio::test]
async fn a_line_over_several_rows_leaves_none_behind() {
    let peer = Peer::echoing().await;
    let mut terminal = Terminal::start(&["connect", &peer.url()], 40, 12);
    terminal.shows(|rows| rows.len() == 2 && is_waiting(rows)).await;

    let long = "this line takes two rows where a window has forty columns";
    terminal.type_keys(format!("{long}\r{long}"));
    let rows = terminal.shows(|rows| rows.len() == 7 && rows[6].ends_with("columns")).await;
    let (first, second) = long.split_at(38);
    assert_eq!(rows[1..5], [format!("> {first}"), second.into(), format!("< {first}"), second.into()]);
    assert!(rows[5].contains(" › this line"), "{rows:#?}");

    terminal.type_keys(CTRL_U);
    let rows = terminal.shows(|rows| rows.len() == 6 && is_waiting(rows)).await;
    assert_eq!(rows[4], second);

    terminal.type_keys(CTRL_D);
    assert_eq!(terminal.code().await, Some(0));
    let rows = terminal.shows(|rows| rows.len() == 5).await;
    assert_eq!(rows[4], second, "the prompt has gone with the program");
}

#[tokio::test]
async fn all_that_is_pasted_is_sent() {
    let peer = Peer::echoing().await;
    // Whatever the outbox holds, a paste is longer.
    let mut policy = tempfile::NamedTempFile::new().unwrap();
    policy.write_all(br#"{"outbox": {"messages": 5}}"#).unwrap();
    let policy = policy.path().to_str().unwrap();
    let mut terminal = Terminal::start(&["connect", "--policy", policy, &peer.url()], 80, 24);
    terminal.shows(is_waiting).await;
    // More than a terminal hands over at once.
    let pasted: String = (1..=3000).map(|number| format!("{number}\r")).collect();
    terminal.type_keys(pasted);
    terminal.shows(|rows| rows.iter().any(|row| row == "< 3000")).await;
    terminal.type_keys(CTRL_D);
    assert_eq!(terminal.code().await, Some(0));
}

#[tokio::test]
async fn a_shell_gets_its_terminal_back_for_a_while() {
    let peer = Peer::echoing().await;
    // With -m it is a shell as people have it: what runs in it can be stopped.
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-mc", "\"$0\" connect \"$1\"; echo \"stopped: $?\"; fg >/dev/null; echo \"ended: $?\""]);
    shell.args([env!("CARGO_BIN_EXE_heartline"), &peer.url()]);
    let mut terminal = Terminal::with(&shell, 80, 24);
    terminal.shows(is_waiting).await;
    terminal.type_keys(format!("half a line{CTRL_Z}"));
    // Whoever was stopped by SIGTSTP: 128 and its number.
    let rows = terminal.shows(|rows| rows.iter().any(|row| row == "stopped: 148")).await;
    let at = rows.iter().position(|row| row == "stopped: 148").unwrap();
    assert!(rows[..at].iter().all(|row| !row.contains("half")), "the prompt was left behind: {rows:#?}");
    terminal.shows(|rows| rows.last().is_some_and(|row| row.ends_with("› half a line"))).await;
    terminal.type_keys("\r");
    terminal.shows(|rows| rows.iter().any(|row| row == "< half a line")).await;
    terminal.type_keys(CTRL_D);
    terminal.shows(|rows| rows.last().is_some_and(|row| row == "ended: 0")).await;
}
