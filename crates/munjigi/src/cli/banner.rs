//! What `munjigi dev` says when it starts: where it listens, a line to try, and what is relaxed.

use crate::config::{Config, Relaxation};
use crate::i18n::Lang;
use std::fmt;
use std::net::SocketAddr;

/// The banner.
pub(super) struct Banner<'a> {
    pub(super) addresses: &'a [SocketAddr],
    pub(super) config: &'a Config,
    pub(super) lang: Lang,
}

/// The language of the terminal: `LC_ALL`, `LC_MESSAGES`, `LANG`, in the order of POSIX, else English.
pub(super) fn lang() -> Lang {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
    let code = set.unwrap_or_default();
    let language = code.split(['_', '.', '@']).next().unwrap_or_default();
    Lang::from_code(language).unwrap_or(Lang::En)
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.lang {
            Lang::Ko => &KOREAN,
            Lang::En => &ENGLISH,
        };
        writeln!(f, "{}\n", words.title)?;
        for address in self.addresses {
            writeln!(f, "  http://{address}/")?;
        }
        writeln!(f, "\n{} {}", words.database, self.config.database)?;
        if let (Some(signup), Some(address)) = (&self.config.routes.jwt_signup, self.addresses.first()) {
            let body = r#"{"username": "mseo", "password": 1234, "email": "mseo@naver.com", "age": 24}"#;
            let json = "-H 'Content-Type: application/json'";
            writeln!(
                f,
                "\n{}\n  curl http://{address}{signup} {json} -d '{body}'",
                words.try_it
            )?;
        }
        writeln!(f, "\n{}", words.relaxed)?;
        for relaxation in self.config.relaxed() {
            writeln!(f, "  - {}", (words.relaxation)(relaxation))?;
        }
        writeln!(f, "\n{}", words.stop)
    }
}

struct Words {
    title: &'static str,
    database: &'static str,
    try_it: &'static str,
    relaxed: &'static str,
    relaxation: fn(Relaxation) -> &'static str,
    stop: &'static str,
}

const ENGLISH: Words = Words {
    title: "munjigi is ready, for development:",
    database: "Database:",
    try_it: "Try it:",
    relaxed: "Relaxed here, strict under `munjigi serve`:",
    relaxation: |relaxation| match relaxation {
        Relaxation::AnyPassword => "any password is taken",
        Relaxation::PlainCookies => "cookies travel over plain HTTP",
        Relaxation::LoopbackOrigins => "pages of every port of this machine may call (CORS)",
        Relaxation::AnyHost => "every Host header is answered",
    },
    stop: "Stop it with Ctrl-C.",
};

const KOREAN: Words = Words {
    title: "munjigi 개발 서버가 준비되었습니다:",
    database: "데이터베이스:",
    try_it: "해 보기:",
    relaxed: "개발용으로 느슨한 것 (`munjigi serve`에서는 엄격합니다):",
    relaxation: |relaxation| match relaxation {
        Relaxation::AnyPassword => "어떤 비밀번호든 받습니다",
        Relaxation::PlainCookies => "쿠키가 HTTPS 없이도 오갑니다",
        Relaxation::LoopbackOrigins => "이 컴퓨터의 모든 포트에서 온 페이지를 허용합니다 (CORS)",
        Relaxation::AnyHost => "모든 Host 헤더에 응답합니다",
    },
    stop: "Ctrl-C로 멈춥니다.",
};
