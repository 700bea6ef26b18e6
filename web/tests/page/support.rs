//! What tests share: a place to mount, things to find and press, a machine that notes what it is told.

mod happening;
mod mounted;
mod patch;
mod recorder;
pub(crate) mod room;
mod wires;

pub(crate) use happening::Happening;
pub(crate) use mounted::{Mounted, mount, settled, until};
pub(crate) use patch::{Patch, run};
pub(crate) use recorder::Recorder;
pub(crate) use wires::{FakeDial, Wires};
