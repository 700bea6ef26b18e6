//! The programs that are measured: started on ports of their own, stopped when dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running heartline.
pub(crate) struct Program {
    process: Child,
    address: SocketAddr,
}

impl Program {
    /// The binary beside this example, with those arguments. It tells where it listens on a line that holds `before`.
    pub(crate) fn start(arguments: &[&str], before: &str) -> Self {
        let example = std::env::current_exe().unwrap();
        let binary = example.ancestors().nth(2).unwrap().join("heartline");
        let mut command = Command::new(binary);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A server tells it on standard output, a relay on standard error.
        let is_server = arguments[0] == "serve";
        if is_server {
            command.stdout(Stdio::piped())
        } else {
            command.stderr(Stdio::piped())
        };
        let mut process = command.spawn().unwrap();
        let told: Box<dyn Read + Send> = match is_server {
            true => Box::new(process.stdout.take().unwrap()),
            false => Box::new(process.stderr.take().unwrap()),
        };
        let mut told = BufReader::new(told);
        let mut line = String::new();
        while !line.contains(before) {
            line.clear();
            assert_ne!(told.read_line(&mut line).unwrap(), 0, "it does not start");
        }
        let address = line.split(before).nth(1).unwrap();
        let address = address.split(['/', ' ', '\n']).next().unwrap().parse().unwrap();
        // What else it says is taken from it, or it would wait.
        std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
        Self { process, address }
    }

    /// HAProxy as a forwarder of bytes that looks at none of them, where it is installed.
    pub(crate) fn haproxy(to: SocketAddr) -> Option<Self> {
        // It does not tell which port it took: it is given one that was free a moment ago.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = format!(
            "defaults\n mode tcp\n option splice-auto\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n\
             listen hop\n bind {address}\n server echo {to}\n"
        );
        let mut process = Command::new("haproxy")
            .args(["-db", "-f", "/dev/stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        process.stdin.take().unwrap().write_all(config.as_bytes()).unwrap();
        let program = Self { process, address };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "HAProxy does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(program)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Processor time it has used so far, in microseconds.
    pub(crate) fn processor_micros(&self) -> f64 {
        heartline_chaos::processor_micros(self.process.id()).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
