//! The fields of the bodies that munjigi takes, read and judged as DRF's serializers do it: the reference's
//! `ModelSerializer` for a sign-up, simplejwt's `TokenObtainSerializer` and its kin.
//!
//! Every field is looked at and all that is wrong is told, in the serializer's order. Two things are ours. A password
//! is taken as it was sent, where DRF cuts outer white space off. A fraction that a double does not hold (`1e999`, or
//! one with twenty digits) is no text, so that two different numbers are never one password.

mod chars;
mod extra;

use super::body::{Fields, Source, Value};
use crate::accounts::identifiers::{
    is_email, is_own_username, is_username, normalize_email, normalize_username,
};
use crate::accounts::password::Passwords;
use crate::accounts::password::reset::Confirmation;
use crate::accounts::profile::Changes;
use crate::accounts::signup::Application;
use crate::config::OwnAccount;
use crate::i18n::{FieldErrors, Text};
use chars::{Chars, OuterSpace};
use munjigi_passwords::Password;
use munjigi_store::{FieldValue, UserModel};

/// What `POST /api/token/` asks for.
pub struct ObtainInput {
    /// The user's name, outer white space off.
    pub username: String,
    /// The password, as sent.
    pub password: Password,
}

/// The fields of a sign-up: the ones that `USERNAME_FIELD` and `EMAIL_FIELD` name, `password` and the extra ones, of which
/// those that may be NULL or have a default may also be left out. One that is not editable has its default or is NULL,
/// whatever is sent, as a `read_only` field of DRF's is left out. Where both name one field his address is the user's name; where the model has no address it is
/// empty.
///
/// # Errors
/// What is wrong with which field. Whether a name is taken, and whether a password is good enough, is not asked here.
pub fn signup_fields(fields: &Fields, model: &UserModel) -> Result<Application, FieldErrors> {
    let address = match &model.email_field {
        Some(field) => email(fields, model, field),
        None => Ok(String::new()),
    };
    let username = (!model.is_named_by_email()).then(|| {
        username(fields, model).and_then(|username| match &address {
            Ok(email) if !is_own_username(&username, email) => Err(vec![Text::UsernameIsForeignEmail]),
            _ => Ok(username),
        })
    });
    let mut errors = FieldErrors::default();
    let username = username.map(|username| keep(&mut errors, &model.username_field, username));
    let password = keep(&mut errors, "password", password(fields, "password"));
    let email_field = model.email_field.as_deref().unwrap_or_default();
    let email = keep(&mut errors, email_field, address);
    let username = username.unwrap_or_else(|| email.clone());
    let values: Vec<FieldValue> = model
        .extra_fields
        .iter()
        .filter_map(|field| {
            if field.editable {
                keep(&mut errors, &field.name, extra::read(fields, field))
            } else {
                Some(field.default.clone().unwrap_or(FieldValue::Null))
            }
        })
        .collect();
    match (username, email, password) {
        (Some(username), Some(email), Some(password)) if errors.is_empty() => Ok(Application {
            username,
            email,
            password,
            extra: values,
        }),
        _ => Err(errors),
    }
}

/// The fields of a password change, djoser's `SetPasswordSerializer`.
///
/// # Errors
/// What is wrong with which field. Whether the one is his and the other good enough is not asked here.
pub fn password_change_fields(fields: &Fields) -> Result<Passwords, FieldErrors> {
    let mut errors = FieldErrors::default();
    let current = keep(&mut errors, CURRENT_PASSWORD, shown(fields));
    let new = keep(&mut errors, NEW_PASSWORD, password(fields, NEW_PASSWORD));
    match (current, new) {
        (Some(current), Some(new)) => Ok(Passwords { current, new }),
        _ => Err(errors),
    }
}

/// The address of who forgot his password: `PasswordResetForm`.
///
/// # Errors
/// What is wrong with it.
pub fn reset_email(fields: &Fields, model: &UserModel) -> Result<String, FieldErrors> {
    email(fields, model, "email").map_err(|texts| FieldErrors::of("email", texts))
}

