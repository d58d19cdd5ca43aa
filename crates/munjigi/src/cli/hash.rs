//! `munjigi hash bench`: how many passwords this machine hashes in a second, and what that says of their cost.

use super::error::Result;
use super::location;
use crate::app;
use crate::clock::entropy;
use crate::config::{Config, DEFAULT_DATA_DIR, DataDir, Mode};
use munjigi_passwords::{Algorithm, Speed, speed};
use serde_json::{Value, json};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// What can be done with the hashers.
#[derive(clap::Subcommand)]
pub(super) enum Hash {
    /// Measure how many passwords this machine hashes in a second, by each algorithm at the cost of the settings
    ///
    /// One password alone, and as many at once as all threads take. Run it while nothing else runs.
    Bench(Bench),
}

/// The flags of `hash bench`.
#[derive(clap::Args)]
pub(super) struct Bench {
    /// The settings file; `munjigi.toml` is read if it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// For how many milliseconds each algorithm is measured, alone and in full
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    time: u32,
    /// A table for people, or an object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// `--format`.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Hash {
    pub(super) fn run(self, out: &mut impl Write) -> Result<()> {
        match self {
            Self::Bench(bench) => bench.run(out),
        }
    }
}

impl Bench {
    fn run(self, out: &mut impl Write) -> Result<()> {
        let mut written = location::gather(self.config, Vec::new())?;
        DataDir::at(DEFAULT_DATA_DIR).pretend(&mut written, &mut entropy())?;
        let config = Config::resolve(&written, Mode::Serve)?;
        let time = Duration::from_millis(self.time.into());
        let measured = Algorithm::ALL
            .into_iter()
            .filter(|algorithm| *algorithm != Algorithm::Md5);
        let rows = measured.map(|algorithm| {
            let hasher = algorithm.hasher(&config.costs).map_err(app::Error::from)?;
            let (kernels, threads) = (config.hashing.kernels, config.hashing.threads);
            let speed = speed(hasher.as_ref(), kernels, threads, time);
            Ok(Row { algorithm, speed })
        });
        let rows: Vec<Row> = rows.collect::<Result<_>>()?;
        let machine = Machine::of(&config);
        match self.format {
            Format::Json => {
                let told = json!({
                    "kernel": machine.kernel,
                    "kernel_alone": machine.kernel_alone,
                    "lanes": machine.lanes,
                    "threads": machine.threads,
                    "algorithms": rows.iter().map(|row| row.json(&config)).collect::<Vec<_>>(),
                });
                writeln!(out, "{told:#}")?;
            }
            Format::Text => {
                writeln!(out, "{}\n", machine.sentence())?;
                writeln!(
                    out,
                    "{:<14} {:>28}  {:>18}  {:>12}",
                    "algorithm", "cost", "one alone", "all threads"
                )?;
                for row in &rows {
                    writeln!(out, "{}", row.line(&config))?;
                }
                for row in rows.iter().filter(|row| row.is_preferred(&config)) {
                    writeln!(out, "\n{}", row.advice(&config))?;
                }
            }
        }
        Ok(())
    }
}

/// What hashes here.
struct Machine {
    kernel: String,
    kernel_alone: String,
    lanes: usize,
    threads: usize,
}

impl Machine {
    fn of(config: &Config) -> Self {
        let kernels = config.hashing.kernels;
        Self {
            kernel: kernels.for_lanes(kernels.lanes()).to_string(),
            kernel_alone: kernels.for_lanes(1).to_string(),
            lanes: kernels.lanes(),
            threads: config.hashing.threads.get(),
        }
    }

    fn sentence(&self) -> String {
        let Self {
            kernel,
            kernel_alone,
            lanes,
            threads,
        } = self;
        format!(
            "PBKDF2 with SHA-256 runs by {kernel}, {lanes} at once on each of {threads} threads; one alone by {kernel_alone}."
        )
    }
}

