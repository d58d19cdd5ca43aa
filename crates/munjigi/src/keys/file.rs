//! The file of a key ring: read whole, replaced whole, and by one writer at a time.

use super::Error;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// More is no key ring: the file is kept in memory.
const MAX_BYTES: u64 = 1024 * 1024;

/// A file that only its owner may read (0600).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RingFile(PathBuf);

/// Which content a file has, told without reading it. A replaced file is another inode; one that is written over has
/// another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl RingFile {
    pub(super) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// What tells one content from another; `None` where there is no file, or none that can be looked at.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let metadata = fs::metadata(&self.0).ok()?;
        Some(Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            mode: metadata.mode(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// The content.
    pub(super) fn read(&self) -> Result<Zeroizing<String>, Error> {
        let file = File::open(&self.0).map_err(|source| self.unreadable(source))?;
        self.read_open(file)
    }

    /// Makes the file; one that is there stays as it is.
    pub(super) fn create(&self, content: &str) -> Result<(), Error> {
        let draft = self.draft(&std::process::id().to_string(), content)?;
        let linked = fs::hard_link(&draft.path, &self.0);
        draft.discard();
        match linked {
            Ok(()) => self.sync_directory(),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::Exists(self.0.clone())),
            Err(source) => Err(self.unwritable(source)),
        }
    }

    /// Opens the file for a change, which nobody else may make meanwhile.
    pub(super) fn lock(&self) -> Result<Locked, Error> {
        loop {
            let file = OpenOptions::new().read(true).write(true).open(&self.0);
            let file = file.map_err(|source| self.unreadable(source))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Error::Busy(self.0.clone())),
                Err(TryLockError::Error(source)) => return Err(self.unreadable(source)),
            }
            // Another writer may have put a new file in its place before we had the lock of the old one.
            let held = file.metadata().map_err(|source| self.unreadable(source))?;
            let named = fs::metadata(&self.0).map_err(|source| self.unreadable(source))?;
            if (held.dev(), held.ino()) == (named.dev(), named.ino()) {
                // Where the name is a link, what it names is replaced, and not the link.
                let ring = Self(fs::canonicalize(&self.0).map_err(|source| self.unreadable(source))?);
                return Ok(Locked { ring, file });
            }
        }
    }

    fn read_open(&self, file: File) -> Result<Zeroizing<String>, Error> {
        // Of the open file: its name may mean another one by now.
        let metadata = file.metadata().map_err(|source| self.unreadable(source))?;
        if metadata.mode() & 0o077 != 0 {
            return Err(Error::Open {
                path: self.0.clone(),
                mode: metadata.mode() & 0o777,
            });
        }
        // As long as it is, for what outgrows its memory leaves a copy of the keys behind.
        let length = usize::try_from(metadata.len().min(MAX_BYTES)).unwrap_or_default();
        let mut content = Zeroizing::new(String::with_capacity(length + 1));
        let read = file.take(MAX_BYTES + 1).read_to_string(&mut content);
        read.map_err(|source| self.unreadable(source))?;
        if content.len() as u64 > MAX_BYTES {
            return Err(self.unreadable(io::ErrorKind::FileTooLarge.into()));
        }
        Ok(content)
    }

    /// Writes a whole file beside ours, on disk when this returns.
    fn draft(&self, mark: &str, content: &str) -> Result<Draft, Error> {
        let mut name = OsString::from(".");
        name.push(self.0.file_name().unwrap_or_default());
        name.push(format!(".{mark}"));
        let draft = Draft {
            path: self.0.with_file_name(name),
        };
        // One that a crash left behind.
        draft.discard();
        let written = draft.write(content);
        written.map_err(|source| self.unwritable(source))?;
        Ok(draft)
    }

    /// A name is on disk when its directory is.
    fn sync_directory(&self) -> Result<(), Error> {
        let directory = match self.0.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(|source| self.unwritable(source))
    }

    fn unreadable(&self, source: io::Error) -> Error {
        Error::Read {
            path: self.0.clone(),
            source,
        }
    }

    fn unwritable(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.0.clone(),
            source,
        }
    }
}

/// The file while it is ours to change. The lock ends with this, and with the process.
pub(super) struct Locked {
    ring: RingFile,
    file: File,
}

impl Locked {
    /// The content.
    pub(super) fn read(&self) -> Result<Zeroizing<String>, Error> {
        let file = self
            .file
            .try_clone()
            .map_err(|source| self.ring.unreadable(source))?;
        self.ring.read_open(file)
    }

    /// Puts another content in its place: a reader sees the old one or the new one, after a crash too.
    pub(super) fn replace(self, content: &str) -> Result<(), Error> {
        let draft = self.ring.draft("new", content)?;
        let renamed = fs::rename(&draft.path, &self.ring.0);
        renamed.map_err(|source| self.ring.unwritable(source))?;
        self.ring.sync_directory()
    }
}

/// A file that is not yet in its place.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn write(&self, content: &str) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.path)?;
        file.write_all(content.as_bytes())?;
        file.sync_all()
    }

    fn discard(&self) {
        // It need not be there, and does no harm where it stays.
        drop(fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("munjigi-ring-{}-{number}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn ring(&self) -> RingFile {
            RingFile::at(self.0.join("keys.json"))
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn a_file_is_made_once_for_its_owner_alone() {
        let folder = Folder::new();
        let ring = folder.ring();
        ring.create("one").unwrap();
        assert_eq!(fs::metadata(&ring.0).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(ring.create("two"), Err(Error::Exists(_))));
        assert_eq!(*ring.read().unwrap(), "one");
        assert_eq!(folder.names(), ["keys.json"]);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = Folder::new();
        let ring = folder.ring();
        ring.create("one").unwrap();
        for mode in [0o640, 0o604, 0o660, 0o602] {
            fs::set_permissions(&ring.0, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(ring.read(), Err(Error::Open { mode: told, .. }) if told == mode));
            assert!(matches!(ring.lock().unwrap().read(), Err(Error::Open { .. })));
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&ring.0, fs::Permissions::from_mode(mode)).unwrap();
            ring.read().unwrap();
        }
    }

    #[test]
    fn one_writer_at_a_time_and_the_next_one_sees_what_the_first_wrote() {
        let folder = Folder::new();
        let ring = folder.ring();
        ring.create("one").unwrap();
        let before = ring.stamp();
        let locked = ring.lock().unwrap();
        assert!(matches!(ring.lock(), Err(Error::Busy(_))));
        locked.replace("two").unwrap();
        assert_eq!(*ring.lock().unwrap().read().unwrap(), "two");
        assert_ne!(ring.stamp(), before);
        assert_eq!(fs::metadata(&ring.0).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.names(), ["keys.json"]);
    }

    #[test]
    fn a_crash_between_writing_and_renaming_leaves_the_old_file_and_no_trouble() {
        let folder = Folder::new();
        let ring = folder.ring();
        ring.create("one").unwrap();
        // What a kill leaves: half of a draft, which nobody takes for the ring.
        fs::write(folder.0.join(".keys.json.new"), "tw").unwrap();
        assert_eq!(*ring.read().unwrap(), "one");
        ring.lock().unwrap().replace("three").unwrap();
        assert_eq!(*ring.read().unwrap(), "three");
        assert_eq!(folder.names(), ["keys.json"]);
    }

    #[test]
    fn a_file_without_end_is_not_read_to_its_end() {
        let folder = Folder::new();
        let ring = folder.ring();
        ring.create(&"x".repeat(1024 * 1024 + 1)).unwrap();
        assert!(matches!(ring.read(), Err(Error::Read { .. })));
    }
}
