//! `SIMPLE_JWT.AUTH_COOKIE*`: what is taken, doubted and refused.

use super::{refusal, resolve, serve};
use crate::config::{AuthCookieSettings, Config, Error, Mode, Relaxation, SameSite, TokensStand, check};

fn jwt(settings: &str) -> Result<Config, Error> {
    serve(&format!("[SIMPLE_JWT]\n{settings}"))
}

fn cookies(settings: &str) -> AuthCookieSettings {
    jwt(settings).unwrap().auth_cookie.unwrap()
}

fn doubts(settings: &str) -> Vec<&'static str> {
    let warnings = jwt(settings).unwrap().warnings;
    warnings.iter().map(|finding| finding.id).collect()
}

#[test]
fn the_notes_values_mean_no_cookie_and_no_doubt() {
    let notes = "AUTH_COOKIE = \"\"\nAUTH_COOKIE_DOMAIN = \"\"\nAUTH_COOKIE_SECURE = false\nAUTH_COOKIE_HTTP_ONLY = true\n\
                 AUTH_COOKIE_PATH = \"/\"\nAUTH_COOKIE_SAMESITE = \"Lax\"";
    let config = jwt(notes).unwrap();
    assert!(config.auth_cookie.is_none() && config.warnings.is_empty());
}

#[test]
fn a_name_is_enough_and_the_rest_follows_the_mode() {
    let strict = cookies("AUTH_COOKIE = \"access\"");
    let expected = AuthCookieSettings {
        access_name: "access".to_owned(),
        access_path: "/".to_owned(),
        access_http_only: true,
        refresh_name: "access_refresh".to_owned(),
        refresh_path: "/user/".to_owned(),
        domain: None,
        secure: true,
        same_site: SameSite::Lax,
        tokens: TokensStand::InBodyToo,
    };
    assert_eq!(strict, expected);
    let relaxed = resolve("[SIMPLE_JWT]\nAUTH_COOKIE = \"access\"", &[], Mode::Dev).unwrap();
    assert!(!relaxed.auth_cookie.as_ref().unwrap().secure);
    assert!(relaxed.relaxed().contains(&Relaxation::PlainCookies));
}

#[test]
fn what_no_browser_keeps_is_refused_with_what_to_write() {
    for (settings, sentence) in [
        (
            "AUTH_COOKIE = \"a\"\nAUTH_COOKIE_SAMESITE = \"None\"\nAUTH_COOKIE_SECURE = false",
            "SIMPLE_JWT.AUTH_COOKIE_SAMESITE is \"None\" and SIMPLE_JWT.AUTH_COOKIE_SECURE is false: browsers refuse such \
             a cookie. Write SIMPLE_JWT.AUTH_COOKIE_SECURE = true, or SIMPLE_JWT.AUTH_COOKIE_SAMESITE = \"Lax\".",
        ),
        (
            "AUTH_COOKIE = \"__Secure-a\"\nAUTH_COOKIE_SECURE = false",
            "SIMPLE_JWT.AUTH_COOKIE is \"__Secure-a\" and SIMPLE_JWT.AUTH_COOKIE_SECURE is false: browsers refuse such a \
             cookie. Write SIMPLE_JWT.AUTH_COOKIE_SECURE = true, or another name.",
        ),
        (
            "AUTH_COOKIE = \"__Host-a\"\nAUTH_COOKIE_PATH = \"/user\"",
            "SIMPLE_JWT.AUTH_COOKIE is \"__Host-a\": such a cookie has the path \"/\" and no domain. Write \
             SIMPLE_JWT.AUTH_COOKIE_PATH = \"/\" and SIMPLE_JWT.AUTH_COOKIE_DOMAIN = \"\", or another name.",
        ),
        (
            "AUTH_COOKIE = \"__Host-a\"",
            "SIMPLE_JWT.AUTH_COOKIE_REFRESH is \"__Host-a_refresh\": such a cookie has the path \"/\" and no domain. Write \
             SIMPLE_JWT.AUTH_COOKIE_REFRESH_PATH = \"/\" and SIMPLE_JWT.AUTH_COOKIE_DOMAIN = \"\", or another name.",
        ),
    ] {
        assert_eq!(
            refusal(jwt(settings)),
            ("contradiction", sentence.to_owned()),
            "{settings}"
        );
    }
    let host =
        "AUTH_COOKIE = \"__Host-a\"\nAUTH_COOKIE_REFRESH = \"__Secure-r\"\nAUTH_COOKIE_SAMESITE = \"None\"";
    assert_eq!(cookies(host).refresh_name, "__Secure-r");
}

