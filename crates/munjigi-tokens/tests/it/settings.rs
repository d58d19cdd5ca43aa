//! Settings that cannot work stop the start, with a sentence that names the key.

use crate::{KEY, settings};
use jiff::SignedDuration;
use munjigi_tokens::{Algorithm, Audience, Error, SigningKey, SimpleJwt, SimpleJwtSettings, TokenClass};

fn refusal(change: impl FnOnce(&mut SimpleJwtSettings)) -> String {
    let mut settings = settings();
    change(&mut settings);
    let error = SimpleJwt::new(settings).err().unwrap();
    assert_eq!(error.code(), "improperly_configured");
    error.to_string()
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let settings = SimpleJwtSettings::new(SigningKey::new(KEY));
    assert_eq!(settings.access_token_lifetime, SignedDuration::from_secs(300));
    assert_eq!(
        settings.refresh_token_lifetime,
        SignedDuration::from_secs(604_800)
    );
    assert!(settings.update_last_login);
    assert_eq!(settings.algorithm, Algorithm::Hs256);
    assert_eq!((settings.audience, settings.issuer), (None, None));
    assert_eq!(settings.leeway, SignedDuration::ZERO);
    assert_eq!(
        (settings.auth_header_types, settings.auth_header_name),
        (vec!["Bearer".to_owned()], "HTTP_AUTHORIZATION".to_owned())
    );
    assert_eq!(
        (settings.user_id_field.as_str(), settings.user_id_claim.as_str()),
        ("id", "user_id")
    );
    assert_eq!(settings.auth_token_classes, [TokenClass::AccessToken]);
    assert_eq!(
        (
            settings.token_type_claim.as_deref(),
            settings.jti_claim.as_deref()
        ),
        (Some("token_type"), Some("jti"))
    );
}

#[test]
fn a_key_that_can_be_guessed_is_refused() {
    assert!(
        refusal(|settings| settings.signing_key = Some(SigningKey::new(""))).contains("SIGNING_KEY is empty")
    );
    let sentence = refusal(|settings| settings.signing_key = Some(SigningKey::new("k".repeat(31))));
    assert!(sentence.contains("SIGNING_KEY has 31 bytes"), "{sentence}");
    let mut shortest = settings();
    shortest.signing_key = Some(SigningKey::new("k".repeat(32)));
    assert!(SimpleJwt::new(shortest).is_ok());
    let sentence = refusal(|settings| {
        settings.signing_key = Some(SigningKey::new("-----BEGIN PRIVATE KEY-----\nMC4CAQ"));
    });
    assert!(sentence.contains("another family"), "{sentence}");
}

#[test]
fn a_time_that_makes_no_sense_is_refused() {
    let century = SignedDuration::from_hours(100 * 365 * 24);
    for lifetime in [
        SignedDuration::ZERO,
        SignedDuration::from_secs(-1),
        century + SignedDuration::from_nanos(1),
    ] {
        let sentence = refusal(|settings| settings.access_token_lifetime = lifetime);
        assert!(sentence.starts_with("ACCESS_TOKEN_LIFETIME is "), "{sentence}");
        let sentence = refusal(|settings| settings.refresh_token_lifetime = lifetime);
        assert!(sentence.starts_with("REFRESH_TOKEN_LIFETIME is "), "{sentence}");
    }
    assert!(refusal(|settings| settings.leeway = SignedDuration::from_secs(-1)).starts_with("LEEWAY is "));
}

#[test]
fn two_claims_of_one_name_are_refused() {
    for name in ["", "exp", "iat", "nbf", "aud", "iss", "sid"] {
        assert!(
            refusal(|settings| settings.token_type_claim = Some(name.to_owned()))
                .starts_with("TOKEN_TYPE_CLAIM")
        );
        assert!(refusal(|settings| settings.jti_claim = Some(name.to_owned())).starts_with("JTI_CLAIM"));
        assert!(refusal(|settings| settings.user_id_claim = name.to_owned()).starts_with("USER_ID_CLAIM"));
    }
    assert!(refusal(|settings| settings.user_id_claim = "jti".to_owned()).starts_with("USER_ID_CLAIM"));
    assert!(refusal(|settings| settings.jti_claim = Some("token_type".to_owned())).starts_with("JTI_CLAIM"));
}

#[test]
fn an_audience_that_nobody_is_in_is_refused() {
    for audience in [Audience::One(String::new()), Audience::Several(vec![])] {
        assert!(refusal(|settings| settings.audience = Some(audience)).starts_with("AUDIENCE is empty"));
    }
}

#[test]
fn algorithms_and_token_classes_are_read_by_their_python_names() {
    for &algorithm in Algorithm::ALL {
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
        assert_eq!(algorithm.to_string(), algorithm.name());
    }
    for (name, words) in [
        ("hs256", "Unrecognized algorithm type 'hs256'. Write HS256, "),
        ("none", "Unrecognized algorithm type 'none'"),
        ("", "Unrecognized algorithm type ''"),
        (
            "ES256K",
            "ALGORITHM ES256K (secp256k1) is not supported. Write ES256",
        ),
        ("ES521", "Write ES512"),
        ("Ed25519", "Write EdDSA"),
        ("Ed448", "ALGORITHM Ed448 is not supported"),
    ] {
        let error = name.parse::<Algorithm>().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    for name in ["RS256", "PS384", "ES512", "EdDSA"] {
        let parsed = name.parse::<Algorithm>();
        assert_eq!(parsed.is_ok(), cfg!(feature = "asymmetric"));
        if let Err(error) = parsed {
            let words = format!("ALGORITHM {name} needs the feature \"asymmetric\"");
            assert!(error.to_string().starts_with(&words), "{error}");
        }
    }
    for (class, path, token_type) in [
        (
            TokenClass::AccessToken,
            "rest_framework_simplejwt.tokens.AccessToken",
            "access",
        ),
        (
            TokenClass::RefreshToken,
            "rest_framework_simplejwt.tokens.RefreshToken",
            "refresh",
        ),
        (
            TokenClass::SlidingToken,
            "rest_framework_simplejwt.tokens.SlidingToken",
            "sliding",
        ),
        (
            TokenClass::UntypedToken,
            "rest_framework_simplejwt.tokens.UntypedToken",
            "untyped",
        ),
    ] {
        assert_eq!(path.parse(), Ok(class));
        assert_eq!(
            (class.to_string().as_str(), class.token_type()),
            (path, token_type)
        );
    }
    let error = "AccessToken".parse::<TokenClass>().unwrap_err();
    assert!(matches!(error, Error::ImproperlyConfigured(_)), "{error}");
}
