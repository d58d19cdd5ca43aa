//! What came of it all: counts for each route, and a line for a difference.

use super::compare::Difference;
use super::lines::Lines;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts, and a file of lines where one is wanted.
#[derive(Default)]
pub struct Report(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    lines: Option<Lines>,
    tally: Tally,
    /// How often each difference came.
    differences: BTreeMap<Kind, u64>,
    requests: u64,
}

/// Differences that are one: the route, the place, and of a status both of them. Whoever provokes one pair of statuses as often
/// as he likes does not keep another pair from being written.
type Kind = (&'static str, String, Option<(String, String)>);

/// What came of the requests to each route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<&'static str, Counts>);

/// What came of the requests to a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those of which two answers were compared.
    pub compared: u64,
    /// Both were the same.
    pub equal: u64,
    /// They were not, as `docs/guide/beside-django.md` says: by the name of the deviation.
    pub known: BTreeMap<&'static str, u64>,
    /// They were not.
    pub differing: u64,
    /// Those that could not be compared, by why.
    pub without_verdict: BTreeMap<String, u64>,
}

/// What came of one request.
pub(super) enum Outcome {
    Compared {
        differences: Vec<Difference>,
        known: Vec<&'static str>,
    },
    WithoutVerdict(String),
}

/// Lines that are written of one difference or one reason, and differences that are told apart. What comes beyond is counted.
const LINES: u64 = 20;
const MOST: usize = 1_000;

