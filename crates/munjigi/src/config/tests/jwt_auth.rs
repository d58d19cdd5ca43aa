//! `[JWT_AUTH]`, and djangorestframework-jwt's dialect beside simplejwt's.

use super::{refusal, serve};

#[test]
fn what_drf_jwt_does_by_python_functions_or_by_cookies_is_refused_by_name() {
    for (line, instead) in [
        ("JWT_VERIFY = false", "everybody is everybody"),
        ("JWT_GET_USER_SECRET_KEY = \"app.key\"", "sign-in behind them"),
        ("JWT_PRIVATE_KEY = \"-----BEGIN\"", "SIMPLE_JWT"),
        ("JWT_PUBLIC_KEY = \"-----BEGIN\"", "SIMPLE_JWT"),
        ("JWT_INSIST_ON_KID = true", "one key"),
        ("JWT_ENCODE_HANDLER = \"app.f\"", "no Python"),
        ("JWT_DECODE_HANDLER = \"app.f\"", "no Python"),
        ("JWT_PAYLOAD_HANDLER = \"app.f\"", "no Python"),
        ("JWT_PAYLOAD_GET_USERNAME_HANDLER = \"app.f\"", "no Python"),
        ("JWT_RESPONSE_PAYLOAD_HANDLER = \"app.f\"", "no Python"),
        ("JWT_AUTH_COOKIE = \"token\"", "AUTH_COOKIE"),
        ("JWT_AUTH_COOKIE_DOMAIN = \"example.com\"", "AUTH_COOKIE"),
        ("JWT_AUTH_COOKIE_PATH = \"/api\"", "AUTH_COOKIE"),
        ("JWT_AUTH_COOKIE_SECURE = false", "AUTH_COOKIE"),
        ("JWT_AUTH_COOKIE_SAMESITE = \"Strict\"", "AUTH_COOKIE"),
        ("JWT_IMPERSONATION_COOKIE = \"as\"", "somebody else"),
        ("JWT_DELETE_STALE_BLACKLISTED_TOKENS = true", "clearsessions"),
    ] {
        let (code, sentence) = refusal(serve(&format!("[JWT_AUTH]\n{line}\n")));
        assert_eq!(code, "not_available", "{line}");
        assert!(sentence.contains(instead), "{sentence}");
        assert!(sentence.contains(line.split(' ').next().unwrap()), "{sentence}");
    }
}

#[test]
fn two_dialects_do_not_share_a_word_and_are_told_apart_by_the_type() {
    let classes = "[REST_FRAMEWORK]\nDEFAULT_AUTHENTICATION_CLASSES = [\"JWTAuthentication\", \
                   \"JSONWebTokenAuthentication\"]\n";
    let shared = serve(&format!(
        "[JWT_AUTH]\nJWT_AUTH_HEADER_PREFIX = \"bearer\"\n{classes}"
    ));
    assert!(refusal(shared).1.contains("both say \"bearer\""));
    let alone = "[REST_FRAMEWORK]\nDEFAULT_AUTHENTICATION_CLASSES = [\"JSONWebTokenAuthentication\"]\n";
    let config = serve(&format!(
        "[JWT_AUTH]\nJWT_AUTH_HEADER_PREFIX = \"Bearer\"\n{alone}"
    ))
    .unwrap();
    assert_eq!(config.jwt_auth_prefix, "Bearer");
    for prefix in ["\"\"", "\"J WT\""] {
        let (_, sentence) = refusal(serve(&format!("[JWT_AUTH]\nJWT_AUTH_HEADER_PREFIX = {prefix}\n")));
        assert!(sentence.contains("a word without spaces"), "{sentence}");
    }
    let lasting = serve("[JWT_AUTH]\nJWT_VERIFY_EXPIRATION = false\n").unwrap();
    assert!(
        lasting
            .warnings
            .iter()
            .any(|warning| warning.id == "munjigi.W025")
    );
    let (_, sentence) = refusal(serve("[JWT_AUTH]\nJWT_TOKEN_ID = \"on\"\n"));
    assert!(
        sentence.contains("\"off\", \"include\" or \"require\""),
        "{sentence}"
    );
}
