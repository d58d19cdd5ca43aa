//! `GET /`: what is served here, and lines to try it with.

use crate::app::App;
use crate::http::context::Context;
use crate::i18n::Lang;
use axum::extract::State;
use http::HeaderName;
use http::header::CONTENT_TYPE;
use std::fmt::Write;

/// A short page of text: the routes, and the notes' requests as curl lines.
pub async fn page(State(app): State<App>, context: Context) -> ([(HeaderName, &'static str); 1], String) {
    let scheme = if context.origin().secure { "https" } else { "http" };
    let base = format!("{scheme}://{}", context.origin().host);
    (
        [(CONTENT_TYPE, "text/plain; charset=utf-8")],
        text(&app, &base, context.lang()),
    )
}

fn text(app: &App, base: &str, lang: Lang) -> String {
    let routes = &app.config().routes;
    let words = match lang {
        Lang::Ko => KOREAN,
        Lang::En => ENGLISH,
    };
    let mut page = format!("{}\n\n{}\n", words.title, words.routes);
    for (method, path, what) in [
        ("POST", &routes.session_signup, words.signup),
        ("POST", &routes.session_signin, words.session_signin),
        ("POST", &routes.session_signout, words.signout),
        ("POST", &routes.jwt_signup, words.jwt_signup),
        ("POST", &routes.jwt_signin, words.jwt_signin),
        ("POST", &routes.jwt_refresh, words.refresh),
        ("POST", &routes.jwt_signout, words.signout),
        ("GET", &routes.me, words.me),
        ("GET", &routes.csrf, words.csrf),
        ("POST", &routes.token_obtain_pair, "simplejwt"),
        ("POST", &routes.token_refresh, "simplejwt"),
        ("POST", &routes.token_verify, "simplejwt"),
        ("POST", &routes.token_blacklist, "simplejwt"),
        ("POST", &routes.token_obtain_sliding, "simplejwt"),
        ("POST", &routes.token_refresh_sliding, "simplejwt"),
    ] {
        if let Some(path) = path {
            // Writing to a String cannot fail.
            let _ = writeln!(page, "  {method:<5} {path:<26} {what}");
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

struct Words {
    title: &'static str,
    routes: &'static str,
    signup: &'static str,
    session_signin: &'static str,
    jwt_signup: &'static str,
    jwt_signin: &'static str,
    refresh: &'static str,
    signout: &'static str,
    me: &'static str,
    csrf: &'static str,
    try_it: &'static str,
}

const KOREAN: Words = Words {
    title: "munjigi: 장고와 같은 회원가입과 로그인",
    routes: "경로",
    signup: "회원가입",
    session_signin: "로그인 (세션 쿠키)",
    jwt_signup: "회원가입, 토큰 두 개",
    jwt_signin: "로그인 (토큰 두 개)",
    refresh: "새 access 토큰",
    signout: "로그아웃",
    me: "내 정보",
    csrf: "CSRF 토큰",
    try_it: "해 보기",
};

const ENGLISH: Words = Words {
    title: "munjigi: sign-up and sign-in that speaks Django",
    routes: "Routes",
    signup: "sign up",
    session_signin: "sign in (session cookie)",
    jwt_signup: "sign up, with two tokens",
    jwt_signin: "sign in (two tokens)",
    refresh: "a new access token",
    signout: "sign out",
    me: "who am I",
    csrf: "a CSRF token",
    try_it: "Try it",
};
