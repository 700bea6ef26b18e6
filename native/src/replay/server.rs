//! The server that was recorded, for whoever comes.

use std::{sync::Arc, time::Duration};

use heartline_core::{handshake::accept_for, inspect::Party};
use tokio::{io::AsyncWriteExt, task::JoinSet};

use super::{
    play::{Played, Player},
    script,
    script::{Script, has_compression},
};
use crate::{
    cli::replay::ServerConfig,
    client::{
        dial::io_words,
        ending::Ending,
        listen::{Accepted, Listener},
        signals::Interrupts,
    },
    exit_code::ExitCode,
    output::{self, escape::excerpt, style::Tone},
    relay::entrance::{Asked, No},
    server::guard::Door,
};

/// Connections at one time; the rest wait in the kernel's queue.
const MOST_CONNECTIONS: usize = 100;
/// How long accepting rests when the system has no socket to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// Runs the command to its end.
pub async fn run(config: ServerConfig) -> Ending {
    let script = match script(&config.file, config.line) {
        Ok(script) => Arc::new(script),
        Err(ending) => return ending,
    };
    let listener = match config.address.bind().await {
        Ok(listener) => listener,
        Err(why) => return Ending::new(ExitCode::Own, why),
    };
    if !listener.is_local() {
        let why = "a recording is replayed for this machine only: listen on 127.0.0.1";
        return Ending::new(ExitCode::Usage, why);
    }
    let interrupts = Interrupts::catch();
    let say = move |tone, text: &str| output::note(tone, text, config.colored);
    let frames = script.moves.iter().filter(|one| one.from == Party::Server).count();
    say(Tone::Good, &format!("replaying {frames} frames of the server on {}", listener.url(false)));
    tokio::select! {
        never = accept(&listener, &script, say) => match never {},
        () = interrupts.caught() => Ending::new(ExitCode::Interrupted, ""),
    }
}

async fn accept(
    listener: &Listener,
    script: &Arc<Script>,
    say: impl Fn(Tone, &str) + Copy + Send + 'static,
) -> std::convert::Infallible {
    let (mut tasks, mut number) = (JoinSet::new(), 0_u64);
    loop {
        tokio::select! {
            accepted = listener.admit(), if tasks.len() < MOST_CONNECTIONS => match accepted {
                Ok(accepted) => {
                    number += 1;
                    let script = Arc::clone(script);
                    tasks.spawn(async move {
                        let (tone, told) = serve(accepted, &script).await;
                        say(tone, &format!("#{number} {told}"));
                    });
                }
                Err(error) => {
                    say(Tone::Warning, &format!("cannot accept a connection: {error}"));
                    tokio::time::sleep(OUT_OF_SOCKETS).await;
                }
            },
            Some(_) = tasks.join_next() => {}
        }
    }
}

/// Serves one client, and says what came of it.
async fn serve(accepted: Accepted, script: &Script) -> (Tone, String) {
    let Accepted { mut stream, breaker, from, address } = accepted;
    let asked = match Asked::read(&mut *stream, address, &Door::default()).await {
        Ok(asked) => asked,
        Err(None) => return (Tone::Warning, format!("{from} left without a word")),
        Err(Some(no)) => {
            no.tell(&mut *stream).await;
            return (Tone::Warning, format!("{from} was not let in: {}", no.why));
        }
    };
    let answer = match answer(script, &asked) {
        Ok(answer) => answer,
        Err(why) => {
            No::new("400 Bad Request", why.clone()).tell(&mut *stream).await;
            return (Tone::Warning, format!("{from} was not let in: {why}"));
        }
    };
    let place = format!("{from} → {}", excerpt(asked.target.split('?').next().unwrap_or_default(), 80));
    let played = async {
        stream.write_all(&answer).await?;
        stream.flush().await?;
        match script.is_open() {
            true => Player::new(script, Party::Server, None, &mut *stream).play(&asked.rest).await,
            // A refusal is over with its last byte.
            false => stream.shutdown().await.map(|()| Played::default()),
        }
    };
    match played.await {
        Ok(played) => {
            if played.resets {
                breaker.reset();
            }
            let (wanted, unsent) = (script.messages(Party::Client).count(), played.unsent);
            let tone = if unsent == 0 { Tone::Info } else { Tone::Warning };
            let left =
                if unsent == 0 { String::new() } else { format!("; {unsent} frames were not due yet") };
            (tone, format!("{place}: over; {} messages came, {wanted} were recorded{left}", played.count))
        }
        Err(error) => (Tone::Warning, format!("{place}: over: {}", io_words(&error))),
    }
}

/// The recorded answer, with the proof that this client wants.
///
/// # Errors
/// Words, if it would be none for this client.
fn answer(script: &Script, asked: &Asked) -> Result<Vec<u8>, String> {
    if script.is_compressed && !has_compression(&asked.request.fields) {
        return Err("the recorded line is compressed, and this client does not offer permessage-deflate: record with \
                    --no-compression, or use a client that does"
            .to_owned());
    }
    let accept = format!("Sec-WebSocket-Accept: {}\r\n", accept_for(asked.request.key().unwrap_or_default()));
    let mut answer = Vec::with_capacity(script.answer.len());
    for line in script.answer.split_inclusive(|byte| *byte == b'\n') {
        let is_accept =
            line.get(..21).is_some_and(|name| name.eq_ignore_ascii_case(b"sec-websocket-accept:"));
        answer.extend_from_slice(if is_accept && script.is_open() { accept.as_bytes() } else { line });
    }
    Ok(answer)
}
