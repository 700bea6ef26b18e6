//! One line: its session, and the only hands on its socket.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, Stream};
use heartline_core::close::code;
use heartline_core::room::{Gate, LineId, Parcel, Session, Transmit};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::super::Server;
use super::super::gatekeeper::Bearer;
use super::super::goodbye;
use super::super::line::{Frames, Line};
use super::Note;
use super::fragment;
use super::mailbox::{self, Mailbox, Slot};
use super::meter::Meter;

/// How long a client may take for what comes before a close frame.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How many messages are read before the others get their turn.
const AT_ONCE: usize = 32;

/// Why a line ended.
pub(super) enum End {
    /// The client closed it.
    Closed,
    /// The bytes made no sense, or ended.
    Broken(Error),
    /// The session ended it.
    Told { code: u16, reason: &'static str },
    /// The hub threw it out, or is gone itself.
    Lost,
}

async fn until(due: Option<Instant>) {
    match due {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// A session and its socket.
pub(super) struct Talk {
    pub(super) frames: Frames,
    session: Session,
    mailbox: Mailbox,
    /// What the session wants written. Bounded by the window the hub keeps to, and by the session, which hears nothing while much waits.
    queue: VecDeque<Parcel>,
    /// Bytes of the first in the queue that have been written.
    begun: usize,
    /// Something was written that is not known to be flushed.
    unflushed: bool,
    received: u64,
    sent: u64,
    end: Option<End>,
}

impl Talk {
    /// A talk that has not begun, and the hub's slot to it.
    pub(super) fn begin(id: LineId, line: Box<Line>, bearer: Option<Bearer>) -> (Self, Slot) {
        let Line { frames, server, .. } = *line;
        let (slot, mailbox) = mailbox::mailbox();
        let now = Instant::now().into_std();
        let gate = Arc::clone(&server.gate) as Arc<dyn Gate>;
        let mut session = Session::new(Arc::clone(&server.rooms.session), gate, id, now, fastrand::u64(..));
        if let Some(Bearer(token)) = bearer {
            session.handle_bearer(token);
        }
        let talk = Self {
            frames,
            session,
            mailbox,
            queue: VecDeque::new(),
            begun: 0,
            unflushed: false,
            received: 0,
            sent: 0,
            end: None,
        };
        (talk, slot)
    }

    /// Runs to the end of the line.
    pub(super) async fn run(&mut self, id: LineId, slot: Slot, server: &Server) -> End {
        let rooms = &server.rooms;
        let mut changes = server.gate.changes();
        // Here and below room is asked for first: a future that sends would keep a place for what it sends, and this one lives long.
        match rooms.hub.reserve().await {
            Ok(place) => place.send(Note::Opened(id, slot)),
            Err(_) => return End::Lost,
        }
        let end = loop {
            while let Some(said) = self.session.poll_hub() {
                // The hub waits for nobody, so this is short; meanwhile nothing is read, which is the right answer to a hub that is busy.
                match rooms.hub.reserve().await {
                    Ok(place) => place.send(Note::Said(id, said)),
                    Err(_) => return End::Lost,
                }
            }
            if let Some(end) = self.end.take() {
                break end;
            }
            let timer = self.session.poll_timeout().map(|(at, _)| Instant::from_std(at));
            let moved = poll_fn(|cx| self.poll(cx, &rooms.meter));
            tokio::select! {
                biased;
                // First: what is read after the gate has changed is judged by the new one.
                Ok(()) = changes.changed() => self.session.handle_gate_changed(Instant::now().into_std()),
                () = moved => {}
                () = until(timer) => self.session.handle_timeout(Instant::now().into_std()),
            }
            self.collect(&rooms.meter);
        };
        if matches!(end, End::Told { .. }) && !end.is_hopeless() {
            let _ = timeout(LAST_WORDS, poll_fn(|cx| self.poll_empty(cx, &rooms.meter))).await;
        }
        self.session.handle_closed();
        while let Some(said) = self.session.poll_hub() {
            match rooms.hub.reserve().await {
                Ok(place) => place.send(Note::Said(id, said)),
                Err(_) => break,
            }
        }
        end
    }

    /// Takes over what the session wants.
    fn collect(&mut self, meter: &Meter) {
        self.tell(meter);
        while let Some(transmit) = self.session.poll_transmit() {
            match transmit {
                Transmit::Send(parcel) => self.queue.push_back(parcel),
                Transmit::Close { code, reason } => {
                    self.end.get_or_insert(End::Told { code, reason });
                }
            }
        }
    }

    /// Writes, takes mail and reads, as far as each goes. Ready as soon as something moved that the session may have an answer to.
    fn poll(&mut self, cx: &mut Context<'_>, meter: &Meter) -> Poll<()> {
        let mut moved = match self.poll_write(cx, meter) {
            Ok(moved) => moved,
            Err(error) => {
                self.end = Some(End::Broken(error));
                return Poll::Ready(());
            }
        };
        match self.mailbox.poll_take(cx) {
            Poll::Ready(Some(mail)) => {
                let now = Instant::now().into_std();
                for said in mail {
                    self.session.handle_hub(now, said);
                    // At once: of what waits, a session keeps no more than some dozens.
                    self.tell(meter);
                }
                moved = true;
            }
            Poll::Ready(None) => {
                self.end = Some(End::Lost);
                return Poll::Ready(());
            }
            Poll::Pending => {}
        }
        for _ in 0..AT_ONCE {
            if !self.session.wants_read() {
                break;
            }
            let Poll::Ready(read) = Pin::new(&mut self.frames).poll_next(cx) else { break };
            moved = true;
            self.hear(read, meter);
            if self.end.is_some() {
                break;
            }
        }
        if self.note_bytes() || moved { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Counts what happened.
    fn tell(&mut self, meter: &Meter) {
        while let Some(notice) = self.session.poll_notice() {
            meter.notice(&notice);
        }
    }

    fn hear(&mut self, read: Option<Result<Message, Error>>, meter: &Meter) {
        let now = Instant::now().into_std();
        match read {
            Some(Ok(Message::Text(text))) => {
                meter.received.increment(1);
                tracing::trace!(bytes = text.len(), "received a message");
                self.session.handle_text(now, &text);
            }
            Some(Ok(Message::Binary(_))) => {
                meter.received.increment(1);
                self.session.handle_binary(now);
            }
            // Answered below us; the answer must be flushed, and the next read after a close brings the end.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_))) => {
                self.unflushed = true;
            }
            Some(Err(error)) => self.end = Some(End::Broken(error)),
            None => self.end = Some(End::Closed),
        }
    }

    /// Writes as much as the kernel takes. Returns whether a message left the queue.
    fn poll_write(&mut self, cx: &mut Context<'_>, meter: &Meter) -> Result<bool, Error> {
        let mut moved = false;
        while let Some(parcel) = self.queue.front() {
            match Pin::new(&mut self.frames).poll_ready(cx) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return Ok(moved),
            }
            // Fragments do not gather, or they would take the room that they are cut to save.
            if self.begun > 0 {
                match Pin::new(&mut self.frames).poll_flush(cx) {
                    Poll::Ready(flushed) => flushed?,
                    Poll::Pending => return Ok(moved),
                }
            }
            let (frame, end) = fragment::next(&parcel.text, self.begun);
            Pin::new(&mut self.frames).start_send(frame)?;
            self.unflushed = true;
            if end < parcel.text.len() {
                self.begun = end;
                continue;
            }
            self.begun = 0;
            meter.delivered.increment(1);
            tracing::trace!(bytes = parcel.text.len(), "wrote a message");
            self.session.handle_sent(Instant::now().into_std(), parcel);
            self.queue.pop_front();
            moved = true;
        }
        if self.queue.capacity() > AT_ONCE {
            self.queue = VecDeque::new();
        }
        if self.unflushed
            && let Poll::Ready(flushed) = Pin::new(&mut self.frames).poll_flush(cx)
        {
            flushed?;
            self.unflushed = false;
        }
        Ok(moved)
    }

    /// Ready when everything has been written, or nothing can be.
    fn poll_empty(&mut self, cx: &mut Context<'_>, meter: &Meter) -> Poll<()> {
        while !self.queue.is_empty() || self.unflushed {
            match self.poll_write(cx, meter) {
                Ok(true) => {}
                Ok(false) if self.queue.is_empty() && !self.unflushed => {}
                Ok(false) => return Poll::Pending,
                Err(_) => return Poll::Ready(()),
            }
        }
        Poll::Ready(())
    }

    /// Tells the session of bytes below the frames. Returns whether there were some that came.
    fn note_bytes(&mut self) -> bool {
        let transport = self.frames.get_ref().get_ref();
        let (received, sent) = (transport.received(), transport.sent());
        let now = Instant::now().into_std();
        if sent != self.sent {
            self.session.handle_progress(now);
        }
        if received != self.received {
            self.session.handle_inbound(now);
        }
        let came = received != self.received;
        (self.received, self.sent) = (received, sent);
        came
    }
}

impl End {
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Broken(error) => goodbye::label(error),
            Self::Told { code, .. } => match *code {
                code::HEARTBEAT_LOST => "heartbeat_lost",
                code::WRITE_STALLED => "write_stalled",
                code::DRAINING => "draining",
                code::IGNORED_HOLD => "ignored_hold",
                code::BAD_MESSAGE => "bad_message",
                code::OLDER_DIAL => "older_dial",
                code::REPLACED => "replaced",
                code::UNAUTHORIZED => "unauthorized",
                code::TOKEN_EXPIRED => "token_expired",
                _ => "told",
            },
            Self::Lost => "overflown",
        }
    }

    pub(super) async fn say(self, frames: Frames) {
        match self {
            Self::Closed => goodbye::hang_up(frames).await,
            Self::Broken(error) => goodbye::answer(frames, &error).await,
            Self::Told { code, reason } if is_hopeless(code) => goodbye::abandon(frames, code, reason).await,
            Self::Told {
                code: code @ (code::BAD_MESSAGE | code::IGNORED_HOLD | code::UNAUTHORIZED),
                reason,
            } => {
                goodbye::reject(frames, code, reason).await;
            }
            Self::Told { code, reason } => goodbye::part(frames, code, reason).await,
            Self::Lost => goodbye::abandon(frames, code::WRITE_STALLED, "too much waited for you").await,
        }
    }

    /// Whether nobody can be expected to read a last word.
    const fn is_hopeless(&self) -> bool {
        match self {
            Self::Told { code, .. } => is_hopeless(*code),
            Self::Closed | Self::Broken(_) | Self::Lost => true,
        }
    }
}

const fn is_hopeless(code: u16) -> bool {
    code == code::HEARTBEAT_LOST || code == code::WRITE_STALLED
}
