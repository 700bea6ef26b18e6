use js_sys::Function;
use wasm_bindgen::JsValue;

/// A change to the browser that is taken back.
pub(crate) struct Patch {
    undo: &'static str,
}

impl Patch {
    pub(crate) fn new(code: &str, undo: &'static str) -> Self {
        run(code);
        Self { undo }
    }
}

impl Drop for Patch {
    fn drop(&mut self) {
        run(self.undo);
    }
}

/// Runs JavaScript and brings what it returns.
pub(crate) fn run(code: &str) -> JsValue {
    Function::new_no_args(code).call0(&JsValue::NULL).unwrap()
}
