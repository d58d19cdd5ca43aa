//! `LANGUAGE_CODE` and `LANGUAGES`.

/// A language that the server has words in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `ko`.
    Korean,
    /// `en`.
    English,
}

/// In which languages the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageSettings {
    /// `LANGUAGE_CODE`: the language for who asks for none of [`LanguageSettings::offered`]. Default Korean,
    /// the language of the notes; Django's is `en-us`.
    pub default: Language,
    /// `LANGUAGES`, at least one: those that `Accept-Language` may choose from.
    pub offered: Vec<Language>,
}
