//! The data directory of `munjigi dev`: its database, its key, and a `.gitignore` that keeps both out of Git.

use super::Error;
use super::database::DATABASE_URL;
use super::finding::{Finding, Level};
use super::secrets::SECRET_KEY;
use super::written::{Origin, Written};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use munjigi_store::DatabaseUrl;
use rand_core::CryptoRng;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
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
    /// `DATABASE_URL` and `SECRET_KEY` is not written. What of it others could read is shut to them; the finding says
    /// so.
    ///
    /// # Errors
    /// The directory cannot be written to, or its name cannot stand in a `DATABASE_URL`; nothing was made then.
    pub fn prepare(
        &self,
        written: &mut Written,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Option<Finding>, Error> {
        self.provide_database(written)?;
        let mut builder = fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(&self.0);
        made.map_err(|source| self.error(source))?;
        self.create(".gitignore", 0o644, "*\n")?;
        let finding = self.shut()?;
        if !written.has(&SECRET_KEY.about) {
            self.create(KEY, 0o600, &format!("{}\n", random_key(rng)))?;
        }
        self.provide(written)?;
        Ok(finding)
    }

    /// Provides what of `DATABASE_URL` and `SECRET_KEY` is not written, and makes nothing.
    ///
    /// # Errors
    /// The key is needed and cannot be read, or the directory's name cannot stand in a `DATABASE_URL`.
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
        self.provide_database(written)
    }

    /// Provides what of both is not written to who only looks at the settings: a key that is kept nowhere, and a
    /// database that is not opened.
    ///
    /// # Errors
    /// The directory's name cannot stand in a `DATABASE_URL`.
    pub fn pretend(&self, written: &mut Written, rng: &mut (impl CryptoRng + ?Sized)) -> Result<(), Error> {
        if !written.has(&SECRET_KEY.about) {
            let key = Value::from(random_key(rng));
            written.provide(&SECRET_KEY.about, key, Origin::DataDir(self.0.join(KEY)));
        }
        self.provide_database(written)
    }

    /// Provides `DATABASE_URL`: one that names this directory's file and no other.
    fn provide_database(&self, written: &mut Written) -> Result<(), Error> {
        if written.has(&DATABASE_URL.about) {
            return Ok(());
        }
        // By its components: `sqlite://data` is `data`, where the path `//data` is `/data`.
        let path: PathBuf = self.0.join(DATABASE).components().collect();
        let url = format!("sqlite:{}", path.display());
        let read: Option<DatabaseUrl> = url.parse().ok();
        if read.is_none_or(|read| read.sqlite_path() != Some(&path)) {
            return Err(Error::Contradiction(format!(
                "The data directory {} cannot stand in a DATABASE_URL. Choose one without \"?\", in UTF-8.",
                self.0.display()
            )));
        }
        written.provide(&DATABASE_URL.about, Value::from(url), Origin::DataDir(path));
        Ok(())
    }

    /// Takes the key and the database away from all but their owner: a copied or unpacked directory may have lost its
    /// modes.
    fn shut(&self) -> Result<Option<Finding>, Error> {
        let mut open = Vec::new();
        for name in [KEY, DATABASE, "munjigi.sqlite3-wal", "munjigi.sqlite3-shm"] {
            let path = self.0.join(name);
            let mode = match fs::metadata(&path) {
                Ok(metadata) => metadata.permissions().mode(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(Error::DataDir { path, source }),
            };
            if mode & 0o077 != 0 {
                let now = match fs::set_permissions(&path, Permissions::from_mode(0o600)) {
                    Ok(()) => "its mode is 0600 now".to_owned(),
                    Err(error) => format!("its mode stays: {error}"),
                };
                open.push(format!("{} ({now})", path.display()));
            }
        }
        Ok((!open.is_empty()).then(|| Finding {
            id: "munjigi.W010",
            level: Level::Warning,
            message: format!("Others could read {}.", open.join(", ")),
            hint: "If others use this machine, delete secret_key: the next start makes a new one, and all sign-ins \
                   end."
                .to_owned(),
        }))
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
