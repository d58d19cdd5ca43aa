//! What a project has and munjigi does not run, or has no setting for: told by name.

use super::{report, written};
use crate::config::AuthenticationClass;
use crate::config::MODEL_BACKEND;
use crate::neighbour::lost;
use serde_json::{Value, json};

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
