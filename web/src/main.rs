//! Puts the page into the document.

fn main() {
    console_error_panic_hook::set_once();
    heartline_web::start();
}
