//! How long a sign-in lasts, whatever carries it: `SESSION_ABSOLUTE_AGE`, `SESSION_UNREMEMBERED_AGE`, `SESSION_IDLE_AGE`, and
//! `SWEEP_SESSION_RECORDS`. Django and simplejwt have no such thing: a session that is used, and a chain of tokens that
//! rotates, last for ever there.

use super::Error;
use super::finding::{Finding, Level};
use super::kind::Positive;
use super::session::SessionSettings;
use super::setting::{Section, Setting};
use super::written::Settings;
use jiff::SignedDuration;
use munjigi_tokens::SimpleJwtSettings;
use std::time::Duration;

/// How long a sign-in lasts, and how often those that are over are swept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSettings {
    /// `SESSION_ABSOLUTE_AGE`, default 90 days: from the sign-in on, however much it is used. `None` for ever.
    pub absolute_age: Option<Duration>,
    /// `SESSION_UNREMEMBERED_AGE`, default a day: the same of a sign-in that asked not to be remembered, never longer.
    pub unremembered_age: Option<Duration>,
    /// `SESSION_IDLE_AGE`, default `None`: how long it lasts without being used.
    pub idle_age: Option<Duration>,
    /// `SWEEP_SESSION_RECORDS`: how often a server removes records that are over; `None` never.
    pub sweep: Option<Duration>,
}

const ABSOLUTE_AGE: Setting<Duration> = Setting::ours(
    "SESSION_ABSOLUTE_AGE",
    "\"90d\"",
    "How long a sign-in lasts at the most, however often its session is used and its tokens are refreshed. No token and no \
     session goes beyond it. `0` for no end.",
);
const UNREMEMBERED_AGE: Setting<Duration> = Setting::ours(
    "SESSION_UNREMEMBERED_AGE",
    "\"1d\"",
    "The same of a sign-in with `remember_me` false, where it is shorter. `0` for no other end than \
     SESSION_ABSOLUTE_AGE.",
);
const IDLE_AGE: Setting<Duration> = Setting::ours(
    "SESSION_IDLE_AGE",
    "0",
    "How long a sign-in lasts without being used. When it was last used is written once a minute, so that it may last up to \
     two minutes more, never less. `0` for any time.",
);
const SWEEP: Setting<Option<Positive>> = Setting::ours(
    "SWEEP_SESSION_RECORDS",
    "\"1h\"",
    "How often a running server removes the records of sign-ins that are over, as `munjigi clearsessions` does beside \
     Django's sessions; `\"\"` for never.",
);

pub(super) const SECTION: Section = Section {
    title: "Sign-ins",
    upstream: "Django 5.2",
    intro: "The record behind each sign-in, by session or by tokens.",
    settings: &[
        &ABSOLUTE_AGE.about,
        &UNREMEMBERED_AGE.about,
        &IDLE_AGE.about,
        &SWEEP.about,
    ],
};

impl RecordSettings {
    /// Reads the settings; what outlives a sign-in by its own setting, and will not, is told.
    pub(super) fn resolve(
        settings: Settings<'_>,
        session: &SessionSettings,
        jwt: &SimpleJwtSettings,
        findings: &mut Vec<Finding>,
    ) -> Result<Self, Error> {
        let age = |setting: &Setting<Duration>| {
            let age = settings.read(setting)?;
            Ok::<_, Error>((!age.is_zero()).then_some(age))
        };
        let mut records = Self {
            absolute_age: age(&ABSOLUTE_AGE)?,
            unremembered_age: age(&UNREMEMBERED_AGE)?,
            idle_age: age(&IDLE_AGE)?,
            sweep: settings.read(&SWEEP)?.map(|every| every.0),
        };
        if !settings.has(&UNREMEMBERED_AGE.about) {
            records.unremembered_age = shorter(records.absolute_age, records.unremembered_age);
        }
        records.check(jwt)?;
        findings.extend(records.doubts(session, jwt));
        Ok(records)
    }

    /// How long a sign-in lasts that asked, or did not ask, not to be remembered.
    pub fn lifetime(&self, is_remembered: bool) -> Option<Duration> {
        if is_remembered {
            self.absolute_age
        } else {
            shorter(self.absolute_age, self.unremembered_age)
        }
    }

    fn check(&self, jwt: &SimpleJwtSettings) -> Result<(), Error> {
        const MINUTE: Duration = Duration::from_mins(1);
        let is_longer = |one: Option<Duration>, other: Option<Duration>| matches!((one, other), (Some(one), Some(other)) if one > other);
        let contradiction = if is_longer(self.unremembered_age, self.absolute_age) {
            "SESSION_UNREMEMBERED_AGE is longer than SESSION_ABSOLUTE_AGE, so that who asks not to be remembered would be \
             remembered for longer. Write a shorter one, or 0."
        } else if is_longer(self.idle_age, self.absolute_age) {
            "SESSION_IDLE_AGE is longer than SESSION_ABSOLUTE_AGE, so that no sign-in would ever end by it. Write a shorter \
             one, or 0."
        } else if is_longer(Some(MINUTE), self.idle_age) {
            "SESSION_IDLE_AGE is shorter than a minute, and when a sign-in was last used is written once a minute. Write \
             \"1m\" or more, or 0."
        } else if self
            .idle_age
            .is_some_and(|age| signed(age) < jwt.access_token_lifetime)
        {
            "SESSION_IDLE_AGE is shorter than SIMPLE_JWT.ACCESS_TOKEN_LIFETIME, so that an access token would open routes \
             of other services after its sign-in has ended. Write a shorter ACCESS_TOKEN_LIFETIME, or a longer \
             SESSION_IDLE_AGE."
        } else {
            return Ok(());
        };
        Err(Error::Contradiction(contradiction.to_owned()))
    }

    /// What is given a longer life than any sign-in has.
    fn doubts(&self, session: &SessionSettings, jwt: &SimpleJwtSettings) -> Vec<Finding> {
        let Some(absolute) = self.absolute_age.map(signed) else {
            return Vec::new();
        };
        let lives = [
            ("SIMPLE_JWT.REFRESH_TOKEN_LIFETIME", jwt.refresh_token_lifetime),
            ("SIMPLE_JWT.ACCESS_TOKEN_LIFETIME", jwt.access_token_lifetime),
            (
                "SESSION_COOKIE_AGE",
                SignedDuration::from_secs(session.cookie_age.into()),
            ),
        ];
        let longer = lives.into_iter().filter(|(_, life)| *life > absolute);
        longer
            .map(|(name, _)| Finding {
                id: "munjigi.W045",
                level: Level::Warning,
                message: format!(
                    "{name} is longer than SESSION_ABSOLUTE_AGE, with which every sign-in ends at the latest."
                ),
                hint: "Write a longer SESSION_ABSOLUTE_AGE, or 0 for no end, if you mean it to last so long."
                    .to_owned(),
            })
            .collect()
    }
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn signed(age: Duration) -> SignedDuration {
    SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX)
}
