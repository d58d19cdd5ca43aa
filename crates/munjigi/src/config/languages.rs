//! `LANGUAGE_CODE` and `LANGUAGES`.

use super::Error;
use super::kind::FromText;
use super::setting::{Section, Setting};
use super::written::Settings;
use crate::i18n::{Lang, Languages};

const LANGUAGE_CODE: Setting<Lang> = Setting::ours(
    "LANGUAGE_CODE",
    "\"ko\"",
    "The language of answers to clients that ask for none of LANGUAGES: `ko` or `en`.",
)
.differs_from("\"en-us\"");
const LANGUAGES: Setting<Vec<Lang>> = Setting::ours(
    "LANGUAGES",
    "[\"ko\", \"en\"]",
    "The languages that Accept-Language may choose from. Codes alone, without Django's names beside them.",
);

pub(super) const SECTION: Section = Section {
    title: "Languages",
    upstream: "Django 5.2",
    intro: "The words of answers. Commands and logs speak English.",
    settings: &[&LANGUAGE_CODE.about, &LANGUAGES.about],
};

pub(super) fn resolve(settings: Settings<'_>) -> Result<Languages, Error> {
    let available = settings.read(&LANGUAGES)?;
    let default = settings.read(&LANGUAGE_CODE)?;
    if !available.contains(&default) {
        return Err(Error::Contradiction(
            "LANGUAGE_CODE is not among LANGUAGES. Write LANGUAGES = [\"ko\", \"en\"], or another LANGUAGE_CODE."
                .to_owned(),
        ));
    }
    Ok(Languages { default, available })
}

impl FromText for Lang {
    const WANTED: &'static str = "a language: \"ko\" or \"en\"";
    const WANTED_LIST: &'static str = "a list of languages, such as [\"ko\", \"en\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        Self::from_code(text)
            .ok_or_else(|| format!("names \"{text}\". There are words in \"ko\" and \"en\"."))
    }
}