/// The line of `munjigi check`: what a sign-in costs here. One thread tells it, for a server may run beside it.
pub(super) fn told_of_hashing(config: &Config) -> String {
    const TIME: Duration = Duration::from_millis(50);
    let preferred = config.hashers.preferred();
    let speed = speed(preferred, config.hashing.kernels, NonZeroUsize::MIN, TIME);
    let mut told = format!(
        "{} {} makes {} hashes a second on a thread, one alone in {}.",
        Machine::of(config).sentence(),
        preferred.algorithm(),
        number(speed.full),
        milliseconds(speed.alone)
    );
    told.extend(no_time_to_wait(config, &speed));
    told
}

/// Where as many as a thread hashes at once take longer than anybody may wait.
fn no_time_to_wait(config: &Config, speed: &Speed) -> Option<String> {
    let at_once = match config.hashers.preferred().in_lanes() {
        Some(_) => config.hashing.kernels.lanes(),
        None => 1,
    };
    let deadline = config.hashing.deadline;
    let in_time = speed.full * deadline.as_secs_f64();
    let at_once = f64::from(u32::try_from(at_once).unwrap_or(u32::MAX));
    (in_time < at_once).then(|| {
        format!(
            " A thread that has all it can hash at once is longer at it than HASHING_DEADLINE_MS, {}: who comes then cannot \
             wait, and is told to come again. Allow more time, or make hashes cheaper.",
            deadline.as_millis()
        )
    })
}

struct Row {
    algorithm: Algorithm,
    speed: Speed,
}

impl Row {
    fn is_preferred(&self, config: &Config) -> bool {
        config.hashers.preferred().algorithm() == self.algorithm.name()
    }

    fn json(&self, config: &Config) -> Value {
        json!({
            "algorithm": self.algorithm.name(),
            "cost": cost(self.algorithm, config),
            "alone_per_second": self.speed.alone,
            "all_threads_per_second": self.speed.full,
            "stores_new_passwords": self.is_preferred(config),
        })
    }

    fn line(&self, config: &Config) -> String {
        let alone = format!(
            "{}/s ({})",
            number(self.speed.alone),
            milliseconds(self.speed.alone)
        );
        format!(
            "{:<14} {:>28}  {alone:>18}  {:>10}/s",
            self.algorithm.name(),
            cost(self.algorithm, config),
            number(self.speed.full)
        )
    }

    fn advice(&self, config: &Config) -> String {
        let name = self.algorithm.name();
        let cost = cost(self.algorithm, config);
        let (full, alone) = (number(self.speed.full), milliseconds(self.speed.alone));
        format!(
            "{name} stores new passwords. {cost}: {full}/s here, and {alone} for who comes alone. A cost is chosen for what it \
             costs an attacker, who pays the same wherever it is hashed: what is faster here is no reason to lower it, and \
             room to raise it. A Django beside munjigi must agree: each stores anew what the other stored at another cost, \
             and needs more time for it than is told here."
        )
    }
}

/// `1000000 iterations`.
fn cost(algorithm: Algorithm, config: &Config) -> String {
    let costs = &config.costs;
    match algorithm {
        Algorithm::Pbkdf2Sha256 => format!("{} iterations", costs.pbkdf2_sha256.iterations),
        Algorithm::Pbkdf2Sha1 => format!("{} iterations", costs.pbkdf2_sha1.iterations),
        Algorithm::Argon2 => {
            let cost = costs.argon2;
            format!(
                "m={},t={},p={}",
                cost.memory_cost, cost.time_cost, cost.parallelism
            )
        }
        Algorithm::BcryptSha256 => format!("{} rounds", costs.bcrypt_sha256.rounds),
        Algorithm::Bcrypt => format!("{} rounds", costs.bcrypt.rounds),
        Algorithm::Scrypt => {
            let cost = costs.scrypt;
            format!(
                "N={},r={},p={}",
                cost.work_factor, cost.block_size, cost.parallelism
            )
        }
        _ => String::new(),
    }
}

/// Two digits, or all before the point.
fn number(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

fn milliseconds(rate: f64) -> String {
    let time = 1000.0 / rate;
    if time < 10.0 {
        format!("{time:.1} ms")
    } else {
        format!("{time:.0} ms")
    }
}
