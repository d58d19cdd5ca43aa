//! `munjigi import`: Django's `loaddata`, for users.

use super::bar::Bar;
use super::error::{Error, Result};
use super::location::Location;
use super::plain::plain;
use crate::transfer::import::{self, Audience, Emails, OnConflict, Options, Passwords, Piece, Report, Run};
use crate::transfer::{Format, Reason, Rejects};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

/// The flags of `import`.
#[derive(clap::Args)]
pub(super) struct Import {
    /// The file, or `-` for standard input
    file: PathBuf,
    /// How users stand in it; told by .json (fixture), .jsonl, .ndjson and .csv
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// The model under which users stand in the fixture, where it is another than `AUTH_USER_MODEL`
    #[arg(long, value_name = "APP.MODEL")]
    model: Option<String>,
    /// A field that is called otherwise in the file; may be repeated
    #[arg(long = "map", value_name = "FIELD=NAME", value_parser = mapping)]
    names: Vec<(String, String)>,
    /// What to do with a user who is there already
    #[arg(long, value_enum, default_value = "fail")]
    on_conflict: Conflict,
    /// Take users whose password could not be verified here, or who have none, without it
    ///
    /// Each sets a new one by a password reset.
    #[arg(long)]
    without_passwords: bool,
    /// Take users with the e-mail address of another one, though `user.email_unique` keeps sign-ups apart
    ///
    /// None of them can sign in by the address then.
    #[arg(long)]
    shared_emails: bool,
    /// Where the rows go that were not taken, in the format of the file
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    location: Location,
}

/// How users stand in a file.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum FileFormat {
    /// A Django fixture: what `dumpdata` prints
    Fixture,
    /// A Django fixture with a record a line: `dumpdata --format jsonl`
    Jsonl,
    /// A user a line, as a JSON object
    Ndjson,
    /// Comma-separated values, with a line that names the fields
    Csv,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Conflict {
    /// The row is a bad one
    Fail,
    /// The user stays as he is
    Skip,
    /// The user gets what the row gives
    Update,
}

/// Tells an operator of the rows that were not taken, and keeps them.
struct Operator {
    /// The input, as it is called before a line's number.
    name: String,
    is_list: bool,
    rejects: Option<Rejects>,
    bar: Option<Bar>,
}

impl Import {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let format = format_of(self.format, &self.file)?;
        let is_stdin = self.file == Path::new("-");
        let (input, size): (Box<dyn Read>, _) = if is_stdin {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(&self.file).map_err(|source| Error::Opened {
                path: self.file.clone(),
                source,
            })?;
            let size = file.metadata().map(|metadata| metadata.len()).ok();
            (Box::new(file), size)
        };
        let mut operator = Operator {
            name: if is_stdin {
                "-".to_owned()
            } else {
                self.file.display().to_string()
            },
            is_list: format == Format::Fixture,
            rejects: self.rejects.map(|path| rejects(path, format)).transpose()?,
            bar: size.filter(|_| io::stderr().is_terminal()).map(Bar::new),
        };
        let options = Options {
            format,
            model: self.model,
            names: self.names,
            on_conflict: match self.on_conflict {
                Conflict::Fail => OnConflict::Fail,
                Conflict::Skip => OnConflict::Skip,
                Conflict::Update => OnConflict::Update,
            },
            passwords: if self.without_passwords {
                Passwords::Dropped
            } else {
                Passwords::Needed
            },
            emails: if self.shared_emails {
                Emails::Shared
            } else {
                Emails::Once
            },
            run: if self.dry_run {
                Run::Rehearsal
            } else {
                Run::InEarnest
            },
        };
        let app = self.location.app().await?;
        let (report, done) = import::import(&app, input, &options, &mut operator).await;
        operator.finish()?;
        tell(&report, options.run, out)?;
        done?;
        conclude(&report, &app.config().user_model.label)
    }
}

/// The format that was written, or that the file's name tells.
pub(super) fn format_of(written: Option<FileFormat>, path: &Path) -> Result<Format> {
    match written {
        Some(FileFormat::Fixture) => Ok(Format::Fixture),
        Some(FileFormat::Jsonl) => Ok(Format::Jsonl),
        Some(FileFormat::Ndjson) => Ok(Format::Ndjson),
        Some(FileFormat::Csv) => Ok(Format::Csv),
        None => Format::of_path(path).ok_or_else(|| Error::UnknownFormat(path.to_owned())),
    }
}

