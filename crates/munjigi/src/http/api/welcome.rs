//! `GET /`: what is served here, and lines to try it with.

use super::{Endpoint, fixed};
use crate::app::App;
use crate::http::context::Context;
use crate::http::openapi::{Answer, Operation, Tag, Words, fails};
use crate::i18n::Lang;
use axum::extract::State;
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method};
use std::fmt::Write;

pub(super) fn endpoint() -> Endpoint {
    let words = Words {
        en: "What is served here",
        ko: "이 서버의 경로",
    };
    let told = Operation::new(Method::GET, "welcome", Tag::Server, words);
    let text = Answer::text("text/plain", "A page of text.", "글로 된 페이지입니다.");
    fixed("/", told.answers(text).answers_all(fails()), page)
}

/// A short page of text: the routes, and the notes' requests as curl lines.
async fn page(State(app): State<App>, context: Context) -> ([(HeaderName, &'static str); 1], String) {
    (
        [(CONTENT_TYPE, "text/plain; charset=utf-8")],
        text(&app, &context.origin().base(), context.lang()),
    )
}

fn text(app: &App, base: &str, lang: Lang) -> String {
    let words = match lang {
        Lang::Ko => KOREAN,
        Lang::En => ENGLISH,
    };
    let mut page = format!("{}\n\n{}\n", words.title, words.routes);
    for endpoint in super::endpoints(app.config()) {
        for operation in &endpoint.operations {
            if let Some(method) = operation.shown_method() {
                let path = &endpoint.path;
                // Writing to a String cannot fail.
                let _ = writeln!(
                    page,
                    "  {:<5} {path:<28} {}",
                    method.as_str(),
                    operation.summary(lang)
                );
            }
        }
    }
    let _ = writeln!(page, "\n{}", words.try_it);
    for line in examples(app, base) {
        let _ = writeln!(page, "\n{line}");
    }
    page
}

/// The notes' requests, each on the route where it is served.
fn examples(app: &App, base: &str) -> Vec<String> {
    let routes = &app.config().routes;
    let post = |path: &Option<String>, body: &str| {
        path.as_ref()
            .map(|path| format!("curl {base}{path} -H 'Content-Type: application/json' -d '{body}'"))
    };
    let signup = r#"{"username": "mseo", "password": 1234, "email": "mseo@naver.com", "age": 24}"#;
    let signin = r#"{"email": "mseo@naver.com", "password": 1234}"#;
    let me = routes
        .me
        .as_ref()
        .map(|path| format!("curl {base}{path} -H 'Authorization: Bearer <access_token>'"));
    [
        post(&routes.session_signup, signup),
        post(&routes.jwt_signin, signin),
        me,
    ]
    .into_iter()
    .flatten()
    .collect()
}

struct Sentences {
    title: &'static str,
    routes: &'static str,
    try_it: &'static str,
}

const KOREAN: Sentences = Sentences {
    title: "munjigi: 장고와 같은 회원가입과 로그인",
    routes: "경로",
    try_it: "해 보기",
};

const ENGLISH: Sentences = Sentences {
    title: "munjigi: sign-up and sign-in that speaks Django",
    routes: "Routes",
    try_it: "Try it",
};
