//! What is unwise before production, though it starts: `munjigi check --deploy`.

use super::{KEY, gather};
use crate::config::{Config, Mode, check};

#[test]
fn a_field_that_its_user_gives_himself_and_that_looks_like_power_is_told() {
    let told = |fields: &str| {
        let given = [("MUNJIGI_SECRET_KEY", KEY), ("MUNJIGI_DATABASE_URL", "sqlite:x")];
        let text = format!("ALLOWED_HOSTS = [\"a.example\"]\nAUTH_USER_MODEL = \"shop.Member\"\n{fields}");
        let written = gather(&text, &given).unwrap();
        let findings = check::deploy(&Config::resolve(&written, Mode::Serve).unwrap(), &written).unwrap();
        let messages = findings
            .into_iter()
            .filter(|finding| finding.id == "munjigi.W012");
        messages.map(|finding| finding.message).collect::<Vec<_>>()
    };
    for harmless in [
        "[user.fields.newsletter]\ntype = \"BooleanField\"\ndefault = false\n",
        "[user.fields.is_admin]\ntype = \"BooleanField\"\neditable = false\ndefault = false\n",
        "[user.fields.age]\ntype = \"IntegerField\"\nnull = true\n",
    ] {
        assert_eq!(told(harmless), [] as [&str; 0], "{harmless}");
    }
    for (name, field) in [
        ("is_admin", "type = \"BooleanField\"\ndefault = false\n"),
        ("can_refund", "type = \"BooleanField\"\ndefault = false\n"),
        ("role", "type = \"CharField\"\nmax_length = 9\ndefault = \"\"\n"),
    ] {
        let messages = told(&format!("[user.fields.{name}]\n{field}"));
        assert!(
            matches!(&messages[..], [message] if message.starts_with(&format!("[user.fields.{name}] is editable"))),
            "{messages:?}"
        );
    }
}

