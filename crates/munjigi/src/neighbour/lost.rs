//! What of the project no longer runs for a sign-in that is served here: it is Python, and munjigi runs none.

use super::report::{Report, Route, SessionEngine};
use super::{passwords, routes, settings};
use crate::config::MODEL_BACKEND;
use serde_json::Value;

/// Whose middleware and backends do nothing that a sign-in here would miss.
const HARMLESS: [&str; 4] = [
    "django.middleware.",
    "django.contrib.",
    "corsheaders.middleware.",
    "whitenoise.middleware.",
];

/// Apps that take part in signing in, and what is missed of each.
const APPS: [(&str, &str); 9] = [
    ("axes", "attempts here are neither counted nor locked out by it"),
    (
        "defender",
        "attempts here are neither counted nor locked out by it",
    ),
    ("django_otp", "no second factor is asked for here"),
    ("two_factor", "no second factor is asked for here"),
    ("allauth.mfa", "no second factor is asked for here"),
    (
        "allauth",
        "its sign-in, its verified addresses and its providers stay with Django",
    ),
    ("social_django", "its providers stay with Django"),
    ("dj_rest_auth", "its routes stay with Django"),
    ("djoser", "its routes stay with Django"),
];

/// Keys of `SIMPLE_JWT` that name Python, with simplejwt's own.
const PYTHON: [(&str, &str, &str); 10] = [
    (
        "USER_AUTHENTICATION_RULE",
        "rest_framework_simplejwt.authentication.default_user_authentication_rule",
        "it is not asked who may have tokens: whoever is active may",
    ),
    (
        "TOKEN_OBTAIN_SERIALIZER",
        "rest_framework_simplejwt.serializers.TokenObtainPairSerializer",
        CLAIMS,
    ),
    (
        "TOKEN_REFRESH_SERIALIZER",
        "rest_framework_simplejwt.serializers.TokenRefreshSerializer",
        PLAIN,
    ),
    (
        "TOKEN_VERIFY_SERIALIZER",
        "rest_framework_simplejwt.serializers.TokenVerifySerializer",
        PLAIN,
    ),
    (
        "TOKEN_BLACKLIST_SERIALIZER",
        "rest_framework_simplejwt.serializers.TokenBlacklistSerializer",
        PLAIN,
    ),
    (
        "SLIDING_TOKEN_OBTAIN_SERIALIZER",
        "rest_framework_simplejwt.serializers.TokenObtainSlidingSerializer",
        CLAIMS,
    ),
    (
        "SLIDING_TOKEN_REFRESH_SERIALIZER",
        "rest_framework_simplejwt.serializers.TokenRefreshSlidingSerializer",
        PLAIN,
    ),
    (
        "ON_LOGIN_SUCCESS",
        "rest_framework_simplejwt.serializers.default_on_login_success",
        "it is not called",
    ),
    (
        "ON_LOGIN_FAILED",
        "rest_framework_simplejwt.serializers.default_on_login_failed",
        "it is not called",
    ),
    (
        "TOKEN_USER_CLASS",
        "rest_framework_simplejwt.models.TokenUser",
        "the claims are handed on as they are",
    ),
];
const CLAIMS: &str = "the route answers as simplejwt's does; claims that it adds are for [SIMPLE_JWT_CLAIMS]";
const PLAIN: &str = "the route answers as simplejwt's does";

/// Each thing in a sentence that begins with what it is of.
pub fn lost(report: &Report) -> Vec<String> {
    let mut lost = Vec::new();
    signals(report, &mut lost);
    backends(report, &mut lost);
    apps(report, &mut lost);
    simple_jwt(report, &mut lost);
    for route in &report.routes {
        view(route, &mut lost);
    }
    several_paths(report, &mut lost);
    rest_framework(report, &mut lost);
    users(report, &mut lost);
    sessions(report, &mut lost);
    csrf(report, &mut lost);
    let problems = report.problems.iter();
    lost.extend(problems.map(|problem| format!("Not told by the project: {problem}.")));
    lost
}