/// `email=mail`
fn mapping(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((field, name)) if !field.is_empty() && !name.is_empty() => {
            Ok((field.to_owned(), name.to_owned()))
        }
        _ => Err("write the field here, \"=\", and its name in the file: email=mail"),
    }
}

fn rejects(path: PathBuf, format: Format) -> Result<Rejects> {
    Rejects::new(path.clone(), format).map_err(|source| Error::NotMade { path, source })
}

impl Operator {
    fn finish(&mut self) -> io::Result<()> {
        if let Some(bar) = self.bar.take() {
            bar.finish(&mut io::stderr());
        }
        self.rejects.take().map_or(Ok(()), Rejects::finish)
    }
}

impl Audience for Operator {
    fn header(&mut self, piece: &Piece) -> io::Result<()> {
        if let Some(rejects) = &mut self.rejects {
            rejects.header(piece);
        }
        Ok(())
    }

    /// `users.json:7: record 3: its username is that of another user.`
    fn bad(&mut self, piece: &Piece, reason: &Reason) -> io::Result<()> {
        let mut stderr = io::stderr();
        if let Some(bar) = &mut self.bar {
            bar.clear(&mut stderr);
        }
        let record = if self.is_list {
            format!("record {}: ", piece.number)
        } else {
            String::new()
        };
        let reason = plain(&reason.to_string());
        writeln!(stderr, "{}:{}: {record}{reason}.", plain(&self.name), piece.line)?;
        match &mut self.rejects {
            Some(rejects) => rejects.add(piece),
            None => Ok(()),
        }
    }

    fn progress(&mut self, bytes: u64, rows: u64) -> io::Result<()> {
        if let Some(bar) = &mut self.bar {
            bar.show(&mut io::stderr(), bytes, &format!("{rows} users"));
        }
        Ok(())
    }
}

/// What came of it, a line for each thing that there is to tell. A rehearsal tells the same, and that it was one.
fn tell(report: &Report, run: Run, out: &mut impl Write) -> Result<()> {
    writeln!(out, "Imported: {}", users(report.imported))?;
    for (told, count) in [
        ("Updated", report.updated),
        ("Skipped, since they are there", report.skipped),
        ("Not taken, as told above", report.bad),
        ("Superusers among them", report.superusers),
        ("Staff among them", report.staff),
        ("With permissions of their own", report.permitted),
        ("Without their passwords", report.without_password),
    ] {
        if count > 0 {
            writeln!(out, "{told}: {}", users(count))?;
        }
    }
    for (group, count) in &report.members {
        writeln!(out, "In the group {}: {}", plain(group), users(*count))?;
    }
    for (told, count) in [
        ("Groups made", report.groups),
        (
            "Memberships not taken, since nothing in the file says which group is meant",
            report.lost_groups,
        ),
        (
            "Permissions not taken, since this database lacks them or nothing says which are meant",
            report.lost_permissions,
        ),
        ("Moments without an offset, taken for UTC", report.naive),
    ] {
        if count > 0 {
            writeln!(out, "{told}: {count}")?;
        }
    }
    for (field, count) in &report.fields {
        let (field, count) = (plain(field), users(*count));
        writeln!(
            out,
            "Field not taken, since the users here have none of that name: {field} ({count})"
        )?;
    }
    for (model, count) in &report.others {
        writeln!(
            out,
            "Not taken, since they are no users: {count} of {}",
            plain(model)
        )?;
    }
    if run == Run::Rehearsal {
        writeln!(out, "This was a rehearsal. Nothing was written.")?;
    }
    Ok(())
}

fn users(count: u64) -> String {
    if count == 1 {
        "1 user".to_owned()
    } else {
        format!("{count} users")
    }
}

/// Whether all came in that was meant to.
fn conclude(report: &Report, model: &str) -> Result<()> {
    if report.bad > 0 {
        return Err(Error::BadRows(report.bad));
    }
    // Another user model than that of the settings is the likeliest reason for none.
    let is_user = |name: &&String| name.to_ascii_lowercase().ends_with("user");
    if report.rows() == 0
        && let Some(other) = report.others.keys().find(is_user)
    {
        return Err(Error::NoUsers(model.to_owned(), plain(other)));
    }
    Ok(())
}
