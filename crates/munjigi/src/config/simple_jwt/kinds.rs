//! How the values of `[SIMPLE_JWT]` are written.

use super::super::kind::{FromText, Kind, Wrong};
use munjigi_tokens::{Algorithm, Audience, TokenClass};
use std::time::Duration;
use toml::Value;

/// `COMPAT_VERSION`: which simplejwt a client is to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompatVersion {
    /// The release 5.5.1.
    V5_5_1,
    /// What stands on simplejwt's branch `main` and was in no release yet.
    Main,
}

impl FromText for CompatVersion {
    const WANTED: &'static str = "\"5.5.1\" or \"main\"";
    const WANTED_LIST: &'static str = "a list of versions";

    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "5.5.1" => Ok(Self::V5_5_1),
            "main" => Ok(Self::Main),
            _ => Err(format!("is \"{text}\". Write {}.", <Self as FromText>::WANTED)),
        }
    }
}

impl FromText for Algorithm {
    const WANTED: &'static str = "the name of an algorithm, such as \"HS256\" or \"EdDSA\"";
    const WANTED_LIST: &'static str = "a list of algorithms";

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|error| format!("is \"{text}\", which is no algorithm. {error}"))
    }
}

impl FromText for TokenClass {
    const WANTED: &'static str = "a token class";
    const WANTED_LIST: &'static str =
        "a list of token classes, such as [\"rest_framework_simplejwt.tokens.AccessToken\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        let path = if text.contains('.') {
            text.to_owned()
        } else {
            format!("rest_framework_simplejwt.tokens.{text}")
        };
        path.parse().map_err(|_| {
            format!(
                "names \"{text}\", and munjigi runs no Python: it has simplejwt's own AccessToken, RefreshToken, \
                 SlidingToken and UntypedToken. Write \"rest_framework_simplejwt.tokens.AccessToken\"."
            )
        })
    }
}

impl Kind for Option<Audience> {
    const WANTED: &'static str = "text or a list of texts, or \"\" for none";
    const IS_TEXT: bool = false;

    fn read(value: &Value) -> Result<Self, Wrong> {
        match value {
            Value::String(text) if text.is_empty() => Ok(None),
            Value::String(text) => Ok(Some(Audience::One(text.clone()))),
            _ => Vec::<String>::read(value).map(|list| Some(Audience::Several(list))),
        }
    }
}

/// The words of `AUTH_HEADER_TYPES`, at least one. As in simplejwt, one may stand without a list.
#[derive(PartialEq)]
pub(super) struct HeaderTypes(pub(super) Vec<String>);

impl Kind for HeaderTypes {
    const WANTED: &'static str = <Vec<String> as Kind>::WANTED;

    fn read(value: &Value) -> Result<Self, Wrong> {
        let words = match value {
            Value::String(word) => vec![word.clone()],
            words => Vec::<String>::read(words)?,
        };
        // No header begins with the empty word, which simplejwt takes and never finds.
        let has_first = words.first().is_some_and(|first| !first.is_empty());
        let words: Vec<_> = words
            .into_iter()
            .filter(|word| !has_first || !word.is_empty())
            .collect();
        let is_word = |word: &String| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic());
        if words.is_empty() || !words.iter().all(is_word) {
            return Err(Wrong::Value(
                "must be words without spaces, at least one: [\"Bearer\"].".to_owned(),
            ));
        }
        Ok(Self(words))
    }
}

/// `LEEWAY`: as simplejwt takes it, a timedelta, whole seconds, or seconds with a fraction; None is zero.
#[derive(PartialEq)]
pub(super) struct Leeway(pub(super) Duration);

impl Kind for Leeway {
    const WANTED: &'static str = "a time such as \"10s\", or a number of seconds such as 10 or 0.5";

    fn read(value: &Value) -> Result<Self, Wrong> {
        match value {
            Value::Float(seconds) => Duration::try_from_secs_f64(*seconds)
                .map(Self)
                .map_err(|_| Wrong::Value(format!("is no time. Write {}.", Self::WANTED))),
            Value::String(text) if text.is_empty() => Ok(Self(Duration::ZERO)),
            value => Duration::read(value).map(Self),
        }
    }
}
