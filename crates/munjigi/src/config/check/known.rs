//! Every id that a check of the settings may find, for `docs/reference/checks.md`.

use super::Level;

/// What an id stands for.
pub(crate) struct Known {
    pub(crate) id: &'static str,
    pub(crate) level: Level,
    /// When it is looked at.
    pub(crate) when: When,
    /// What is so, as the beginning of a sentence.
    pub(crate) meaning: &'static str,
}

/// When something is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// At every start, and by every check.
    Always,
    /// At the start of a server, which has seen the database.
    Start,
    /// By `check --deploy`.
    Deploy,
    /// By `check --django`.
    Django,
}

impl When {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Always => "at every start",
            Self::Start => "at the start of a server",
            Self::Deploy => "`--deploy`",
            Self::Django => "`--django`",
        }
    }
}

macro_rules! known {
    ($($id:literal $level:ident $when:ident $meaning:literal)+) => {
        &[$(Known { id: $id, level: Level::$level, when: When::$when, meaning: $meaning }),+]
    };
}

/// The ids that are Django's, which mean the same there, and ours.
pub(crate) const KNOWN: &[Known] = known![
    "security.W004" Warning Deploy "No Strict-Transport-Security"
    "security.W005" Info Deploy "Strict-Transport-Security without the subdomains (a warning in Django)"
    "security.W006" Warning Deploy "No X-Content-Type-Options"
    "security.W009" Warning Always "A SECRET_KEY that can be guessed"
    "security.W012" Warning Deploy "A session cookie over plain HTTP"
    "security.W015" Warning Deploy "A session cookie that scripts read"
    "security.W016" Warning Deploy "A CSRF cookie over plain HTTP"
    "security.W019" Warning Deploy "Pages that may be framed"
    "security.W021" Info Deploy "Strict-Transport-Security without preload (a warning in Django)"
    "security.W022" Warning Deploy "No Referrer-Policy"
    "security.W025" Warning Always "A fallback of the SECRET_KEY that can be guessed"
    "munjigi.W001" Warning Always "A refresh token opens routes"
    "munjigi.W002" Warning Always "A secret that is short for its algorithm"
    "munjigi.W003" Warning Deploy "Any Host header is believed"
    "munjigi.W004" Warning Deploy "Any password is taken"
    "munjigi.W005" Warning Deploy "Pages of every site may read answers"
    "munjigi.W006" Warning Deploy "Every client may say who and where it is"
    "munjigi.W007" Warning Deploy "Access tokens outlive refresh tokens"
    "munjigi.W008" Warning Deploy "A leeway of more than five minutes"
    "munjigi.W009" Warning Deploy "Passwords are stored at too low a cost"
    "munjigi.W010" Warning Always "Others could read the data of `munjigi dev`"
    "munjigi.W011" Warning Deploy "Passwords are stored at a cost that a Django beside munjigi cannot verify"
    "munjigi.W012" Warning Deploy "Users give themselves a flag"
    "munjigi.W020" Warning Always "Keys of AUTH_COOKIE without an AUTH_COOKIE"
    "munjigi.W021" Warning Always "A cookie with a token does not reach its route"
    "munjigi.W022" Warning Always "A cookie with a token that nothing reads"
    "munjigi.W023" Warning Deploy "A cookie with a token over plain HTTP"
    "munjigi.W024" Warning Deploy "A cookie with a token that scripts read"
    "munjigi.W025" Warning Always "Tokens of JWT_AUTH that do not expire"
    "munjigi.W030" Warning Always "A token of any kind opens routes"
    "munjigi.W031" Warning Always "Kinds of tokens are not told apart"
    "munjigi.W032" Warning Always "Tokens without an id"
    "munjigi.W033" Warning Always "Rotation without the blacklist"
    "munjigi.W034" Warning Always "Tokens of disabled users"
    "munjigi.W035" Warning Always "Sliding tokens that open for longer than they could be refreshed"
    "munjigi.W036" Warning Always "Tokens that name a user by his address"
    "munjigi.W037" Warning Always "A long window in which a stolen token is not noticed"
    "munjigi.W038" Warning Always "A window that does nothing"
    "munjigi.W045" Warning Always "A lifetime longer than that of every sign-in"
    "munjigi.W046" Warning Deploy "Requests of other sites carry the session"
    "munjigi.W047" Warning Deploy "Access tokens that live for more than an hour"
    "munjigi.W048" Warning Deploy "Services that verify tokens hold the secret that makes them"
    "munjigi.W050" Warning Deploy "A password to the mail server in the clear"
    "munjigi.W051" Warning Deploy "Links that reset passwords are printed"
    "munjigi.W060" Warning Start "Sign-in and password reset by e-mail read a whole table of users"
    "munjigi.W061" Warning Always "More threads that hash than processors"
    "munjigi.I001" Info Deploy "No trusted proxy"
    "munjigi.I002" Info Deploy "A default that is not simplejwt's, and not written"
    "munjigi.I003" Info Deploy "Tokens are signed with the SECRET_KEY itself"
    "munjigi.I004" Info Deploy "A mail server, and nothing that is mailed"
];
