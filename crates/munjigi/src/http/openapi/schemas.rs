//! The schemas and answers that many routes share.

use super::operation::{Answer, Schema};
use crate::config::{ClaimPlaced, ClaimSource, Config, UserFact};
use http::StatusCode;
use munjigi_store::{ExtraField, FieldKind};
use munjigi_user::UserIdKind;
use serde_json::{Map, Value, json};

/// DRF's refusals.
pub(in crate::http) const DETAIL: Schema = Schema::new("Detail", |_| {
    json!({
        "type": "object",
        "required": ["detail"],
        "properties": {"detail": {"type": "string", "description": "What is wrong, in the request's language."}},
    })
});

/// Refusals of a user, or of a header.
pub(in crate::http) const CODED_DETAIL: Schema = Schema::new("CodedDetail", |_| {
    json!({
        "type": "object",
        "required": ["detail", "code"],
        "properties": {
            "detail": {"type": "string"},
            "code": {"type": "string", "description": "A stable word.", "examples": ["token_not_valid"]},
        },
    })
});

/// What each class of token said of a bearer token.
pub(in crate::http) const TOKEN_REFUSED: Schema = Schema::new("TokenRefused", |_| {
    let message = json!({
        "type": "object",
        "required": ["token_class", "token_type", "message"],
        "properties": {
            "token_class": {"type": "string", "examples": ["AccessToken"]},
            "token_type": {"type": ["string", "null"], "examples": ["access"]},
            "message": {"type": "string"},
        },
    });
    json!({
        "type": "object",
        "required": ["detail", "code", "messages"],
        "properties": {
            "detail": {"type": "string"},
            "code": {"type": "string", "const": "token_not_valid"},
            "messages": {"type": "array", "items": message},
        },
    })
});

/// What is wrong with which field of a body; `non_field_errors` for the body as a whole.
pub(in crate::http) const FIELD_ERRORS: Schema = Schema::new("FieldErrors", |_| {
    json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "examples": [{"password": ["This field is required."]}],
    })
});

/// What may befall every request: a host that is not ours, a fault, a database that does not answer in time.
pub(in crate::http) fn fails() -> [Answer; 3] {
    [
        Answer::json(
            StatusCode::BAD_REQUEST,
            DETAIL,
            "The host is not one of ALLOWED_HOSTS.",
            "ALLOWED_HOSTS에 없는 호스트입니다.",
        ),
        Answer::json(
            StatusCode::INTERNAL_SERVER_ERROR,
            DETAIL,
            "A fault of ours; what it is stands in the log.",
            "서버 오류입니다. 원인은 로그에 있습니다.",
        ),
        Answer::json(
            StatusCode::SERVICE_UNAVAILABLE,
            DETAIL,
            "Too busy, or the database does not answer. Try again after Retry-After seconds.",
            "지금은 처리할 수 없습니다. Retry-After 초 뒤에 다시 시도하십시오.",
        ),
    ]
}

/// What may be wrong with a body, whatever its fields.
pub(in crate::http) fn refuses() -> [Answer; 5] {
    [
        Answer::json(
            StatusCode::BAD_REQUEST,
            FIELD_ERRORS,
            "Some fields are not as they must be.",
            "필드가 올바르지 않습니다.",
        ),
        Answer::json(
            StatusCode::BAD_REQUEST,
            DETAIL,
            "The body is not what its Content-Type says.",
            "본문이 Content-Type과 다릅니다.",
        ),
        Answer::json(
            StatusCode::REQUEST_TIMEOUT,
            DETAIL,
            "The body came too slowly.",
            "본문이 너무 느리게 왔습니다.",
        ),
        Answer::json(
            StatusCode::PAYLOAD_TOO_LARGE,
            DETAIL,
            "The body is too large.",
            "본문이 너무 큽니다.",
        ),
        Answer::json(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            DETAIL,
            "The body is neither JSON nor a form.",
            "본문이 JSON도 폼도 아닙니다.",
        ),
    ]
}

