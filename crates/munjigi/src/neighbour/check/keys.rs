//! `SECRET_KEY`, its fallbacks, and what tokens are signed with.

use super::rules::speaks_drf_jwt;
use super::{Both, Finding, finding, known};
use crate::config::check::is_secret_key;
use crate::config::convert::Python;
use crate::neighbour::report::Secret;
use jiff::Timestamp;
use munjigi_signing::{Digest, SecretKey, salted_hmac};
use munjigi_tokens::{Algorithm, KeyRing, Signer, SigningKey, Verifier, VerifyingKey};

pub(super) fn check(both: &Both<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let secrets = &both.report.secrets;
    let Some(theirs) = &secrets.secret_key else {
        return findings;
    };
    let ours = &both.config.secret_keys;
    let fits = is_same(ours.current().expose(), theirs);
    let is_fallback_there = secrets
        .secret_key_fallbacks
        .iter()
        .any(|fallback| is_same(ours.current().expose(), fallback));
    let is_here = |key: &Secret| ours.all().any(|known| is_same(known.expose(), key));
    if !fits && is_fallback_there {
        findings.push(finding(
            &known::W002,
            "The SECRET_KEY here is only among Django's SECRET_KEY_FALLBACKS, and what Django signs is refused here."
                .to_owned(),
            "Write Django's SECRET_KEY here, and this one into SECRET_KEY_FALLBACKS.".to_owned(),
        ));
    } else if !fits && is_here(theirs) {
        findings.push(finding(
            &known::W002,
            "Django's SECRET_KEY is only among the SECRET_KEY_FALLBACKS here, and what munjigi signs is refused there."
                .to_owned(),
            "Write the SECRET_KEY that is here into Django's settings, and Django's into its SECRET_KEY_FALLBACKS."
                .to_owned(),
        ));
    } else if !fits {
        findings.push(finding(
            &known::E001,
            "SECRET_KEY is another one in Django, and each side refuses the other's sessions.".to_owned(),
            "Hand Django's over as MUNJIGI_SECRET_KEY; `munjigi init` writes it into a file of its own."
                .to_owned(),
        ));
    }
    let missing = secrets
        .secret_key_fallbacks
        .iter()
        .filter(|fallback| fits && !is_here(fallback))
        .count();
    if missing > 0 {
        findings.push(finding(
            &known::W003,
            format!(
                "SECRET_KEY_FALLBACKS has {missing} of Django's fallbacks less, and sessions under them end here."
            ),
            "Hand Django's over as MUNJIGI_SECRET_KEY_FALLBACKS.".to_owned(),
        ));
    }
    if !fits && signs_with_its_secret_key(both, theirs) && is_secret_key(both.config) {
        // It is the same finding.
        return findings;
    }
    findings.extend(token_keys(both, theirs));
    findings.extend(jwt_auth_key(both, theirs).filter(|_| fits || secrets.jwt_secret_key.is_some()));
    findings
}

/// Whether simplejwt at Django signs with the `SECRET_KEY`.
fn signs_with_its_secret_key(both: &Both<'_>, secret_key: &Secret) -> bool {
    let signing = both.report.secrets.signing_key.as_ref();
    signing.is_none_or(|key| is_same(secret_key.expose().as_bytes(), key))
}

/// Whether each side takes what the other signs. Beside a key ring, tokens name their keys, and Django has one of them.
fn token_keys(both: &Both<'_>, secret_key: &Secret) -> Option<Finding> {
    let wanted = both.wanted.get("SIMPLE_JWT.ALGORITHM")?.value.as_ref().ok()?;
    let Python::Text(algorithm) = wanted else {
        return None;
    };
    let algorithm: Algorithm = algorithm.parse().ok()?;
    if both.config.token_keys.ring.is_some() || algorithm != both.config.simple_jwt.algorithm {
        return None;
    }
    let secrets = &both.report.secrets;
    let signing = secrets.signing_key.as_ref().unwrap_or(secret_key);
    let verifying = secrets.verifying_key.as_ref();
    let signs = Signer::new(algorithm, &SigningKey::new(signing.expose()));
    let verifies = match verifying {
        Some(key) if !algorithm.is_symmetric() => {
            Verifier::new(algorithm, &VerifyingKey::new(key.expose())).ok()
        }
        _ => signs.as_ref().ok().map(Signer::verifier),
    };
    let verifies = verifies.and_then(|verifier| KeyRing::default().with_verifier(verifier).ok());
    let ours = &both.config.token_keys.named;
    let takes = |ring: &KeyRing, token: &str| ring.verify(token, Timestamp::UNIX_EPOCH).is_ok();
    let theirs = signs.map(KeyRing::new).and_then(|ring| ring.sign(b"{}"));
    let we_take = theirs.map_or(true, |token| takes(ours, &token));
    let they_take = match (&verifies, ours.sign(b"{}")) {
        (Some(ring), Ok(token)) => takes(ring, &token),
        // Nobody signs here.
        (_, Err(_)) => true,
        (None, Ok(_)) => false,
    };
    (!we_take || !they_take).then(|| {
        finding(
            &known::E004,
            "SIMPLE_JWT.SIGNING_KEY or VERIFYING_KEY is another one in Django, and each side refuses the other's tokens."
                .to_owned(),
            "Hand Django's over as MUNJIGI_SIMPLE_JWT__SIGNING_KEY; where it is the SECRET_KEY, leave it out.".to_owned(),
        )
    })
}

/// djangorestframework-jwt's tokens have a key of their own, or the `SECRET_KEY`.
fn jwt_auth_key(both: &Both<'_>, secret_key: &Secret) -> Option<Finding> {
    let ours = &both.config.jwt_auth;
    let theirs = both.report.secrets.jwt_secret_key.as_ref().unwrap_or(secret_key);
    if !both.wanted.contains_key("JWT_AUTH.JWT_ALGORITHM") || !speaks_drf_jwt(both) {
        return None;
    }
    let ring = |key: &SigningKey| Some(KeyRing::new(Signer::new(ours.algorithm, key).ok()?));
    let token = ring(&ours.secret_key)?.sign(b"{}").ok()?;
    let is_taken = ring(&SigningKey::new(theirs.expose()))
        .is_some_and(|ring| ring.verify(&token, Timestamp::UNIX_EPOCH).is_ok());
    (!is_taken).then(|| {
        finding(
            &known::E121,
            "JWT_AUTH.JWT_SECRET_KEY is another one in Django, and each side refuses the other's tokens.".to_owned(),
            "Hand Django's over as MUNJIGI_JWT_AUTH__JWT_SECRET_KEY; where it is the SECRET_KEY, leave it out.".to_owned(),
        )
    })
}

/// Whether two keys are one, in a time that tells nothing of either.
fn is_same(ours: &[u8], theirs: &Secret) -> bool {
    let of = |key: &[u8]| salted_hmac("munjigi.check", "", &SecretKey::new(key), Digest::Sha256);
    of(ours).is_hex(&of(theirs.expose().as_bytes()).to_hex())
}