fn signals(report: &Report, lost: &mut Vec<String>) {
    for told in &report.receivers {
        let (signal, receiver) = (&told.signal, &told.receiver);
        lost.push(if signal.starts_with("user_") {
            format!("Signal {signal}: {receiver} is not called.")
        } else {
            format!(
                "Signal {signal} of users: {receiver} is not called when munjigi writes or deletes a row."
            )
        });
    }
}

fn backends(report: &Report, lost: &mut Vec<String>) {
    let backends: Vec<_> = report.texts("AUTHENTICATION_BACKENDS").collect();
    if !backends.contains(&MODEL_BACKEND) {
        lost.push(format!(
            "AUTHENTICATION_BACKENDS: {MODEL_BACKEND} is not among them, and munjigi signs in as it does: whoever knows the \
             password of his row. Sessions from here name it unless munjigi.toml names another."
        ));
    }
    for backend in backends.into_iter().filter(|backend| *backend != MODEL_BACKEND) {
        lost.push(format!(
            "AUTHENTICATION_BACKENDS: {backend} is not asked; who signs in by it alone does so at Django."
        ));
    }
}

fn apps(report: &Report, lost: &mut Vec<String>) {
    for (app, words) in APPS {
        if report.has_app(app) {
            lost.push(format!("App {app}: {words}."));
        }
    }
    for class in report.texts("MIDDLEWARE") {
        if !HARMLESS.iter().any(|harmless| class.starts_with(harmless)) {
            lost.push(format!("Middleware {class}: requests to munjigi do not pass it."));
        }
    }
}

fn simple_jwt(report: &Report, lost: &mut Vec<String>) {
    let Some(dict) = report
        .simple_jwt
        .as_ref()
        .filter(|_| routes::uses_simple_jwt(report))
    else {
        return;
    };
    for (key, simplejwts, words) in PYTHON {
        let value = dict.values.get(key).map(named);
        if let Some(value) = value.filter(|value| *value != simplejwts) {
            lost.push(format!("SIMPLE_JWT.{key} is {value}: {words}."));
        }
    }
}

/// The dotted name in a value of the report.
fn named(value: &Value) -> &str {
    let python = value.get("$python").unwrap_or(value);
    python.as_str().unwrap_or("an object")
}

fn view(route: &Route, lost: &mut Vec<String>) {
    let place = match &route.path {
        Some(path) => format!("{} at {path}", route.view),
        None => format!(
            "{} at a path that begins with a pattern ({})",
            route.view, route.pattern
        ),
    };
    let class = route.kind.rsplit('.').next().unwrap_or_default();
    let is_served = routes::is_served(route);
    if is_served && routes::path(route).is_none() {
        lost.push(format!(
            "{place} stays with Django: munjigi has each route at one fixed path."
        ));
        return;
    }
    if !route.differences.is_empty() {
        let own = route.differences.join(", ");
        let what = if routes::is_reset(route) {
            "a link that is mailed or used here"
        } else {
            "a sign-in here"
        };
        lost.push(format!(
            "{place}, a {class} with {own} of its own: {what} passes none of it."
        ));
    }
    if !is_served {
        return;
    }
    if let Some(serializer) = route
        .serializer
        .as_ref()
        .filter(|it| it.base.as_deref() != Some(&it.class))
    {
        let own = match serializer.differences.as_slice() {
            [] => String::new(),
            own => format!(" ({})", own.join(", ")),
        };
        let words = if serializer.differences.iter().any(|name| name == "get_token") {
            CLAIMS
        } else {
            PLAIN
        };
        lost.push(format!("{place}, serializer {}{own}: {words}.", serializer.class));
    }
    for throttle in &route.throttles {
        lost.push(format!(
            "{place}, throttle {throttle}: nobody is throttled by it here."
        ));
    }
}

fn several_paths(report: &Report, lost: &mut Vec<String>) {
    let mut first: Vec<(&str, &str)> = Vec::new();
    for (route, name) in routes::served(report) {
        let Some(path) = routes::path(route) else { continue };
        match first.iter().find(|(other, _)| *other == name) {
            Some((_, at)) if *at != path => lost.push(format!(
                "{} stands at {at} and at {path}: munjigi has it at the first, the other stays with Django.",
                route.view
            )),
            Some(_) => {}
            None => first.push((name, path)),
        }
    }
}

