//! Puts [`super::SCRIPT`] to the Python of a project.

use super::report::{self, Report};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

/// Of what a project says on standard error this much is kept, in bytes.
const MOST_WORDS: u64 = 64 * 1024;

/// Why a project gave no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file.
    #[error("{} is not there. Name the manage.py of the project.", .0.display())]
    NoProject(PathBuf),
    /// The interpreter cannot be started.
    #[error("{} cannot be started: {source}. Name the project's own Python with --python.", python.display())]
    Start {
        /// The interpreter.
        python: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The script did not come to its end.
    #[error("The project's Python ended with {status}:\n{words}")]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// Its standard error.
        words: String,
    },
    /// It took too long.
    #[error(
        "The project's Python did not answer within {seconds} s and was ended. --timeout gives it longer.\n{words}"
    )]
    Late {
        /// The limit.
        seconds: u64,
        /// Its standard error so far.
        words: String,
    },
    /// It came to its end and printed no report.
    #[error("{error}\n{words}")]
    Report {
        /// What is wrong with it.
        error: report::Error,
        /// Its standard error.
        words: String,
    },
}

impl Error {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoProject(_) => "no_project",
            Self::Start { .. } => "python_start",
            Self::Failed { .. } => "python_failed",
            Self::Late { .. } => "python_late",
            Self::Report { error, .. } => error.code(),
        }
    }
}

/// Which Python, which project, and for how long.
pub struct Project<'a> {
    /// `manage.py`, or the folder that it stands in.
    pub manage: &'a Path,
    /// The interpreter, where somebody named one.
    pub python: Option<&'a Path>,
    /// `VIRTUAL_ENV`, where it is set.
    pub virtual_env: Option<&'a OsStr>,
    /// How long the script may take.
    pub limit: Duration,
}

impl Project<'_> {
    /// Runs the script in the project's folder, with the environment of this process.
    ///
    /// # Errors
    /// There is no such project or no such Python, its Python fails or hangs, or what it prints is no report.
    pub async fn ask(&self) -> Result<Report, Error> {
        let manage = if self.manage.is_dir() {
            self.manage.join("manage.py")
        } else {
            self.manage.to_owned()
        };
        let missing = || Error::NoProject(manage.clone());
        let whole = std::path::absolute(&manage).map_err(|_| missing())?;
        let (folder, name) = whole
            .parent()
            .zip(whole.file_name())
            .filter(|_| whole.is_file())
            .ok_or_else(missing)?;
        let python = self.interpreter(folder);
        let mut child = Command::new(&python)
            .arg(name)
            .args(["shell", "-c", super::SCRIPT])
            .current_dir(folder)
            .env("MUNJIGI_ASKS", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| Error::Start { python, source })?;
        let (mut printed, mut words) = (Vec::new(), Vec::new());
        let most = u64::try_from(report::LONGEST)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let done = tokio::time::timeout(self.limit, async {
            tokio::join!(
                all(out, most, &mut printed),
                all(err, MOST_WORDS, &mut words),
                child.wait()
            )
            .2
        });
        let ended = done.await;
        let words = spoken(&words);
        match ended {
            Ok(Ok(status)) if status.success() => {
                let text = String::from_utf8_lossy(&printed);
                Report::read(&text).map_err(|error| Error::Report { error, words })
            }
            Ok(Ok(status)) => Err(Error::Failed { status, words }),
            // It is killed when it is dropped.
            Ok(Err(_)) | Err(_) => Err(Error::Late {
                seconds: self.limit.as_secs(),
                words,
            }),
        }
    }

    /// The Python that was named, that of the virtual environment that is active, one beside manage.py, or the system's.
    fn interpreter(&self, folder: &Path) -> PathBuf {
        if let Some(named) = self.python {
            // A name alone is looked for in PATH. A path is meant from where we are, not from the project's folder.
            let is_name = named.components().count() == 1 && !named.starts_with(".");
            return match std::path::absolute(named) {
                Ok(whole) if !is_name || whole.is_file() => whole,
                _ => named.to_owned(),
            };
        }
        let environments = self.virtual_env.map(PathBuf::from).into_iter();
        environments
            .chain([".venv", "venv"].map(|name| folder.join(name)))
            .map(|environment| environment.join("bin/python"))
            .find(|python| python.is_file())
            .unwrap_or_else(|| PathBuf::from("python3"))
    }
}

/// Reads up to `most` bytes; what cannot be read is not there.
async fn all(pipe: Option<impl AsyncRead + Unpin>, most: u64, into: &mut Vec<u8>) {
    if let Some(pipe) = pipe {
        drop(pipe.take(most).read_to_end(into).await);
    }
}

/// Standard error as text that a terminal may show.
fn spoken(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    let plain: String = text
        .chars()
        .filter(|c| !c.is_control() || *c == '\n' || *c == '\t')
        .collect();
    plain.trim_end().to_owned()
}
