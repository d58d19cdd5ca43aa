//! Files that are there whole or not at all, and that nobody else could read for a moment.

use super::super::error::{Error, Result};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// A file to write.
pub(super) struct File<'a> {
    path: &'a Path,
    mode: u32,
}

impl<'a> File<'a> {
    /// One for its owner alone.
    pub(super) fn secret(path: &'a Path) -> Self {
        Self { path, mode: 0o600 }
    }

    /// One that others may read as far as the umask lets them.
    pub(super) fn plain(path: &'a Path) -> Self {
        Self { path, mode: 0o644 }
    }

    /// Writes it, over one that is there where that is wanted. It is made under another name, with its mode from the start.
    pub(super) fn write(&self, content: &str, is_forced: bool) -> Result<()> {
        let mut draft = self.path.to_owned().into_os_string();
        draft.push(format!(".{}", std::process::id()));
        let draft = Path::new(&draft);
        let made = self.draft(draft, content).and_then(|()| {
            if is_forced {
                fs::rename(draft, self.path)
            } else {
                fs::hard_link(draft, self.path)
            }
        });
        // Renamed, it is gone already.
        drop(fs::remove_file(draft));
        made.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::Taken(self.path.to_owned()),
            _ => Error::Target {
                path: self.path.to_owned(),
                source,
            },
        })
    }

    fn draft(&self, path: &Path, content: &str) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(self.mode)
            .open(path)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()
    }
}
