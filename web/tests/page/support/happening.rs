use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Something that will happen: one side says so, the other waits for it.
#[derive(Clone)]
pub(crate) struct Happening {
    promise: Promise,
    resolve: Rc<RefCell<Option<Function>>>,
}

impl Happening {
    pub(crate) fn new() -> Self {
        let resolve = Rc::new(RefCell::new(None));
        let promise = Promise::new(&mut |resolved, _| *resolve.borrow_mut() = Some(resolved));
        Self { promise, resolve }
    }

    /// It happened. The first time counts.
    pub(crate) fn now(&self) {
        if let Some(resolve) = self.resolve.borrow_mut().take() {
            resolve.call0(&JsValue::NULL).unwrap();
        }
    }

    /// Waits for it, as long as the test runner has patience.
    pub(crate) async fn wait(&self) {
        JsFuture::from(self.promise.clone()).await.unwrap();
    }
}
