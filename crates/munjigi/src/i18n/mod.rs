//! The words that a client reads, in every language of the server: what Django keeps in its `.po` files.
//!
//! [`Text`] names every sentence. Each language is one file with one exhaustive `match`, so that a missing
//! translation does not compile. Where a sentence is Django's, DRF's or simplejwt's, it is theirs letter for letter,
//! odd spaces included, and English under Korean where their catalogue has no Korean for it: a client cannot tell
//! whose answer it holds. The sentences that they do not have are ours.
//!
//! The catalogues are those of Django 5.2, DRF 3.18 and simplejwt 5.5.
//!
//! ```
//! use munjigi::i18n::{Lang, Text};
//!
//! assert_eq!(Text::Required.render(Lang::Ko), "이 필드는 필수 항목입니다.");
//! assert_eq!(Text::MaxLength(150).render(Lang::En), "Ensure this field has no more than 150 characters.");
//! ```

mod en;
mod field_errors;
#[cfg(test)]
pub(crate) mod golden;
mod ko;
mod languages;

pub use field_errors::FieldErrors;
pub use languages::{Lang, Languages};

use std::borrow::Cow;

/// A sentence that a client may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    // One field of a body: DRF's `fields.py` and `validators.py`, Django's `core/validators.py`.
    /// The field is missing.
    Required,
    /// The field is `null`.
    Null,
    /// The field is empty, or holds white space alone.
    Blank,
    /// The field is a boolean, a list or an object where text is expected.
    NotAString,
    /// The text has more code points than this.
    MaxLength(usize),
    /// The text has a NUL.
    NullCharacters,
    /// The text has this lone half of a UTF-16 surrogate pair.
    Surrogate(u16),
    /// The text is no e-mail address.
    InvalidEmail,
    /// The username has a character that is not allowed.
    InvalidUsername,
    /// Another user has the username.
    UsernameTaken,
    /// Another user has the e-mail address. Ours: Django's e-mail addresses may repeat.
    EmailTaken,
    /// Another row of the table has the value.
    NotUnique,
    /// The username is an e-mail address, and not the one given with it. Ours.
    UsernameIsForeignEmail,
    /// The value is no integer.
    NotAnInteger,
    /// The text is too long to be read as an integer.
    IntegerTextTooLong,
    /// The integer is less than this.
    MinValue(i64),
    /// The integer is more than this.
    MaxValue(i64),
    /// The value is no boolean.
    NotABoolean,

    // A body as a whole: DRF's `parsers.py`, `serializers.py`.
    /// The JSON is not an object but this type, by Python's name for it.
    ExpectedDictionary(&'static str),
    /// The JSON is `null`.
    NoData,
    /// The body is no JSON; where and why, in the words of Python's `json`.
    JsonParseError(String),
    /// The body is no multipart form; why.
    MultipartParseError(String),
    /// The form's text is not UTF-8. Ours: Django puts U+FFFD in its place.
    FormIsNotUtf8,
    /// A form has more fields than this. Ours: Django answers with a page.
    TooManyFields(usize),
    /// A form carries a file. Ours: nothing here takes one.
    FilesRefused,
    /// The body is in this charset, which is not read.
    UnsupportedCharset(String),
    /// The body is of this media type, which is not read.
    UnsupportedMediaType(String),
    /// The body is larger than this many bytes. Ours.
    BodyTooLarge(usize),

    // A password: Django's `contrib/auth/password_validation.py`.
    /// The password is much like this attribute of its user.
    PasswordTooSimilar(UserAttribute),
    /// The password has fewer code points than this.
    PasswordTooShort(usize),
    /// The password is on the list of common ones.
    PasswordTooCommon,
    /// The password has digits only.
    PasswordEntirelyNumeric,
    /// The password has more bytes than this, which is all that the configured hasher reads. Ours.
    PasswordTooLong(usize),
    /// The password that is to go is not the user's.
    PasswordIncorrect,

    // A password reset: Django's `contrib/admin/templates/registration` and `contrib/auth/templates/registration`.
    /// Whoever has an account under the address is mailed.
    ResetMailSent,
    /// The link is misspelt, too old or used.
    ResetLinkInvalid,
    /// The password is another one now.
    ResetDone,
    /// The mail's subject; the site.
    ResetMailSubject(String),
    /// Why there is a mail; the site.
    ResetMailReason(String),
    /// What stands before the link.
    ResetMailLink,
    /// What stands before the username.
    ResetMailUsername,
    /// What stands at the mail's end.
    ResetMailThanks,
    /// Who writes; the site.
    ResetMailTeam(String),
    /// What stands above the form of `munjigi dev`. Ours, as are its label and its button.
    ResetPageTitle,
    /// What stands before its field.
    ResetPagePassword,
    /// Its button.
    ResetPageButton,

    // A request: DRF's `exceptions.py`.
    /// 400 that has no better word.
    MalformedRequest,
    /// 401 without credentials.
    NotAuthenticated,
    /// 403 of the CSRF check, with Django's reason.
    CsrfFailed(String),
    /// 404.
    NotFound,
    /// 405 to this method.
    MethodNotAllowed(String),
    /// 406.
    NotAcceptable,
    /// 409 to a user whose account other rows refer to. Ours.
    AccountInUse,
    /// 403 to a user whose token would be longer than anybody would take it back. Ours.
    TokenTooLong,
    /// 500.
    ServerError,
    /// 503. Ours.
    Unavailable,
    /// 501 to who wants another protocol than HTTP. Ours.
    UpgradeRefused,

    // A token: simplejwt's `tokens.py`, `authentication.py`, `serializers.py`.
    /// No such user, a wrong password, or an inactive user.
    NoActiveAccount,
    /// The refresh token's user is not active.
    NoActiveAccountForToken,
    /// The token is malformed or its signature is wrong.
    TokenInvalid,
    /// The token's time is over.
    TokenExpired,
    /// The token was taken back.
    TokenBlacklisted,
    /// The token has no `jti`.
    TokenHasNoId,
    /// The token has no `token_type`.
    TokenHasNoType,
    /// The token is of another type than is asked for.
    TokenHasWrongType,
    /// The token lacks this claim.
    TokenHasNoClaim(String),
    /// The time in this claim of the token is over.
    TokenClaimExpired(String),
    /// No class of token takes the bearer.
    TokenNotValidForAnyType,
    /// `Authorization` has not two parts.
    BadAuthorizationHeader,
    /// The token names no user.
    NoUserIdentification,
    /// The token names a user who is not there.
    UserNotFound,
    /// The token names a user who is not active.
    UserInactive,
    /// The user's password is another than when the token was made.
    PasswordChanged,

    // A token of djangorestframework-jwt's: drf-jwt's `utils.py`, `serializers.py`, `authentication.py`.
    /// The token is none, or was not signed with our key.
    TokenUndecodable,
    /// The token's time is over.
    TokenHasExpired,
    /// The token is not good.
    TokenNotGood,
    /// The token names no user.
    PayloadInvalid,
    /// The token's user is not there.
    NoSuchUser,
    /// The token's user is not active.
    AccountDisabled,
    /// The token was taken back.
    TokenIsBlacklisted,
    /// The token cannot be given in for another.
    NoOrigIat,
    /// The token is of a sign-in too long ago.
    RefreshHasExpired,
    /// No such user, a wrong password, or an inactive user.
    NoLogin,

    // The four routes of the notes; the Korean is theirs, the English ours.
    /// 201 of both sign-ups.
    SignupDone,
    /// 200 of both sign-ins.
    SigninDone,
    /// 200 of both sign-outs.
    SignoutDone,
    /// 200 of a password change. Ours.
    PasswordChangeDone,
    /// 200 of a deletion. Ours.
    DeletionDone,
    /// 400 of both sign-ins, whatever the cause.
    WrongCredentials,
}

