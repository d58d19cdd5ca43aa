//! How fast each kernel is here, beside OpenSSL (Python's hashlib) and RustCrypto.
//!
//! ```sh
//! cargo build --release -p munjigi-lanes --example speed
//! taskset -c 1 target/release/examples/speed 101
//! ```
//!
//! In each round all of them run one after the other, some milliseconds each. The figures are the best of the rounds: the
//! work is always the same, and the least time is the one that nothing else on the machine has disturbed. The argument is
//! the number of rounds.
#![expect(clippy::print_stdout, reason = "a program")]

use munjigi_lanes::{Derivation, KEY_LEN, Kernel, Kernels};
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// Of each password in a round.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(20_000).expect("a number");

/// Derives a key for each line, and answers with the seconds that it took.
const HASHLIB: &str = "
import hashlib, sys, time
for line in sys.stdin:
    start = time.perf_counter()
    hashlib.pbkdf2_hmac('sha256', b'a password', b'a salt', int(line))
    print(time.perf_counter() - start, flush=True)
";

fn main() -> Result<(), Box<dyn Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(101), |text| text.parse())?;
    let kernel = |kernel| Some((kernel, Kernels::only(kernel).ok()?));
    let kernels: Vec<(Kernel, Kernels)> = Kernel::ALL.into_iter().filter_map(kernel).collect();
    let mut hashlib = Hashlib::start()?;
    let mut openssl = Vec::new();
    let mut rustcrypto = Vec::new();
    let mut ours = vec![Vec::new(); kernels.len()];
    for _ in 0..rounds {
        openssl.push(hashlib.time()?);
        rustcrypto.push(rustcrypto_time());
        for ((kernel, kernels), times) in kernels.iter().zip(&mut ours) {
            times.push(time_of(*kernel, kernels));
        }
    }
    let names = kernels.iter().map(|(kernel, _)| kernel.name());
    let rows = ["OpenSSL (hashlib)", "RustCrypto"].into_iter().chain(names);
    let times = [&openssl, &rustcrypto].into_iter().chain(&ours);
    println!("a million iterations     per second   /OpenSSL   /RustCrypto");
    for (name, time) in rows.zip(times.map(|times| least(times))) {
        println!(
            "{name:<24} {:>10.1} {:>10.2} {:>13.2}",
            1e-6 / time,
            least(&openssl) / time,
            least(&rustcrypto) / time,
        );
    }
    Ok(())
}

/// Seconds of one iteration of one password, all lanes taken.
fn time_of(kernel: Kernel, kernels: &Kernels) -> f64 {
    let begin = |_| Derivation::new(b"a password", b"a salt", ITERATIONS);
    let mut batch: Vec<Derivation> = (0..kernel.lanes()).map(begin).collect();
    let start = Instant::now();
    kernels.advance(&mut batch, ITERATIONS.get());
    let lanes = u32::try_from(batch.len()).map_or(f64::NAN, f64::from);
    per_iteration(start) / lanes
}

fn rustcrypto_time() -> f64 {
    let start = Instant::now();
    let key = pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, KEY_LEN>(b"a password", b"a salt", ITERATIONS.get());
    black_box(key);
    per_iteration(start)
}

fn per_iteration(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() / f64::from(ITERATIONS.get())
}

/// A Python that derives keys on this processor's OpenSSL.
struct Hashlib(Child);

impl Hashlib {
    fn start() -> std::io::Result<Self> {
        let mut python = Command::new("python3");
        python
            .args(["-c", HASHLIB])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        python.spawn().map(Self)
    }

    fn time(&mut self) -> Result<f64, Box<dyn Error>> {
        let (Some(stdin), Some(stdout)) = (&mut self.0.stdin, &mut self.0.stdout) else {
            return Err("python3 has no pipes".into());
        };
        writeln!(stdin, "{ITERATIONS}")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(line.trim().parse::<f64>()? / f64::from(ITERATIONS.get()))
    }
}

impl Drop for Hashlib {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}

fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}
