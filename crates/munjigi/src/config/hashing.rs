//! `HASHING_*`: the pool that hashes.

use super::Error;
use super::finding::{Finding, Level};
use super::kind::{Between, FromText, Kind, Wrong};
use super::setting::{Section, Setting};
use super::written::Settings;
use munjigi_passwords::pool::{Kernel, Kernels, PoolSettings};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;
use toml::Value;

const HASHING_THREADS: Setting<Between<0, 1024>> = Setting::ours(
    "HASHING_THREADS",
    "0",
    "How many threads hash in lanes, up to 1024, each as many passwords at once as the processor has lanes; 0 is one for each \
     processor. As many again hash by bcrypt, Argon2, scrypt and SHA-1, one password each; these take the memory of a hash, \
     100 MiB with Argon2.",
);
const HASHING_QUEUE: Setting<NonZeroUsize> = Setting::ours(
    "HASHING_QUEUE",
    "256",
    "How many passwords may wait to be hashed, whatever the time: a bound on memory. What comes then is answered with 503.",
);
const HASHING_DEADLINE: Setting<Between<50, 60_000>> = Setting::ours(
    "HASHING_DEADLINE_MS",
    "700",
    "How long hashing a password may take, its wait in it, in milliseconds from 50 to 60000. What would take longer, as fast \
     as hashing has been of late, is answered with 503 and Retry-After at once, unless it need not wait at all.",
);
const HASHING_KERNEL: Setting<Chosen> = Setting::ours(
    "HASHING_KERNEL",
    "\"auto\"",
    "What PBKDF2 with SHA-256 is run by: `auto`, the best that this processor has for as many passwords as there are. One \
     kernel alone, or a list of those that may be chosen from: avx512-16, avx512-8, sha-ni-2, sha-ni-1, avx2-8, portable.",
);

pub(super) const SECTION: Section = Section {
    title: "Hashing",
    upstream: "munjigi",
    intro: "What hashes passwords, and how many may come at once. `munjigi hash bench` measures what this machine gives.",
    settings: &[
        &HASHING_THREADS.about,
        &HASHING_QUEUE.about,
        &HASHING_DEADLINE.about,
        &HASHING_KERNEL.about,
    ],
};

/// Reads `HASHING_*`.
pub(super) fn pool(settings: Settings<'_>, warnings: &mut Vec<Finding>) -> Result<PoolSettings, Error> {
    let written = usize::try_from(settings.read(&HASHING_THREADS)?.0)
        .ok()
        .and_then(NonZeroUsize::new);
    let processors = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    if let Some(threads) = written.filter(|threads| *threads > processors) {
        warnings.push(more_than(processors, threads));
    }
    Ok(PoolSettings {
        threads: written.unwrap_or(processors),
        queue: settings.read(&HASHING_QUEUE)?.get(),
        deadline: Duration::from_millis(settings.read(&HASHING_DEADLINE)?.0.into()),
        kernels: settings.read(&HASHING_KERNEL)?.kernels()?,
    })
}

fn more_than(processors: NonZeroUsize, threads: NonZeroUsize) -> Finding {
    Finding {
        id: "munjigi.W061",
        level: Level::Warning,
        message: format!(
            "HASHING_THREADS is {threads}, and there are {processors} processors here: passwords that could be hashed side by \
             side are spread over threads that wait for each other, and nobody is told in time that it takes too long."
        ),
        hint: "Write 0, which is one thread for each processor, or fewer.".to_owned(),
    }
}

/// What `HASHING_KERNEL` allows; nothing is `auto`.
#[derive(PartialEq)]
struct Chosen(Vec<Kernel>);

impl Chosen {
    fn kernels(self) -> Result<Kernels, Error> {
        match self.0.as_slice() {
            [] => Ok(Kernels::detect()),
            [one] => Kernels::only(*one).map_err(|error| {
                Error::Contradiction(format!("{} forces a kernel. {error}", HASHING_KERNEL.about.name))
            }),
            several => {
                let is_other = |kernel: &Kernel| !several.contains(kernel);
                let others: Vec<Kernel> = Kernel::ALL.into_iter().filter(is_other).collect();
                Ok(Kernels::without(&others))
            }
        }
    }
}

impl Kind for Chosen {
    const WANTED: &'static str = "\"auto\", a kernel such as \"sha-ni-2\", or a list of them";

    fn read(value: &Value) -> Result<Self, Wrong> {
        if value.as_str() == Some("auto") {
            return Ok(Self(Vec::new()));
        }
        let kernels = match value {
            Value::String(_) => vec![Kernel::read(value)?],
            _ => Vec::<Kernel>::read(value)?,
        };
        if kernels.is_empty() {
            return Err(Wrong::Value(format!("names no kernel. Write {}.", Self::WANTED)));
        }
        Ok(Self(kernels))
    }
}

impl FromText for Kernel {
    const WANTED: &'static str = "a kernel such as \"sha-ni-2\"";
    const WANTED_LIST: &'static str = "a list of kernels, such as [\"sha-ni-1\", \"sha-ni-2\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| {
            let names = Kernel::ALL.map(Kernel::name).join(", ");
            format!("names \"{text}\", which is no kernel. Write \"auto\", or one or several of {names}.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use toml::Table;

    fn chosen(value: &str) -> Option<Vec<Kernel>> {
        let table: Table = format!("kernel = {value}").parse().unwrap();
        Chosen::read(&table["kernel"]).ok().map(|chosen| chosen.0)
    }

    #[test]
    fn a_kernel_may_be_forced_by_its_name_and_several_allowed_by_a_list() {
        assert_eq!(chosen("\"auto\""), Some(Vec::new()));
        for kernel in Kernel::ALL {
            assert_eq!(chosen(&format!("\"{kernel}\"")), Some(vec![kernel]));
            assert!(
                HASHING_KERNEL.about.meaning.contains(kernel.name()),
                "{kernel} is not told"
            );
        }
        let listed = chosen("[\"sha-ni-1\", \"portable\"]");
        assert_eq!(listed, Some(vec![Kernel::ShaNi1, Kernel::Portable]));
        for wrong in ["\"fast\"", "[]", "16", "[\"auto\"]", "\"AVX512-16\""] {
            assert_eq!(chosen(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_list_leaves_the_others_out() {
        let listed = Chosen(vec![Kernel::ShaNi1, Kernel::ShaNi2]).kernels().unwrap();
        for lanes in 1..=16 {
            assert!(
                ![Kernel::Avx512x16, Kernel::Avx512x8, Kernel::Avx2x8].contains(&listed.for_lanes(lanes))
            );
        }
        let forced = Chosen(vec![Kernel::Portable]).kernels().unwrap();
        assert_eq!((forced.lanes(), forced.for_lanes(16)), (1, Kernel::Portable));
    }
}
