//! `munjigi export`: Django's `dumpdata`, for users.

use super::bar::Bar;
use super::error::{Error, Result};
use super::import::{FileFormat, format_of};
use super::location::Location;
use crate::app::App;
use crate::transfer::export::{self, Exported};
use crate::transfer::{Format, create_private};
use munjigi_store::users;
use std::fs;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// The flags of `export`.
#[derive(clap::Args)]
pub(super) struct Export {
    /// The file, which must not be there yet and which its owner alone will read; standard output where it is left out
    file: Option<PathBuf>,
    /// How users stand in it; told by .json (fixture), .jsonl, .ndjson and .csv, and a fixture on standard output
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    #[command(flatten)]
    location: Location,
}

impl Export {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let format = match (&self.file, self.format) {
            (None, None) => Format::Fixture,
            (None, written) => format_of(written, Path::new("-"))?,
            (Some(path), written) => format_of(written, path)?,
        };
        let app = self.location.app().await?;
        let Some(path) = self.file else {
            let exported = export(&app, BufWriter::new(out), format).await?;
            return tell(&exported);
        };
        let file = create_private(&path).map_err(|source| Error::NotMade {
            path: path.clone(),
            source,
        })?;
        let exported = export(&app, BufWriter::new(&file), format).await;
        let exported = match exported {
            Ok(exported) => exported,
            Err(error) => {
                // Half an export looks like a whole one.
                drop(fs::remove_file(&path));
                return Err(error);
            }
        };
        file.sync_all()?;
        writeln!(out, "Exported: {}", users_told(exported.users))?;
        tell(&exported)
    }
}

async fn export(app: &App, out: impl Write, format: Format) -> Result<Exported> {
    let mut bar = if io::stderr().is_terminal() && !io::stdout().is_terminal() {
        Some(Bar::new(users::count(&mut app.store().reader()).await?))
    } else {
        None
    };
    let exported = export::export(app, out, format, |done| {
        if let Some(bar) = &mut bar {
            bar.show_count(&mut io::stderr(), done);
        }
    });
    let exported = exported.await;
    if let Some(bar) = bar {
        bar.finish(&mut io::stderr());
    }
    exported.map_err(|error| match error {
        export::Error::Output(error) => Error::Output(error),
        export::Error::Store(error) => Error::Store(error),
    })
}

fn users_told(users: u64) -> String {
    match users {
        1 => "1 user".to_owned(),
        users => format!("{users} users"),
    }
}

/// What is not in the export, on standard error: standard output may be the export.
fn tell(exported: &Exported) -> Result<()> {
    for column in &exported.left_out {
        writeln!(
            io::stderr(),
            "Column not exported, since no [user.fields.NAME] of the settings reads it: {column}"
        )?;
    }
    Ok(())
}
