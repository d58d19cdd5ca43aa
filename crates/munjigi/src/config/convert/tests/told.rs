//! What of a settings.py cannot be taken over is told, with what to do about it.

use super::converted;
use toml::Table;

#[test]
fn what_cannot_be_taken_over_is_told() {
    let source = "SECRET_KEY = 'django-insecure-abc'\nSESSION_COOKIE_AGE = get_age()\nSIMPLE_JWT = {\n\
                      'SIGNING_KEY': os.environ['JWT_KEY'],\n'ISSUER': os.environ.get('ISS', 'me'),\n\
                      'TOKEN_OBTAIN_SERIALIZER': 'shop.Mine',\n'LEEWAY': compute(1, [2, 3]),\n'MINE': 1,\n'AUDIENCE': f'{x}',\n\
                      'UPDATE_LAST_LOGIN': True,\n}\nif DEBUG:\n    SIMPLE_JWT['LEEWAY'] = 5\n\
                      REST_FRAMEWORK = {'DEFAULT_PERMISSION_CLASSES': []}\n";
    let text = converted(source);
    for line in [
        "# SECRET_KEY: a secret, which is better kept out of files. Hand it over as MUNJIGI_SECRET_KEY.",
        "# SESSION_COOKIE_AGE: line 2 of settings.py, where only Python can tell: get_age()",
        "# SIGNING_KEY: comes from the variable JWT_KEY of the environment. Hand it over as \
             MUNJIGI_SIMPLE_JWT__SIGNING_KEY.",
        "ISSUER = \"me\"  # where the variable ISS of the environment is not set. Where it is, hand it over as \
         MUNJIGI_SIMPLE_JWT__ISSUER.",
        "# LEEWAY: line 7 of settings.py, where only Python can tell: compute(1, [2, 3])",
        "# AUDIENCE: line 9 of settings.py, where only Python can tell: f'{x}'",
        "# MINE: munjigi has no such setting. `munjigi config example` lists all settings.",
        "UPDATE_LAST_LOGIN = true",
        "# SIMPLE_JWT is also set on line 13 of settings.py, in a way that is not read here: see to it by hand.",
        "# DEFAULT_PERMISSION_CLASSES: munjigi has no such setting. Of REST_FRAMEWORK, munjigi reads \
         DEFAULT_AUTHENTICATION_CLASSES.",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
    assert!(text.contains(
        "# TOKEN_OBTAIN_SERIALIZER: SIMPLE_JWT.TOKEN_OBTAIN_SERIALIZER = \"shop.Mine\" (settings.py) cannot be used"
    ));
    assert!(!text.contains("insecure"));
    toml::from_str::<Table>(&text).unwrap();
}

#[test]
fn what_a_file_holds_is_handed_over_by_its_path() {
    for (python, path) in [
        ("open('jwt.pem').read()", "jwt.pem"),
        (
            "open(BASE_DIR / 'jwt.pem', 'r').read().strip()",
            "BASE_DIR / 'jwt.pem'",
        ),
        ("Path('jwt.pem').read_text()", "jwt.pem"),
        ("(BASE_DIR / 'jwt.pem').read_text()", "BASE_DIR / 'jwt.pem'"),
    ] {
        let text = converted(&format!("SIMPLE_JWT = {{'SIGNING_KEY': {python}}}"));
        let line = format!(
            "# SIGNING_KEY: what the file {path} holds. Hand over its path as MUNJIGI_SIMPLE_JWT__SIGNING_KEY_FILE.\n"
        );
        assert!(text.contains(&line), "{python}: {text}");
    }
}

#[test]
fn an_algorithm_with_a_pair_of_keys_stays_and_waits_for_them() {
    let text = converted(
        "SIMPLE_JWT = {'ALGORITHM': 'ES256', 'SIGNING_KEY': open('key.pem').read(), 'VERIFYING_KEY': None, 'LEEWAY': 5}",
    );
    assert!(
        text.starts_with(
            "[SIMPLE_JWT]\nALGORITHM = \"ES256\"  # wants the key that is handed over.\n# SIGNING_KEY: what the file key.pem \
             holds. Hand over its path as MUNJIGI_SIMPLE_JWT__SIGNING_KEY_FILE.\nVERIFYING_KEY = \"\"\nLEEWAY = 5\n"
        ),
        "{text}"
    );
}

#[test]
fn the_environment_is_named_with_what_to_set_instead() {
    let told = "# SIGNING_KEY: comes from the variable KEY of the environment. Hand it over as \
                MUNJIGI_SIMPLE_JWT__SIGNING_KEY.\n";
    let secret = "# SIGNING_KEY: comes from the variable KEY of the environment, and is the SECRET_KEY where that is not \
                  set. Hand it over as MUNJIGI_SIMPLE_JWT__SIGNING_KEY.\n";
    for (python, line) in [
        ("os.environ['KEY']", told),
        ("os.environ.get('KEY')", told),
        (
            "os.environ.get('KEY', 'a default that is a secret too, and is not told')",
            told,
        ),
        ("os.getenv('KEY', SECRET_KEY)", secret),
        ("env('KEY')", told),
        ("env.str('KEY', default=settings.SECRET_KEY)", secret),
        ("config('KEY', default=SECRET_KEY)", secret),
        ("get_env_value('KEY')", told),
        ("os.getenv('KEY') or SECRET_KEY", secret),
    ] {
        let text = converted(&format!("SIMPLE_JWT = {{'SIGNING_KEY': {python}}}"));
        assert!(
            text.contains(line) && !text.contains("not told"),
            "{python}: {text}"
        );
    }
    let named = converted("NAME = os.environ['ISS']\nSIMPLE_JWT = {'ISSUER': NAME}");
    assert!(
        named.contains("# ISSUER: comes from the variable ISS of the environment."),
        "{named}"
    );
    let time = converted("SIMPLE_JWT = {'ACCESS_TOKEN_LIFETIME': timedelta(minutes=int(os.getenv('A', 5)))}");
    assert!(time.contains("ACCESS_TOKEN_LIFETIME = \"5m\"  # where the variable A of the environment is not set. Where it is, \
         hand it over as MUNJIGI_SIMPLE_JWT__ACCESS_TOKEN_LIFETIME, such as \"1h30m\".\n"), "{time}");
}

#[test]
fn a_condition_is_refused_with_its_line_and_what_to_write() {
    let text = converted(
        "DEBUG = True\nSIMPLE_JWT = {\n'LEEWAY': 5 if DEBUG else 0,\n'UPDATE_LAST_LOGIN': not DEBUG,\n}",
    );
    for line in [
        "# LEEWAY: line 3 of settings.py decides by a condition: 5 if DEBUG else 0. Write LEEWAY = 5 or LEEWAY = 0.\n",
        "# UPDATE_LAST_LOGIN: line 4 of settings.py decides by a condition: not DEBUG. Write UPDATE_LAST_LOGIN = true or \
         UPDATE_LAST_LOGIN = false.\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_line_that_contradicts_another_becomes_a_comment_with_the_reason() {
    let text =
        converted("CORS_ALLOW_ALL_ORIGINS = True\nCORS_ALLOW_CREDENTIALS = True\nLANGUAGE_CODE = 'ko'\n");
    let [first, second, third] = text.lines().collect::<Vec<_>>()[..] else {
        panic!("{text}")
    };
    assert_eq!(
        (first, third),
        ("CORS_ALLOW_ALL_ORIGINS = true", "LANGUAGE_CODE = \"ko\"")
    );
    assert!(
        second.starts_with("# CORS_ALLOW_CREDENTIALS = true: "),
        "{second}"
    );
}

#[test]
fn a_secret_that_hangs_on_a_condition_is_not_written_down() {
    let text = converted("SIMPLE_JWT = {'SIGNING_KEY': 'one-secret' if DEBUG else 'other-secret'}\n");
    assert!(
        text.contains("Hand it over as MUNJIGI_SIMPLE_JWT__SIGNING_KEY."),
        "{text}"
    );
    assert!(!text.contains("-secret'"), "{text}");
}
