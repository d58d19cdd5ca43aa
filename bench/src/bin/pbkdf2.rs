//! PBKDF2-HMAC-SHA256 by everybody's code, side by side in one process on one core: how many hashes a second, one password
//! alone and sixteen in flight.
//!
//! The others hash one password after the other; that is what sixteen in flight are to them. In each round everybody has
//! his turn, and a ratio is between two turns of one round, so that a machine that is busy for a while is so for both. Who
//! begins a round is last in the next, so that nobody always begins.
//! Python's hashlib, which is OpenSSL, runs in a process of its own on the same core and times itself.
//!
//! Prints one JSON object: for each contender the hashes a second of each round.

use aws_lc_rs::pbkdf2 as aws;
use clap::Parser;
use munjigi_lanes::{Derivation, Kernel, Kernels};
use ring::pbkdf2 as ring_pbkdf2;
use serde::Serialize;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

/// PBKDF2-HMAC-SHA256 by everybody's code, side by side.
#[derive(Parser)]
struct Arguments {
    /// Iterations of each hash.
    #[arg(long, default_value = "1000000")]
    iterations: NonZeroU32,
    /// Turns of each contender.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// The Python whose hashlib takes part.
    #[arg(long, default_value = "python3")]
    python: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let iterations = arguments.iterations;
    let mut contenders = contenders(Hashlib::start(&arguments.python)?);
    let mut rates: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..arguments.rounds {
        for (name, turn) in &mut contenders {
            let rate = turn(iterations)?;
            rates.entry(name.clone()).or_default().push(rate);
        }
        contenders.rotate_left(1);
    }
    let report = Report { iterations, rates };
    #[expect(clippy::print_stdout, reason = "the report is what the program is for")]
    {
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(())
}

#[derive(Serialize)]
struct Report {
    iterations: NonZeroU32,
    /// Hashes a second, of each round.
    rates: BTreeMap<String, Vec<f64>>,
}

/// One turn of a contender: hashes a second at so many iterations.
type Turn = Box<dyn FnMut(NonZeroU32) -> Result<f64, Box<dyn Error>>>;

fn contenders(mut hashlib: Hashlib) -> Vec<(String, Turn)> {
    let all = Kernels::detect();
    let no_avx512 = Kernels::without(&[Kernel::Avx512x16, Kernel::Avx512x8]);
    let mut contenders: Vec<(String, Turn)> = vec![
        (
            "OpenSSL (Python hashlib)".to_owned(),
            Box::new(move |iterations| hashlib.rate(iterations)),
        ),
        ("ring".to_owned(), in_process(ring)),
        ("aws-lc-rs".to_owned(), in_process(aws_lc)),
        ("RustCrypto".to_owned(), in_process(rust_crypto)),
        ("munjigi, one alone".to_owned(), lanes(all, 1)),
        ("munjigi, 16 in flight".to_owned(), lanes(all, 16)),
        (
            "munjigi, 16 in flight, no AVX-512".to_owned(),
            lanes(no_avx512, 16),
        ),
    ];
    for kernel in Kernel::ALL {
        if let Ok(kernels) = Kernels::only(kernel) {
            let name = format!("munjigi's kernel {kernel}");
            contenders.push((name, lanes(kernels, kernel.lanes())));
        }
    }
    contenders
}

/// A turn that cannot fail.
fn in_process(turn: impl Fn(NonZeroU32) -> f64 + 'static) -> Turn {
    Box::new(move |iterations| Ok(turn(iterations)))
}

const PASSWORD: &[u8] = b"correct horse battery staple";
const SALT: &[u8] = b"Zc1pQ0mWgX7sHkT5uB2n9e";

fn ring(iterations: NonZeroU32) -> f64 {
    rate_of(1, || {
        let mut out = [0; 32];
        ring_pbkdf2::derive(
            ring_pbkdf2::PBKDF2_HMAC_SHA256,
            iterations,
            SALT,
            black_box(PASSWORD),
            &mut out,
        );
        black_box(out);
    })
}

fn aws_lc(iterations: NonZeroU32) -> f64 {
    rate_of(1, || {
        let mut out = [0; 32];
        aws::derive(
            aws::PBKDF2_HMAC_SHA256,
            iterations,
            SALT,
            black_box(PASSWORD),
            &mut out,
        );
        black_box(out);
    })
}

fn rust_crypto(iterations: NonZeroU32) -> f64 {
    rate_of(1, || {
        black_box(pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(
            black_box(PASSWORD),
            SALT,
            iterations.get(),
        ));
    })
}

fn lanes(kernels: Kernels, passwords: usize) -> Turn {
    in_process(move |iterations| {
        rate_of(passwords, || {
            let start = |_| Derivation::new(black_box(PASSWORD), SALT, iterations);
            let mut batch: Vec<Derivation> = (0..passwords).map(start).collect();
            while batch.iter().any(|derivation| !derivation.is_done()) {
                kernels.advance(&mut batch, SLICE);
            }
            black_box(batch);
        })
    })
}

/// Iterations between two looks at who is done, as many as the server's threads run.
const SLICE: u32 = 2_048;

fn rate_of(hashes: usize, work: impl Fn()) -> f64 {
    let began = Instant::now();
    work();
    #[expect(clippy::cast_precision_loss, reason = "there are sixteen at most")]
    let hashes = hashes as f64;
    hashes / began.elapsed().as_secs_f64()
}

/// A Python that hashes when it is asked to, and says how long it took.
struct Hashlib {
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Hashlib {
    const PROGRAM: &str = "
import hashlib, sys, time
for line in sys.stdin:
    began = time.perf_counter()
    hashlib.pbkdf2_hmac('sha256', b'correct horse battery staple', b'Zc1pQ0mWgX7sHkT5uB2n9e', int(line))
    print(time.perf_counter() - began, flush=True)
";

    fn start(python: &str) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(python)
            .args(["-c", Self::PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(ask), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the Python has no pipes".into());
        };
        let answers = BufReader::new(answers);
        Ok(Self {
            process,
            ask,
            answers,
        })
    }

    fn rate(&mut self, iterations: NonZeroU32) -> Result<f64, Box<dyn Error>> {
        writeln!(self.ask, "{iterations}")?;
        let mut seconds = String::new();
        self.answers.read_line(&mut seconds)?;
        Ok(1.0 / seconds.trim().parse::<f64>()?)
    }
}

impl Drop for Hashlib {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
