//! `PASSWORD_HASHERS`, what each of them costs, and `AUTH_PASSWORD_VALIDATORS`.

use super::Error;
use super::finding::{Finding, Level};
use super::kind::{Kind, Wrong};
use super::password_rows;
use super::setting::{Section, Setting};
use super::written::Settings;
use munjigi_passwords::validation::{
    CommonPasswordValidator, MinimumLengthValidator, NumericPasswordValidator,
    UserAttributeSimilarityValidator, Validator,
};
use munjigi_passwords::{
    Algorithm, Argon2Cost, BcryptCost, Costs, Hashers, LegacyRows, Pbkdf2Cost, ScryptCost,
};
use std::num::NonZeroUsize;
use toml::{Table, Value};

const PASSWORD_HASHERS: Setting<Vec<String>> = Setting::upstream(
    "PASSWORD_HASHERS",
    "[\"django.contrib.auth.hashers.PBKDF2PasswordHasher\", \
     \"django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher\", \
     \"django.contrib.auth.hashers.Argon2PasswordHasher\", \
     \"django.contrib.auth.hashers.BCryptSHA256PasswordHasher\", \
     \"django.contrib.auth.hashers.ScryptPasswordHasher\"]",
    "The first stores new passwords; all of them verify. A row of another than the first is stored anew at sign-in.",
);
const VALIDATORS: Setting<Validators> = Setting::ours(
    "AUTH_PASSWORD_VALIDATORS",
    "[{ NAME = \"django.contrib.auth.password_validation.UserAttributeSimilarityValidator\" }, \
     { NAME = \"django.contrib.auth.password_validation.MinimumLengthValidator\" }, \
     { NAME = \"django.contrib.auth.password_validation.CommonPasswordValidator\" }, \
     { NAME = \"django.contrib.auth.password_validation.NumericPasswordValidator\" }]",
    "What a new password must fulfil: Django's four validators, with the OPTIONS `min_length`, `user_attributes` and \
     `max_similarity`. The default is what `django-admin startproject` writes.",
)
.under_dev("[]")
.differs_from("[]");
const LEGACY_ROWS: Setting<bool> = Setting::ours(
    "VERIFY_LEGACY_PASSWORDS",
    "false",
    "Whether rows of hashers that Django removed in 5.1 (SHA-1, unsalted MD5), md5 rows and truncated bcrypt rows \
     verify. Each is stored anew at its first sign-in.",
);
const TRIM_PASSWORDS: Setting<bool> = Setting::ours(
    "TRIM_PASSWORDS",
    "false",
    "Whether a sign-in that fails, by a password with spaces at its ends, is tried once more without them. Django REST \
     framework cuts them off where a serializer takes a password, so that the user's stored hash is of the rest. A new \
     password is stored as it is sent, either way.",
);
const PBKDF2_SHA256: Setting<u32> = Setting::upstream(
    "hashers.pbkdf2_sha256.iterations",
    "1000000",
    "Django 4.2 has 600000, 5.0 720000, 5.1 870000, 5.2 1000000, 6.0 1200000. Write the neighbour's: two systems with \
     different numbers store each other's rows anew at every sign-in.",
);
const PBKDF2_SHA1: Setting<u32> = Setting::upstream("hashers.pbkdf2_sha1.iterations", "1000000", "As above.");
const ARGON2_TIME: Setting<u32> =
    Setting::upstream("hashers.argon2.time_cost", "2", "Passes over the memory.");
const ARGON2_MEMORY: Setting<u32> =
    Setting::upstream("hashers.argon2.memory_cost", "102400", "Memory, in KiB.");
const ARGON2_LANES: Setting<u32> = Setting::upstream("hashers.argon2.parallelism", "8", "Lanes.");
const BCRYPT_SHA256: Setting<u32> =
    Setting::upstream("hashers.bcrypt_sha256.rounds", "12", "One more doubles the work.");
const BCRYPT: Setting<u32> = Setting::upstream("hashers.bcrypt.rounds", "12", "One more doubles the work.");
const SCRYPT_WORK: Setting<u32> = Setting::upstream("hashers.scrypt.work_factor", "16384", "A power of two.");
const SCRYPT_BLOCK: Setting<u32> = Setting::upstream("hashers.scrypt.block_size", "8", "The block size.");
const SCRYPT_LANES: Setting<u32> = Setting::upstream("hashers.scrypt.parallelism", "5", "Blocks.");

pub(super) const SECTION: Section = Section {
    title: "Passwords",
    upstream: "Django 5.2",
    intro: "How passwords are stored, and which are taken.",
    settings: &[
        &PASSWORD_HASHERS.about,
        &VALIDATORS.about,
        &LEGACY_ROWS.about,
        &TRIM_PASSWORDS.about,
    ],
};

