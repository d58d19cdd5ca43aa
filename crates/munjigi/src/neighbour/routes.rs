//! Which routes of the project munjigi serves in its place, and at which paths.

use super::report::{Report, Route};
use super::settings::{Want, Wanted};
use crate::config::convert::Python;
use serde_json::Value;

/// Views whose work munjigi does, and its routes for it.
const SERVED: [(&str, &str); 12] = [
    (
        "rest_framework_simplejwt.views.TokenObtainPairView",
        "token_obtain_pair",
    ),
    ("rest_framework_simplejwt.views.TokenRefreshView", "token_refresh"),
    ("rest_framework_simplejwt.views.TokenVerifyView", "token_verify"),
    (
        "rest_framework_simplejwt.views.TokenBlacklistView",
        "token_blacklist",
    ),
    (
        "rest_framework_simplejwt.views.TokenObtainSlidingView",
        "token_obtain_sliding",
    ),
    (
        "rest_framework_simplejwt.views.TokenRefreshSlidingView",
        "token_refresh_sliding",
    ),
    (
        "rest_framework_jwt.views.ObtainJSONWebTokenView",
        "obtain_jwt_token",
    ),
    (
        "rest_framework_jwt.views.RefreshJSONWebTokenView",
        "refresh_jwt_token",
    ),
    (
        "rest_framework_jwt.views.VerifyJSONWebTokenView",
        "verify_jwt_token",
    ),
    ("rest_framework_jwt.views.ObtainJSONWebToken", "obtain_jwt_token"),
    (
        "rest_framework_jwt.views.RefreshJSONWebToken",
        "refresh_jwt_token",
    ),
    ("rest_framework_jwt.views.VerifyJSONWebToken", "verify_jwt_token"),
];

/// `[ROUTES]`: simplejwt's where the project has them, and off where it has none.
pub(super) fn wanted(report: &Report) -> Wanted {
    let mut wanted = Wanted::new();
    for (_, name) in SERVED {
        let path = served(report)
            .find(|(_, route)| *route == name)
            .and_then(|(route, _)| path(route));
        let want = match path {
            Some(path) => Want::pinned(Python::Text(path.to_owned())),
            None => Want::of(Python::Bool(false)),
        };
        wanted.insert(format!("ROUTES.{name}"), want);
    }
    let off = Want::pinned(Python::Bool(false))
        .told("Off: a user whom munjigi makes passes none of the project's code, signals included.");
    wanted.insert("ROUTES.session_signup".to_owned(), off);
    wanted.insert("ROUTES.jwt_signup".to_owned(), Want::pinned(Python::Bool(false)));
    wanted.extend(reset(report).map(|want| ("PASSWORD_RESET_URL".to_owned(), want)));
    wanted
}

/// A project that mails links by itself goes on: its view is a page with a form, or has bodies of its own, and munjigi's is
/// neither. Which page a link of munjigi's opens stands in no setting of Django's.
fn reset(report: &Report) -> Option<Want> {
    let route = report.routes.iter().find(|route| is_reset(route))?;
    let place = route.path.as_deref().unwrap_or(&route.pattern);
    Some(Want::refused(format!(
        "{} at {place} goes on mailing the links, and munjigi mails none: its own route takes and answers JSON. To have it mail \
         them, write the page that a link opens, with {{uid}} and {{token}} in it; a PasswordResetConfirmView of the project \
         takes munjigi's links too.",
        route.view
    )))
}

/// Whether a route is of resetting a forgotten password.
pub(super) fn is_reset(route: &Route) -> bool {
    route.kind.contains(".PasswordReset")
}

/// The routes of the project that munjigi has in its place, with munjigi's names for them. Those of one kind at several
/// paths are all told.
pub(super) fn served(report: &Report) -> impl Iterator<Item = (&Route, &'static str)> {
    report.routes.iter().filter_map(|route| {
        let (_, name) = SERVED.into_iter().find(|(kind, _)| *kind == route.kind)?;
        Some((route, name))
    })
}

/// Whether munjigi has a route for what this one does.
pub(super) fn is_served(route: &Route) -> bool {
    SERVED.into_iter().any(|(kind, _)| kind == route.kind)
}

/// A path that munjigi can stand at.
pub(super) fn path(route: &Route) -> Option<&str> {
    route
        .path
        .as_deref()
        .filter(|path| path.len() > 1 && !path.contains("//"))
}

/// Whether the project gives out tokens of simplejwt's, or takes them.
pub(super) fn uses_simple_jwt(report: &Report) -> bool {
    report.simple_jwt.is_some()
        && (report.has_app("rest_framework_simplejwt")
            || has_route(report, "rest_framework_simplejwt.")
            || has_class(report, "rest_framework_simplejwt."))
}

/// Whether it speaks djangorestframework-jwt's dialect.
pub(super) fn uses_drf_jwt(report: &Report) -> bool {
    report.jwt_auth.is_some()
        && (has_route(report, "rest_framework_jwt.") || has_class(report, "rest_framework_jwt."))
}

fn has_route(report: &Report, module: &str) -> bool {
    report.routes.iter().any(|route| route.kind.starts_with(module))
}

/// Whether one of the classes that say who sends a request is of this module.
fn has_class(report: &Report, module: &str) -> bool {
    let classes = report.rest_framework.as_ref();
    let classes = classes.and_then(|it| it.get("DEFAULT_AUTHENTICATION_CLASSES"));
    let mut classes = classes.and_then(Value::as_array).into_iter().flatten();
    classes.any(|class| class.as_str().is_some_and(|class| class.starts_with(module)))
}

/// What a proxy sends to munjigi, in nginx's words. Where one view stands at several paths munjigi has the first.
pub fn nginx(report: &Report) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = Vec::new();
    for (route, name) in served(report) {
        let Some(path) = path(route).filter(|_| !names.contains(&name)) else {
            continue;
        };
        names.push(name);
        lines.push(format!(
            "location = {path} {{ proxy_pass http://127.0.0.1:8000; }}"
        ));
    }
    lines.push(
        "location /user/ { proxy_pass http://127.0.0.1:8000; }  # munjigi's own; [ROUTES] moves them where the project has \
         paths there"
            .to_owned(),
    );
    lines
}