/// The model's own fields, as they are sent, and an example of each.
pub(in crate::http) fn extra_fields(config: &Config) -> impl Iterator<Item = (&ExtraField, Value, Value)> {
    let fields = config.user_model.extra_fields.iter();
    fields.map(|field| (field, sent(field), example(field)))
}

/// What `[SIMPLE_JWT_CLAIMS]` puts into the answer to a sign-in.
pub(in crate::http) fn told_claims(config: &Config) -> impl Iterator<Item = (&str, Value)> {
    let told = config.claims.iter();
    let told = told.filter(|claim| claim.placed == ClaimPlaced::InBodyToo);
    told.map(|claim| {
        let schema = match &claim.source {
            ClaimSource::User(fact) => fact_told(config, *fact),
            ClaimSource::Extra(name) => {
                let mut fields = config.user_model.extra_fields.iter();
                let field = fields.find(|field| field.name == *name);
                field.map_or(json!({}), answered)
            }
            ClaimSource::Groups | ClaimSource::Permissions => {
                json!({"type": "array", "items": {"type": "string"}})
            }
            ClaimSource::Constant(value) => json!({"const": value}),
        };
        (claim.name.as_str(), schema)
    })
}

fn fact_told(config: &Config, fact: UserFact) -> Value {
    match fact {
        UserFact::Id => user_id(config),
        UserFact::IsStaff | UserFact::IsSuperuser => json!({"type": "boolean"}),
        _ => json!({"type": "string"}),
    }
}

/// A user's key, as it is answered.
pub(in crate::http) fn user_id(config: &Config) -> Value {
    match config.user_model.id_kind {
        UserIdKind::Int | UserIdKind::BigInt => json!({"type": "integer"}),
        UserIdKind::Uuid | UserIdKind::Text => json!({"type": "string"}),
    }
}

/// One of the model's own fields, as it is answered.
pub(in crate::http) fn answered(field: &ExtraField) -> Value {
    let kind = match field.kind {
        FieldKind::Integer { .. } => "integer",
        FieldKind::Text { .. } => "string",
        FieldKind::Boolean => "boolean",
    };
    if field.nullable {
        json!({"type": [kind, "null"]})
    } else {
        json!({"type": kind})
    }
}

/// The claims of `[SIMPLE_JWT_CLAIMS]` are more than a token can carry.
pub(in crate::http) fn token_too_long() -> Answer {
    Answer::json(
        StatusCode::FORBIDDEN,
        DETAIL,
        "The user's claims are more than a token can carry.",
        "사용자의 클레임이 토큰에 담기에 너무 많습니다.",
    )
}

/// DRF takes the spellings of a value for the value, as a form has no others.
fn sent(field: &ExtraField) -> Value {
    let mut choices = match field.kind {
        FieldKind::Integer { min, max } => vec![
            json!({"type": "integer", "minimum": min, "maximum": max}),
            json!({"type": "string", "pattern": "^\\s*[+-]?[0-9]+(\\.0*)?\\s*$"}),
        ],
        FieldKind::Text { max_length } => {
            let mut text = Map::from_iter([("type".to_owned(), json!("string"))]);
            if let Some(most) = max_length {
                text.insert("maxLength".to_owned(), json!(most));
            }
            vec![Value::Object(text), json!({"type": "number"})]
        }
        FieldKind::Boolean => vec![
            json!({"type": "boolean"}),
            json!({"enum": [0, 1]}),
            json!({"type": "string", "examples": ["true", "off"]}),
        ],
    };
    if field.nullable {
        choices.push(json!({"type": "null"}));
    }
    json!({"anyOf": choices})
}

fn example(field: &ExtraField) -> Value {
    match field.kind {
        FieldKind::Integer { min, max } => json!(24.clamp(min, max.max(min))),
        FieldKind::Text { .. } => json!("text"),
        FieldKind::Boolean => json!(true),
    }
}