pub(super) const COSTS_SECTION: Section = Section {
    title: "Costs of the hashers",
    upstream: "Django 5.2",
    intro: "What a subclass of a hasher sets in Django.",
    settings: &[
        &PBKDF2_SHA256.about,
        &PBKDF2_SHA1.about,
        &ARGON2_TIME.about,
        &ARGON2_MEMORY.about,
        &ARGON2_LANES.about,
        &BCRYPT_SHA256.about,
        &BCRYPT.about,
        &SCRYPT_WORK.about,
        &SCRYPT_BLOCK.about,
        &SCRYPT_LANES.about,
    ],
};

/// Reads `PASSWORD_HASHERS` and the costs.
pub(super) fn hashers(settings: Settings<'_>) -> Result<Hashers, Error> {
    let legacy = if settings.read(&LEGACY_ROWS)? {
        LegacyRows::Verify
    } else {
        LegacyRows::Refuse
    };
    let costs = costs(settings)?;
    let algorithms = algorithms(settings)?;
    let hashers = Hashers::new(&algorithms, &costs, legacy);
    let hashers = hashers.map_err(|error| Error::Contradiction(error.to_string()))?;
    password_rows::check(&algorithms, &costs)?;
    Ok(hashers)
}

fn algorithms(settings: Settings<'_>) -> Result<Vec<Algorithm>, Error> {
    let paths = settings.read(&PASSWORD_HASHERS)?;
    let algorithms = paths.iter().map(|path| Algorithm::from_class_path(path));
    // These errors are sentences that name the setting.
    algorithms
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Contradiction(error.to_string()))
}

/// What there is to say of rows that Django could not read.
pub(super) fn beyond_django(settings: Settings<'_>) -> Result<Option<Finding>, Error> {
    Ok(password_rows::beyond_django(
        &algorithms(settings)?,
        &costs(settings)?,
    ))
}

/// What there is to say where new passwords are stored at a cost that is too low for production: OWASP's Password
/// Storage Cheat Sheet, and for PBKDF2 with SHA-1 what Django 4.2 has.
pub(super) fn weakness(settings: Settings<'_>) -> Result<Option<Finding>, Error> {
    let costs = costs(settings)?;
    let argon2 = u64::from(costs.argon2.memory_cost) * u64::from(costs.argon2.time_cost);
    let scrypt = u64::from(costs.scrypt.work_factor)
        * u64::from(costs.scrypt.block_size)
        * u64::from(costs.scrypt.parallelism);
    let (is_weak, table, least) = match algorithms(settings)?.first() {
        Some(Algorithm::Pbkdf2Sha256) => (
            costs.pbkdf2_sha256.iterations < 600_000,
            "pbkdf2_sha256",
            "iterations = 600000",
        ),
        Some(Algorithm::Pbkdf2Sha1) => (
            costs.pbkdf2_sha1.iterations < 600_000,
            "pbkdf2_sha1",
            "iterations = 600000",
        ),
        Some(Algorithm::Argon2) => (
            costs.argon2.memory_cost < 7168 || argon2 < 5 * 7168,
            "argon2",
            "memory_cost = 19456 and time_cost = 2",
        ),
        Some(Algorithm::BcryptSha256) => (costs.bcrypt_sha256.rounds < 10, "bcrypt_sha256", "rounds = 10"),
        Some(Algorithm::Bcrypt) => (costs.bcrypt.rounds < 10, "bcrypt", "rounds = 10"),
        Some(Algorithm::Scrypt) => (
            scrypt < 16_384 * 8 * 5,
            "scrypt",
            "work_factor = 16384, block_size = 8 and parallelism = 5",
        ),
        _ => (false, "", ""),
    };
    Ok(is_weak.then(|| Finding {
        id: "munjigi.W009",
        level: Level::Warning,
        message: format!(
            "[hashers.{table}] stores passwords at a cost so low that those of a stolen table are soon guessed."
        ),
        hint: format!("Leave it out, or write at least {least}."),
    }))
}

/// Reads `[hashers.*]`.
pub(super) fn costs(settings: Settings<'_>) -> Result<Costs, Error> {
    Ok(Costs {
        pbkdf2_sha256: Pbkdf2Cost {
            iterations: settings.read(&PBKDF2_SHA256)?,
        },
        pbkdf2_sha1: Pbkdf2Cost {
            iterations: settings.read(&PBKDF2_SHA1)?,
        },
        argon2: Argon2Cost {
            time_cost: settings.read(&ARGON2_TIME)?,
            memory_cost: settings.read(&ARGON2_MEMORY)?,
            parallelism: settings.read(&ARGON2_LANES)?,
        },
        bcrypt_sha256: BcryptCost {
            rounds: settings.read(&BCRYPT_SHA256)?,
        },
        bcrypt: BcryptCost {
            rounds: settings.read(&BCRYPT)?,
        },
        scrypt: ScryptCost {
            work_factor: settings.read(&SCRYPT_WORK)?,
            block_size: settings.read(&SCRYPT_BLOCK)?,
            parallelism: settings.read(&SCRYPT_LANES)?,
        },
    })
}

