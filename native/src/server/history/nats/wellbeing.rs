//! Whether the broker takes anything, as `/readyz` and those who wait are told.

use heartline_core::room::engine::Unavailable;
use tokio::sync::watch;

use super::super::Health;

#[derive(Debug)]
pub(super) struct Wellbeing {
    told: watch::Sender<Health>,
    /// Why nothing can be asked now.
    down: Option<String>,
    /// The broker refused something, though it is there.
    ill: bool,
}

impl Wellbeing {
    /// Nobody knows yet.
    pub(super) fn new(told: watch::Sender<Health>) -> Self {
        Self { told, down: Some("the broker is being dialled".to_owned()), ill: false }
    }

    /// It is there, with the streams.
    pub(super) fn up(&mut self) {
        (self.down, self.ill) = (None, false);
        self.tell();
    }

    /// It is away.
    pub(super) fn down(&mut self, why: String) {
        if self.down.as_ref() != Some(&why) {
            tracing::warn!("the history is away: {why}");
        }
        self.down = Some(why);
        self.tell();
    }

    /// It took something.
    pub(super) fn took(&mut self) {
        if std::mem::take(&mut self.ill) {
            self.tell();
        }
    }

    /// It did not.
    pub(super) fn refused(&mut self, why: String) {
        self.ill = true;
        if self.down.is_some() {
            return self.tell();
        }
        tracing::warn!("the history takes nothing: {why}");
        self.told.send_replace(Health::Unavailable(why));
    }

    /// Whether it refused what it was asked last.
    pub(super) const fn is_ill(&self) -> bool {
        self.ill
    }

    /// Whether it can be asked.
    ///
    /// # Errors
    /// It cannot, and why.
    pub(super) fn is_up(&self) -> Result<(), Unavailable> {
        self.down.as_ref().map_or(Ok(()), |why| Err(Unavailable(why.clone())))
    }

    fn tell(&self) {
        let health = match &self.down {
            Some(why) => Health::Unavailable(why.clone()),
            None => Health::Ready,
        };
        self.told.send_if_modified(|told| std::mem::replace(told, health.clone()) != health);
    }
}
