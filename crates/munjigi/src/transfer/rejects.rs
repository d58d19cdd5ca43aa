//! The rows that were not taken, in a file of the input's format: they can be mended there and imported again.

use super::Format;
use super::pieces::{Flaw, Piece};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that is made with the first row that goes into it. It holds hashes of passwords, and nobody else reads it.
pub struct Rejects {
    path: PathBuf,
    format: Format,
    header: Vec<u8>,
    file: Option<BufWriter<File>>,
}

/// Makes a file that its owner alone reads. One that is there is left alone.
///
/// # Errors
/// What the operating system refuses; [`io::ErrorKind::AlreadyExists`].
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

impl Rejects {
    /// Rejects of an import of this format, in a file that is not there yet.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`]: it may hold what an import before this one refused.
    pub fn new(path: PathBuf, format: Format) -> io::Result<Self> {
        if path.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(Self {
            path,
            format,
            header: Vec::new(),
            file: None,
        })
    }

    /// Takes the line of a CSV that names the fields, which the rejects need too.
    pub fn header(&mut self, piece: &Piece) {
        self.header.clone_from(&piece.text);
    }

    /// Adds a row, unless not all of it is there.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn add(&mut self, piece: &Piece) -> io::Result<()> {
        if piece.flaw == Some(Flaw::TooLong) || piece.text.is_empty() {
            return Ok(());
        }
        let is_list = self.format == Format::Fixture;
        let file = match &mut self.file {
            Some(file) => {
                file.write_all(if is_list { b",\n" } else { b"\n" })?;
                file
            }
            none => {
                let mut file = BufWriter::new(create_private(&self.path)?);
                if is_list {
                    file.write_all(b"[\n")?;
                } else if self.format == Format::Csv {
                    file.write_all(&self.header)?;
                    file.write_all(b"\n")?;
                }
                none.insert(file)
            }
        };
        file.write_all(&piece.text)
    }

    /// Ends the file, where there is one, and sees it onto the disk.
    ///
    /// # Errors
    /// What the operating system refuses.
    pub fn finish(self) -> io::Result<()> {
        let Some(mut file) = self.file else {
            return Ok(());
        };
        file.write_all(if self.format == Format::Fixture {
            b"\n]\n"
        } else {
            b"\n"
        })?;
        file.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()
    }
}
