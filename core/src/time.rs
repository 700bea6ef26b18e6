//! The one place that names a clock type.
//!
//! The core never *reads* a clock: every call that cares takes `now`. Shells use the same alias, so that
//! the browser's `performance.now()` and the kernel's monotonic clock look alike to the machines.

cfg_if::cfg_if! {
    if #[cfg(target_arch = "wasm32")] {
        pub use web_time::{Duration, Instant};
    } else {
        pub use std::time::{Duration, Instant};
    }
}
