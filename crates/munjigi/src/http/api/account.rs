//! What a user does to his own account: `/user/password_change`, and PATCH and DELETE of `/user/me`. The fields have djoser's
//! names; the refusals are Django's and DRF's.

use super::{Endpoint, Pages, endpoint, only, post, refusals, silent, user};
use crate::accounts::password::{self, GoesOn};
use crate::accounts::{SignedIn, deletion, profile};
use crate::app::App;
use crate::config::{Config, TokensStand};
use crate::http::authentication::{Sender, set_session_cookie, take_cookies};
use crate::http::body::Fields;
use crate::http::context::Context;
use crate::http::error::Result;
use crate::http::fields;
use crate::http::openapi::{
    Answer, Body, Credentials, DETAIL, Head, Operation, Schema, Tag, Words, extra_fields, refuses,
    token_too_long, told_claims,
};
use crate::i18n::Text;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::{Json, routing};
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};

/// `password_change`, where `[ROUTES]` puts it.
pub(super) fn password_change(config: &Config) -> Option<Endpoint> {
    let path = config.routes.password_change.as_ref();
    post(path, password_change_told(config), change_password)
}

/// `me`, where `[ROUTES]` puts it: what is told there is another's matter.
pub(super) fn me<H: Handler<T, App>, T: 'static>(
    config: &Config,
    told: Operation,
    get: H,
) -> Option<Endpoint> {
    let path = config.routes.me.clone()?;
    let methods = routing::get(get).patch(change).options(async || ());
    let mut operations = vec![silent(&told)];
    let methods = if config.own_account.deletion {
        operations.push(delete_told());
        only("GET, PATCH, DELETE, OPTIONS", methods.delete(delete))
    } else {
        only("GET, PATCH, OPTIONS", methods)
    };
    operations.extend([change_told(config), told]);
    Some(Endpoint {
        pages: Pages::Trusted,
        ..endpoint(path, operations, methods)
    })
}

/// `POST /user/password_change`: every other sign-in has ended, and this one goes on.
async fn change_password(
    State(app): State<App>,
    context: Context,
    request: Request,
) -> Result<Json<Map<String, Value>>> {
    let (parts, fields) = user::taken_apart(&app, request).await?;
    let sender = Sender::of(&parts, &app, fields::form_token(&fields)).await?;
    let signed_in = sender.user()?.looked_up(&app, &context).await?;
    let passwords = fields::password_change_fields(&fields)?;
    let changing = password::change_own(&app, signed_in, passwords, context.client(), context.now());
    let mut body = Map::new();
    match changing.await? {
        GoesOn::AsItIs => {}
        GoesOn::Session(session) => set_session_cookie(&app, &context, &session),
        GoesOn::Pair(pair) => {
            body.extend(user::hand_out_pair(&app, &context, &pair));
            body.extend(pair.told);
        }
        GoesOn::Slide(slide) => {
            body.insert("token".to_owned(), slide.token.into());
            body.extend(slide.told);
        }
    }
    let message = Text::PasswordChangeDone.render(context.lang());
    body.insert("message".to_owned(), message.into());
    Ok(Json(body))
}

/// `PATCH /user/me`: the user as he is then.
async fn change(
    State(app): State<App>,
    context: Context,
    signed_in: SignedIn,
    fields: Fields,
) -> Result<Json<Value>> {
    let config = app.config();
    let changes = fields::changes(&fields, &config.user_model, config.own_account)?;
    let user = profile::change(&app, signed_in.user, changes, context.client()).await?;
    Ok(Json(user::represent(&app, &user)))
}

/// `DELETE /user/me`: the user is gone, and so are his cookies.
async fn delete(
    State(app): State<App>,
    context: Context,
    headers: HeaderMap,
    signed_in: SignedIn,
    fields: Fields,
) -> Result<Json<Value>> {
    let current = fields::current_password(&fields)?;
    deletion::delete(&app, signed_in.user, current, context.client(), context.now()).await?;
    take_cookies(&app, &context, &headers);
    Ok(Json(
        json!({"message": Text::DeletionDone.render(context.lang())}),
    ))
}

// ---- what is told ----

fn password_change_told(config: &Config) -> Operation {
    let words = Words {
        en: "Another password",
        ko: "비밀번호 변경",
    };
    let answer = Answer::json(
        StatusCode::OK,
        PASSWORD_CHANGED,
        "It is changed, and every other sign-in of the user has ended. This one goes on: a session under a new key, tokens as \
         they are, or with new ones in the answer where those of before say which password they were made for.",
        "변경했습니다. 다른 로그인은 모두 끝났고 지금 이 로그인은 이어집니다. 응답에 새 토큰이 있으면 그것을 쓰십시오.",
    );
    let operation = told(Method::POST, "password_change", words)
        .takes(Body::required(
            PASSWORDS,
            json!({"current_password": 1234, "new_password": "correct-horse"}),
        ))
        .answers(
            answer
                .like(json!({"message": "비밀번호 변경 성공"}))
                .with(Head::MaybeCookies),
        );
    if config.claims.is_empty() {
        operation
    } else {
        operation.answers(token_too_long())
    }
}

