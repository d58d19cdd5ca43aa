//! Two answers to one request, and what each side left in the database, held against each other: a function of both and
//! nothing else.
//!
//! What is random or a moment of its own is not the same on both sides and need not be: the id of a token, a session's key,
//! the second of a signature. Of these only is compared that they are there, and that a moment is as far from the answer on
//! one side as on the other. Nothing that is secret goes into a [`Difference`].

use super::answer::{Answer, Body, Cookie, Token, When};
use super::footprint::{Footprint, SessionTrace, TokenTrace, UserTrace};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// One side.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Side {
    pub(super) answer: Answer,
    pub(super) left: Footprint,
}

/// What is the same for both sides.
#[derive(Default)]
pub(super) struct Rules {
    /// `JTI_CLAIM`.
    pub(super) jti_claim: Option<String>,
    /// `REVOKE_TOKEN_CLAIM`, which is made from the stored password and so from its salt.
    pub(super) revoke_claim: String,
    /// Texts that the client sent: what echoes them is not shown.
    pub(super) sent: Vec<Zeroizing<String>>,
}

/// Something that is another on both sides. It can be shown to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Where: `status`, `token access: lifetime`, `row of the user: password`.
    pub(super) what: String,
    pub(super) ours: String,
    pub(super) theirs: String,
}

/// What clocks and the time between both answers may make of a moment.
const SKEW: i64 = 3;
/// An integer from here on, 2001 in seconds, is a moment.
const MOMENTS: i64 = 1_000_000_000;
/// How many differences of one request are told.
const MOST: usize = 20;
/// How much of a text is shown.
const SHOWN: usize = 160;

/// All differences, none where both are the same. Where the status is another, all else would be as well, and is not told.
pub(super) fn compare(ours: &Side, theirs: &Side, rules: &Rules) -> Vec<Difference> {
    let mut found = Comparison {
        rules,
        whens: (ours.answer.when, theirs.answer.when),
        is_stored_anew: stores_anew(ours) && stores_anew(theirs),
        found: Vec::new(),
    };
    found.answers(&ours.answer, &theirs.answer);
    if ours.answer.status == theirs.answer.status {
        found.footprints(&ours.left, &theirs.left);
    }
    found.found.truncate(MOST);
    found.found
}