impl Report {
    /// Writes its lines to the end of a file, which its owner alone may read from then on.
    ///
    /// # Errors
    /// What the file system says, or that no thread is to be had.
    pub fn into_file(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        if file.metadata()?.is_file() {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok(Self(Mutex::new(Inner {
            lines: Some(Lines::to(file)?),
            ..Inner::default()
        })))
    }

    /// Notes what came of a request.
    pub(super) fn note(&self, route: &'static str, outcome: Outcome, at: Timestamp) {
        let mut inner = self.locked();
        inner.requests += 1;
        let request = inner.requests;
        let counts = inner.tally.0.entry(route).or_default();
        let differences = match outcome {
            Outcome::WithoutVerdict(why) => {
                let times = counts.without_verdict.entry(why.clone()).or_default();
                *times += 1;
                if *times <= LINES {
                    tracing::warn!(target: "munjigi::shadow", route, request, why, "without verdict");
                }
                return;
            }
            Outcome::Compared { differences, known } => {
                counts.compared += 1;
                for name in &known {
                    *counts.known.entry(name).or_default() += 1;
                }
                if !differences.is_empty() {
                    counts.differing += 1;
                } else if known.is_empty() {
                    counts.equal += 1;
                }
                differences
            }
        };
        for difference in differences {
            inner.tell((route, request, at), &difference);
        }
    }

    /// What there is so far.
    pub fn tally(&self) -> Tally {
        self.locked().tally.clone()
    }

    /// Says in the log what there is so far.
    pub fn log(&self) {
        for (route, counts) in self.tally().0 {
            tracing::info!(
                target: "munjigi::shadow",
                route,
                compared = counts.compared,
                equal = counts.equal,
                differing = counts.differing,
                known = counts.known.values().sum::<u64>(),
                without_verdict = counts.without_verdict.values().sum::<u64>(),
                "so far"
            );
        }
    }

    /// Ends the file with a line of all counts, and waits until it is on disk. Gives how many lines are missing in it, where
    /// the disk was full or too slow for them.
    ///
    /// # Errors
    /// What the file system says.
    pub fn close(&self) -> io::Result<u64> {
        let mut inner = self.locked();
        let Some(lines) = inner.lines.take() else {
            return Ok(0);
        };
        let differences: Vec<Value> = inner
            .differences
            .iter()
            .map(|((route, what, statuses), times)| {
                json!({"route": route, "what": what, "statuses": statuses, "times": times})
            })
            .collect();
        let summary = inner.tally.to_json();
        lines.end(|missing| json!({"summary": summary, "differences": differences, "missing_lines": missing}))
    }

    fn locked(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn tell(&mut self, (route, request, at): (&'static str, u64, Timestamp), difference: &Difference) {
        let Difference { what, ours, theirs } = difference;
        let statuses = (what == "status").then(|| (ours.clone(), theirs.clone()));
        let key = (route, what.clone(), statuses);
        if self.differences.len() >= MOST && !self.differences.contains_key(&key) {
            return;
        }
        let times = self.differences.entry(key).or_default();
        *times += 1;
        if *times > LINES {
            return;
        }
        let look_at = look_at(what);
        tracing::warn!(target: "munjigi::shadow", route, request, what, ours, theirs, look_at, "differs");
        let Some(lines) = &mut self.lines else { return };
        lines.add(&json!({
            "at": at.to_string(), "request": request, "route": route,
            "what": what, "ours": ours, "theirs": theirs, "look_at": look_at,
        }));
    }
}

/// Which settings decide about what differs.
fn look_at(what: &str) -> Option<&'static str> {
    let is_of_a_token = what.starts_with("token ");
    let ends = |end: &str| what.ends_with(end);
    Some(match what {
        "status" => "AUTH_USER_MODEL, TRIM_PASSWORDS, ALLOWED_HOSTS, [SIMPLE_JWT]",
        "row of the user: password" => "PASSWORD_HASHERS and [hashers.*]",
        "row of the user: last_login" => "SIMPLE_JWT.UPDATE_LAST_LOGIN",
        "row of the session" => "SECRET_KEY",
        "row of the session: expire_date" => "SESSION_COOKIE_AGE",
        "row of the session: _auth_user_backend" => "AUTHENTICATION_BACKENDS",
        "header WWW-Authenticate" => "SIMPLE_JWT.AUTH_HEADER_TYPES",
        _ if is_of_a_token && (ends(": exp") || ends("refresh_exp")) => "SIMPLE_JWT.*_LIFETIME",
        _ if is_of_a_token && ends(": algorithm") => "SIMPLE_JWT.ALGORITHM",
        _ if is_of_a_token && what.contains(": ") => "[SIMPLE_JWT] and [SIMPLE_JWT_CLAIMS]",
        _ if is_of_a_token && ends("refresh") => "SIMPLE_JWT.SIGNING_KEY and ROTATE_REFRESH_TOKENS",
        _ if is_of_a_token => "SIMPLE_JWT.SIGNING_KEY",
        _ if ends(": blacklisted") => "SIMPLE_JWT.BLACKLIST_AFTER_ROTATION",
        _ if ends(": outstanding") => "TOKEN_BLACKLIST_APP",
        _ if what.starts_with("cookie ") => "SESSION_COOKIE_*, CSRF_COOKIE_*, AUTH_COOKIE*",
        _ if what.starts_with("body") => "LANGUAGE_CODE and COMPAT_VERSION",
        _ => return None,
    })
}

impl Tally {
    /// Whether any answer was compared. Where none was, nothing is known.
    pub fn compares(&self) -> bool {
        self.0.values().any(|counts| counts.compared > 0)
    }

    /// Whether anything differed.
    pub fn differs(&self) -> bool {
        self.0.values().any(|counts| counts.differing > 0)
    }

    /// A table for people.
    pub fn table(&self) -> String {
        let mut table = format!(
            "{:<22} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
            "route", "compared", "equal", "known", "differing", "no verdict"
        );
        for (route, counts) in &self.0 {
            // A string takes all that is written to it.
            let _ = writeln!(
                table,
                "{route:<22} {:>9} {:>9} {:>9} {:>9} {:>9}",
                counts.compared,
                counts.equal,
                counts.known.values().sum::<u64>(),
                counts.differing,
                counts.without_verdict.values().sum::<u64>()
            );
        }
        for (route, counts) in &self.0 {
            for (name, times) in &counts.known {
                let _ = writeln!(table, "{route}: known, {name}: {times}");
            }
            for (why, times) in &counts.without_verdict {
                let _ = writeln!(table, "{route}: without verdict, {why}: {times}");
            }
        }
        table
    }

    fn to_json(&self) -> Value {
        let routes = self.0.iter().map(|(route, counts)| {
            let counts = json!({
                "compared": counts.compared, "equal": counts.equal, "differing": counts.differing,
                "known": counts.known, "without_verdict": counts.without_verdict,
            });
            ((*route).to_owned(), counts)
        });
        Value::Object(routes.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differs(what: &str) -> Outcome {
        Outcome::Compared {
            differences: vec![Difference {
                what: what.to_owned(),
                ours: "1".to_owned(),
                theirs: "2".to_owned(),
            }],
            known: Vec::new(),
        }
    }

    #[test]
    fn a_flood_of_one_pair_of_statuses_hides_no_other() {
        let report = Report::default();
        for theirs in ["401", "401", "200"] {
            let mut differs = differs("status");
            if let Outcome::Compared { differences, .. } = &mut differs {
                differences[0].theirs = theirs.to_owned();
            }
            report.note("token_obtain_pair", differs, Timestamp::UNIX_EPOCH);
        }
        let inner = report.locked();
        let times: Vec<u64> = inner.differences.values().copied().collect();
        assert_eq!(times, [1, 2]);
    }

    #[test]
    fn a_flood_of_one_difference_is_counted_and_not_written() {
        let path = std::env::temp_dir().join(format!("munjigi-shadow-{}.ndjson", std::process::id()));
        // One that others may read, from before.
        std::fs::write(&path, "").unwrap();
        let report = Report::into_file(&path).unwrap();
        for _ in 0..1_000 {
            report.note("token_refresh", differs("status"), Timestamp::UNIX_EPOCH);
        }
        for number in 0..2 * MOST {
            report.note(
                "token_verify",
                differs(&format!("body.{number}")),
                Timestamp::UNIX_EPOCH,
            );
        }
        assert_eq!(report.close().unwrap(), 0);
        let written = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = written
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len() as u64, LINES + MOST as u64 - 1 + 1);
        let last = lines.last().unwrap();
        assert_eq!(last["summary"]["token_refresh"]["differing"], 1_000);
        assert_eq!(last["summary"]["token_verify"]["differing"], 2_000);
        assert_eq!(last["differences"][0]["times"], 1_000);
        assert_eq!(last["missing_lines"], 0);
        assert!(report.tally().differs());
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_known_or_without_verdict_is_no_difference() {
        let report = Report::default();
        let known = Outcome::Compared {
            differences: Vec::new(),
            known: vec!["browsable_api"],
        };
        report.note("token_verify", known, Timestamp::UNIX_EPOCH);
        let why = "unavailable".to_owned();
        report.note(
            "token_verify",
            Outcome::WithoutVerdict(why),
            Timestamp::UNIX_EPOCH,
        );
        let tally = report.tally();
        let counts = &tally.0["token_verify"];
        assert_eq!((counts.compared, counts.equal, counts.differing), (1, 0, 0));
        assert!(!tally.differs() && tally.compares());
        assert!(tally.table().contains("known, browsable_api: 1"));
    }

    #[test]
    fn a_run_in_which_no_answer_could_be_read_has_compared_nothing() {
        let report = Report::default();
        for _ in 0..3 {
            let why = "answer_encoded".to_owned();
            report.note(
                "token_obtain_pair",
                Outcome::WithoutVerdict(why),
                Timestamp::UNIX_EPOCH,
            );
        }
        let tally = report.tally();
        assert_eq!(tally.0["token_obtain_pair"].compared, 0);
        assert!(!tally.differs() && !tally.compares());
    }
}