/// The attributes of a user that a password must not be like, as `verbose_name` calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAttribute {
    /// `username`.
    Username,
    /// `first_name`.
    FirstName,
    /// `last_name`.
    LastName,
    /// `email`.
    Email,
}

impl Text {
    /// The sentence in a language.
    pub fn render(&self, lang: Lang) -> Cow<'static, str> {
        match lang {
            Lang::En => en::render(self),
            Lang::Ko => ko::render(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// The id in `messages.json` of a text that is not ours. Exhaustive, so that whoever adds a text says whose it is.
    fn upstream_id(text: &Text) -> Option<&'static str> {
        Some(match text {
            Text::Required => "required",
            Text::Null => "null",
            Text::Blank => "blank",
            Text::NotAString => "not_a_string",
            Text::MaxLength(_) => "max_length_150",
            Text::NullCharacters => "null_characters",
            Text::Surrogate(_) => "surrogate_d800",
            Text::InvalidEmail => "invalid_email",
            Text::InvalidUsername => "invalid_username",
            Text::UsernameTaken => "username_taken",
            Text::NotUnique => "not_unique",
            Text::NotAnInteger => "not_an_integer",
            Text::IntegerTextTooLong => "max_string_length",
            Text::MinValue(_) => "min_value_0",
            Text::MaxValue(_) => "max_value",
            Text::NotABoolean => "not_a_boolean",
            Text::ExpectedDictionary(_) => "expected_dictionary_list",
            Text::NoData => "no_data",
            Text::JsonParseError(_) => "json_parse_error",
            Text::MultipartParseError(_) => "multipart_parse_error",
            Text::UnsupportedCharset(_) => "unsupported_charset",
            Text::UnsupportedMediaType(_) => "unsupported_media_type",
            Text::PasswordTooSimilar(UserAttribute::Username) => "password_too_similar_username",
            Text::PasswordTooSimilar(UserAttribute::FirstName) => "password_too_similar_first_name",
            Text::PasswordTooSimilar(UserAttribute::LastName) => "password_too_similar_last_name",
            Text::PasswordTooSimilar(UserAttribute::Email) => "password_too_similar_email",
            Text::PasswordTooShort(1) => "password_too_short_1",
            Text::PasswordTooShort(_) => "password_too_short_8",
            Text::PasswordTooCommon => "password_too_common",
            Text::PasswordEntirelyNumeric => "password_entirely_numeric",
            Text::PasswordIncorrect => "password_incorrect",
            Text::ResetMailSent => "reset_mail_sent",
            Text::ResetLinkInvalid => "reset_link_invalid",
            Text::ResetDone => "reset_done",
            Text::ResetMailSubject(_) => "reset_mail_subject",
            Text::ResetMailReason(_) => "reset_mail_reason",
            Text::ResetMailLink => "reset_mail_link",
            Text::ResetMailUsername => "reset_mail_username",
            Text::ResetMailThanks => "reset_mail_thanks",
            Text::ResetMailTeam(_) => "reset_mail_team",
            Text::MalformedRequest => "malformed_request",
            Text::NotAuthenticated => "not_authenticated",
            Text::CsrfFailed(_) => "csrf_failed",
            Text::NotFound => "not_found",
            Text::MethodNotAllowed(_) => "method_not_allowed",
            Text::NotAcceptable => "not_acceptable",
            Text::ServerError => "server_error",
            Text::NoActiveAccount => "no_active_account",
            Text::NoActiveAccountForToken => "no_active_account_for_token",
            Text::TokenInvalid => "token_invalid",
            Text::TokenExpired => "token_expired",
            Text::TokenBlacklisted => "token_blacklisted",
            Text::TokenHasNoId => "token_has_no_id",
            Text::TokenHasNoType => "token_has_no_type",
            Text::TokenHasWrongType => "token_has_wrong_type",
            Text::TokenHasNoClaim(_) => "token_has_no_claim_exp",
            Text::TokenClaimExpired(_) => "token_claim_expired_refresh_exp",
            Text::TokenNotValidForAnyType => "token_not_valid_for_any_type",
            Text::BadAuthorizationHeader => "bad_authorization_header",
            Text::NoUserIdentification => "no_user_identification",
            Text::UserNotFound => "user_not_found",
            Text::UserInactive => "user_inactive",
            Text::PasswordChanged => "password_changed",
            Text::EmailTaken
            | Text::UsernameIsForeignEmail
            | Text::FormIsNotUtf8
            | Text::TooManyFields(_)
            | Text::FilesRefused
            | Text::BodyTooLarge(_)
            | Text::PasswordTooLong(_)
            | Text::TokenTooLong
            | Text::Unavailable
            | Text::UpgradeRefused
            | Text::SignupDone
            | Text::SigninDone
            | Text::SignoutDone
            | Text::PasswordChangeDone
            | Text::DeletionDone
            | Text::AccountInUse
            | Text::ResetPageTitle
            | Text::ResetPagePassword
            | Text::ResetPageButton
            // drf-jwt's: fixtures/drf_jwt.json has them.
            | Text::TokenUndecodable
            | Text::TokenHasExpired
            | Text::TokenNotGood
            | Text::PayloadInvalid
            | Text::NoSuchUser
            | Text::AccountDisabled
            | Text::TokenIsBlacklisted
            | Text::NoOrigIat
            | Text::RefreshHasExpired
            | Text::NoLogin
            | Text::WrongCredentials => return None,
        })
    }

    /// Every upstream text once, with the arguments that `make_messages.py` gives it.
    fn upstream() -> Vec<Text> {
        let json = "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)";
        let site = "app.example.com";
        vec![
            Text::Required,
            Text::Null,
            Text::Blank,
            Text::NotAString,
            Text::MaxLength(150),
            Text::NullCharacters,
            Text::Surrogate(0xD800),
            Text::InvalidEmail,
            Text::InvalidUsername,
            Text::UsernameTaken,
            Text::NotUnique,
            Text::NotAnInteger,
            Text::IntegerTextTooLong,
            Text::MinValue(0),
            Text::MaxValue(i64::MAX),
            Text::NotABoolean,
            Text::ExpectedDictionary("list"),
            Text::NoData,
            Text::JsonParseError(json.into()),
            Text::MultipartParseError("Invalid boundary in multipart: None".into()),
            Text::UnsupportedCharset("bz2".into()),
            Text::UnsupportedMediaType("text/plain".into()),
            Text::PasswordTooSimilar(UserAttribute::Username),
            Text::PasswordTooSimilar(UserAttribute::FirstName),
            Text::PasswordTooSimilar(UserAttribute::LastName),
            Text::PasswordTooSimilar(UserAttribute::Email),
            Text::PasswordTooShort(8),
            Text::PasswordTooShort(1),
            Text::PasswordTooCommon,
            Text::PasswordEntirelyNumeric,
            Text::PasswordIncorrect,
            Text::ResetMailSent,
            Text::ResetLinkInvalid,
            Text::ResetDone,
            Text::ResetMailSubject(site.into()),
            Text::ResetMailReason(site.into()),
            Text::ResetMailLink,
            Text::ResetMailUsername,
            Text::ResetMailThanks,
            Text::ResetMailTeam(site.into()),
            Text::MalformedRequest,
            Text::NotAuthenticated,
            Text::CsrfFailed("CSRF token missing.".into()),
            Text::NotFound,
            Text::MethodNotAllowed("GET".into()),
            Text::NotAcceptable,
            Text::ServerError,
            Text::NoActiveAccount,
            Text::NoActiveAccountForToken,
            Text::TokenInvalid,
            Text::TokenExpired,
            Text::TokenBlacklisted,
            Text::TokenHasNoId,
            Text::TokenHasNoType,
            Text::TokenHasWrongType,
            Text::TokenHasNoClaim("exp".into()),
            Text::TokenClaimExpired("refresh_exp".into()),
            Text::TokenNotValidForAnyType,
            Text::BadAuthorizationHeader,
            Text::NoUserIdentification,
            Text::UserNotFound,
            Text::UserInactive,
            Text::PasswordChanged,
        ]
    }

    #[test]
    fn every_upstream_sentence_is_theirs_letter_for_letter() {
        let file = golden::read("messages.json");
        let messages: BTreeMap<&str, &serde_json::Value> = file["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| (message["id"].as_str().unwrap(), message))
            .collect();
        let texts = upstream();
        for text in &texts {
            let message = messages[upstream_id(text).unwrap()];
            assert_eq!(text.render(Lang::En), message["en"].as_str().unwrap());
            assert_eq!(text.render(Lang::Ko), message["ko"].as_str().unwrap());
        }
        let ids: std::collections::BTreeSet<_> = texts.iter().filter_map(upstream_id).collect();
        assert_eq!(
            ids,
            messages.keys().copied().collect(),
            "each message is a text, and each text a message"
        );
        assert_eq!(texts.len(), 63);
    }

    #[test]
    fn the_sentences_of_the_notes_are_theirs() {
        assert_eq!(Text::SignupDone.render(Lang::Ko), "회원가입 성공");
        assert_eq!(Text::SigninDone.render(Lang::Ko), "로그인 성공");
        assert_eq!(Text::SignoutDone.render(Lang::Ko), "로그아웃 성공");
        assert_eq!(
            Text::WrongCredentials.render(Lang::Ko),
            "이메일 또는 비밀번호가 올바르지 않습니다"
        );
    }
}