/// What the holder of a reset link brings: djoser's `PasswordResetConfirmSerializer`.
///
/// # Errors
/// What is wrong with which field. Whether the link is good is not asked here.
pub fn confirmation(fields: &Fields) -> Result<Confirmation, FieldErrors> {
    let mut errors = FieldErrors::default();
    let uid = keep(&mut errors, "uid", text(fields, "uid"));
    let token = keep(&mut errors, "token", text(fields, "token"));
    let new = keep(&mut errors, NEW_PASSWORD, password(fields, NEW_PASSWORD));
    match (uid, token, new) {
        (Some(uid), Some(token), Some(new)) => Ok(Confirmation { uid, token, new }),
        _ => Err(errors),
    }
}

/// The password that a user shows once more.
///
/// # Errors
/// What is wrong with it, but not whether it is his.
pub fn current_password(fields: &Fields) -> Result<Password, FieldErrors> {
    shown(fields).map_err(|texts| FieldErrors::of(CURRENT_PASSWORD, texts))
}

/// What a user wants to be different of himself: what is missing stays (`partial=True`). What he may not write is not
/// looked at, like a member that no serializer knows.
///
/// # Errors
/// What is wrong with which field.
pub fn changes(fields: &Fields, model: &UserModel, account: OwnAccount) -> Result<Changes, FieldErrors> {
    let mut errors = FieldErrors::default();
    let email_field = model.email_field.as_deref().filter(|_| account.email_editable);
    let email_field = email_field.filter(|field| fields.value(field).is_some());
    let email = email_field.map(|field| keep(&mut errors, field, email(fields, model, field)));
    let sent = model
        .extra_fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.editable && fields.value(&field.name).is_some());
    let extra: Vec<(usize, FieldValue)> = sent
        .filter_map(|(place, field)| {
            let value = keep(&mut errors, &field.name, extra::read(fields, field));
            value.map(|value| (place, value))
        })
        .collect();
    if errors.is_empty() {
        Ok(Changes {
            email: email.flatten(),
            current_password: shown(fields),
            extra,
        })
    } else {
        Err(errors)
    }
}

/// djoser's names.
const CURRENT_PASSWORD: &str = "current_password";
const NEW_PASSWORD: &str = "new_password";

/// The fields of `TokenObtainSerializer` (simplejwt 5.5): the one that `USERNAME_FIELD` names, and `password`.
///
/// # Errors
/// What is wrong with which field.
pub fn obtain_fields(fields: &Fields, username_field: &str) -> Result<ObtainInput, FieldErrors> {
    let mut errors = FieldErrors::default();
    let username = keep(&mut errors, username_field, text(fields, username_field));
    let password = keep(&mut errors, "password", password(fields, "password"));
    match (username, password) {
        (Some(username), Some(password)) => Ok(ObtainInput { username, password }),
        _ => Err(errors),
    }
}

/// The fields of `JSONWebTokenSerializer` (drf-jwt 1.19): the same, the password first.
///
/// # Errors
/// What is wrong with which field.
pub fn json_web_token_fields(fields: &Fields, username_field: &str) -> Result<ObtainInput, FieldErrors> {
    let mut errors = FieldErrors::default();
    let password = keep(&mut errors, "password", password(fields, "password"));
    let username = keep(&mut errors, username_field, text(fields, username_field));
    match (username, password) {
        (Some(username), Some(password)) => Ok(ObtainInput { username, password }),
        _ => Err(errors),
    }
}

/// A text that must be there, outer white space off: `serializers.CharField()`.
///
/// # Errors
/// What is wrong with it.
pub fn required_text(fields: &Fields, name: &str) -> Result<String, FieldErrors> {
    text(fields, name).map_err(|texts| FieldErrors::of(name, texts))
}

/// A text that may be missing: `serializers.CharField(required=False)`.
///
/// # Errors
/// What is wrong with it, where it is not missing.
pub fn optional_text(fields: &Fields, name: &str) -> Result<Option<String>, FieldErrors> {
    fields
        .value(name)
        .map(|_| required_text(fields, name))
        .transpose()
}