fn rest_framework(report: &Report, lost: &mut Vec<String>) {
    const OURS: [&str; 5] = [
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication",
        "rest_framework_simplejwt.authentication.JWTTokenUserAuthentication",
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework_jwt.authentication.JSONWebTokenAuthentication",
    ];
    let Some(framework) = &report.rest_framework else {
        return;
    };
    let texts = |name: &str| {
        framework
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(named)
    };
    for class in texts("DEFAULT_AUTHENTICATION_CLASSES").filter(|class| !OURS.contains(class)) {
        lost.push(format!(
            "DEFAULT_AUTHENTICATION_CLASSES: {class} is not asked who sends a request to munjigi."
        ));
    }
    if let Some(handler) = framework.get("EXCEPTION_HANDLER").map(named)
        && handler != "rest_framework.views.exception_handler"
    {
        lost.push(format!(
            "EXCEPTION_HANDLER: {handler} does not run; errors have Django REST framework's own form."
        ));
    }
    if let Some(key) = framework.get("NON_FIELD_ERRORS_KEY").map(named)
        && key != "non_field_errors"
    {
        lost.push(format!(
            "NON_FIELD_ERRORS_KEY is {key}: errors that are of no field stand under \"non_field_errors\" in munjigi's answers."
        ));
    }
    for class in
        texts("DEFAULT_RENDERER_CLASSES").filter(|class| !class.starts_with("rest_framework.renderers."))
    {
        lost.push(format!(
            "DEFAULT_RENDERER_CLASSES: {class} does not write munjigi's answers; they are plain JSON."
        ));
    }
    for class in texts("DEFAULT_PARSER_CLASSES").filter(|class| !class.starts_with("rest_framework.parsers."))
    {
        lost.push(format!(
            "DEFAULT_PARSER_CLASSES: {class} does not read what is sent to munjigi."
        ));
    }
}

fn users(report: &Report, lost: &mut Vec<String>) {
    for method in &report.user.own_methods {
        lost.push(format!(
            "{}.{method} is the project's own and does not run; munjigi does what Django's does.",
            report.user.label
        ));
    }
    for hasher in passwords::foreign(report) {
        let algorithm = hasher.algorithm.as_deref().unwrap_or("its");
        lost.push(format!(
            "PASSWORD_HASHERS: {}, whose rows ({algorithm}$…) do not verify here; their users sign in at Django.",
            hasher.path
        ));
    }
    if let Some(first) = report.hashers.first()
        && passwords::foreign(report).any(|hasher| std::ptr::eq(hasher, first))
    {
        lost.push(format!(
            "PASSWORD_HASHERS: {} stores new passwords in the project and cannot here, so that each side stores a \
             password anew that the other one stored.",
            first.path
        ));
    }
    for validator in passwords::foreign_validators(report) {
        lost.push(format!(
            "AUTH_PASSWORD_VALIDATORS: {} judges no password that is set here.",
            validator.path
        ));
    }
}

fn csrf(report: &Report, lost: &mut Vec<String>) {
    let view = report.setting("CSRF_FAILURE_VIEW").and_then(Value::as_str);
    if let Some(view) = view.filter(|view| *view != "django.views.csrf.csrf_failure") {
        lost.push(format!(
            "CSRF_FAILURE_VIEW: {view} does not answer here; a refusal has Django REST framework's own form."
        ));
    }
}

fn sessions(report: &Report, lost: &mut Vec<String>) {
    let engine = report
        .setting("SESSION_ENGINE")
        .and_then(Value::as_str)
        .unwrap_or_default();
    for option in settings::session_cache(report)
        .into_iter()
        .flat_map(|cache| &cache.options)
    {
        lost.push(format!(
            "CACHES: OPTIONS[\"{option}\"] of the sessions' cache has no counterpart; write it into LOCATION."
        ));
    }
    if report.session_engine() == SessionEngine::NoRows && report.has_app("django.contrib.sessions") {
        lost.push(format!(
            "SESSION_ENGINE is {engine}: its sessions are in no table that munjigi knows, so that neither side takes the other's. With \
             django.contrib.sessions.backends.db or cached_db both do."
        ));
    }
}
