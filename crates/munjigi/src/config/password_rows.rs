//! Costs at which a row could be written and be of no use: because no machine has the memory, because the column is too
//! narrow, or because Django, which reads the same row, would raise.

use super::Error;
use super::finding::{Finding, Level};
use munjigi_passwords::{Algorithm, Costs, ScryptCost};

/// Whether passwords can be stored at these costs. It would else fail at the first sign-up, not at the start.
pub(super) fn check(algorithms: &[Algorithm], costs: &Costs) -> Result<(), Error> {
    check_memory(costs)?;
    if algorithms.first() == Some(&Algorithm::Scrypt) {
        check_width(costs.scrypt)?;
    }
    Ok(())
}

/// A hash that no machine has the memory for would fail at the first sign-up, not at the start.
fn check_memory(costs: &Costs) -> Result<(), Error> {
    const MOST: u64 = 4 * 1024 * 1024 * 1024;
    let argon2 = u64::from(costs.argon2.memory_cost) * 1024;
    let scrypt = 128 * u64::from(costs.scrypt.work_factor) * u64::from(costs.scrypt.block_size);
    for (bytes, name, written, djangos) in [
        (
            argon2,
            "hashers.argon2.memory_cost",
            costs.argon2.memory_cost,
            "102400",
        ),
        (
            scrypt,
            "hashers.scrypt.work_factor",
            costs.scrypt.work_factor,
            "16384",
        ),
    ] {
        if bytes > MOST {
            return Err(Error::Contradiction(format!(
                "{name} is {written}: a single hash would take more than 4 GiB of memory. Write {djangos}, as Django \
                 has it."
            )));
        }
    }
    Ok(())
}

/// `password` is a varchar(128), and Django's own row of scrypt fills it.
fn check_width(cost: ScryptCost) -> Result<(), Error> {
    const WIDTH: usize = 128;
    let ScryptCost {
        work_factor,
        block_size,
        parallelism,
    } = cost;
    let (salt, hash) = ("s".repeat(22), "h".repeat(88));
    let row = format!("scrypt${work_factor}${salt}${block_size}${parallelism}${hash}");
    if row.len() <= WIDTH {
        return Ok(());
    }
    Err(Error::Contradiction(format!(
        "hashers.scrypt has {work_factor}, {block_size} and {parallelism}: with as many digits a row takes {} characters, and \
         Django's column holds {WIDTH}. Write work_factor = 16384, block_size = 8 and parallelism = 5, as Django has it, or \
         put another hasher first in PASSWORD_HASHERS.",
        row.len()
    )))
}

/// OpenSSL, as Django's `ScryptPasswordHasher` calls it, takes 32 MiB and no more: 128 bytes times `block_size` for each of
/// `work_factor` and `parallelism`, and two. Another `maxmem` in a subclass may allow it.
pub(super) fn beyond_django(algorithms: &[Algorithm], costs: &Costs) -> Option<Finding> {
    const MOST: u64 = 32 * 1024 * 1024;
    let cost = costs.scrypt;
    let blocks = u64::from(cost.work_factor) + u64::from(cost.parallelism) + 2;
    let bytes = blocks
        .saturating_mul(u64::from(cost.block_size))
        .saturating_mul(128);
    (algorithms.first() == Some(&Algorithm::Scrypt) && bytes > MOST).then(|| Finding {
        id: "munjigi.W011",
        level: Level::Warning,
        message: "[hashers.scrypt] stores passwords at a cost that takes more than 32 MiB, and a Django beside munjigi raises \
                  where it verifies one of them."
            .to_owned(),
        hint: "Write work_factor = 16384 and block_size = 8, or leave it where no Django reads the table, or one whose \
               hasher sets maxmem."
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrypt(work_factor: u32, block_size: u32, parallelism: u32) -> Costs {
        let scrypt = ScryptCost {
            work_factor,
            block_size,
            parallelism,
        };
        Costs {
            scrypt,
            ..Costs::default()
        }
    }

    const FIRST: [Algorithm; 2] = [Algorithm::Scrypt, Algorithm::Pbkdf2Sha256];
    const SECOND: [Algorithm; 2] = [Algorithm::Pbkdf2Sha256, Algorithm::Scrypt];

    #[test]
    fn a_row_of_scrypt_fits_its_column_or_is_refused_at_the_start() {
        for (costs, fits) in [
            (scrypt(16384, 8, 5), true),
            (scrypt(65536, 8, 2), true),
            (scrypt(131_072, 8, 1), false),
            (scrypt(16384, 16, 5), false),
            (scrypt(16384, 8, 64), false),
            (scrypt(8192, 8, 64), true),
        ] {
            assert_eq!(check(&FIRST, &costs).is_ok(), fits, "{costs:?}");
            assert!(check(&SECOND, &costs).is_ok(), "{costs:?}");
        }
    }

    #[test]
    fn what_django_has_no_memory_for_is_said() {
        // Asked of Django 5.2 with OpenSSL 3: it hashes with the first two and raises at the others.
        for (costs, is_said) in [
            (scrypt(16384, 8, 5), false),
            (scrypt(32768, 7, 1), false),
            (scrypt(32768, 8, 1), true),
            (scrypt(16384, 16, 1), true),
            (scrypt(65536, 4, 1), true),
        ] {
            assert_eq!(beyond_django(&FIRST, &costs).is_some(), is_said, "{costs:?}");
            assert!(beyond_django(&SECOND, &costs).is_none());
        }
    }
}