/// A truth that may be missing: `serializers.BooleanField(required=False)`. A form leaves out a box that is not ticked,
/// so one that is missing there is not false but unsaid.
///
/// # Errors
/// What is wrong with it, where it is not missing.
pub fn optional_boolean(fields: &Fields, name: &str) -> Result<Option<bool>, FieldErrors> {
    let is_blank = |value: &Value| {
        fields.source() == Source::Form && matches!(value, Value::String { text, .. } if text.is_empty())
    };
    let value = fields.value(name).filter(|value| !is_blank(value));
    value
        .map(extra::truth)
        .transpose()
        .map_err(|texts| FieldErrors::of(name, texts))
}

/// `csrfmiddlewaretoken` of a form; Django does not look for it in JSON.
pub fn form_token(fields: &Fields) -> Option<&str> {
    match fields.value("csrfmiddlewaretoken") {
        Some(Value::String { text, .. }) if fields.source() == Source::Form => Some(text),
        _ => None,
    }
}

/// A text of the notes' sign-ins, as sent; a number is the text that Python makes of it. What is missing, null, or
/// neither text nor number is none, and so is a text with half a surrogate pair, which nobody's is.
pub fn credential(fields: &Fields, name: &str) -> Option<String> {
    let chars = Chars::read(fields.value(name)?).ok()?;
    chars.surrogate.is_none().then_some(chars.text)
}

/// Keeps the errors of a field, under its name.
fn keep<T>(errors: &mut FieldErrors, field: &str, result: Result<T, Vec<Text>>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(texts) => {
            for text in texts {
                errors.add(field, text);
            }
            None
        }
    }
}

fn text(fields: &Fields, name: &str) -> Result<String, Vec<Text>> {
    let chars = Chars::required(fields.value(name), OuterSpace::Trimmed)?;
    let wrong = chars.complaints(None);
    chars.unless(wrong)
}

/// `CharField` of `AbstractUser.username`, and then the model's rules for what is stored: normalising may lengthen a
/// name or bring in a character that is not allowed (`½` becomes `1⁄2`). Django stores such a name.
fn username(fields: &Fields, model: &UserModel) -> Result<String, Vec<Text>> {
    let most = model.name_lengths.username;
    let chars = Chars::required(fields.value(&model.username_field), OuterSpace::Trimmed)?;
    let mut wrong = if is_username(&chars.text) {
        Vec::new()
    } else {
        vec![Text::InvalidUsername]
    };
    wrong.extend(chars.complaints(Some(most)));
    let username = normalize_username(&chars.unless(wrong)?);
    if !is_username(&username) {
        Err(vec![Text::InvalidUsername])
    } else if username.chars().nth(most).is_some() {
        Err(vec![Text::MaxLength(most)])
    } else {
        Ok(username)
    }
}

/// `EmailField(max_length=254)`. Of what is no text it says that it is no e-mail address.
fn email(fields: &Fields, model: &UserModel, name: &str) -> Result<String, Vec<Text>> {
    let chars = match Chars::required(fields.value(name), OuterSpace::Trimmed) {
        Err(texts) if texts == [Text::NotAString] => return Err(vec![Text::InvalidEmail]),
        chars => chars?,
    };
    let mut wrong = chars.complaints(Some(model.name_lengths.email));
    wrong.extend((!is_email(&chars.text)).then_some(Text::InvalidEmail));
    chars.unless(wrong).map(|email| normalize_email(&email))
}

/// `CharField(write_only=True)`, but for the outer white space. White space alone is blank, as in DRF.
fn password(fields: &Fields, name: &str) -> Result<Password, Vec<Text>> {
    let chars = Chars::required(fields.value(name), OuterSpace::Kept)?;
    let wrong = chars.complaints(None);
    chars.unless(wrong).map(Password::from)
}

