//! The program `heartline`. Everything is in the library.

fn main() -> std::process::ExitCode {
    heartline::run().into()
}
