//! What a report becomes: settings that load, secrets that every reader reads alike, and what no longer runs.

use super::report::Report;
use super::report::tests::REFERENCE;
use super::{SCRIPT, lost, nginx, refusal, secrets, toml};
use crate::config::MODEL_BACKEND;
use crate::config::tests::serve;
use crate::config::{AuthenticationClass, Config, Mode, Sources, Written, table};
use crate::i18n::Lang::{En, Ko};
use jiff::SignedDuration;
use munjigi_store::Fill;
use munjigi_user::UserIdKind;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The reference project's report, changed.
fn report(change: impl FnOnce(&mut Value)) -> Report {
    let mut value: Value = serde_json::from_str(REFERENCE).unwrap();
    change(&mut value);
    Report::read(&value.to_string()).ok().unwrap()
}

/// What is written for it, and what that means to a server.
fn written(report: &Report) -> (String, Config) {
    let text = toml(report, "munjigi.env", &lost(report));
    let config = serve(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (text, config)
}

fn config(change: impl FnOnce(&mut Value)) -> Config {
    written(&report(change)).1
}

fn field(name: &str, class: &str, more: &Value) -> Value {
    let mut field = json!({
        "name": name, "column": name, "table": "user_user", "class": format!("django.db.models.fields.{class}"),
        "type": class, "null": false, "max_length": null,
        "has_db_default": false, "default": null, "auto_now": false, "primary_key": false,
        "relation": null,
    });
    for (key, value) in more.as_object().unwrap() {
        field[key] = value.clone();
    }
    field
}

#[test]
fn the_reference_project_becomes_settings_that_mean_the_same() {
    let (text, config) = written(&report(|_| ()));
    assert_eq!(config.user_model.label, "user.User");
    assert_eq!(config.user_model.table, "user_user");
    assert_eq!(config.user_model.extra_fields.len(), 1);
    assert!(!config.user_model.extra_fields[0].editable, "{text}");
    assert_eq!(
        config.simple_jwt.refresh_token_lifetime,
        SignedDuration::from_hours(7 * 24)
    );
    assert!(!config.session.cookie_secure && !config.csrf.cookie_secure);
    assert!(config.validators.is_empty());
    assert_eq!(config.hosts.allowed, ["*"]);
    assert_eq!(config.routes.session_signup, None);
    assert_eq!(config.routes.jwt_signup, None);
    assert_eq!(config.routes.token_obtain_pair.as_deref(), Some("/api/token"));
    for line in [
        "ACCESS_TOKEN_LIFETIME = \"5m\"",
        "REFRESH_TOKEN_LIFETIME = \"7d\"",
        "TRIM_PASSWORDS = true",
        "iterations = 1000000",
        "session_signup = false",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    assert!(!text.contains("reference-secret-key"), "{text}");
}

#[test]
fn costs_are_the_projects_own_however_they_are_set() {
    let report = report(|report| {
        report["hashers"][0]["path"] = "shop.hashers.Cheap".into();
        report["hashers"][0]["costs"]["iterations"] = 720_000.into();
        report["hashers"][1]["differences"] = json!(["digest"]);
        report["hashers"][2]["costs"] = json!({"time_cost": 3, "memory_cost": 65536, "parallelism": 4});
        report["hashers"].as_array_mut().unwrap().push(json!({
            "path": "django.contrib.auth.hashers.UnsaltedMD5PasswordHasher",
            "base": "django.contrib.auth.hashers.UnsaltedMD5PasswordHasher",
            "algorithm": "unsalted_md5", "costs": {}, "differences": [],
        }));
    });
    let (text, _) = written(&report);
    for line in [
        "[hashers.pbkdf2_sha256]\niterations = 720000\n",
        "[hashers.argon2]\ntime_cost = 3\nmemory_cost = 65536\nparallelism = 4\n",
        "VERIFY_LEGACY_PASSWORDS = true\n",
        "# Without django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher, which munjigi has not.\n",
        "PASSWORD_HASHERS = [\"django.contrib.auth.hashers.PBKDF2PasswordHasher\", \
         \"django.contrib.auth.hashers.Argon2PasswordHasher\"",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let told = lost(&report);
    assert!(
        told.iter()
            .any(|line| line.contains("whose rows (pbkdf2_sha1$…) do not verify here")),
        "{told:?}"
    );
}

#[test]
fn no_backend_of_the_project_is_trusted_unless_somebody_writes_it() {
    let of = |backends: Value| {
        let report = report(|report| report["settings"]["AUTHENTICATION_BACKENDS"] = backends);
        let (text, config) = written(&report);
        assert_eq!(config.authentication_backends, [MODEL_BACKEND], "{text}");
        text
    };
    let directory = "django_auth_ldap.backend.LDAPBackend";
    assert!(!of(json!([MODEL_BACKEND])).contains("AUTHENTICATION_BACKENDS"));
    for (backends, words) in [
        (
            json!([directory, MODEL_BACKEND]),
            "# AUTHENTICATION_BACKENDS: the project also has django_auth_ldap.backend.LDAPBackend.",
        ),
        (
            json!([directory]),
            "# AUTHENTICATION_BACKENDS: the project has django_auth_ldap.backend.LDAPBackend, and not ModelBackend",
        ),
    ] {
        let text = of(backends);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn validators_keep_their_options() {
    let of = |name: &str, options: Value, differences: Value| {
        let path = format!("django.contrib.auth.password_validation.{name}");
        json!({"path": path, "base": path, "options": options, "differences": differences})
    };
    let report = report(|report| {
        report["validators"] = json!([
            of("MinimumLengthValidator", json!({"min_length": 12}), json!([])),
            of("UserAttributeSimilarityValidator", json!({"max_similarity": 1}), json!([])),
            of("CommonPasswordValidator", json!({"password_list_path": "/srv/list"}), json!([])),
            of("NumericPasswordValidator", json!({}), json!(["validate"])),
            {"path": "shop.NoNames", "base": null, "options": {}, "differences": []},
        ]);
    });
    let (text, config) = written(&report);
    assert_eq!(config.validators.len(), 3, "{text}");
    assert!(
        text.contains("OPTIONS = { min_length = 12 }") && text.contains("max_similarity = 1.0"),
        "{text}"
    );
    let told = lost(&report).join("\n");
    assert!(
        told.contains("NumericPasswordValidator judges no password") && told.contains("shop.NoNames"),
        "{told}"
    );
}

#[test]
fn a_model_of_its_own_is_told_with_its_columns() {
    let (text, config) = written(&report(|report| {
        report["user"] = json!({
            "label": "accounts.Member", "table": "members",
            "USERNAME_FIELD": "email", "EMAIL_FIELD": "email", "own_methods": [],
            "fields": [],
        });
        report["simple_jwt"]["values"]["USER_ID_FIELD"] = "uuid".into();
        let own = |name: &str, class: &str, mut more: Value| {
            more["table"] = "members".into();
            field(name, class, &more)
        };
        report["user"]["fields"] = json!([
            own(
                "uuid",
                "UUIDField",
                json!({"primary_key": true, "column": "member_uuid"})
            ),
            own(
                "password",
                "CharField",
                json!({"max_length": 128, "column": "pw"})
            ),
            own("last_login", "DateTimeField", json!({"null": true})),
            own("email", "CharField", json!({"max_length": 254, "column": "mail"})),
            own("is_active", "BooleanField", json!({})),
            own(
                "team",
                "ForeignKey",
                json!({"relation": "accounts.Team", "column": "team_id"})
            ),
            own("phone", "CharField", json!({"max_length": 20, "column": "tel"})),
        ]);
    }));
    let model = &config.user_model;
    assert_eq!(
        (model.table.as_str(), model.id_kind),
        ("members", UserIdKind::Uuid)
    );
    assert_eq!(model.columns.of("id"), Some("member_uuid"));
    assert_eq!(model.columns.of("password"), Some("pw"));
    assert_eq!(model.columns.of("email"), Some("mail"));
    assert_eq!(model.columns.of("username"), None);
    assert_eq!(model.columns.of("is_staff"), None);
    assert_eq!(model.username_field, "email");
    assert!(model.extra_fields.is_empty(), "{text}");
    assert!(
        text.contains("# [user.fields.team]: a ForeignKey to accounts.Team, which is not shown here, and munjigi cannot fill it:"),
        "{text}"
    );
    let declared = "#[user.fields.phone]\n#type = \"CharField\"\n#max_length = 20\n#db_column = \"tel\"\n#editable = false\n";
    assert!(text.contains(declared), "{text}");
    serve(
        &text
            .replace("\n#[user", "\n[user")
            .replace("\n#type", "\ntype")
            .replace("\n#max", "\nmax"),
    )
    .unwrap();
}

#[test]
fn a_column_that_a_new_row_must_have_is_declared_with_its_default() {
    let (text, config) = written(&report(|report| {
        let fields = report["user"]["fields"].as_array_mut().unwrap();
        for (name, class, more) in [
            (
                "badge",
                "UUIDField",
                json!({"default": {"$python": "uuid.uuid4"}, "column": "badge_no"}),
            ),
            ("hired", "DateField", json!({"auto_now": true})),
            (
                "since",
                "DateTimeField",
                json!({"default": {"$python": "django.utils.timezone.now"}}),
            ),
            ("pay", "DecimalField", json!({"default": "12.5"})),
            (
                "likes",
                "JSONField",
                json!({"default": {"$python": "builtins.dict"}}),
            ),
            ("left", "DateTimeField", json!({"null": true})),
            (
                "seen",
                "DateTimeField",
                json!({"default": {"$python": "shop.now"}, "has_db_default": true}),
            ),
            ("team", "ForeignKey", json!({"relation": "shop.Team"})),
            ("grade", "IntegerField", json!({"default": 3})),
        ] {
            fields.push(field(name, class, &more));
        }
    }));
    let filled = config.user_model.filled.iter();
    let filled: Vec<_> = filled.map(|it| (it.column.as_str(), it.fill.clone())).collect();
    let expected = [
        ("badge_no", Fill::Uuid4),
        ("hired", Fill::Today),
        ("likes", Fill::Constant("{}".to_owned())),
        ("pay", Fill::Constant("12.5".to_owned())),
        ("since", Fill::Now),
    ];
    assert_eq!(filled, expected, "{text}");
    assert!(
        text.contains("#type = \"IntegerField\"\n#default = 3\n"),
        "{text}"
    );
    let team = text
        .lines()
        .skip_while(|line| !line.contains("[user.fields.team]"));
    let team = team.take(2).collect::<Vec<_>>().join(" ");
    assert!(team.contains("munjigi cannot fill it"), "{team}");
}

/// Nobody's project is asked for more than is used.
#[test]
fn every_setting_that_a_project_is_asked_for_is_one_here_or_is_looked_at() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/neighbour"));
    let mut sources = String::new();
    for folder in [folder.to_owned(), folder.join("check")] {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut asked = 0;
    for list in ["\nSETTINGS = \"\"\"", "\nCORS = \"\"\""] {
        let (_, list) = SCRIPT.split_once(list).unwrap();
        for name in list.split_once("\"\"\"").unwrap().0.split_whitespace() {
            let is_setting = table::find(name).is_some_and(|about| about.table().is_none());
            assert!(is_setting || sources.contains(&format!("\"{name}\"")), "{name}");
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
}

#[test]
fn a_project_whose_user_user_has_no_age_has_none_here() {
    let config = config(|report| report["user"]["fields"].as_array_mut().unwrap().truncate(11));
    assert_eq!(config.user_model.label, "user.User");
    assert!(config.user_model.extra_fields.is_empty());
}

#[test]
fn a_model_that_munjigi_cannot_read_is_refused() {
    let two_tables = report(|report| report["user"]["fields"][1]["table"] = "people".into());
    assert!(
        refusal(&two_tables)
            .unwrap()
            .contains("two tables, user_user and people")
    );
    let key = report(|report| report["user"]["fields"][0]["type"] = "SmallAutoField".into());
    assert!(refusal(&key).unwrap().contains("munjigi knows AutoField"));
    assert_eq!(refusal(&report(|_| ())), None);
}

#[test]
fn what_is_python_is_a_comment_with_what_happens_instead() {
    let report = report(|report| {
        let values = &mut report["simple_jwt"]["values"];
        values["USER_AUTHENTICATION_RULE"] = json!({"$python": "shop.rules.may"});
        values["TOKEN_OBTAIN_SERIALIZER"] = "shop.serializers.Mine".into();
        values["LEEWAY"] = json!({"$seconds": 0.5});
        values["ISSUER"] = json!({"$unknown": "an object of shop.Issuer"});
        values["MINE"] = 1.into();
        report["simple_jwt"]["unknown"] = json!(["MINE"]);
        report["settings"]["SESSION_COOKIE_AGE"] = json!(3600.0);
        report["settings"]["SECURE_REFERRER_POLICY"] = json!(["same-origin", "origin"]);
        report["settings"]["SESSION_COOKIE_SAMESITE"] = Value::Null;
    });
    let (text, config) = written(&report);
    for line in [
        "# USER_AUTHENTICATION_RULE: SIMPLE_JWT.USER_AUTHENTICATION_RULE = \"shop.rules.may\" (settings.py) cannot be used",
        "# TOKEN_OBTAIN_SERIALIZER: SIMPLE_JWT.TOKEN_OBTAIN_SERIALIZER = \"shop.serializers.Mine\"",
        "# ISSUER: the project has an object of shop.Issuer, which cannot be written here.",
        "# MINE: munjigi has no such setting.",
        "LEEWAY = 0.5\n",
        "SESSION_COOKIE_AGE = 3600\n",
        "SESSION_COOKIE_SAMESITE = false\n",
        "SECURE_REFERRER_POLICY = \"same-origin,origin\"\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert_eq!(config.session.cookie_age, 3600);
    let told = lost(&report);
    let rule = "SIMPLE_JWT.USER_AUTHENTICATION_RULE is shop.rules.may: it is not asked who may have tokens: whoever is active \
                may.";
    assert!(told.iter().any(|line| line == rule), "{told:#?}");
}

#[test]
fn what_no_longer_runs_is_told_by_name() {
    let told = lost(&report(|report| {
        report["receivers"] = json!([
            {"signal": "user_logged_in", "receiver": "shop.receivers.greet"},
            {"signal": "post_save", "receiver": "shop.receivers.index"},
        ]);
        report["settings"]["AUTHENTICATION_BACKENDS"] = json!(["shop.backends.Directory"]);
        report["rest_framework"]["NON_FIELD_ERRORS_KEY"] = "errors".into();
        report["settings"]["SESSION_ENGINE"] = "django.contrib.sessions.backends.signed_cookies".into();
        report["settings"]["CSRF_FAILURE_VIEW"] = "shop.views.refused".into();
        let apps = report["apps"].as_array_mut().unwrap();
        apps.extend(["axes", "django_otp.plugins.otp_totp", "allauth"].map(Value::from));
        let middleware = report["settings"]["MIDDLEWARE"].as_array_mut().unwrap();
        middleware.push("django_otp.middleware.OTPMiddleware".into());
        report["user"]["own_methods"] = json!(["check_password"]);
        let routes = report["routes"].as_array_mut().unwrap();
        let place = routes
            .iter()
            .position(|route| route["path"] == "/api/token/")
            .unwrap();
        let login = routes[place].clone();
        let mut mine = login.clone();
        mine["view"] = "shop.views.Token".into();
        mine["differences"] = json!(["post"]);
        mine["throttles"] = json!(["rest_framework.throttling.ScopedRateThrottle"]);
        mine["serializer"] = json!({
            "class": "shop.serializers.Token", "differences": ["get_token"],
            "base": "rest_framework_simplejwt.serializers.TokenObtainPairSerializer",
        });
        routes[place] = mine;
        let mut again = login;
        again["path"] = "/v2/token/".into();
        routes.push(again);
        report["problems"] = json!(["ROOT_URLCONF: ImportError: no shop"]);
    }));
    for line in [
        "Signal user_logged_in: shop.receivers.greet is not called.",
        "Signal post_save of users: shop.receivers.index is not called when munjigi writes or deletes a row.",
        "AUTHENTICATION_BACKENDS: shop.backends.Directory is not asked; who signs in by it alone does so at Django.",
        "AUTHENTICATION_BACKENDS: django.contrib.auth.backends.ModelBackend is not among them, and munjigi signs in as it \
         does: whoever knows the password of his row. Sessions from here name it unless munjigi.toml names another.",
        "NON_FIELD_ERRORS_KEY is errors: errors that are of no field stand under \"non_field_errors\" in munjigi's answers.",
        "App axes: attempts here are neither counted nor locked out by it.",
        "App django_otp: no second factor is asked for here.",
        "Middleware django_otp.middleware.OTPMiddleware: requests to munjigi do not pass it.",
        "user.User.check_password is the project's own and does not run; munjigi does what Django's does.",
        "shop.views.Token at /api/token/, a TokenObtainPairView with post of its own: a sign-in here passes none of it.",
        "shop.views.Token at /api/token/, serializer shop.serializers.Token (get_token): the route answers as simplejwt's does; \
         claims that it adds are for [SIMPLE_JWT_CLAIMS].",
        "shop.views.Token at /api/token/, throttle rest_framework.throttling.ScopedRateThrottle: nobody is throttled by it here.",
        "CSRF_FAILURE_VIEW: shop.views.refused does not answer here; a refusal has Django REST framework's own form.",
        "Not told by the project: ROOT_URLCONF: ImportError: no shop.",
    ] {
        assert!(told.iter().any(|other| other == line), "{line}\n{told:#?}");
    }
    let begins = |start: &str| told.iter().any(|line| line.starts_with(start));
    assert!(begins(
        "SESSION_ENGINE is django.contrib.sessions.backends.signed_cookies: its sessions are in no table"
    ));
    assert!(begins(
        "rest_framework_simplejwt.views.TokenObtainPairView stands at /api/token/ and at /v2/token/: munjigi has it"
    ));
    assert_eq!(lost(&report(|_| ())), Vec::<String>::new());
}

#[test]
fn routes_stand_where_the_project_has_them() {
    let report = report(|report| {
        let routes = report["routes"].as_array_mut().unwrap();
        routes.retain(|route| {
            let kind = route["kind"].as_str().unwrap();
            kind.ends_with("TokenObtainPairView") || kind.ends_with("TokenRefreshView")
        });
        routes[0]["path"] = "/v1/auth/login/".into();
        routes[1]["path"] = Value::Null;
    });
    let (text, config) = written(&report);
    assert_eq!(config.routes.token_obtain_pair.as_deref(), Some("/v1/auth/login"));
    assert_eq!(config.routes.token_refresh, None, "{text}");
    assert_eq!(config.routes.token_verify, None);
    let nginx = nginx(&report);
    assert_eq!(
        nginx[0],
        "location = /v1/auth/login/ { proxy_pass http://127.0.0.1:8000; }"
    );
    assert_eq!(nginx.len(), 2, "{nginx:?}");
    assert!(lost(&report)[0].contains("stays with Django"));
}

#[test]
fn classes_that_munjigi_has_not_are_left_out_and_told() {
    let report = report(|report| {
        report["rest_framework"]["DEFAULT_AUTHENTICATION_CLASSES"] = json!([
            "rest_framework.authentication.BasicAuthentication",
            "rest_framework.authentication.SessionAuthentication",
        ]);
    });
    assert_eq!(
        written(&report).1.authentication_classes,
        [AuthenticationClass::Session]
    );
    assert!(lost(&report)[0].contains("rest_framework.authentication.BasicAuthentication is not asked"));
}

#[test]
fn the_cache_of_sessions_is_told_and_where_it_is_kept_secret() {
    let report = report(|report| {
        report["settings"]["SESSION_ENGINE"] = "django.contrib.sessions.backends.cached_db".into();
        report["settings"]["SESSION_CACHE_ALIAS"] = "sessions".into();
        report["cache"] = json!({
            "backend": "django.core.cache.backends.redis.RedisCache", "key_prefix": "shop",
            "location": ["redis://:pass@cache:6379/1", "redis://replica"], "version": 2, "key_function": null,
            "options": ["db"],
        });
    });
    let text = toml(&report, "munjigi.env", &lost(&report));
    for line in [
        "SESSION_ENGINE = \"django.contrib.sessions.backends.cached_db\"\n",
        "\n[CACHES.default]\nBACKEND = \"django.core.cache.backends.redis.RedisCache\"\nKEY_PREFIX = \"shop\"\nVERSION = 2\n",
        "# CACHES: OPTIONS[\"db\"] of the sessions' cache",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("pass@"), "{text}");
    let told = secrets(&report, Path::new("/srv/munjigi.env")).unwrap().text();
    assert!(
        told.contains("\nMUNJIGI_CACHES__DEFAULT__LOCATION='redis://:pass@cache:6379/1'\n"),
        "{}",
        *told
    );
    serve(&text.replace(
        "[CACHES.default]\n",
        "[CACHES.default]\nLOCATION = \"redis://cache\"\n",
    ))
    .unwrap();
}

#[test]
fn languages_are_those_that_a_client_can_get() {
    let languages = |code: &str, middleware: bool| {
        config(|report| {
            report["settings"]["LANGUAGE_CODE"] = code.into();
            if !middleware {
                report["settings"]["MIDDLEWARE"] = json!([]);
            }
        })
        .languages
    };
    let both = languages("en-us", true);
    assert_eq!((both.default, both.available), (En, vec![Ko, En]));
    let one = languages("ko-kr", false);
    assert_eq!((one.default, one.available), (Ko, vec![Ko]));
    assert_eq!(languages("fr", true).default, En);
}

#[test]
fn what_has_no_counterpart_is_told_where_the_project_relies_on_it() {
    let names = [
        "SECURE_SSL_REDIRECT",
        "USE_X_FORWARDED_PORT",
        "FORCE_SCRIPT_NAME",
        "CORS_ALLOW_PRIVATE_NETWORK",
        "CORS_URLS_REGEX",
        "EMAIL_SSL_CERTFILE",
    ];
    let (text, _) = written(&report(|_| ()));
    assert!(!text.contains("Without a counterpart"), "{text}");
    let (text, _) = written(&report(|report| {
        let settings = &mut report["settings"];
        for name in &names[..2] {
            settings[*name] = true.into();
        }
        settings["FORCE_SCRIPT_NAME"] = "/shop".into();
        settings["CORS_ALLOW_PRIVATE_NETWORK"] = true.into();
        settings["CORS_URLS_REGEX"] = "^/api/.*$".into();
        settings["EMAIL_SSL_CERTFILE"] = "/srv/mail.pem".into();
    }));
    for name in names {
        assert!(text.contains(&format!("\n# {name}: ")), "{name}\n{text}");
    }
}

#[test]
fn lines_that_contradict_each_other_become_comments() {
    let (text, config) = written(&report(|report| {
        report["settings"]["SECURE_PROXY_SSL_HEADER"] = json!(["HTTP_X_FORWARDED_PROTO", "https"]);
        report["settings"]["USE_X_FORWARDED_HOST"] = true.into();
    }));
    assert_eq!(config.hosts.proxy_ssl_header, None);
    assert!(text.contains("# SECURE_PROXY_SSL_HEADER = "), "{text}");
    assert!(text.contains("TRUSTED_PROXIES"), "{text}");
}

#[test]
fn nothing_that_a_project_says_ends_a_comment() {
    let (text, _) = written(&report(|report| {
        report["receivers"] =
            json!([{"signal": "user_logged_in", "receiver": "a\nALLOWED_HOSTS = [\"evil\"]"}]);
        report["problems"] = json!(["b\r\n[user]\ndb_table = \"evil\"\u{7f}"]);
        report["versions"]["django"] = "5\nBIND = [\"0.0.0.0:1\"]".into();
        report["user"]["fields"][11]["name"] = "a\nb".into();
        report["user"]["fields"][11]["type"] = "DateField".into();
    }));
    assert!(
        !text
            .lines()
            .any(|line| line.contains("evil") && !line.starts_with('#')),
        "{text}"
    );
}

/// The configuration from the files as they are on disk, the values as a reader of the file of variables hands them over.
fn with_secrets(report: &Report, folder: &Path, hand_over: fn(&str) -> String) -> Config {
    let path = folder.join("munjigi.env");
    let told = secrets(report, &path).unwrap();
    for (ending, content) in &told.values {
        fs::write(folder.join(format!("munjigi.env.{ending}")), content.as_bytes()).unwrap();
    }
    let text = told.text();
    let pairs = text.lines().filter(|line| !line.starts_with('#'));
    let variables = pairs.map(|line| {
        let (name, value) = line.split_once('=').unwrap();
        (name.into(), hand_over(value).into())
    });
    let settings = folder.join("munjigi.toml");
    fs::write(&settings, toml(report, "munjigi.env", &[])).unwrap();
    let sources = Sources {
        file: Some(settings),
        variables: variables.collect(),
        flags: Vec::new(),
    };
    Config::resolve(&Written::gather(sources).unwrap(), Mode::Serve).unwrap()
}

/// What systemd makes of what stands behind the sign of equality in an `EnvironmentFile`: `parse_env_file_internal` of its
/// `src/basic/env-file.c`, on one line. Nothing is expanded; between single quotes nothing is escaped.
fn as_systemd_reads(value: &str) -> String {
    let (mut read, mut characters) = (String::new(), value.chars().peekable());
    // Between quotes, or before any: spaces count for nothing there.
    while let Some(first) = characters.next() {
        match first {
            '\'' => read.extend(characters.by_ref().take_while(|next| *next != '\'')),
            '"' => {
                while let Some(next) = characters.next().filter(|next| *next != '"') {
                    let escaped = characters.next_if(|after| next == '\\' && "\"\\`$".contains(*after));
                    read.push(escaped.unwrap_or(next));
                }
            }
            ' ' | '\t' | '\r' => {}
            first => {
                let mut rest = String::new();
                let mut next = Some(first);
                while let Some(character) = next {
                    rest.extend(if character == '\\' {
                        characters.next()
                    } else {
                        Some(character)
                    });
                    next = characters.next();
                }
                read.push_str(rest.trim_end_matches([' ', '\t', '\r']));
            }
        }
    }
    read
}

#[test]
fn systemds_rules_are_those_of_its_manual() {
    // systemd.exec(5), `EnvironmentFile=`.
    for (written, read) in [
        ("a", "a"),
        ("a b  ", "a b"),
        ("'a'\"b\"", "ab"),
        ("'a' b", "ab"),
        (r#"a\ "b""#, r#"a "b""#),
        (r"'a\n$b#c'", r"a\n$b#c"),
        (r#""a\"b\$c\nd""#, r#"a"b$c\nd"#),
        (r"a\\b\'c", r"a\b'c"),
    ] {
        assert_eq!(as_systemd_reads(written), read, "{written}");
    }
}

#[test]
fn a_secret_is_the_same_to_who_unquotes_and_to_who_does_not() {
    let folder = std::env::temp_dir().join(format!("munjigi-secrets-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let systemd: fn(&str) -> String = as_systemd_reads;
    let as_it_stands: fn(&str) -> String = str::to_owned;
    let long = "0123456789abcdefghijklmnopqrstuvwxyz";
    for awkward in [
        "$#(&*!@^%-_=+) `echo`;",
        "it's",
        "a\"b\"",
        "\"quoted\"",
        "'quoted'",
        "back\\slash\\n",
        "ends\\",
        "a # b ; c",
        "${HOME} $HOME %i %% $(id)",
        "=a==",
        " spaces ",
        "two\nlines\n",
        "ends\r\n",
        "비밀 키",
        "#",
        "\t",
    ] {
        let key = format!("{awkward}{long}{awkward}");
        let report = report(|report| {
            report["secrets"]["SECRET_KEY"] = key.clone().into();
            report["secrets"]["SECRET_KEY_FALLBACKS"] = json!([format!("old {key}"), long]);
            report["secrets"]["SIMPLE_JWT.SIGNING_KEY"] = format!("jwt {key}").into();
        });
        for hand_over in [systemd, as_it_stands] {
            let config = with_secrets(&report, &folder, hand_over);
            let keys: Vec<_> = config
                .secret_keys
                .all()
                .map(|key| key.expose().to_vec())
                .collect();
            let expected = [key.clone(), format!("old {key}"), long.to_owned()];
            assert_eq!(keys, expected.map(String::into_bytes), "{awkward:?}");
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_database_is_one_url() {
    let url = |change: fn(&mut Value)| {
        let report = report(|report| {
            report["database"] = json!({
                "vendor": "postgresql", "name": "my site",
                "user": "me", "host": "db.internal", "port": "5433", "options": {},
                "other_options": [],
            });
            report["secrets"]["DATABASE_PASSWORD"] = "p@ss/w:rd%$'".into();
            change(report);
        });
        let told = secrets(&report, Path::new("/srv/munjigi.env")).unwrap();
        let text = told.text();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MUNJIGI_DATABASE_URL="))
            .unwrap();
        (line.trim_matches('\'').to_owned(), text.to_string())
    };
    let (plain, _) = url(|_| ());
    assert_eq!(
        plain,
        "postgres://me:p%40ss%2Fw%3Ard%25%24%27@db.internal:5433/my%20site"
    );
    let (file, _) = url(|report| {
        report["database"]["vendor"] = "sqlite".into();
        report["database"]["name"] = "//srv/site.sqlite3".into();
    });
    assert_eq!(file, "sqlite:/srv/site.sqlite3");
    let (socket, text) = url(|report| {
        report["database"]["host"] = "".into();
        report["database"]["port"] = "".into();
        report["database"]["user"] = "".into();
    });
    assert_eq!(socket, "postgres://%2Fvar%2Frun%2Fpostgresql/my%20site");
    assert!(text.contains("# The project names no host;"), "{text}");
    let (address, _) = url(|report| report["database"]["host"] = "::1".into());
    assert!(address.contains("@[::1]:5433/"), "{address}");
    let (options, text) = url(|report| {
        report["database"]["options"] = json!({
            "sslmode": "require", "service": "main", "options": "-c search_path=app,public", "connect_timeout": 5, "pool": true, "isolation_level": 3,
        });
        report["database"]["other_options"] = json!(["cursor_factory"]);
    });
    assert!(
        options.ends_with(
            "/my%20site?connect_timeout=5&options=-c%20search_path%3Dapp%2Cpublic&sslmode=require"
        ),
        "{options}"
    );
    for note in [
        "OPTIONS[\"service\"] of the project's database names a section of pg_service.conf, which munjigi does not read.",
        "OPTIONS[\"pool\"] of the project's database is of Django's driver. munjigi has a pool of its own",
    ] {
        assert!(text.contains(note), "{text}");
    }
    assert!(
        text.contains("OPTIONS[\"cursor_factory\"] of the project's database is not told"),
        "{text}"
    );
}

#[test]
fn the_certificates_of_a_projects_database_come_along() {
    let url = |options: Value| {
        let report = report(|report| {
            report["database"] = json!({
                "vendor": "postgresql", "name": "site", "user": "me", "host": "db.internal", "port": "5433",
                "options": options, "other_options": [],
            });
        });
        let told = secrets(&report, Path::new("/srv/munjigi.env")).unwrap();
        let (_, url) = told
            .variables
            .iter()
            .find(|(name, _)| name == "MUNJIGI_DATABASE_URL")
            .unwrap();
        let options = url.split_once('?').map(|(_, options)| options.to_owned());
        (options.unwrap_or_default(), told.notes.join("\n"))
    };
    let all = json!({
        "sslmode": "verify-full", "sslrootcert": "/etc/ssl/db ca.pem", "sslcert": "/etc/ssl/me.pem", "sslkey": "/etc/ssl/me.key",
    });
    let (options, notes) = url(all);
    assert_eq!(
        options,
        "sslmode=verify-full&sslrootcert=%2Fetc%2Fssl%2Fdb%20ca.pem&sslcert=%2Fetc%2Fssl%2Fme.pem&sslkey=%2Fetc%2Fssl%2Fme.key"
    );
    assert_eq!(notes, "");
    let (options, _) = url(json!({"sslmode": "verify-full", "sslrootcert": "system"}));
    assert_eq!(options, "sslmode=verify-full&sslrootcert=system");
    for lone in ["sslcert", "sslkey"] {
        let (options, notes) =
            url(json!({"sslmode": "require", lone: "/etc/ssl/me", "passfile": "/home/me/.pgpass"}));
        assert_eq!(options, "sslmode=require");
        for note in [
            &format!(
                "OPTIONS[\"{lone}\"] of the project's database is not taken: DATABASE_URL has one of `sslcert`"
            ),
            "OPTIONS[\"passfile\"] of the project's database names a file of passwords",
        ] {
            assert!(notes.contains(note), "{notes}");
        }
        assert!(
            !notes.contains("/etc/ssl") && !notes.contains(".pgpass"),
            "{notes}"
        );
    }
    let (options, notes) = url(json!({"sslmode": "allow"}));
    assert!(
        options.is_empty() && notes.contains("OPTIONS[\"sslmode\"]"),
        "{notes}"
    );
}

#[test]
fn a_database_that_no_url_names_is_told() {
    let report = report(|report| report["database"]["name"] = ":memory:".into());
    let told = secrets(&report, Path::new("/srv/munjigi.env")).err().unwrap();
    assert!(
        told.starts_with("The project's database \":memory:\" cannot be written as a URL: "),
        "{told}"
    );
}

#[test]
fn a_file_whose_path_not_all_would_read_alike_is_refused() {
    let report = report(|report| report["secrets"]["SECRET_KEY_FALLBACKS"] = json!(["0123456789"]));
    for path in ["/srv/my site/munjigi.env", "/srv/$x/munjigi.env"] {
        let told = secrets(&report, Path::new(path)).err().unwrap();
        assert!(
            told.ends_with("Choose a path of plain letters (--secrets)."),
            "{told}"
        );
    }
}
