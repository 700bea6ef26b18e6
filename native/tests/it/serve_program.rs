//! `heartline serve` as a process.

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

use crate::program::{command, run};
use crate::serve_peer::Raw;

#[tokio::test]
async fn it_says_where_it_listens_and_leaves_when_asked() {
    let mut process = command(&["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let address = line.strip_prefix("heartline listening on http://").unwrap().to_owned();

    let mut raw = Raw { stream: tokio::net::TcpStream::connect(address).await.unwrap() };
    raw.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(raw.head().await.0, 200);

    let pid = Pid::from_raw(i32::try_from(process.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(process.wait().await.unwrap().code(), Some(0));
    assert_eq!(lines.next_line().await.unwrap(), None);
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut process = command(&["serve", "--listen", "127.0.0.1:0", "--drain", "1h"]).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let address = line.rsplit('/').next().unwrap().to_owned();
    let mut raw = Raw { stream: tokio::net::TcpStream::connect(address).await.unwrap() };
    raw.send(crate::serve_peer::handshake("/echo", "").as_bytes()).await;
    assert_eq!(raw.head().await.0, 101);

    let mut told = BufReader::new(process.stderr.take().unwrap()).lines();
    let pid = Pid::from_raw(i32::try_from(process.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    while !told.next_line().await.unwrap().unwrap().contains("a second signal stops at once") {}
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(process.wait().await.unwrap().code(), Some(130));
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_told_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    run(&["serve", "--listen", &address], b"").await.failed(1, &["in use", &address]);
    run(&["serve", "--listen", "0.0.0.0:0"], b"").await.failed(2, &["--allow-host", "--open"]);
    run(&["serve", "--listen", "nowhere"], b"").await.failed(1, &["nowhere"]);
    run(&["serve", "--interval", "10", "--grace", "10"], b"").await.failed(2, &["--grace"]);
    run(&["serve", "--tls-cert", "missing.pem", "--tls-key", "missing.pem"], b"")
        .await
        .failed(2, &["missing.pem"]);
}
