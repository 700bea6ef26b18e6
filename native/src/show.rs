//! `heartline show`: a recording as a trace, or as a capture for Wireshark.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use heartline_core::{frame::Side, inspect::Party};

use crate::{
    cli::show::{Format, ShowArgs},
    client::{dial::io_words, ending::Ending},
    exit_code::ExitCode,
    output::{self, style::Tone},
    private,
    recording::{Entry, ReadError, Reader, seconds},
    tap::{Again, trace::Form},
};

/// Shows a recording.
pub fn run(args: &ShowArgs) -> Ending {
    let mut reader = match Reader::open(&args.file) {
        Ok(reader) => reader,
        Err(error) => return unreadable(&error),
    };
    let out: Box<dyn Write + Send> = match &args.output {
        None if args.format == Format::Pcapng && io::stdout().is_terminal() => {
            let why = "a capture is nothing to read: give --output FILE, or a pipe";
            return Ending::new(ExitCode::Usage, why);
        }
        None => Box::new(io::stdout()),
        Some(path) => match private::options().write(true).create(true).truncate(true).open(path) {
            Ok(file) => Box::new(file),
            Err(error) => {
                let why = format!("cannot write {}: {}", path.display(), io_words(&error));
                return Ending::new(ExitCode::Own, why);
            }
        },
    };
    let trouble = Trouble::default();
    let out = Box::new(Told { out: io::BufWriter::new(out), trouble: trouble.clone() });
    let date = UNIX_EPOCH + Duration::from_millis(reader.at_ms());
    let again = match args.format {
        Format::Text => Ok(Again::as_trace(Form::Text, out, reader.to())),
        Format::Json => Ok(Again::as_trace(Form::Json, out, reader.to())),
        Format::Pcapng => Again::as_pcap(out, date, reader.to()),
    };
    match again {
        Ok(again) => show(&mut reader, again, &trouble),
        Err(error) => Ending::output(&error),
    }
}

fn show(reader: &mut Reader, mut again: Again, trouble: &Trouble) -> Ending {
    loop {
        match reader.next_entry() {
            Ok(None) => break,
            Ok(Some(Entry::Recording { .. } | Entry::Begun { .. })) => {}
            Ok(Some(Entry::Bytes { line, t, from, text, base64 })) => {
                let shown = Entry::bytes(text, base64)
                    .and_then(|bytes| again.passed(line, side(from), seconds(t), &bytes));
                if let Err(why) = shown {
                    return Ending::new(ExitCode::Damaged, why);
                }
            }
            Ok(Some(Entry::Ended { line, t, end })) => again.ended(line, seconds(t), &end.to_string()),
            Err(error) => return unreadable(&error),
        }
        if let Some(error) = trouble.take() {
            return Ending::output(&error);
        }
    }
    again.finish();
    if reader.is_cut() {
        let told = "the recording ends in the middle of a line, which is left out; all before it is shown";
        output::note(Tone::Warning, told, false);
    }
    Ending::fine()
}

/// What a recording that cannot be read comes to.
pub(crate) fn unreadable(error: &ReadError) -> Ending {
    let code = match error {
        ReadError::Disk { .. } => ExitCode::Own,
        ReadError::NoRecording(_) | ReadError::Version { .. } | ReadError::Line { .. } => ExitCode::Damaged,
    };
    Ending::new(code, error.to_string())
}

pub(crate) const fn side(party: Party) -> Side {
    match party {
        Party::Client => Side::Client,
        Party::Server => Side::Server,
    }
}

/// Why nothing can be written any more.
#[derive(Clone, Default)]
struct Trouble(Arc<Mutex<Option<io::Error>>>);

impl Trouble {
    fn take(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Writes, and keeps the first error: a trace goes on without its readers.
struct Told<W> {
    out: W,
    trouble: Trouble,
}

impl<W> Told<W> {
    fn keep<T>(&self, done: io::Result<T>) -> io::Result<T> {
        done.inspect_err(|error| {
            let mut trouble = self.trouble.0.lock().unwrap_or_else(PoisonError::into_inner);
            trouble.get_or_insert_with(|| io::Error::new(error.kind(), error.to_string()));
        })
    }
}

impl<W: Write> Write for Told<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.out.write(bytes);
        self.keep(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.out.flush();
        self.keep(done)
    }
}
