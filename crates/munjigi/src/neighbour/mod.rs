//! The Django project beside munjigi: what it says of itself, and what follows for munjigi's own settings.
//!
//! The project is asked, not read: [`SCRIPT`] runs in its own Python and prints a [`report::Report`]. Why, and what the
//! report is, stands in `docs/decisions/0020`.

pub mod ask;
pub mod check;
mod database;
mod lost;
mod passwords;
pub mod report;
mod routes;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;
mod user;
mod values;

pub use lost::lost;
pub use routes::nginx;
pub use secrets::{Secrets, secrets};
pub use settings::toml;

/// What a project's own Python is asked: it prints the report, and writes nothing. It runs as
/// `python manage.py shell < script` and as `python manage.py shell -c script`.
pub const SCRIPT: &str = include_str!("django_report.py");

/// Why munjigi cannot work beside this project, as a sentence.
pub fn refusal(report: &report::Report) -> Option<String> {
    user::refusal(&report.user)
}
