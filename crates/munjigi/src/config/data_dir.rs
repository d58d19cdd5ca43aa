//! The data directory of `munjigi dev`: its database, its key, and a `.gitignore` that keeps both out of Git.

use super::Error;
use super::database::DATABASE_URL;
use super::secrets::SECRET_KEY;
use super::written::{Origin, Written};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand_core::CryptoRng;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use toml::Value;

/// Where `munjigi dev` keeps its data unless `--data` says otherwise.
pub const DEFAULT: &str = "munjigi-data";

const DATABASE: &str = "munjigi.sqlite3";
const KEY: &str = "secret_key";

/// A data directory.
pub struct DataDir(PathBuf);

impl DataDir {
    /// The directory at `path`, which need not be there.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether a `munjigi dev` has been here.
    pub fn exists(&self) -> bool {
        self.0.join(KEY).exists() || self.0.join(DATABASE).exists()
    }

    /// Makes the directory, its key and its `.gitignore` as far as they are missing, and provides what of
    /// `DATABASE_URL` and `SECRET_KEY` is not written.
    ///
    /// # Errors
    /// The directory cannot be written to.
    pub fn prepare(&self, written: &mut Written, rng: &mut (impl CryptoRng + ?Sized)) -> Result<(), Error> {
        let mut builder = fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(&self.0);
        made.map_err(|source| self.error(source))?;
        self.create(".gitignore", 0o644, "*\n")?;
        if !written.has(&SECRET_KEY.about) {
            self.create(KEY, 0o600, &format!("{}\n", random_key(rng)))?;
        }
        self.provide(written)
    }

    /// Provides what of `DATABASE_URL` and `SECRET_KEY` is not written, and makes nothing.
    ///
    /// # Errors
    /// The key is needed and cannot be read.
    pub fn provide(&self, written: &mut Written) -> Result<(), Error> {
        if !written.has(&SECRET_KEY.about) {
            let path = self.0.join(KEY);
            let key = fs::read_to_string(&path).map_err(|source| Error::DataDir {
                path: path.clone(),
                source,
            })?;
            written.provide(
                &SECRET_KEY.about,
                Value::from(key.trim_end()),
                Origin::DataDir(path),
            );
        }
        let database = self.0.join(DATABASE);
        let url = Value::from(format!("sqlite:{}", database.display()));
        written.provide(&DATABASE_URL.about, url, Origin::DataDir(database));
        Ok(())
    }

    /// Creates a file whole or not at all; one that is there is left alone. Two starts at once end with one key.
    fn create(&self, name: &str, mode: u32, content: &str) -> Result<(), Error> {
        let path = self.0.join(name);
        if path.exists() {
            return Ok(());
        }
        let draft = self.0.join(format!("{name}.{}", std::process::id()));
        let linked = write(&draft, mode, content).and_then(|()| fs::hard_link(&draft, &path));
        // A draft that stays behind does no harm.
        drop(fs::remove_file(&draft));
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(Error::DataDir { path, source: error })
            }
            _ => Ok(()),
        }
    }

    fn error(&self, source: io::Error) -> Error {
        Error::DataDir {
            path: self.0.clone(),
            source,
        }
    }
}

fn write(path: &Path, mode: u32, content: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

/// 64 characters, 384 random bits.
fn random_key(rng: &mut (impl CryptoRng + ?Sized)) -> String {
    let mut bytes = [0; 48];
    rng.fill_bytes(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
