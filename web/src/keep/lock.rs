//! Who holds the identity: one tab, by a Web Lock that the browser lets go of when the tab ends, however it ends.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use super::{idb::in_time, trouble::Trouble};

/// The same for all pages of this origin, which is what shares a database.
const NAME: &str = "heartline.chat";

/// Holds the identity until it is dropped.
pub(super) struct Lock {
    release: Function,
    // Kept only to be freed with the lock.
    _granted: Closure<dyn FnMut(JsValue) -> JsValue>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Resolving a promise does not throw.
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// Takes the identity, if nobody holds it.
pub(super) async fn take() -> Result<Lock, Trouble> {
    let navigator = web_sys::window().ok_or(Trouble::Forbidden)?.navigator();
    let locks = navigator.unchecked_into::<Locking>().locks().ok_or(Trouble::Insecure)?;
    let (held, release) = promise();
    let (asked, tell) = promise();
    let granted = Closure::once(move |lock: JsValue| -> JsValue {
        let is_granted = !lock.is_null();
        let _ = tell.call1(&JsValue::UNDEFINED, &is_granted.into());
        // The browser holds the lock until the promise is resolved; where there is no lock it holds nothing.
        held.into()
    });
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &true.into()).map_err(|error| Trouble::of(&error))?;
    let request = locks
        .request(NAME, &options, granted.as_ref().unchecked_ref())
        .map_err(|error| Trouble::of(&error))?;
    let lock = Lock { release, _granted: granted };
    // The request itself settles only once the lock is let go of, or at once if it is refused.
    let first = Promise::race(&Array::of2(&asked, &request));
    let is_granted = JsFuture::from(in_time(&first)).await.map_err(|error| Trouble::of(&error))?;
    if is_granted.is_truthy() { Ok(lock) } else { Err(Trouble::Held) }
}

/// A promise, and what resolves it.
fn promise() -> (Promise, Function) {
    let mut resolve = None;
    let promise = Promise::new(&mut |resolved, _| resolve = Some(resolved));
    (promise, resolve.expect("a promise calls its executor before it is there"))
}

// What web-sys still counts as unstable; browsers have had it since 2022.
#[wasm_bindgen]
extern "C" {
    type Locking;
    #[wasm_bindgen(method, getter)]
    fn locks(this: &Locking) -> Option<Locks>;

    type Locks;
    #[wasm_bindgen(method, catch)]
    fn request(this: &Locks, name: &str, options: &Object, granted: &Function) -> Result<Promise, JsValue>;
}