#[test]
fn no_two_cookies_share_a_name() {
    for (settings, taken) in [
        (
            "AUTH_COOKIE = \"sessionid\"",
            "SESSION_COOKIE_NAME and SIMPLE_JWT.AUTH_COOKIE are",
        ),
        (
            "AUTH_COOKIE = \"a\"\nAUTH_COOKIE_REFRESH = \"csrftoken\"",
            "CSRF_COOKIE_NAME and SIMPLE_JWT.AUTH_COOKIE_REFRESH are",
        ),
        (
            "AUTH_COOKIE = \"a\"\nAUTH_COOKIE_REFRESH = \"a\"",
            "SIMPLE_JWT.AUTH_COOKIE and SIMPLE_JWT.AUTH_COOKIE_REFRESH are",
        ),
    ] {
        let (code, message) = refusal(jwt(settings));
        assert_eq!(code, "contradiction");
        assert!(message.starts_with(taken), "{message}");
    }
}

#[test]
fn tokens_in_cookies_alone_need_a_cookie() {
    let (code, message) = refusal(jwt("AUTH_COOKIE_ONLY = true"));
    assert_eq!(code, "contradiction");
    assert!(message.contains("Write AUTH_COOKIE = \"access\""), "{message}");
    let only = cookies("AUTH_COOKIE = \"a\"\nAUTH_COOKIE_ONLY = true");
    assert_eq!(only.tokens, TokensStand::InCookiesOnly);
}

#[test]
fn a_cookie_that_serves_nothing_here_is_doubted() {
    assert_eq!(doubts("AUTH_COOKIE = \"a\""), [""; 0]);
    assert_eq!(doubts("AUTH_COOKIE_PATH = \"/api\""), ["munjigi.W020"]);
    assert_eq!(
        doubts("AUTH_COOKIE = \"a\"\nAUTH_COOKIE_PATH = \"/api\""),
        ["munjigi.W021"]
    );
    // Both routes that read the refresh token's cookie are told.
    let refresh = "AUTH_COOKIE = \"a\"\nAUTH_COOKIE_REFRESH_PATH = \"/auth/\"";
    assert_eq!(doubts(refresh), ["munjigi.W021", "munjigi.W021"]);
    let moved = "\n[ROUTES]\njwt_refresh = \"/auth/refresh\"\njwt_signout = false";
    assert_eq!(doubts(&format!("{refresh}{moved}")), [""; 0]);
    let sessions =
        "AUTH_COOKIE = \"a\"\n[REST_FRAMEWORK]\nDEFAULT_AUTHENTICATION_CLASSES = [\"SessionAuthentication\"]";
    assert_eq!(doubts(sessions), ["munjigi.W022"]);
    let stateless = sessions.replace("SessionAuthentication", "JWTStatelessUserAuthentication");
    assert_eq!(doubts(&stateless), [""; 0]);
    let stateless = sessions.replace("SessionAuthentication", "JWTStatelessUserAuthentication");
    assert_eq!(doubts(&stateless), [""; 0]);
}

#[test]
fn production_is_warned_of_plain_and_visible_cookies() {
    let text = "[SIMPLE_JWT]\nAUTH_COOKIE = \"a\"\nAUTH_COOKIE_SECURE = false\nAUTH_COOKIE_HTTP_ONLY = false";
    let written = super::gather(text, &[]).unwrap();
    let findings = check::deploy(&serve(text).unwrap(), &written).unwrap();
    for id in ["munjigi.W023", "munjigi.W024"] {
        assert!(findings.iter().any(|finding| finding.id == id), "{id}");
    }
}

#[test]
fn nothing_in_a_name_a_path_or_a_domain_can_end_the_header() {
    for setting in [
        "AUTH_COOKIE = \"a;b\"",
        "AUTH_COOKIE = \"a\"\nAUTH_COOKIE_REFRESH = \"a b\"",
        "AUTH_COOKIE = \"a\"\nAUTH_COOKIE_PATH = \"/;\"",
        "AUTH_COOKIE = \"a\"\nAUTH_COOKIE_REFRESH_PATH = \"user\"",
        "AUTH_COOKIE = \"a\"\nAUTH_COOKIE_DOMAIN = \"https://a\"",
    ] {
        assert_eq!(refusal(jwt(setting)).0, "wrong_value", "{setting}");
    }
    assert_eq!(refusal(jwt("AUTH_COOKIE = true")).0, "wrong_type");
}
