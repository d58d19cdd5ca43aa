//! What DRF says to the same bodies.

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
    let body = json!({"username": long, "password": long, "email": format!("{long}@{long}"), "age": long});
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