fn change_told(config: &Config) -> Operation {
    let words = Words {
        en: "Change what is told of me",
        ko: "내 정보 변경",
    };
    let mut example = Map::new();
    if let Some(field) = config.own_email_field() {
        example.insert(field.to_owned(), json!("seo@naver.com"));
        example.insert("current_password".to_owned(), json!(1234));
    }
    let editable = extra_fields(config).filter(|(field, ..)| field.editable);
    example.extend(editable.map(|(field, _, example)| (field.name.clone(), example)));
    let answer = Answer::json(
        StatusCode::OK,
        user::ME,
        "The user as he is now.",
        "바뀐 뒤의 내 정보입니다.",
    );
    told(Method::PATCH, "me_change", words)
        .note(
            "What is left out stays. Any other member is ignored.",
            "보내지 않은 필드는 그대로입니다. 다른 필드는 무시합니다.",
        )
        .takes(Body::optional(CHANGES, example.into()))
        .answers(answer.like(user::user_example(config)).with(Head::MaybeCookies))
}

fn delete_told() -> Operation {
    let words = Words {
        en: "Delete my account",
        ko: "회원탈퇴",
    };
    let answer = Answer::json(
        StatusCode::OK,
        user::MESSAGE,
        "The account is gone, and every sign-in of its user has ended.",
        "탈퇴했습니다. 모든 로그인이 끝났습니다.",
    );
    told(Method::DELETE, "me_delete", words)
        .takes(Body::required(
            CURRENT_PASSWORD,
            json!({"current_password": 1234}),
        ))
        .answers(
            answer
                .like(json!({"message": "회원탈퇴 성공"}))
                .with(Head::MaybeCookies),
        )
        .answers(Answer::json(
            StatusCode::CONFLICT,
            DETAIL,
            "Rows of other tables refer to the user. Nothing was changed.",
            "다른 테이블이 참조하는 사용자입니다. 아무것도 바뀌지 않았습니다.",
        ))
}

fn told(method: Method, id: &'static str, words: Words) -> Operation {
    Operation::new(method, id, Tag::Notes, words)
        .by(Credentials::Required)
        .answers_all(refusals())
        .answers_all(refuses())
        .answers_all(user::unauthenticated())
        .answers_all(user::forbidden())
}

fn current_password() -> Value {
    json!({"type": ["string", "number"], "description": "The password of now, as it is sent."})
}

const CURRENT_PASSWORD: Schema = Schema::new("CurrentPassword", |_| {
    json!({
        "type": "object",
        "required": ["current_password"],
        "properties": {"current_password": current_password()},
    })
});
const PASSWORDS: Schema = Schema::new("PasswordChange", |_| {
    json!({
        "type": "object",
        "required": ["current_password", "new_password"],
        "properties": {
            "current_password": current_password(),
            "new_password": {"type": ["string", "number"], "minLength": 1},
        },
    })
});
const CHANGES: Schema = Schema::new("UserChange", |config| {
    let mut properties = Map::new();
    if let Some(field) = config.own_email_field() {
        let most = config.user_model.name_lengths.email;
        let email = json!({"type": "string", "format": "email", "minLength": 1, "maxLength": most});
        let password = json!({"type": ["string", "number"],
                              "description": "The password of now. It is asked for where the address changes."});
        properties.insert(field.to_owned(), email);
        properties.insert("current_password".to_owned(), password);
    }
    let editable = extra_fields(config).filter(|(field, ..)| field.editable);
    properties.extend(editable.map(|(field, schema, _)| (field.name.clone(), schema)));
    json!({"type": "object", "properties": properties})
});
const PASSWORD_CHANGED: Schema = Schema::new("PasswordChanged", |config| {
    let text = || json!({"type": "string"});
    let mut properties = Map::from_iter([("message".to_owned(), text()), ("token".to_owned(), text())]);
    let cookies = config.auth_cookie.as_ref();
    if cookies.is_none_or(|cookies| cookies.tokens != TokensStand::InCookiesOnly) {
        let tokens = ["access_token", "refresh_token"];
        properties.extend(tokens.map(|name| (name.to_owned(), text())));
    }
    properties.extend(told_claims(config).map(|(name, schema)| (name.to_owned(), schema)));
    json!({"type": "object", "required": ["message"], "properties": properties})
});