struct Comparison<'c> {
    rules: &'c Rules,
    whens: (When, When),
    /// Whether both stored the user's password anew, each with a salt of its own.
    is_stored_anew: bool,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn answers(&mut self, ours: &Answer, theirs: &Answer) {
        if ours.status != theirs.status {
            let told = |answer: &Answer| match &answer.word {
                Some(word) => format!("{} {word}", answer.status),
                None => answer.status.to_string(),
            };
            return self.differ("status", told(ours), told(theirs));
        }
        let names: BTreeSet<_> = ours.headers.keys().chain(theirs.headers.keys()).collect();
        for name in names {
            let (ours, theirs) = (ours.headers.get(name), theirs.headers.get(name));
            // Django writes methods in whatever order.
            let is_same = match (*name, ours, theirs) {
                ("Allow", Some(ours), Some(theirs)) => methods(ours) == methods(theirs),
                _ => ours == theirs,
            };
            if !is_same {
                let shown =
                    |value: Option<&String>| value.map_or(ABSENT.to_owned(), |value| self.shown(value));
                self.differ(&format!("header {name}"), shown(ours), shown(theirs));
            }
        }
        self.cookies(&ours.cookies, &theirs.cookies);
        match (&ours.body, &theirs.body) {
            (Body::Json(one), Body::Json(other)) => self.values("body", one, other, ours.status),
            (Body::Other(one), Body::Other(other)) if one == other => {}
            _ => self.differ("body", form(&ours.body), form(&theirs.body)),
        }
        for (place, ours, theirs) in pairs(&ours.tokens, &theirs.tokens) {
            match (ours, theirs) {
                (Some(ours), Some(theirs)) => self.tokens(place, ours, theirs),
                _ => self.presence(
                    &format!("token {}", self.shown(place)),
                    ours.is_some(),
                    theirs.is_some(),
                ),
            }
        }
    }

    fn cookies(&mut self, ours: &BTreeMap<String, Cookie>, theirs: &BTreeMap<String, Cookie>) {
        for (name, ours, theirs) in pairs(ours, theirs) {
            let what = format!("cookie {}", self.shown(name));
            let (Some(ours), Some(theirs)) = (ours, theirs) else {
                self.presence(&what, ours.is_some(), theirs.is_some());
                continue;
            };
            if ours.is_emptied != theirs.is_emptied {
                let told = |cookie: &Cookie| if cookie.is_emptied { "taken away" } else { "set" };
                self.differ(&what, told(ours).to_owned(), told(theirs).to_owned());
            }
            for (attribute, ours, theirs) in pairs(&ours.attributes, &theirs.attributes) {
                let is_same = match (attribute.as_str(), ours, theirs) {
                    // The same as Max-Age, which is exact.
                    ("expires", Some(_), Some(_)) => true,
                    ("max-age", Some(ours), Some(theirs)) => match (ours.parse(), theirs.parse()) {
                        (Ok(ours), Ok(theirs)) => is_near(ours, theirs),
                        _ => ours == theirs,
                    },
                    // Upper and lower case are one here: `Lax`, `lax`.
                    (_, Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
                    _ => false,
                };
                if !is_same {
                    let shown = |value: Option<&String>| match value.map(String::as_str) {
                        None => ABSENT.to_owned(),
                        Some("") => THERE.to_owned(),
                        Some(value) => self.shown(value),
                    };
                    self.differ(&format!("{what}: {attribute}"), shown(ours), shown(theirs));
                }
            }
        }
    }

    fn values(&mut self, place: &str, ours: &Value, theirs: &Value, status: u16) {
        match (ours, theirs) {
            (Value::Object(one), Value::Object(other)) => {
                let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
                for name in names {
                    let place = format!("{place}.{}", self.shown(name));
                    match (one.get(name), other.get(name)) {
                        (Some(ours), Some(theirs)) => self.values(&place, ours, theirs, status),
                        (ours, theirs) => self.presence(&place, ours.is_some(), theirs.is_some()),
                    }
                }
            }
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                for (at, (ours, theirs)) in one.iter().zip(other).enumerate() {
                    self.values(&format!("{place}[{at}]"), ours, theirs, status);
                }
            }
            _ if ours == theirs || self.are_one_moment(ours, theirs) => {}
            _ => {
                // What is answered to a good request may be somebody's data; what refuses one is a message.
                let told = |value: &Value| match value {
                    Value::String(text) if status >= 400 => self.shown(text),
                    other => kind(other),
                };
                self.differ(place, told(ours), told(theirs));
            }
        }
    }

    fn tokens(&mut self, place: &str, ours: &Token, theirs: &Token) {
        let what = format!("token {}", self.shown(place));
        if ours.algorithm != theirs.algorithm {
            let shown = |token: &Token| self.shown(&token.algorithm);
            self.differ(&format!("{what}: algorithm"), shown(ours), shown(theirs));
        } else if ours.is_good_here != theirs.is_good_here {
            let told = |token: &Token| {
                if token.is_good_here {
                    "good here"
                } else {
                    "not good here"
                }
            };
            self.differ(&what, told(ours).to_owned(), told(theirs).to_owned());
        }
        let names: BTreeSet<_> = ours.claims.keys().chain(theirs.claims.keys()).collect();
        for name in names {
            // Only we name a record.
            if name == "sid" {
                continue;
            }
            let what = format!("{what}: {}", self.shown(name));
            match (ours.claims.get(name), theirs.claims.get(name)) {
                (Some(_), Some(_)) if Some(name) == self.rules.jti_claim.as_ref() => {}
                (Some(_), Some(_)) if *name == self.rules.revoke_claim && self.is_stored_anew => {}
                (Some(one), Some(other)) if one == other || self.are_one_moment(one, other) => {}
                (Some(one), Some(other)) => {
                    let (ours, theirs) = (
                        self.claim(name, one, self.whens.0),
                        self.claim(name, other, self.whens.1),
                    );
                    self.differ(&what, ours, theirs);
                }
                (one, other) => self.presence(&what, one.is_some(), other.is_some()),
            }
        }
    }

    /// What is shown of a claim: of a moment how far it is from the answer, of what a setting says all, of what is the user's
    /// nothing.
    fn claim(&self, name: &str, value: &Value, when: When) -> String {
        match (value, value.as_i64()) {
            (_, Some(moment)) if moment >= MOMENTS => format!("{} s from the answer", moment - when.to),
            (Value::String(text), _) if ["token_type", "iss", "aud"].contains(&name) => self.shown(text),
            _ => kind(value),
        }
    }

    fn footprints(&mut self, ours: &Footprint, theirs: &Footprint) {
        for (ours, theirs) in ours.users.iter().zip(&theirs.users) {
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                self.users(ours, theirs);
            }
        }
        for (place, ours, theirs) in pairs(&ours.given, &theirs.given) {
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                self.rows_of(
                    &format!("row of the token {place}"),
                    ours.as_ref(),
                    theirs.as_ref(),
                );
            }
        }
        for (place, ours, theirs) in pairs(&ours.presented, &theirs.presented) {
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                self.rows_of(
                    &format!("row of the token sent as {place}"),
                    ours.as_ref(),
                    theirs.as_ref(),
                );
            }
        }
        match (&ours.session, &theirs.session) {
            (Some(ours), Some(theirs)) => self.sessions(ours, theirs),
            (ours, theirs) => self.presence("row of the session", ours.is_some(), theirs.is_some()),
        }
        if ours.session_before != theirs.session_before {
            let told = |is_there: Option<bool>| if is_there == Some(true) { THERE } else { ABSENT };
            self.differ(
                "row of the session sent",
                told(ours.session_before).to_owned(),
                told(theirs.session_before).to_owned(),
            );
        }
    }

    fn users(&mut self, ours: &UserTrace, theirs: &UserTrace) {
        if (ours.is_stored_anew, &ours.hasher) != (theirs.is_stored_anew, &theirs.hasher) {
            let told = |user: &UserTrace| {
                let how = if user.is_stored_anew {
                    "stored anew"
                } else {
                    "left"
                };
                format!("{how}, {}", user.hasher)
            };
            self.differ("row of the user: password", told(ours), told(theirs));
        }
        if ours.is_last_login_set != theirs.is_last_login_set {
            let told = |user: &UserTrace| if user.is_last_login_set { "set" } else { "left" };
            self.differ(
                "row of the user: last_login",
                told(ours).to_owned(),
                told(theirs).to_owned(),
            );
        }
    }

    fn rows_of(&mut self, what: &str, ours: Option<&TokenTrace>, theirs: Option<&TokenTrace>) {
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            let what = format!("{what}: outstanding");
            return self.presence(&what, ours.is_some(), theirs.is_some());
        };
        for (name, ours, theirs) in [
            ("user", ours.names_user, theirs.names_user),
            (
                "expires with the token",
                ours.expires_with_it,
                theirs.expires_with_it,
            ),
            ("blacklisted", ours.is_blacklisted, theirs.is_blacklisted),
        ] {
            if ours != theirs {
                let told = |holds: bool| if holds { "yes" } else { "no" };
                self.differ(
                    &format!("{what}: {name}"),
                    told(ours).to_owned(),
                    told(theirs).to_owned(),
                );
            }
        }
    }

    fn sessions(&mut self, ours: &SessionTrace, theirs: &SessionTrace) {
        let what = "row of the session";
        if !theirs.is_read || !ours.is_read {
            if ours.is_read != theirs.is_read {
                let told = |session: &SessionTrace| {
                    if session.is_read {
                        "read"
                    } else {
                        "cannot be read here"
                    }
                };
                self.differ(what, told(ours).to_owned(), told(theirs).to_owned());
            }
            return;
        }
        if !self.is_one_moment(ours.expire_date, theirs.expire_date) {
            let told = |expire_date: i64, when: When| format!("{} s from the answer", expire_date - when.to);
            self.differ(
                &format!("{what}: expire_date"),
                told(ours.expire_date, self.whens.0),
                told(theirs.expire_date, self.whens.1),
            );
        }
        if ours.backend != theirs.backend {
            let shown = |backend: &Option<String>| {
                backend
                    .as_ref()
                    .map_or(ABSENT.to_owned(), |path| self.shown(path))
            };
            let (ours, theirs) = (shown(&ours.backend), shown(&theirs.backend));
            self.differ(&format!("{what}: _auth_user_backend"), ours, theirs);
        }
        if ours.is_users != theirs.is_users {
            let told = |session: &SessionTrace| {
                if session.is_users {
                    "the user's"
                } else {
                    "not the user's"
                }
            };
            self.differ(
                &format!("{what}: _auth_user_id and _auth_user_hash"),
                told(ours).to_owned(),
                told(theirs).to_owned(),
            );
        }
        let names: BTreeSet<_> = ours.keys.union(&theirs.keys).collect();
        for name in names {
            let place = format!("{what}: {}", self.shown(name));
            let (ours, theirs) = (ours.keys.contains(name), theirs.keys.contains(name));
            if ours != theirs {
                self.presence(&place, ours, theirs);
            }
        }
    }

    fn presence(&mut self, what: &str, ours: bool, theirs: bool) {
        if ours != theirs {
            let told = |is_there| if is_there { THERE } else { ABSENT };
            self.differ(what, told(ours).to_owned(), told(theirs).to_owned());
        }
    }

    fn differ(&mut self, what: &str, ours: String, theirs: String) {
        self.found.push(Difference {
            what: what.to_owned(),
            ours,
            theirs,
        });
    }

    fn are_one_moment(&self, ours: &Value, theirs: &Value) -> bool {
        match (ours.as_i64(), theirs.as_i64()) {
            (Some(ours), Some(theirs)) if ours >= MOMENTS && theirs >= MOMENTS => {
                self.is_one_moment(ours, theirs)
            }
            _ => false,
        }
    }

    /// Whether two moments are as far from their answers.
    fn is_one_moment(&self, ours: i64, theirs: i64) -> bool {
        let (our, their) = self.whens;
        let earliest = ours.saturating_sub(our.to).saturating_add(their.from) - SKEW;
        let latest = ours.saturating_sub(our.from).saturating_add(their.to) + SKEW;
        (earliest..=latest).contains(&theirs) || ours == theirs
    }

    /// A text of a server's, without what the client sent or what may be an address or a secret.
    fn shown(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for sent in self.rules.sent.iter().filter(|sent| sent.len() > 2) {
            text = text.replace(sent.as_str(), "…");
        }
        let words = text.split_inclusive(char::is_whitespace).map(|word| {
            let is_plain = word.len() < 48 && !word.contains('@');
            if is_plain { word } else { "… " }
        });
        words.flat_map(str::chars).take(SHOWN).collect()
    }
}

const THERE: &str = "there";
const ABSENT: &str = "absent";

fn stores_anew(side: &Side) -> bool {
    side.left.users.iter().flatten().any(|user| user.is_stored_anew)
}

fn methods(allow: &str) -> BTreeSet<&str> {
    allow.split(',').map(str::trim).collect()
}

fn is_near(ours: i64, theirs: i64) -> bool {
    ours.abs_diff(theirs) <= SKEW.unsigned_abs()
}

/// Both values of each name that either map has.
fn pairs<'p, T>(
    ours: &'p BTreeMap<String, T>,
    theirs: &'p BTreeMap<String, T>,
) -> Vec<(&'p String, Option<&'p T>, Option<&'p T>)> {
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let pairs = names.into_iter();
    pairs
        .map(|name| (name, ours.get(name), theirs.get(name)))
        .collect()
}

fn form(body: &Body) -> String {
    match body {
        Body::Json(value) => kind(value),
        Body::Other(0) => "empty".to_owned(),
        Body::Other(length) => format!("{length} bytes that are no JSON"),
    }
}

/// What a value is, without telling it.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) => format!("a text of {}", text.chars().count()),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(members) => format!("an object of {}", members.len()),
    }
}

#[cfg(test)]
mod tests;
