//! The program from outside: its shells over real sockets, and the program as users run it, against peers that
//! misbehave as peers do. One binary, so that it links once.
// Tests say what must be, in their helpers too.
#![allow(clippy::unwrap_used)]

#[cfg(unix)]
mod chaos;
mod chat_bad_input;
mod chat_cli;
mod chat_peer;
#[cfg(unix)]
mod chat_persist;
mod chat_rooms;
mod connect_ends;
mod connect_pipe;
mod connect_refused;
mod deploy;
mod dial_proxy;
mod dial_tls;
#[cfg(target_os = "linux")]
mod doctor;
mod echo_cli;
mod history;
#[cfg(unix)]
mod history_command;
mod listen;
mod peer;
mod program;
mod relay;
mod relay_faults;
mod relay_feed;
mod relay_record;
mod serve_errands;
mod serve_errands_tokens;
mod serve_frames;
mod serve_http;
mod serve_jwt;
mod serve_life;
#[cfg(unix)]
mod serve_logs;
mod serve_metrics;
mod serve_peer;
#[cfg(unix)]
mod serve_program;
mod serve_tls;
#[cfg(unix)]
mod serve_tokens;
mod serve_trim;
mod tap;
#[cfg(target_os = "linux")]
mod terminal;
mod words;
