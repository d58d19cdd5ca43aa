//! `munjigi keys`: the key ring of `SIMPLE_JWT.KEY_RING`. It needs no database and no server: a server that runs sees
//! the change by itself.

use super::error::Result;
use super::location;
use crate::clock::{Clock, entropy};
use crate::config::{self, KeyCommandSettings};
use crate::keys::{self, Published, Rotation, State, StoredKey, StoredRing};
use jiff::{SignedDuration, Timestamp};
use munjigi_tokens::Algorithm;
use std::io::Write;
use std::path::PathBuf;

/// What to do with keys.
#[derive(clap::Subcommand)]
pub(super) enum Keys {
    /// Make a key ring with one key, and say what to write into the settings
    Generate {
        /// How the key signs: EdDSA, ES256, RS256 or one of their kin
        #[arg(long, default_value_t = Algorithm::EdDsa)]
        algorithm: Algorithm,
        #[command(flatten)]
        ring: Ring,
    },
    /// Give the ring a new key, and end the present one in time
    ///
    /// The new key is published at once and signs later, so that whoever keeps our public keys knows it before he meets
    /// it. Tokens under the old key are taken until the last of them has expired.
    Rotate {
        /// How the new key signs, unless it is as the old one does
        #[arg(long)]
        algorithm: Option<Algorithm>,
        /// How long the new key is published before it signs
        #[arg(long, value_name = "TIME", default_value = "10m", value_parser = span)]
        activate_after: SignedDuration,
        /// How long tokens under the old key are taken, unless it is as long as they live
        #[arg(long, value_name = "TIME", value_parser = span)]
        keep: Option<SignedDuration>,
        #[command(flatten)]
        ring: Ring,
    },
    /// List the keys: kid, algorithm, when each was made, what it does
    List {
        #[command(flatten)]
        ring: Ring,
    },
    /// Print the public keys, as /.well-known/jwks.json has them
    Export {
        #[command(flatten)]
        ring: Ring,
    },
}

/// Where the ring is.
#[derive(clap::Args)]
pub(super) struct Ring {
    /// The file of the key ring [setting: `SIMPLE_JWT.KEY_RING`, else munjigi-keys.json]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The settings file; `munjigi.toml` is read if it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Where no setting and no flag names the ring.
const UNNAMED: &str = "munjigi-keys.json";

impl Keys {
    pub(super) fn run(self, out: &mut impl Write) -> Result<()> {
        let now = Clock::system().now();
        match self {
            Self::Generate { algorithm, ring } => ring.find()?.generate(algorithm, now, out),
            Self::Rotate {
                algorithm,
                activate_after,
                keep,
                ring,
            } => {
                let found = ring.find()?;
                let rotation = Rotation {
                    algorithm,
                    activate_after,
                    keep: keep.unwrap_or(found.settings.longest_life.saturating_add(activate_after)),
                };
                found.rotate(rotation, now, out)
            }
            Self::List { ring } => ring.find()?.list(now, out),
            Self::Export { ring } => {
                let path = ring.find()?.path;
                let tokens = StoredRing::load(&path)?.tokens(now)?;
                let tokens = tokens.ok_or(keys::Error::NoSigner(path))?;
                out.write_all(&Published::of(&tokens, now).document)?;
                writeln!(out)?;
                Ok(())
            }
        }
    }
}

impl Ring {
    fn find(self) -> Result<Found> {
        let settings = KeyCommandSettings::read(&location::gather(self.config, Vec::new())?)?;
        let path = self.file.or_else(|| settings.key_ring.clone());
        Ok(Found {
            path: path.unwrap_or_else(|| UNNAMED.into()),
            settings,
        })
    }
}

/// A ring, and what the settings say about it.
struct Found {
    path: PathBuf,
    settings: KeyCommandSettings,
}

impl Found {
    fn generate(&self, algorithm: Algorithm, now: Timestamp, out: &mut impl Write) -> Result<()> {
        /// How long somebody may take to write the settings and start the server anew.
        const TO_START: SignedDuration = SignedDuration::from_hours(24);
        let ring = StoredRing::generate(&self.path, algorithm, now, &mut entropy())?;
        let path = std::path::absolute(&self.path)?;
        let kids: Vec<&str> = ring.keys().iter().map(StoredKey::kid).collect();
        let until = after(now, self.settings.longest_life.saturating_add(TO_START));
        writeln!(
            out,
            "The key ring {} is made, with the {algorithm} key {}.\n\
             Whoever reads it can sign in as anybody: keep it out of version control, and in your backups.\n\n\
             Write this into munjigi.toml and start the server anew within a day. Tokens that were given out before \
             stay good until they expire, or the date below.\n",
            path.display(),
            kids.join(", "),
        )?;
        writeln!(out, "[SIMPLE_JWT]")?;
        writeln!(
            out,
            "KEY_RING = {}",
            toml::Value::from(path.display().to_string())
        )?;
        writeln!(out, "KEY_RING_KIDLESS_UNTIL = {until}")?;
        Ok(())
    }

    fn rotate(&self, rotation: Rotation, now: Timestamp, out: &mut impl Write) -> Result<()> {
        let rotated = StoredRing::rotate(&self.path, rotation, now, &mut entropy())?;
        let (kid, algorithm, from) = (&rotated.kid, rotated.algorithm, rotated.signs_from);
        writeln!(out, "The {algorithm} key {kid} is made and signs from {from} on.")?;
        for (kid, until) in &rotated.kept {
            writeln!(out, "Tokens under the key {kid} are taken until {until}.")?;
        }
        for kid in &rotated.dropped {
            writeln!(out, "The key {kid} is gone.")?;
        }
        Ok(())
    }

    fn list(&self, now: Timestamp, out: &mut impl Write) -> Result<()> {
        let ring = StoredRing::load(&self.path)?;
        writeln!(out, "kid\talgorithm\tmade\tstate")?;
        for key in ring.keys() {
            let state = match ring.state(key, now) {
                State::Signing => "signing".to_owned(),
                State::Next(from) => format!("next, signs from {from}"),
                State::Verifying(Some(until)) => format!("verifying until {until}"),
                State::Verifying(None) => "verifying".to_owned(),
                State::Past => "past".to_owned(),
            };
            let made = key
                .made()
                .map_or_else(|| "unknown".to_owned(), |made| made.to_string());
            writeln!(out, "{}\t{}\t{made}\t{state}", key.kid(), key.algorithm())?;
        }
        Ok(())
    }
}

/// `10m`, `8d`, or a number of seconds: as the settings have it.
fn span(text: &str) -> std::result::Result<SignedDuration, String> {
    config::duration(text)
        .ok_or_else(|| "write a time such as \"10m\" or \"8d\", or a number of seconds".to_owned())
}

/// To the second, as the file has its moments.
fn after(now: Timestamp, span: SignedDuration) -> Timestamp {
    let moment = now.as_second().saturating_add(span.as_secs());
    Timestamp::from_second(moment).unwrap_or(Timestamp::MAX)
}
