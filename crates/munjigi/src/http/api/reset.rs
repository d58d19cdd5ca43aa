//! Another password for who forgot his: `/user/password_reset` and `/user/password_reset_confirm`. The fields have djoser's
//! names, the sentences are those of Django's pages.

use super::{Endpoint, Pages, endpoint, only, post, refusals, silent, user};
use crate::accounts::password::reset::{self, Confirmation};
use crate::app::App;
use crate::config::{Config, ResetPage};
use crate::http::body::Fields;
use crate::http::context::Context;
use crate::http::error::Result;
use crate::http::fields;
use crate::http::openapi::{Answer, Body, Operation, Schema, Tag, Words, fails, refuses};
use crate::i18n::{Lang, Text};
use axum::extract::State;
use axum::{Json, routing};
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method, StatusCode};
use serde_json::{Value, json};

pub(super) fn endpoints(config: &Config) -> Vec<Endpoint> {
    let routes = &config.routes;
    let ask = post(routes.password_reset.as_ref(), ask_told(), password_reset);
    ask.into_iter().chain(confirm_endpoint(config)).collect()
}

/// The confirming route, and under `munjigi dev` its page.
fn confirm_endpoint(config: &Config) -> Option<Endpoint> {
    let path = config.routes.password_reset_confirm.as_ref();
    let told = confirm_told();
    if !matches!(config.password_reset.page, ResetPage::Ours(_)) {
        return post(path, told, password_reset_confirm);
    }
    let methods = routing::post(password_reset_confirm)
        .get(page)
        .options(async || ());
    Some(Endpoint {
        pages: Pages::Trusted,
        ..endpoint(
            path?.clone(),
            vec![page_told(), silent(&told), told],
            only("GET, POST, OPTIONS", methods),
        )
    })
}

/// `POST /user/password_reset`: the same answer for every address.
async fn password_reset(State(app): State<App>, context: Context, fields: Fields) -> Result<Json<Value>> {
    let email = fields::reset_email(&fields, &app.config().user_model)?;
    reset::ask(&app, email, context.lang(), context.client())?;
    Ok(message(&context, &Text::ResetMailSent))
}

/// `POST /user/password_reset_confirm`: the password is another one, and every sign-in of the user has ended.
async fn password_reset_confirm(
    State(app): State<App>,
    context: Context,
    fields: Fields,
) -> Result<Json<Value>> {
    let confirmation: Confirmation = fields::confirmation(&fields)?;
    reset::confirm(&app, confirmation, context.client(), context.now()).await?;
    Ok(message(&context, &Text::ResetDone))
}

fn message(context: &Context, text: &Text) -> Json<Value> {
    Json(json!({"message": text.render(context.lang())}))
}

/// `GET /user/password_reset_confirm` under `munjigi dev`: a form without scripts, which takes both parts of the link from
/// its own address as the browser has it. Nothing of a request stands in it.
async fn page(context: Context, query: axum::extract::RawQuery) -> ([(HeaderName, &'static str); 1], String) {
    let query = query.0.unwrap_or_default();
    let part = |name: &str| {
        let mut parts = form_urlencoded::parse(query.as_bytes());
        let part = parts.find(|(key, _)| key == name).map(|(_, value)| value);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        part.filter(|part| part.bytes().all(is_plain))
            .unwrap_or_default()
            .into_owned()
    };
    let words = |text: &Text| text.render(context.lang());
    let title = words(&Text::ResetPageTitle);
    let html = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n<h1>{title}</h1>\n\
         <form method=\"post\">\n<input type=\"hidden\" name=\"uid\" value=\"{}\">\n\
         <input type=\"hidden\" name=\"token\" value=\"{}\">\n\
         <label>{} <input type=\"password\" name=\"new_password\" autocomplete=\"new-password\" required></label>\n\
         <button>{}</button>\n</form>\n</html>\n",
        context.lang().code(),
        part("uid"),
        part("token"),
        words(&Text::ResetPagePassword),
        words(&Text::ResetPageButton),
    );
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], html)
}

// ---- what is told ----

fn ask_told() -> Operation {
    let words = Words {
        en: "Have a link mailed to who forgot his password",
        ko: "비밀번호 재설정 메일",
    };
    let answer = Answer::json(
        StatusCode::OK,
        user::MESSAGE,
        "Whoever has an account under this address is written to; whether anybody has is not told.",
        "이 주소의 계정이 있으면 메일을 보냅니다. 있는지는 알려 주지 않습니다.",
    );
    told("password_reset", words)
        .note(
            "The mail is sent after the answer, to the address as it is stored, and the more a user was written to, the longer he is not: a minute at first, an hour at most.",
            "메일은 응답 뒤에 저장된 주소로 보냅니다. 같은 사용자에게는 메일을 보낼수록 더 오래 다시 보내지 않습니다. 처음에는 1분, 길어도 1시간입니다.",
        )
        .takes(Body::required(ADDRESS, json!({"email": "mseo@naver.com"})))
        .answers(answer.like(json!({"message": Text::ResetMailSent.render(Lang::Ko)})))
}

fn confirm_told() -> Operation {
    let words = Words {
        en: "Another password, by who holds the link",
        ko: "링크로 비밀번호 재설정",
    };
    let answer = Answer::json(
        StatusCode::OK,
        user::MESSAGE,
        "The password is set, and every sign-in of the user has ended. Nobody is signed in.",
        "비밀번호를 바꿨고 이 사용자의 모든 로그인이 끝났습니다. 로그인되지는 않습니다.",
    );
    told("password_reset_confirm", words)
        .note(
            "A link that is misspelt, too old or used is an error of `token`, one and the same. A link of Django's is as good.",
            "틀렸거나 오래됐거나 이미 쓴 링크는 모두 같은 `token` 오류입니다. 장고가 보낸 링크도 됩니다.",
        )
        .takes(Body::required(
            CONFIRMATION,
            json!({"uid": "MQ", "token": "d1p9c0-0f76521305f3be3da53e81bdbf3d0bbd", "new_password": "correct-horse"}),
        ))
        .answers(answer.like(json!({"message": Text::ResetDone.render(Lang::Ko)})))
}

fn page_told() -> Operation {
    let words = Words {
        en: "A page for that, under munjigi dev",
        ko: "munjigi dev의 재설정 페이지",
    };
    let html = Answer::text(
        "text/html",
        "A form without scripts.",
        "스크립트가 없는 폼입니다.",
    );
    Operation::new(Method::GET, "password_reset_page", Tag::Notes, words)
        .answers(html)
        .answers_all(refusals())
        .answers_all(fails())
}

fn told(id: &'static str, words: Words) -> Operation {
    Operation::new(Method::POST, id, Tag::Notes, words)
        .answers_all(refusals())
        .answers_all(refuses())
        .answers(user::cross_site())
}

const ADDRESS: Schema = Schema::new("PasswordReset", |_| {
    json!({
        "type": "object",
        "required": ["email"],
        "properties": {"email": {"type": "string", "format": "email", "minLength": 1, "maxLength": 254}},
    })
});
const CONFIRMATION: Schema = Schema::new("PasswordResetConfirm", |_| {
    json!({
        "type": "object",
        "required": ["uid", "token", "new_password"],
        "properties": {
            "uid": {"type": "string", "minLength": 1, "description": "The first part of the link."},
            "token": {"type": "string", "minLength": 1, "description": "The second part of the link."},
            "new_password": {"type": ["string", "number"], "minLength": 1},
        },
    })
});
