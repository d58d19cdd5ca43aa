//! `munjigi init`: the settings beside a Django project.

mod files;

use super::error::{Error, Result};
use crate::config::{Config, Exposure, Mode, Sources, Written};
use crate::neighbour::ask::Project;
use crate::neighbour::report::Report;
use crate::neighbour::{self, Secrets};
use files::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The flags of `init`.
#[derive(clap::Args)]
pub(super) struct Init {
    /// The project's manage.py, or what the script printed: a file, or `-` for standard input
    ///
    /// A manage.py is run by the project's own Python, in its own folder and with this environment. Its settings are never
    /// read as text.
    #[arg(
        long,
        value_name = "MANAGE.PY|DJ.JSON",
        required_unless_present = "django_script",
        conflicts_with = "django_script"
    )]
    from_django: Option<PathBuf>,
    /// Print the script that a Django project is asked with
    ///
    /// Where munjigi and the project are on different machines: `munjigi init --django-script | kubectl exec -i … -- python
    /// manage.py shell > dj.json`. What the script prints holds secrets.
    #[arg(long)]
    django_script: bool,
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    target: Target,
}

/// How a project is asked.
#[derive(clap::Args)]
struct Asked {
    /// The project's Python; else that of `VIRTUAL_ENV`, of .venv or venv beside manage.py, or python3
    #[arg(long, value_name = "PYTHON", requires = "from_django")]
    python: Option<PathBuf>,
    /// How long the project may take to answer
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = limit)]
    timeout: Duration,
}

/// Where what comes of it is written.
#[derive(clap::Args)]
struct Target {
    /// The settings file to write
    #[arg(long, value_name = "FILE", default_value = "munjigi.toml")]
    out: PathBuf,
    /// The file of secrets to write, with mode 0600
    #[arg(long, value_name = "FILE", default_value = "munjigi.env")]
    secrets: PathBuf,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

fn limit(text: &str) -> Result<Duration, String> {
    crate::config::duration(text)
        .and_then(|limit| Duration::try_from(limit).ok())
        .filter(|limit| !limit.is_zero())
        .ok_or_else(|| "write a time such as 90s or 5m".to_owned())
}

impl Init {
    pub(super) async fn run(self, out: &mut impl Write) -> Result<()> {
        let Some(source) = &self.from_django else {
            out.write_all(neighbour::SCRIPT.as_bytes())?;
            return Ok(());
        };
        self.target.check_free()?;
        let report = self.asked.report(source).await?;
        if let Some(refusal) = neighbour::refusal(&report) {
            return Err(Error::Neighbour(refusal));
        }
        let lost = neighbour::lost(&report);
        let secrets_path = std::path::absolute(&self.target.secrets)?;
        let secrets = neighbour::secrets(&report, &secrets_path).map_err(Error::Neighbour)?;
        let toml = neighbour::toml(&report, &self.target.secrets.display().to_string(), &lost);
        self.target.write(&toml, &secrets)?;
        self.target
            .tell(out, &secrets, &lost, &neighbour::nginx(&report))?;
        self.target.try_out(out, &secrets)
    }
}

impl Asked {
    async fn report(&self, source: &Path) -> Result<Report> {
        let is_project = source.is_dir() || source.extension().is_some_and(|ending| ending == "py");
        if is_project {
            let virtual_env = std::env::var_os("VIRTUAL_ENV");
            let project = Project {
                manage: source,
                python: self.python.as_deref(),
                virtual_env: virtual_env.as_deref(),
                limit: self.timeout,
            };
            return Ok(project.ask().await?);
        }
        Ok(Report::open(source)?)
    }
}

impl Target {
    fn check_free(&self) -> Result<()> {
        let taken = [&self.out, &self.secrets].into_iter().find(|path| path.exists());
        match taken.filter(|_| !self.force) {
            Some(path) => Err(Error::Taken(path.clone())),
            None => Ok(()),
        }
    }

    /// The secrets first: settings without them would be the harder to understand.
    fn write(&self, toml: &str, secrets: &Secrets) -> Result<()> {
        for (ending, content) in &secrets.values {
            let mut path = self.secrets.clone().into_os_string();
            path.push(format!(".{ending}"));
            File::secret(Path::new(&path)).write(content, self.force)?;
        }
        File::secret(&self.secrets).write(&secrets.text(), self.force)?;
        File::plain(&self.out).write(toml, self.force)
    }

    fn tell(&self, out: &mut impl Write, secrets: &Secrets, lost: &[String], nginx: &[String]) -> Result<()> {
        let (toml, env) = (self.out.display(), std::path::absolute(&self.secrets)?);
        let env = env.display();
        writeln!(out, "Wrote {toml}.")?;
        writeln!(
            out,
            "Wrote {env} with {}, for the eyes of its owner (mode 0600).",
            secrets.names.join(", ")
        )?;
        for note in &secrets.notes {
            writeln!(out, "  - {note}")?;
        }
        writeln!(out, "\nWhat no longer runs for sign-ins that are served here:")?;
        for line in lost {
            writeln!(out, "  - {line}")?;
        }
        if lost.is_empty() {
            writeln!(out, "  nothing that the project tells of.")?;
        }
        writeln!(out, "\nWhat a proxy sends to munjigi:")?;
        for line in nginx {
            writeln!(out, "  {line}")?;
        }
        writeln!(
            out,
            "\nNext, with the secrets in the environment (set -a; . {env}; set +a):\n  \
             munjigi migrate --plan --config {toml}\n  munjigi check --deploy --config {toml}\n  munjigi serve --config {toml}"
        )?;
        Ok(())
    }

    /// Says so where `munjigi serve` does not start with what was written.
    fn try_out(&self, out: &mut impl Write, secrets: &Secrets) -> Result<()> {
        let variables = secrets.variables.iter();
        let variables = variables.map(|(name, value)| (name.into(), value.as_str().into()));
        let written = Written::gather(Sources {
            file: Some(self.out.clone()),
            variables: variables.collect(),
            flags: Vec::new(),
        });
        let config = written.and_then(|written| Config::resolve(&written, Mode::Serve));
        if let Err(refusal) = config.and_then(|config| config.check_listening(Exposure::Network)) {
            writeln!(out, "\n`munjigi serve` does not start with this yet. {refusal}")?;
        }
        Ok(())
    }
}
