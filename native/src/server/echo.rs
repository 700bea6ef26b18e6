//! `/echo`: whatever comes goes back, as it came.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{Sink, Stream};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::beat::{Beat, Lost, Moved, Order};
use super::goodbye;
use super::line::{Frames, Line};
use super::metrics::Metrics;
use super::shutdown::Drain;
use throttle::Throttle;

mod throttle;

/// Wire bytes per byte of the largest message: one byte per fragment costs eight, so nobody honest reaches it.
const FRAGMENT_OVERHEAD: u64 = 8;

/// Serves one line until it ends.
// Not an `async fn`: that would keep its argument beside the parts of it for as long as the line lives.
pub fn serve(line: Box<Line>) -> impl Future<Output = ()> {
    let Line { frames, server, .. } = *line;
    let limits = server.config.line;
    let mut echo = Echo::new(frames, limits.echo_message_bytes, limits.echo_rate.map(Throttle::new));
    async move {
        server.metrics.echo_lines.increment(1.0);
        let end = echo.run(&server).await;
        server.metrics.echo_lines.decrement(1.0);
        server.metrics.line_ended("echo", end.label());
        tracing::info!(route = "echo", why = end.label(), "the line has ended");
        // Boxed: an idle line must not carry the room for its farewell.
        Box::pin(end.say(echo.frames)).await;
    }
}

struct Echo {
    frames: Frames,
    throttle: Option<Throttle>,
    /// Something was written that is not known to be flushed.
    unflushed: bool,
    /// The last write or flush did not go through: the peer does not take what it gets.
    blocked: bool,
    /// When the oldest ping was sent that has no pong yet.
    pinged: Option<Instant>,
    /// Messages read so far. Read slower than they come, they are a sign of life of their own.
    messages: u64,
    /// Bytes received when the last whole message was.
    whole_at: u64,
    /// Bytes a message may take on the wire, fragments and all.
    max_wire: u64,
}

/// Why a line ended.
enum End {
    Closed,
    Broken(Error),
    EndlessMessage,
    Lost(Lost),
    Draining,
}

impl Echo {
    fn new(frames: Frames, max_message: usize, throttle: Option<Throttle>) -> Self {
        let max_wire = max_message as u64 * FRAGMENT_OVERHEAD + 64 * 1024;
        Self {
            frames,
            throttle,
            unflushed: false,
            blocked: false,
            pinged: None,
            messages: 0,
            whole_at: 0,
            max_wire,
        }
    }

    async fn run(&mut self, server: &super::Server) -> End {
        let mut beat = Beat::new(Instant::now(), &server.config.heartbeat, fastrand::f64());
        let mut shutdown = server.shutdown.clone();
        let mut leave_at: Option<Instant> = None;
        loop {
            let tick = beat.next_tick();
            let turn = tokio::select! {
                biased;
                end = std::future::poll_fn(|cx| self.poll(cx, &server.metrics)) => return end,
                () = sleep_until(leave_at.map_or(tick, |leave| leave.min(tick))) => Turn::Tick,
                drain = shutdown.draining(), if leave_at.is_none() => Turn::Drain(drain),
            };
            match turn {
                Turn::Drain(drain) => leave_at = Some(drain.pick_moment()),
                Turn::Tick if leave_at.is_some_and(|leave| leave <= Instant::now()) => return End::Draining,
                Turn::Tick if Instant::now() < tick => {}
                Turn::Tick => match beat.tick(Instant::now(), self.moved()) {
                    Order::Wait => {}
                    Order::Ping => {
                        server.metrics.pings.increment(1);
                        self.pinged.get_or_insert_with(Instant::now);
                        if let Err(error) = self.write(Message::Ping(bytes::Bytes::new())) {
                            return End::Broken(error);
                        }
                    }
                    Order::GiveUp(lost) => return End::Lost(lost),
                },
            }
        }
    }