#[test]
fn a_deployment_is_told_what_is_unwise_and_where_it_is_not_simplejwts_default() {
    let found = |file: &str| {
        let given = [("MUNJIGI_SECRET_KEY", KEY), ("MUNJIGI_DATABASE_URL", "sqlite:x")];
        let written = gather(file, &given).unwrap();
        let findings = check::deploy(&Config::resolve(&written, Mode::Serve).unwrap(), &written);
        findings
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let plain = found("ALLOWED_HOSTS = [\"a.example\"]");
    assert!(
        plain
            .iter()
            .any(|finding| finding.starts_with("warning: (security.W004) SECURE_HSTS_SECONDS is 0"))
    );
    let difference = "info: (munjigi.I002) SIMPLE_JWT.REFRESH_TOKEN_LIFETIME is not written: it is \"7d\" here. simplejwt \
                      5.5.1 has \"1d\". Write what you mean.";
    assert!(plain.iter().any(|finding| finding == difference), "{plain:#?}");
    let is_shared = |findings: &[String]| {
        findings
            .iter()
            .any(|finding| finding.starts_with("info: (munjigi.I003)"))
    };
    assert!(is_shared(&plain), "{plain:#?}");
    let of_its_own = "ALLOWED_HOSTS = [\"a.example\"]\n[SIMPLE_JWT]\nSIGNING_KEY = \"another-key-of-at-least-32-bytes-0123456789\"\n";
    assert!(!is_shared(&found(of_its_own)));

    let loose = found(
        "ALLOWED_HOSTS = [\"*\"]\nSESSION_COOKIE_HTTPONLY = false\nSESSION_COOKIE_SAMESITE = false\nEMAIL_HOST = \"smtp.example.com\"\nEMAIL_HOST_USER = \"munjigi\"\n\
         EMAIL_HOST_PASSWORD = \"open sesame\"\n\
         X_FRAME_OPTIONS = \"SAMEORIGIN\"\nROUTES.ended = \"/ended\"\nSESSION_COOKIE_SECURE = false\nCSRF_COOKIE_SECURE = false\nSECURE_REFERRER_POLICY = \
         \"\"\nSECURE_CONTENT_TYPE_NOSNIFF = false\nAUTH_PASSWORD_VALIDATORS = []\nCORS_ALLOW_ALL_ORIGINS = true\n\
         SECURE_HSTS_SECONDS = \"52w\"\nTRUSTED_PROXIES = [\"10.0.0.1\", \"::/0\"]\n[SIMPLE_JWT]\n\
         REFRESH_TOKEN_LIFETIME = \"1d\"\nACCESS_TOKEN_LIFETIME = \"25h\"\nLEEWAY = \"301s\"\n\
         [hashers.pbkdf2_sha256]\niterations = 599999\n",
    );
    for id in [
        "security.W006",
        "security.W012",
        "security.W016",
        "security.W022",
        "munjigi.W003",
        "munjigi.W004",
        "munjigi.W005",
        "munjigi.W006",
        "munjigi.W007",
        "munjigi.W008",
        "munjigi.W009",
        "munjigi.W046",
        "munjigi.W047",
        "munjigi.W048",
        "munjigi.W050",
        "security.W015",
        "security.W019",
    ] {
        assert!(
            loose
                .iter()
                .any(|finding| finding.starts_with(&format!("warning: ({id})"))),
            "{id}: {loose:#?}"
        );
    }
    let printed = found(
        "ALLOWED_HOSTS = [\"a.example\"]\nEMAIL_BACKEND = \"django.core.mail.backends.console.EmailBackend\"\n\
         PASSWORD_RESET_URL = \"https://a.example/{uid}/{token}\"\n",
    );
    let says = |findings: &[String], id: &str| findings.iter().any(|finding| finding.contains(id));
    assert!(
        says(&printed, "munjigi.W051") && !says(&loose, "munjigi.W051"),
        "{printed:#?}"
    );
    assert!(
        says(&loose, "munjigi.I004") && !says(&printed, "munjigi.I004"),
        "{loose:#?}"
    );
    assert!(!says(&plain, "munjigi.I004"), "{plain:#?}");
    for absent in [
        "security.W004",
        "munjigi.I001",
        "REFRESH_TOKEN_LIFETIME is not written",
    ] {
        assert!(
            !loose.iter().any(|finding| finding.contains(absent)),
            "{absent}: {loose:#?}"
        );
    }
}

#[test]
fn the_cost_of_the_hasher_that_stores_is_looked_at_before_production() {
    let costs = |hasher: &str, costs: &str| {
        let path = format!("django.contrib.auth.hashers.{hasher}PasswordHasher");
        let file = format!("PASSWORD_HASHERS = [\"{path}\"]\n[hashers]\n{costs}\n");
        let given = [("MUNJIGI_SECRET_KEY", KEY), ("MUNJIGI_DATABASE_URL", "sqlite:x")];
        let written = gather(&file, &given).unwrap();
        let config = Config::resolve(&written, Mode::Serve).unwrap();
        let findings = check::deploy(&config, &written).unwrap();
        findings.iter().any(|finding| finding.id == "munjigi.W009")
    };
    for (hasher, low, enough) in [
        (
            "PBKDF2",
            "pbkdf2_sha256.iterations = 599999",
            "pbkdf2_sha256.iterations = 600000",
        ),
        (
            "PBKDF2SHA1",
            "pbkdf2_sha1.iterations = 1",
            "pbkdf2_sha1.iterations = 600000",
        ),
        (
            "Argon2",
            "argon2.memory_cost = 4096\nargon2.time_cost = 99",
            "argon2.memory_cost = 19456",
        ),
        (
            "Argon2",
            "argon2.time_cost = 1\nargon2.memory_cost = 20000",
            "argon2.time_cost = 1",
        ),
        (
            "BCryptSHA256",
            "bcrypt_sha256.rounds = 9",
            "bcrypt_sha256.rounds = 10",
        ),
        ("BCrypt", "bcrypt.rounds = 4", ""),
        (
            "Scrypt",
            "scrypt.work_factor = 8192",
            "scrypt.work_factor = 8192\nscrypt.parallelism = 10",
        ),
        // What stores nothing new costs whoever it was that stored it.
        (
            "Argon2",
            "argon2.memory_cost = 64",
            "pbkdf2_sha256.iterations = 1",
        ),
    ] {
        assert!(costs(hasher, low) && !costs(hasher, enough), "{hasher}: {low}");
    }
}
