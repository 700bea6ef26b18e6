//! The handshake on its way through: the request as it was rewritten, the answer as it came.

use std::{io, time::Duration};

use heartline_core::{
    frame::Side,
    handshake::{HeadReader, Outcome, Request, Response, outcome},
    inspect::End,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{carry::Buffer, house::House, onlooker::Onlooker, part::Party};
use crate::output::escape::excerpt;

/// How long a refusal may say nothing before both are hung up on.
const QUIET: Duration = Duration::from_secs(60);
/// How long a client may take to read the end of a refusal.
const GOODBYE: Duration = Duration::from_secs(1);
/// Bytes of an answer that are read at once.
const PIECE: usize = 4096;

/// What the server's answer came to. Its head has gone on to the client.
pub(super) enum Answer {
    /// Frames follow.
    Open,
    /// A refusal, or nothing of HTTP: why, in words. Its body may follow.
    None(String),
    /// One of the two has left before there was an answer.
    Gone(End),
}

/// Sends the request and carries back what comes, up to the end of the answer's head. What the client sends meanwhile waits in
/// `from_client`, what follows the head in `from_server`.
pub(super) async fn shake_hands(
    client: &mut Party,
    server: &mut Party,
    head: &[u8],
    from_client: &mut Buffer,
    from_server: &mut Buffer,
    onlooker: &Onlooker,
    house: &House,
) -> Answer {
    onlooker.head(Side::Client, head);
    let sent = async {
        server.stream.write_all(head).await?;
        server.stream.flush().await
    };
    if sent.await.is_err() {
        return Answer::Gone(End::Reset { by: Side::Server.into() });
    }
    let (mut reader, mut piece) = (HeadReader::new(), [0; PIECE]);
    let mut client_writes = true;
    loop {
        let read = tokio::select! {
            read = server.stream.read(&mut piece) => read,
            read = from_client.read(&mut client.stream), if client_writes && from_client.has_room() => {
                match read {
                    Ok(0) => {
                        client_writes = false;
                        // The server may answer one who says no more.
                        let _ = server.stream.shutdown().await;
                    }
                    Ok(count) => onlooker.passed(Side::Client, from_client.last(count), || false),
                    Err(_) => return Answer::Gone(End::Reset { by: Side::Client.into() }),
                }
                continue;
            }
        };
        let count = match read {
            Ok(0) => return gone(client_writes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return gone(client_writes),
            Err(_) => return Answer::Gone(End::Reset { by: Side::Server.into() }),
            Ok(count) => count,
        };
        let mut input = &piece[..count];
        let answer = read_answer(&mut reader, &mut input, head, house);
        let (answered, rest) = piece[..count].split_at(count - input.len());
        onlooker.head(Side::Server, answered);
        if !rest.is_empty() {
            onlooker.passed(Side::Server, rest, || false);
        }
        let written = async {
            client.stream.write_all(answered).await?;
            client.stream.flush().await
        };
        if written.await.is_err() {
            return Answer::Gone(End::Reset { by: Side::Client.into() });
        }
        if let Some(answer) = answer {
            match answer {
                Answer::None(_) if !rest.is_empty() => {
                    // The beginning of its body.
                    let _ = client.stream.write_all(rest).await;
                }
                Answer::Open | Answer::None(_) | Answer::Gone(_) => from_server.push(rest),
            }
            return answer;
        }
    }
}

/// Both have nothing more to say, or only the server has: it hung up on a client that waits.
fn gone(client_writes: bool) -> Answer {
    let by = if client_writes { Side::Server } else { Side::Client };
    Answer::Gone(End::Fin { by: by.into() })
}

/// Reads on in the heads of the server, until there is one that is the answer.
fn read_answer(reader: &mut HeadReader, input: &mut &[u8], asked: &[u8], house: &House) -> Option<Answer> {
    loop {
        let head = match reader.read(input) {
            Ok(Some(head)) => head,
            Ok(None) => return None,
            Err(fault) => return Some(Answer::None(format!("the server's answer is none: {fault}"))),
        };
        match Response::parse(&head) {
            Ok(response) if response.is_informational() => {}
            Ok(response) if response.status == 101 => return Some(Answer::Open),
            Ok(response) => return Some(Answer::None(refusal(asked, &response, house))),
            Err(fault) => return Some(Answer::None(format!("the server's answer is none: {fault}"))),
        }
    }
}

/// A refusal in words, and what to do about it.
fn refusal(asked: &[u8], response: &Response, house: &House) -> String {
    let said = format!("{} {}", response.status, excerpt(&response.reason, 40));
    let location = response.fields.get("location").filter(|_| (300..400).contains(&response.status));
    if let Some(Ok(place)) = location.map(|location| house.dialer.endpoint.redirected(location)) {
        return format!(
            "the server answers {} and sends clients to {place}; give that URL by --to",
            said.trim()
        );
    }
    let cause = Request::parse(asked).ok().map(|request| outcome(&request, response));
    match cause {
        Some(Outcome::Refused(refusal)) => format!(
            "the server refuses with {}: {}; {}",
            said.trim(),
            excerpt(&refusal.cause.to_string(), 200),
            refusal.cause.advice()
        ),
        Some(Outcome::Open(_) | Outcome::Broken(..)) | None => format!("the server answers {}", said.trim()),
    }
}

/// Carries the rest of a refusal to the client. A second request on the same connection is none of this relay's: it ends then.
pub(super) async fn pass_on(mut client: Party, mut server: Party, onlooker: &Onlooker) {
    let (mut piece, mut more, mut client_writes) = ([0; PIECE], [0; 1], true);
    loop {
        tokio::select! {
            read = server.stream.read(&mut piece) => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    onlooker.passed(Side::Server, &piece[..count], || false);
                    let written = async {
                        client.stream.write_all(&piece[..count]).await?;
                        client.stream.flush().await
                    };
                    if written.await.is_err() {
                        return;
                    }
                }
            },
            read = client.stream.read(&mut more), if client_writes => match read {
                Ok(0) => {
                    client_writes = false;
                    let _ = server.stream.shutdown().await;
                }
                Ok(_) | Err(_) => break,
            },
            () = tokio::time::sleep(QUIET) => break,
        }
    }
    let goodbye = async {
        client.stream.shutdown().await.ok()?;
        while client.stream.read(&mut piece).await.ok()? > 0 {}
        Some(())
    };
    let _ = tokio::time::timeout(GOODBYE, goodbye).await;
}
