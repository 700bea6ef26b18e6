//! A capture that Wireshark opens: pcapng with the true bytes and times in a TCP made up around them.
//!
//! What a TLS line carries stands in it in the open, so each server is on port 80 here, and everybody has an address of those
//! that RFC 5737 keeps for documents. The three blocks of pcapng that it takes are written by hand: it is a dozen numbers.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use etherparse::PacketBuilder;
use heartline_core::frame::Side;

use crate::{output, output::style::Tone, private};

/// Payload bytes of one packet: with its headers it still fits into 64 KiB.
const SEGMENT: usize = 32 << 10;
/// Bytes a packet may have.
const SNAP: u32 = 64 << 10;
/// LINKTYPE_RAW: a packet begins with its IP header.
const RAW_IP: u16 = 101;
/// Where the server is.
const SERVER: ([u8; 4], u16) = ([192, 0, 2, 2], 80);
/// Where the client is; the port tells connections apart.
const CLIENT: [u8; 4] = [192, 0, 2, 1];
/// The first of its ports, and how many there are before they come again.
const PORTS: (u16, u64) = (40_000, 20_000);

/// A capture file. What cannot be written any more is said once; the lines go on.
pub struct Pcap(Mutex<Capture>);

struct Capture {
    /// None after a write has failed: the file then ends with the last whole packet.
    file: Option<BufWriter<Box<dyn Write + Send>>>,
    /// One moment on both clocks.
    begun: (Instant, SystemTime),
    /// Connections that are open.
    lines: std::collections::BTreeMap<u64, Line>,
}

/// How far the two directions of a connection are.
#[derive(Clone, Copy, Default)]
struct Line {
    client: u32,
    server: u32,
}

enum Flags {
    Syn,
    SynAck,
    Ack,
    Push,
    Fin,
}

impl Pcap {
    /// Makes the file, for nobody else to read. What was in it is gone.
    ///
    /// # Errors
    /// The disk's.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = private::options().write(true).create(true).truncate(true).open(path)?;
        Self::over(Box::new(file), (Instant::now(), SystemTime::now()))
    }

    /// A capture written to `out`, with one moment on both clocks.
    ///
    /// # Errors
    /// Those of `out`.
    pub(super) fn over(out: Box<dyn Write + Send>, begun: (Instant, SystemTime)) -> io::Result<Self> {
        let mut file = BufWriter::new(out);
        file.write_all(&section())?;
        file.write_all(&interface())?;
        file.flush()?;
        Ok(Self(Mutex::new(Capture { file: Some(file), begun, lines: std::collections::BTreeMap::new() })))
    }

    pub(super) fn begun(&self, number: u64, at: Instant) {
        let mut capture = self.capture();
        capture.lines.insert(number, Line::default());
        capture.packet(number, Side::Client, at, Flags::Syn, &[]);
        capture.packet(number, Side::Server, at, Flags::SynAck, &[]);
        capture.packet(number, Side::Client, at, Flags::Ack, &[]);
        capture.flush();
    }

    pub(super) fn passed(&self, number: u64, side: Side, at: Instant, bytes: &[u8]) {
        let mut capture = self.capture();
        for segment in bytes.chunks(SEGMENT) {
            capture.packet(number, side, at, Flags::Push, segment);
        }
        capture.flush();
    }

    pub(super) fn ended(&self, number: u64, at: Instant) {
        let mut capture = self.capture();
        capture.packet(number, Side::Client, at, Flags::Fin, &[]);
        capture.packet(number, Side::Server, at, Flags::Fin, &[]);
        capture.packet(number, Side::Client, at, Flags::Ack, &[]);
        capture.flush();
        capture.lines.remove(&number);
    }

    fn capture(&self) -> std::sync::MutexGuard<'_, Capture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Capture {
    fn packet(&mut self, number: u64, side: Side, at: Instant, flags: Flags, payload: &[u8]) {
        let Some(line) = self.lines.get_mut(&number) else { return };
        let client = (CLIENT, PORTS.0 + (number % PORTS.1) as u16);
        let (from, to) = if side == Side::Client { (client, SERVER) } else { (SERVER, client) };
        let (sequence, acknowledged) = if side == Side::Client {
            (&mut line.client, line.server)
        } else {
            (&mut line.server, line.client)
        };
        let tcp = PacketBuilder::ipv4(from.0, to.0, 64).tcp(from.1, to.1, *sequence, u16::MAX);
        let tcp = match flags {
            Flags::Syn => tcp.syn(),
            Flags::SynAck => tcp.syn().ack(acknowledged),
            Flags::Ack => tcp.ack(acknowledged),
            Flags::Push => tcp.psh().ack(acknowledged),
            Flags::Fin => tcp.fin().ack(acknowledged),
        };
        // SYN and FIN take a number of their own.
        let taken =
            payload.len() as u32 + u32::from(matches!(flags, Flags::Syn | Flags::SynAck | Flags::Fin));
        *sequence = sequence.wrapping_add(taken);
        let mut packet = Vec::with_capacity(tcp.size(payload.len()));
        // Only a payload that is too long for IP could fail, and a segment is not.
        let written = tcp.write(&mut packet, payload).map_err(io::Error::other);
        let time = self.begun.1 + at.saturating_duration_since(self.begun.0);
        let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.attempt(|file| written.and_then(|()| file.write_all(&enhanced_packet(time, &packet))));
    }

    /// Whoever looks at the file while it grows sees whole packets.
    fn flush(&mut self) {
        self.attempt(Write::flush);
    }

    fn attempt(&mut self, write: impl FnOnce(&mut BufWriter<Box<dyn Write + Send>>) -> io::Result<()>) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = write(file) {
            output::note(Tone::Warning, &format!("the capture ends here: {error}"), false);
            // What is still in its buffer belongs to a packet that does not fit.
            self.file.take().map(BufWriter::into_parts);
        }
    }
}

/// A block: its type, its length, what is in it, and its length again, in numbers of this machine.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = (padded as u32 + 12).to_ne_bytes();
    let mut block = Vec::with_capacity(padded + 12);
    block.extend(kind.to_ne_bytes());
    block.extend(length);
    block.extend(body);
    block.resize(8 + padded, 0);
    block.extend(length);
    block
}

/// Section Header Block: version 1.0, of unknown length.
fn section() -> Vec<u8> {
    let body = [
        &0x1a2b_3c4d_u32.to_ne_bytes()[..],
        &1u16.to_ne_bytes(),
        &0u16.to_ne_bytes(),
        &u64::MAX.to_ne_bytes(),
    ];
    block(0x0a0d_0d0a, &body.concat())
}

/// Interface Description Block: raw IP, with times in microseconds, the default.
fn interface() -> Vec<u8> {
    block(1, &[&RAW_IP.to_ne_bytes()[..], &0u16.to_ne_bytes(), &SNAP.to_ne_bytes()].concat())
}

/// Enhanced Packet Block.
fn enhanced_packet(time: Duration, packet: &[u8]) -> Vec<u8> {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let length = (packet.len() as u32).to_ne_bytes();
    let head = [
        0u32.to_ne_bytes(),
        ((micros >> 32) as u32).to_ne_bytes(),
        (micros as u32).to_ne_bytes(),
        length,
        length,
    ];
    block(6, &[&head.concat()[..], packet].concat())
}