    /// Moves messages from in to out until neither can go on. Ready only when the line is over.
    fn poll(&mut self, cx: &mut Context<'_>, metrics: &Metrics) -> Poll<End> {
        let (mut messages, mut bytes) = (0, 0);
        let polled = loop {
            // A peer that does not read what it gets is not read either: that is all the memory it can take.
            match Pin::new(&mut self.frames).poll_ready(cx) {
                Poll::Ready(Ok(())) => self.blocked = false,
                Poll::Ready(Err(error)) => break Poll::Ready(End::Broken(error)),
                Poll::Pending => {
                    self.blocked = true;
                    break Poll::Pending;
                }
            }
            if self.throttle.as_mut().is_some_and(|throttle| throttle.poll(cx).is_pending()) {
                break self.poll_flush(cx);
            }
            let message = match Pin::new(&mut self.frames).poll_next(cx) {
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => break Poll::Ready(End::Broken(error)),
                Poll::Ready(None) => break Poll::Ready(End::Closed),
                Poll::Pending if self.received() - self.whole_at > self.max_wire => {
                    break Poll::Ready(End::EndlessMessage);
                }
                // Only now: as long as more comes, answers gather and leave together.
                Poll::Pending => break self.poll_flush(cx),
            };
            if message.is_pong()
                && let Some(pinged) = self.pinged.take()
            {
                metrics.echo_round_trip.record(pinged.elapsed().as_secs_f64());
            }
            match message {
                Message::Text(_) | Message::Binary(_) => {
                    self.whole_at = self.received();
                    messages += 1;
                    self.messages += 1;
                    bytes += message.len() as u64;
                    if let Some(throttle) = &mut self.throttle {
                        throttle.spend();
                    }
                    if let Err(error) = self.write(message) {
                        break Poll::Ready(End::Broken(error));
                    }
                }
                // Answered below us; it may come between the fragments of a message and is none of it. One that was received
                // together with a whole message was counted there already.
                Message::Ping(payload) | Message::Pong(payload) => {
                    let counted = self.whole_at + 2 + payload.len() as u64;
                    self.whole_at = counted.min(self.received());
                }
                // Answered below us too; the next read brings the end.
                Message::Close(_) | Message::Frame(_) => {}
            }
        };
        if messages > 0 {
            metrics.echo_messages.increment(messages);
            metrics.echo_bytes.increment(bytes);
        }
        polled
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        if !self.unflushed {
            return Poll::Pending;
        }
        self.blocked = true;
        match ready!(Pin::new(&mut self.frames).poll_flush(cx)) {
            Ok(()) => {
                self.blocked = false;
                self.unflushed = false;
                Poll::Pending
            }
            Err(error) => Poll::Ready(End::Broken(error)),
        }
    }

    fn write(&mut self, message: Message) -> Result<(), Error> {
        self.unflushed = true;
        Pin::new(&mut self.frames).start_send(message)
    }

    fn received(&self) -> u64 {
        self.frames.get_ref().get_ref().received()
    }

    fn moved(&self) -> Moved {
        Moved {
            received: self.received() + self.messages,
            sent: self.frames.get_ref().get_ref().sent(),
            blocked: self.blocked,
        }
    }
}

enum Turn {
    Tick,
    Drain(Drain),
}

impl End {
    fn label(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Broken(error) => goodbye::label(error),
            Self::EndlessMessage => "too_large",
            Self::Lost(Lost::Silent) => "heartbeat_lost",
            Self::Lost(Lost::Stalled) => "write_stalled",
            Self::Draining => "draining",
        }
    }

    async fn say(self, frames: Frames) {
        match self {
            Self::Closed => goodbye::hang_up(frames).await,
            Self::Broken(error) => goodbye::answer(frames, &error).await,
            Self::EndlessMessage => goodbye::reject(frames, 1009, "message without an end").await,
            Self::Lost(Lost::Silent) => goodbye::abandon(frames, 1011, "no answer to ping").await,
            Self::Lost(Lost::Stalled) => goodbye::abandon(frames, 1011, "took no byte too long").await,
            Self::Draining => goodbye::part(frames, 1001, "server is leaving").await,
        }
    }
}
