//! How fast each kernel is here, beside OpenSSL (Python's hashlib) and RustCrypto: `cargo run -p munjigi-lanes --example
//! speed`, best with `taskset -c 1` before the program, so that all of them run on one processor.
//!
//! Each of the rounds runs all of them one after the other, so that what else the machine does falls on all; the figures
//! are the medians of the rounds, the ratios those of each round. The argument is the number of rounds.
#![expect(clippy::print_stdout, reason = "its output")]

use munjigi_lanes::{Derivation, KEY_LEN, Kernel, Kernels};
use std::hint::black_box;
use std::num::NonZeroU32;
use std::process::Command;
use std::time::Instant;

/// Of each password and round.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(60_000).expect("a number");
const MILLION: f64 = 1e6;
const PYTHON: &str = "import hashlib, sys, time
start = time.perf_counter()
hashlib.pbkdf2_hmac('sha256', b'a password', b'a salt', int(sys.argv[1]))
print(time.perf_counter() - start)";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(21), |text| text.parse())?;
    let kernels: Vec<(Kernel, Kernels)> = Kernel::ALL
        .into_iter()
        .filter_map(|kernel| Some((kernel, Kernels::only(kernel).ok()?)))
        .collect();
    let mut openssl = Vec::new();
    let mut rustcrypto = Vec::new();
    let mut ours = vec![Vec::new(); kernels.len()];
    for _ in 0..rounds {
        openssl.push(python()?);
        rustcrypto.push(timed(1, || {
            black_box(pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, KEY_LEN>(
                b"a password",
                b"a salt",
                ITERATIONS.get(),
            ));
        }));
        for ((kernel, kernels), times) in kernels.iter().zip(&mut ours) {
            let mut batch: Vec<_> = (0..kernel.lanes())
                .map(|_| Derivation::new(b"a password", b"a salt", ITERATIONS))
                .collect();
            times.push(timed(kernel.lanes(), || {
                kernels.advance(&mut batch, ITERATIONS.get())
            }));
            black_box(batch);
        }
    }
    let names = ["OpenSSL (hashlib)", "RustCrypto"]
        .into_iter()
        .chain(kernels.iter().map(|(kernel, _)| kernel.name()));
    println!(
        "{:<18} {:>9} {:>14} {:>9} {:>12}",
        "", "hashes/s", "ns/iteration", "/OpenSSL", "/RustCrypto"
    );
    let rows = [&openssl, &rustcrypto].into_iter().chain(&ours);
    for (name, times) in names.zip(rows) {
        let time = median(times.iter().copied());
        println!(
            "{name:<18} {:>9.1} {:>14.1} {:>9.2} {:>12.2}",
            1.0 / time / MILLION,
            time * 1e9,
            median(openssl.iter().zip(times).map(|(theirs, ours)| theirs / ours)),
            median(rustcrypto.iter().zip(times).map(|(theirs, ours)| theirs / ours)),
        );
    }
    Ok(())
}

/// Seconds of an iteration of one password of so many.
fn timed(passwords: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    let passwords = u32::try_from(passwords).map_or(f64::NAN, f64::from);
    start.elapsed().as_secs_f64() / f64::from(ITERATIONS.get()) / passwords
}

fn python() -> Result<f64, Box<dyn std::error::Error>> {
    let output = Command::new("python3")
        .args(["-c", PYTHON, &ITERATIONS.to_string()])
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse::<f64>()? / f64::from(ITERATIONS.get()))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
