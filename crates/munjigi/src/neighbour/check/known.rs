//! The ids of a comparison, with how bad each is, and the page of all ids.

use super::rules::RULES;
use crate::config::check::{KNOWN as OF_THE_SETTINGS, Level, When};
use std::fmt::Write as _;

/// What is found by no rule of [`RULES`].
pub(super) struct Known {
    pub(super) id: &'static str,
    /// How bad it is.
    pub(super) level: Level,
    meaning: &'static str,
}

/// A constant for each id, so that nothing is found that is not listed, and a list of them.
macro_rules! known {
    ($($name:ident $level:ident $meaning:literal)+) => {
        $(pub(super) const $name: Known = Known {
            id: concat!("neighbour.", stringify!($name)),
            level: Level::$level,
            meaning: $meaning,
        };)+

        const OTHERS: &[&Known] = &[$(&$name),+];
    };
}

known! {
    E001 Error "Another SECRET_KEY"
    W002 Warning "A SECRET_KEY that the other side has only as a fallback"
    W003 Warning "A fallback of Django's SECRET_KEY that is not here"
    E004 Error "Tokens signed with another key"
    W055 Warning "Django takes a refresh token as a bearer token"
    W056 Warning "Django is to blacklist used-up tokens and has no list for them"
    W060 Warning "Another hasher stores new passwords"
    E061 Error "Passwords stored here that Django cannot verify"
    W062 Warning "Passwords stored by Django that are not verified here"
    W063 Warning "Another cost of the hasher that stores new passwords"
    W064 Warning "Django stores passwords at too low a cost"
    E070 Error "Another user model"
    E071 Error "Another table of users"
    E072 Error "Another primary key of users"
    E073 Error "Another USERNAME_FIELD or EMAIL_FIELD"
    E074 Error "Another column of a field of users"
    E075 Error "A field of [user.fields] that Django's model has not, or has as another type"
    E076 Error "A sign-up that would leave a column empty that every row must fill"
    E080 Error "Django's sessions are not in the database"
    E082 Error "Django's sessions are not JSON"
    E083 Error "Django has not the backend that sessions from here name"
    W084 Warning "Other names of keys in the cache of sessions"
    W085 Warning "Another database of the cache of sessions"
    I086 Info "The cache of sessions at another host"
    W090 Warning "Another database"
    I091 Info "The same database at another host"
    W100 Warning "Django's DEBUG is on"
    W101 Warning "Django answers the pages of every site, with cookies"
    E102 Error "Django writes times of a zone into SQLite"
    E121 Error "Tokens of djangorestframework-jwt signed with another key"
}

/// `docs/reference/checks.md`.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for known in OF_THE_SETTINGS {
        row(&mut page, known.id, known.level, (known.when, known.meaning));
    }
    for rule in RULES {
        row(
            &mut page,
            rule.id,
            rule.level,
            (When::Django, &format!("Another `{}`", rule.setting)),
        );
    }
    for known in OTHERS {
        row(&mut page, known.id, known.level, (When::Django, known.meaning));
    }
    page
}

/// A line of the table.
fn row(page: &mut String, id: &str, level: Level, (when, meaning): (When, &str)) {
    // Writing to a text does not fail.
    let _ = writeln!(page, "| `{id}` | {level} | {} | {meaning} |", when.words());
}

const HEAD: &str = "# What `munjigi check` finds

`munjigi check` reads the settings and says what `munjigi serve` would warn of at its start. `--deploy` adds what is looked at
before production. `--django dj.json` compares with the Django project beside munjigi, whose report is what
`munjigi init --django-script` prints in it. Each finding has an id, says what is so, and what to write where.

| exit status | |
| --- | --- |
| 0 | nothing as bad as `--fail-level`: `info`, `warning` (the default with `--deploy` and `--django`) or `error` (else) |
| 1 | something is, or the settings or the report cannot be read |
| 2 | the command was called wrongly |

`--format json` prints a list of objects with `id`, `level`, `message` and `hint`. An id never changes its meaning. Those that
begin with `security.` are Django's and mean the same there.

| id | level | looked at | what it finds |
| --- | --- | --- | --- |
";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_page_of_all_ids_is_current() {
        crate::config::reference::tests::assert_current("docs/reference/checks.md", &page(), "checks");
    }

    /// Each id stands once in the sources, where it is found, and once in the lists.
    #[test]
    fn every_id_is_found_somewhere_and_listed_once() {
        let listed: Vec<&str> = OF_THE_SETTINGS
            .iter()
            .map(|known| known.id)
            .chain(RULES.iter().map(|rule| rule.id))
            .chain(OTHERS.iter().map(|known| known.id))
            .collect();
        let once: BTreeSet<&str> = listed.iter().copied().collect();
        assert_eq!(once.len(), listed.len(), "an id is listed twice");
        let mut found = BTreeSet::new();
        let mut folders = vec![Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).to_owned()];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let name = path.file_name().unwrap().to_str().unwrap();
                if path.is_dir() {
                    folders.extend((name != "tests").then_some(path));
                } else if !["known.rs", "tests.rs"].contains(&name) {
                    let text = fs::read_to_string(&path).unwrap();
                    let code = text.split("#[cfg(test)]").next().unwrap();
                    found.extend(ids(code));
                    let constants = code.split("&known::").skip(1).filter_map(|rest| rest.get(..4));
                    found.extend(constants.map(|name| format!("neighbour.{name}")));
                }
            }
        }
        let once: BTreeSet<String> = once.into_iter().map(str::to_owned).collect();
        assert_eq!(found, once);
    }

    /// The texts that look like ids.
    fn ids(code: &str) -> impl Iterator<Item = String> {
        let quoted = code.split('"').skip(1).step_by(2);
        let is_id = |text: &&str| {
            let number = ["munjigi.", "security.", "neighbour."]
                .iter()
                .find_map(|prefix| text.strip_prefix(prefix));
            number.is_some_and(|number| {
                number.len() == 4
                    && number.starts_with(['E', 'W', 'I'])
                    && number.chars().skip(1).all(|c| c.is_ascii_digit())
            })
        };
        // A quote within a text turns the parts around, so that both kinds are looked at.
        let others = code.split('"').step_by(2);
        quoted.chain(others).filter(is_id).map(str::to_owned)
    }
}