/// A password that is to be held against the stored one, as a sign-in takes it: Django's forms store white space too.
fn shown(fields: &Fields) -> Result<Password, Vec<Text>> {
    let value = fields
        .value(CURRENT_PASSWORD)
        .ok_or_else(|| vec![Text::Required])?;
    let chars = Chars::read(value).map_err(|text| vec![text])?;
    let wrong: Vec<Text> = chars.surrogate.map(Text::Surrogate).into_iter().collect();
    chars.unless(wrong).map(Password::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use crate::i18n::golden::{deviates, read};
    use munjigi_store::{ExtraField, FieldKind};
    use serde_json::{Value, json};

    const FILE: &str = "signup_fields.json";

    async fn parse(content_type: &str, body: &str) -> Fields {
        Fields::parse(body.to_owned().into(), Some(content_type), 1000)
            .await
            .unwrap()
    }

    fn field(name: &str, kind: FieldKind, nullable: bool) -> ExtraField {
        ExtraField {
            name: name.to_owned(),
            column: name.to_owned(),
            kind,
            nullable,
            editable: true,
            default: None,
        }
    }

    /// `AbstractUser` with an age.
    fn model(age: ExtraField) -> UserModel {
        UserModel {
            extra_fields: vec![age],
            ..UserModel::auth_user()
        }
    }

    fn shown(value: &FieldValue) -> Value {
        match value {
            FieldValue::Integer(number) => json!(number),
            FieldValue::Text(text) => json!(text),
            FieldValue::Boolean(truth) => json!(truth),
            FieldValue::Null => Value::Null,
        }
    }

    /// The parts of a vector that are outcome, not input.
    fn outcome(vector: &Value) -> Value {
        let mut outcome = vector.clone();
        for input in ["id", "body", "kind", "nullable", "source"] {
            outcome.as_object_mut().unwrap().remove(input);
        }
        outcome
    }

    fn refusal(errors: &FieldErrors) -> Value {
        json!({"status": 400, "en": errors.render(Lang::En), "ko": errors.render(Lang::Ko)})
    }

    /// Holds each vector of a list against what munjigi makes of it; how many there were, and how many deviate.
    async fn compare(list: &str, make: impl AsyncFn(&Value) -> Value) -> (usize, usize) {
        let file = read(FILE);
        let vectors = file[list].as_array().unwrap();
        let mut deviations = 0;
        for vector in vectors {
            let id = vector["id"].as_str().unwrap();
            let (ours, theirs) = (make(vector).await, outcome(vector));
            let deviation = deviates(FILE, &format!("{list}/{id}"));
            assert_eq!(
                ours != theirs,
                deviation,
                "{list}/{id}\nours   {ours}\ntheirs {theirs}"
            );
            deviations += usize::from(deviation);
        }
        (vectors.len(), deviations)
    }

    #[tokio::test]
    async fn a_sign_up_is_judged_as_the_reference_judges_it() {
        // On SQLite a PositiveIntegerField ends where its integers end.
        let model = model(field(
            "age",
            FieldKind::Integer {
                min: 0,
                max: i64::MAX,
            },
            true,
        ));
        let make = async |vector: &Value| {
            let fields = parse("application/json", vector["body"].as_str().unwrap()).await;
            match signup_fields(&fields, &model) {
                Ok(input) => json!({"status": 201, "made": {
                    "username": input.username,
                    "email": input.email,
                    "age": shown(&input.extra[0]),
                    "password": input.password.expose(),
                }}),
                Err(errors) => refusal(&errors),
            }
        };
        assert_eq!(compare("signup", make).await, (212, 16));
    }

    #[tokio::test]
    async fn a_user_signs_up_under_the_names_that_his_model_has() {
        let body = r#"{"username": "mseo", "login": "seo", "contact": "Seo@Naver.COM", "email": "x@y.example",
            "password": "1234"}"#;
        let fields = parse("application/json", body).await;
        let made = |model: &UserModel| {
            let application = signup_fields(&fields, model).ok().unwrap();
            (application.username, application.email)
        };
        let mut model = UserModel::auth_user();
        model.email_field = None;
        assert_eq!(made(&model), ("mseo".to_owned(), String::new()));
        model.email_field = Some("contact".to_owned());
        model.username_field = "login".to_owned();
        assert_eq!(made(&model), ("seo".to_owned(), "Seo@naver.com".to_owned()));
        model.username_field = "contact".to_owned();
        assert_eq!(
            made(&model),
            ("Seo@naver.com".to_owned(), "Seo@naver.com".to_owned())
        );
        let nothing = parse("application/json", "{}").await;
        let errors = signup_fields(&nothing, &model).err().unwrap();
        let wrong: Vec<&str> = errors.iter().map(|(field, _)| field).collect();
        assert_eq!(wrong, ["password", "contact"]);
    }

    #[tokio::test]
    async fn what_a_token_is_obtained_with_is_judged_as_simplejwt_judges_it() {
        let make = async |vector: &Value| {
            let fields = parse("application/json", vector["body"].as_str().unwrap()).await;
            match obtain_fields(&fields, "username") {
                Ok(_) => {
                    let detail = |lang| json!({"detail": Text::NoActiveAccount.render(lang)});
                    json!({"status": 401, "en": detail(Lang::En), "ko": detail(Lang::Ko)})
                }
                Err(errors) => refusal(&errors),
            }
        };
        assert_eq!(compare("obtain", make).await, (66, 6));
    }

    #[tokio::test]
    async fn an_extra_field_is_judged_as_a_serializer_field_judges_it() {
        let make = async |vector: &Value| {
            let kind = match vector["kind"].as_str().unwrap() {
                "integer" => FieldKind::Integer {
                    min: 0,
                    max: i64::from(i32::MAX),
                },
                "text" => FieldKind::Text { max_length: Some(5) },
                _ => FieldKind::Boolean,
            };
            let content_type = match vector["source"].as_str().unwrap() {
                "json" => "application/json",
                _ => "application/x-www-form-urlencoded",
            };
            let fields = parse(content_type, vector["body"].as_str().unwrap()).await;
            match extra::read(
                &fields,
                &field("field", kind, vector["nullable"].as_bool().unwrap()),
            ) {
                Ok(value) => json!({"value": shown(&value)}),
                Err(texts) => json!({"errors": FieldErrors::of("field", texts).render(Lang::En)["field"]}),
            }
        };
        assert_eq!(compare("extra", make).await, (330, 0));
    }

    #[tokio::test]
    async fn a_sign_in_takes_texts_and_numbers_as_they_were_sent() {
        let body = r#"{"number": 1234, "fraction": 1.10, "text": " x ", "empty": "", "nul": "a\u0000",
            "null": null, "true": true, "list": ["x"], "object": {}, "lone": "\ud800", "infinite": 1e999}"#;
        let fields = parse("application/json", body).await;
        let taken = [
            ("number", "1234"),
            ("fraction", "1.1"),
            ("text", " x "),
            ("empty", ""),
            ("nul", "a\0"),
        ];
        for (name, text) in taken {
            assert_eq!(credential(&fields, name).as_deref(), Some(text));
        }
        for name in ["missing", "null", "true", "list", "object", "lone", "infinite"] {
            assert_eq!(credential(&fields, name), None, "{name}");
        }
    }

    #[tokio::test]
    async fn a_text_that_may_be_missing_may_not_be_wrong() {
        let fields = parse(
            "application/json",
            r#"{"null": null, "blank": " ", "text": " x "}"#,
        )
        .await;
        assert_eq!(optional_text(&fields, "missing"), Ok(None));
        assert_eq!(optional_text(&fields, "text"), Ok(Some("x".to_owned())));
        assert_eq!(
            optional_text(&fields, "null"),
            Err(FieldErrors::of("null", vec![Text::Null]))
        );
        assert_eq!(
            required_text(&fields, "blank"),
            Err(FieldErrors::of("blank", vec![Text::Blank]))
        );
        assert_eq!(
            required_text(&fields, "missing"),
            Err(FieldErrors::of("missing", vec![Text::Required]))
        );
    }

    #[tokio::test]
    async fn a_megabyte_in_every_field_is_judged_at_once() {
        let long = "\u{1112}\u{1169}\u{11bc}".repeat((1 << 20) / 9);
        let body =
            json!({"username": long, "password": long, "email": format!("{long}@{long}"), "age": long});
        let fields = parse("application/json", &body.to_string()).await;
        let model = model(field(
            "age",
            FieldKind::Integer {
                min: 0,
                max: i64::MAX,
            },
            true,
        ));
        let started = std::time::Instant::now();
        let errors = signup_fields(&fields, &model).err().unwrap();
        assert_eq!(
            errors.iter().count(),
            3,
            "the password is long, and that is no error"
        );
        assert!(started.elapsed() < std::time::Duration::from_secs(1));
    }
}
