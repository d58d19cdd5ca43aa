//! `munjigi config`: settings, printed.

use super::error::{Error, Result};
use super::location;
use crate::config::{Mode, convert, reference};
use crate::neighbour;
use std::io::Write;
use std::path::PathBuf;

/// What to print.
#[derive(clap::Subcommand)]
pub(super) enum Config {
    /// Print a settings file with every setting and its default
    Example,
    /// Print what holds, where it is written, and what differs from Django and simplejwt
    Show {
        /// The settings file; `munjigi.toml` is read if it is there
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Take the defaults of `munjigi dev` instead of those of `munjigi serve`
        #[arg(long)]
        dev: bool,
    },
    /// Print the settings of a Django project as a settings file
    ///
    /// The file is read and not run. What only Python can tell, and what munjigi does not take, is told in comments.
    Convert {
        /// The project's settings.py
        file: PathBuf,
    },
    /// Print the reference of all settings, in Markdown
    Reference,
    /// Print all that `munjigi check` may find, in Markdown
    Checks,
}

impl Config {
    pub(super) fn run(self, out: &mut impl Write) -> Result<()> {
        let text = match self {
            Self::Example => reference::example(),
            Self::Reference => reference::page(),
            Self::Checks => neighbour::check::page(),
            Self::Show { config, dev } => {
                let mode = if dev { Mode::Dev } else { Mode::Serve };
                reference::show(&location::gather(config, Vec::new())?, mode)
            }
            Self::Convert { file } => {
                let source = std::fs::read_to_string(&file);
                convert::convert(&source.map_err(|source| Error::Source { path: file, source })?)
            }
        };
        out.write_all(text.as_bytes())?;
        Ok(())
    }
}
