use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::time::Duration;

/// How comments are shown. What cannot work does not construct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    lasts: Duration,
    density: u8,
    opacity: u8,
    coloured: bool,
}

/// Why a setting cannot be. Its writer is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSetting {
    /// Faster than anybody reads, or slower than anybody waits.
    #[error("a comment is on stage for 2 to 30 seconds")]
    Lasts,
    /// Nothing, or more than all.
    #[error("comments take 1 to 100 percent of the stage")]
    Density,
    /// Hardly to be seen, or more than all there.
    #[error("comments are opaque to 20 to 100 percent")]
    Opacity,
    /// What was written is no setting at all.
    #[error("this is no setting of a stage")]
    Unreadable,
}

impl Setting {
    /// How long a comment may be on stage, in milliseconds.
    pub const LASTS_MS: RangeInclusive<u64> = 2_000..=30_000;
    /// How much of the stage comments may take, in percent.
    pub const DENSITY: RangeInclusive<u8> = 1..=100;
    /// How opaque they may be, in percent.
    pub const OPACITY: RangeInclusive<u8> = 20..=100;

    /// The same with comments that are on stage for so long.
    ///
    /// # Errors
    /// [`BadSetting::Lasts`].
    pub fn with_lasts(self, lasts: Duration) -> Result<Self, BadSetting> {
        let ms = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
        if Self::LASTS_MS.contains(&ms) { Ok(Self { lasts, ..self }) } else { Err(BadSetting::Lasts) }
    }

    /// The same with comments in so many percent of the rows.
    ///
    /// # Errors
    /// [`BadSetting::Density`].
    pub fn with_density(self, density: u8) -> Result<Self, BadSetting> {
        if Self::DENSITY.contains(&density) { Ok(Self { density, ..self }) } else { Err(BadSetting::Density) }
    }

    /// The same with comments that are opaque to so many percent.
    ///
    /// # Errors
    /// [`BadSetting::Opacity`].
    pub fn with_opacity(self, opacity: u8) -> Result<Self, BadSetting> {
        if Self::OPACITY.contains(&opacity) { Ok(Self { opacity, ..self }) } else { Err(BadSetting::Opacity) }
    }

    /// The same with comments in the colours of those who wrote them, or all in one.
    #[must_use]
    pub fn with_colours(self, coloured: bool) -> Self {
        Self { coloured, ..self }
    }

    /// As it is stored. What is left out has its default.
    ///
    /// # Errors
    /// [`BadSetting`]: it is something else, or a number lies outside of its range.
    pub fn from_json(json: &str) -> Result<Self, BadSetting> {
        let Raw { lasts_ms, density, opacity, coloured } =
            serde_json::from_str(json).map_err(|_| BadSetting::Unreadable)?;
        let setting = Self::default().with_lasts(Duration::from_millis(lasts_ms))?.with_density(density)?;
        Ok(setting.with_opacity(opacity)?.with_colours(coloured))
    }

    /// To be stored.
    ///
    /// # Panics
    /// Never: three numbers and a word can be written.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Raw::from(*self)).expect("numbers can be written as JSON")
    }

    /// How long a comment is on stage.
    pub fn lasts(&self) -> Duration {
        self.lasts
    }

    /// How many percent of the rows may be used.
    pub fn density(&self) -> u8 {
        self.density
    }

    /// How opaque comments are, in percent.
    pub fn opacity(&self) -> u8 {
        self.opacity
    }

    /// Whether comments have the colours of their writers.
    pub fn is_coloured(&self) -> bool {
        self.coloured
    }

    /// How many of so many rows that is: at least one, if there is one.
    pub(super) fn rows_of(&self, rows: usize) -> usize {
        (rows * usize::from(self.density)).div_ceil(100)
    }
}

impl Default for Setting {
    /// Eight seconds, all of the stage, opaque, in colours.
    fn default() -> Self {
        Self { lasts: Duration::from_secs(8), density: 100, opacity: 100, coloured: true }
    }
}

/// As it is written down.
#[derive(Serialize, Deserialize)]
#[serde(default)]
struct Raw {
    lasts_ms: u64,
    density: u8,
    opacity: u8,
    coloured: bool,
}

impl Default for Raw {
    fn default() -> Self {
        Setting::default().into()
    }
}

impl From<Setting> for Raw {
    fn from(setting: Setting) -> Self {
        let Setting { lasts, density, opacity, coloured } = setting;
        Self { lasts_ms: u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX), density, opacity, coloured }
    }
}