/// Reads `TRIM_PASSWORDS`.
pub(super) fn trim(settings: Settings<'_>) -> Result<bool, Error> {
    settings.read(&TRIM_PASSWORDS)
}

/// Reads `AUTH_PASSWORD_VALIDATORS`.
pub(super) fn validators(settings: Settings<'_>) -> Result<Vec<Box<dyn Validator>>, Error> {
    settings
        .read(&VALIDATORS)?
        .0
        .into_iter()
        .map(Rule::validator)
        .collect()
}

/// The entries of `AUTH_PASSWORD_VALIDATORS`.
#[derive(PartialEq)]
struct Validators(Vec<Rule>);

#[derive(PartialEq)]
enum Rule {
    Similarity {
        user_attributes: Option<Vec<String>>,
        max_similarity: Option<f64>,
    },
    Length {
        min_length: Option<usize>,
    },
    Common,
    Numeric,
}

impl Rule {
    fn validator(self) -> Result<Box<dyn Validator>, Error> {
        Ok(match self {
            Self::Similarity {
                user_attributes: None,
                max_similarity: None,
            } => Box::new(UserAttributeSimilarityValidator::default()),
            Self::Similarity {
                user_attributes,
                max_similarity,
            } => {
                let attributes =
                    user_attributes.unwrap_or_else(|| USER_ATTRIBUTES.map(str::to_owned).to_vec());
                let validator =
                    UserAttributeSimilarityValidator::new(attributes, max_similarity.unwrap_or(0.7));
                Box::new(validator.map_err(|error| Error::Contradiction(error.to_string()))?)
            }
            Self::Length { min_length: None } => Box::new(MinimumLengthValidator::default()),
            Self::Length {
                min_length: Some(min_length),
            } => Box::new(MinimumLengthValidator { min_length }),
            Self::Common => Box::new(CommonPasswordValidator::default()),
            Self::Numeric => Box::new(NumericPasswordValidator),
        })
    }
}

/// `UserAttributeSimilarityValidator.DEFAULT_USER_ATTRIBUTES`, Django 5.2.
const USER_ATTRIBUTES: [&str; 4] = ["username", "first_name", "last_name", "email"];

impl Kind for Validators {
    const WANTED: &'static str = "a list of validators, such as [{ NAME = \"MinimumLengthValidator\", OPTIONS = { min_length = 10 } }]";

    fn read(value: &Value) -> Result<Self, Wrong> {
        let rules = value.as_array().ok_or(Wrong::Type)?.iter().map(|rule| {
            let rule = rule.as_table().ok_or(Wrong::Type)?;
            only(rule, &["NAME", "OPTIONS"])?;
            let name = rule.get("NAME").and_then(Value::as_str).ok_or(Wrong::Type)?;
            let options = match rule.get("OPTIONS") {
                None => Table::new(),
                Some(options) => options.as_table().cloned().ok_or(Wrong::Type)?,
            };
            read_rule(name, &options)
        });
        rules.collect::<Result<_, _>>().map(Self)
    }
}

fn read_rule(name: &str, options: &Table) -> Result<Rule, Wrong> {
    match name
        .strip_prefix("django.contrib.auth.password_validation.")
        .unwrap_or(name)
    {
        "UserAttributeSimilarityValidator" => {
            only(options, &["user_attributes", "max_similarity"])?;
            Ok(Rule::Similarity {
                user_attributes: options.get("user_attributes").map(Vec::read).transpose()?,
                max_similarity: options.get("max_similarity").map(number).transpose()?,
            })
        }
        "MinimumLengthValidator" => {
            only(options, &["min_length"])?;
            let min_length = options.get("min_length").map(NonZeroUsize::read).transpose()?;
            Ok(Rule::Length {
                min_length: min_length.map(NonZeroUsize::get),
            })
        }
        "CommonPasswordValidator" => only(options, &[]).map(|()| Rule::Common),
        "NumericPasswordValidator" => only(options, &[]).map(|()| Rule::Numeric),
        _ => Err(Wrong::Value(format!(
            "names \"{name}\", which is none of Django's. Write UserAttributeSimilarityValidator, \
             MinimumLengthValidator, CommonPasswordValidator or NumericPasswordValidator."
        ))),
    }
}

fn only(table: &Table, keys: &[&str]) -> Result<(), Wrong> {
    let unknown = table.keys().find(|key| !keys.contains(&key.as_str()));
    unknown.map_or(Ok(()), |key| {
        let known = if keys.is_empty() {
            "Leave it out.".to_owned()
        } else {
            format!("Write {}.", keys.join(" or "))
        };
        Err(Wrong::Value(format!(
            "has \"{key}\" in it, which means nothing there. {known}"
        )))
    })
}

fn number(value: &Value) -> Result<f64, Wrong> {
    value.as_float().ok_or(Wrong::Type)
}
