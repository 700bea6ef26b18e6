//! What stands in the database, as plain objects that a developer's tools show.

use heartline_core::{
    chat::{ClientSecret, Kept},
    time::Duration,
    wire::{Lane, Style},
};
use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// Who this is, and the highest number it ever used. Whoever reads it can pose as its owner.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub(super) secret: ClientSecret,
    pub(super) used: u64,
}

impl Own {
    pub(super) fn read(value: &JsValue) -> Option<Self> {
        Some(Self {
            secret: ClientSecret::parse(&text(value, "secret")?).ok()?,
            used: number(value, "used")?,
        })
    }

    pub(super) fn write(&self) -> JsValue {
        object(&[("secret", self.secret.as_str().into()), ("used", (self.used as f64).into())])
    }
}

/// A message that is not settled.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) room: String,
    pub(super) id: u64,
    text: String,
    style: Option<Style>,
    /// When it was written, in milliseconds since 1970.
    at: u64,
}

impl Stored {
    pub(super) fn of(kept: &Kept, at: u64) -> Self {
        let Kept { room, id, text, style, age: _ } = kept.clone();
        Self { room, id, text, style, at }
    }

    /// As it is taken back at `now`, in milliseconds since 1970.
    pub(super) fn kept(&self, now: u64) -> Kept {
        let Self { room, id, text, style, at } = self.clone();
        Kept { room, id, text, style, age: Duration::from_millis(now.saturating_sub(at)) }
    }

    pub(super) fn read(value: &JsValue) -> Option<Self> {
        // A style is an ornament: one that cannot be read costs nobody a word.
        let style = text(value, "lane").map(|lane| Style {
            colour: text(value, "colour").and_then(|colour| colour.parse().ok()),
            lane: match &*lane {
                "top" => Lane::Top,
                "bottom" => Lane::Bottom,
                _ => Lane::Scroll,
            },
        });
        let (room, id) = (text(value, "room")?, number(value, "id")?);
        Some(Self { room, id, text: text(value, "text")?, style, at: number(value, "at")? })
    }

    pub(super) fn write(&self) -> JsValue {
        let value = object(&[
            ("room", self.room.as_str().into()),
            ("id", (self.id as f64).into()),
            ("text", self.text.as_str().into()),
            ("at", (self.at as f64).into()),
        ]);
        if let Some(style) = self.style {
            let lane = match style.lane {
                Lane::Top => "top",
                Lane::Bottom => "bottom",
                Lane::Scroll => "scroll",
            };
            set(&value, "lane", &lane.into());
            if let Some(colour) = style.colour {
                set(&value, "colour", &colour.to_string().into());
            }
        }
        value
    }
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new().into();
    fields.iter().for_each(|(name, value)| set(&object, name, value));
    object
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    // A plain object takes any field.
    let _ = Reflect::set(object, &name.into(), value);
}

/// A field; none of what is no object.
fn field(value: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(value, &name.into()).ok()
}

fn text(value: &JsValue, name: &str) -> Option<String> {
    field(value, name)?.as_string()
}

/// A whole number, as far as a float tells whole ones apart.
fn number(value: &JsValue, name: &str) -> Option<u64> {
    let number = field(value, name)?.as_f64()?;
    (number >= 0.0 && number.fract() == 0.0 && number <= js_sys::Number::MAX_SAFE_INTEGER)
        .then_some(number as u64)
}
