//! `SIMPLE_JWT.AUTH_COOKIE` and its kin: tokens in cookies. These keys exist in no release of simplejwt; the notes
//! have them, and with their values there is no token cookie.

use super::cookies::{Attributes, CookieDomain, CookieName, CookiePath};
use super::finding::{Finding, Level};
use super::setting::{Section, Setting};
use super::written::Settings;
use super::{AuthenticationClass, Error, Routes, SameSite};

/// How the two cookies that carry a sign-in's tokens are written. Without `AUTH_COOKIE` there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthCookieSettings {
    /// `AUTH_COOKIE`: the cookie with the access token.
    pub access_name: String,
    /// `AUTH_COOKIE_PATH`, of the access token's cookie, default `/`.
    pub access_path: String,
    /// `AUTH_COOKIE_HTTP_ONLY`, of the access token's cookie, default true. The other is always hidden from scripts.
    pub access_http_only: bool,
    /// `AUTH_COOKIE_REFRESH`: the cookie with the refresh token, by default the first one's name and `_refresh`.
    pub refresh_name: String,
    /// `AUTH_COOKIE_REFRESH_PATH`, default `/user/`.
    pub refresh_path: String,
    /// `AUTH_COOKIE_DOMAIN`, of both.
    pub domain: Option<String>,
    /// `AUTH_COOKIE_SECURE`, of both: true under `serve`, false under `dev`.
    pub secure: bool,
    /// `AUTH_COOKIE_SAMESITE`, of both, default `Lax`.
    pub same_site: SameSite,
    /// Where the tokens of an answer stand.
    pub tokens: TokensStand,
}

/// `AUTH_COOKIE_ONLY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokensStand {
    /// In the cookies and in the body.
    InBodyToo,
    /// In the cookies alone, where no script sees them.
    InCookiesOnly,
}

const AUTH_COOKIE: Setting<Option<CookieName>> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE",
    "\"\"",
    "The cookie that carries the access token. With a name here, the notes' routes with tokens set two cookies and \
     `csrftoken`, and a request that comes by them must prove that our own page sent it, as with a session.",
)
.unwritten("no token cookies");
const AUTH_COOKIE_REFRESH: Setting<Option<CookieName>> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_REFRESH",
    "\"\"",
    "The cookie that carries the refresh token. It is always hidden from scripts.",
)
.unwritten("the name of AUTH_COOKIE and `_refresh`");
const AUTH_COOKIE_REFRESH_PATH: Setting<CookiePath> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_REFRESH_PATH",
    "\"/user/\"",
    "The paths that the browser sends the refresh token's cookie to: no more than need it.",
);
const AUTH_COOKIE_DOMAIN: Setting<Option<CookieDomain>> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_DOMAIN",
    "\"\"",
    "Set it to share both cookies with all subdomains.",
);
const AUTH_COOKIE_SECURE: Setting<bool> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_SECURE",
    "true",
    "Whether the browser sends both cookies over HTTPS only.",
)
.under_dev("false")
.differs_from_the_notes("false");
const AUTH_COOKIE_HTTP_ONLY: Setting<bool> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_HTTP_ONLY",
    "true",
    "Whether the access token's cookie is hidden from scripts.",
);
const AUTH_COOKIE_PATH: Setting<CookiePath> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_PATH",
    "\"/\"",
    "The paths that the browser sends the access token's cookie to.",
);
const AUTH_COOKIE_SAMESITE: Setting<SameSite> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_SAMESITE",
    "\"Lax\"",
    "Whether requests that another site starts carry the cookies.",
);
const AUTH_COOKIE_ONLY: Setting<bool> = Setting::ours(
    "SIMPLE_JWT.AUTH_COOKIE_ONLY",
    "false",
    "Whether the answers of the notes' routes leave the tokens out of their bodies, so that no script sees one. \
     simplejwt's own routes keep them: they read and set no cookie.",
);

pub(super) const SECTION: Section = Section {
    title: "Tokens in cookies",
    upstream: "simplejwt 5.5.1",
    intro: "The AUTH_COOKIE keys of SIMPLE_JWT, which no release of simplejwt has.",
    settings: &[
        &AUTH_COOKIE.about,
        &AUTH_COOKIE_REFRESH.about,
        &AUTH_COOKIE_REFRESH_PATH.about,
        &AUTH_COOKIE_DOMAIN.about,
        &AUTH_COOKIE_SECURE.about,
        &AUTH_COOKIE_HTTP_ONLY.about,
        &AUTH_COOKIE_PATH.about,
        &AUTH_COOKIE_SAMESITE.about,
        &AUTH_COOKIE_ONLY.about,
    ],
};

impl AuthCookieSettings {
    /// The settings, where `AUTH_COOKIE` names a cookie.
    pub(super) fn resolve(
        settings: Settings<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<Option<Self>, Error> {
        let access = settings.read(&AUTH_COOKIE)?.map(|CookieName(name)| name);
        let refresh = settings.read(&AUTH_COOKIE_REFRESH)?.map(|CookieName(name)| name);
        let cookies = Self {
            refresh_name: refresh
                .unwrap_or_else(|| format!("{}_refresh", access.as_deref().unwrap_or_default())),
            access_name: access.clone().unwrap_or_default(),
            access_path: settings.read(&AUTH_COOKIE_PATH)?.0,
            access_http_only: settings.read(&AUTH_COOKIE_HTTP_ONLY)?,
            refresh_path: settings.read(&AUTH_COOKIE_REFRESH_PATH)?.0,
            domain: settings.read(&AUTH_COOKIE_DOMAIN)?.map(|domain| domain.0),
            secure: settings.read(&AUTH_COOKIE_SECURE)?,
            same_site: settings.read(&AUTH_COOKIE_SAMESITE)?,
            tokens: if settings.read(&AUTH_COOKIE_ONLY)? {
                TokensStand::InCookiesOnly
            } else {
                TokensStand::InBodyToo
            },
        };
        if access.is_some() {
            cookies.attributes().iter().try_for_each(Attributes::check)?;
            return Ok(Some(cookies));
        }
        if cookies.tokens == TokensStand::InCookiesOnly {
            return Err(Error::Contradiction(
                "SIMPLE_JWT.AUTH_COOKIE_ONLY is true and there is no AUTH_COOKIE: an answer would carry no token at \
                 all. Write AUTH_COOKIE = \"access\", or leave AUTH_COOKIE_ONLY out."
                    .to_owned(),
            ));
        }
        findings.extend(idle(settings));
        Ok(None)
    }

    /// The two names and what they are written as, to be told from the names of other cookies.
    pub(super) fn names(&self) -> [(&'static str, &str); 2] {
        self.attributes().map(|cookie| (cookie.name_setting, cookie.name))
    }

    /// What makes the cookies serve nothing here. Behind a proxy that adds a prefix to the paths it is as it should
    /// be, and so it is no error.
    pub(super) fn doubts(&self, routes: &Routes, classes: &[AuthenticationClass]) -> Vec<Finding> {
        let unreached = |setting: &str, path: &str, route: &str, stands: Option<&String>| {
            let stands = stands.filter(|stands| !reaches(path, stands))?;
            Some(doubt(
                "munjigi.W021",
                format!(
                    "SIMPLE_JWT.{setting} is \"{path}\", so that the browser does not send that cookie to \
                     ROUTES.{route}, which is \"{stands}\"."
                ),
                "Write a path that the route's begins with, unless a proxy puts one before it.",
            ))
        };
        let (path, refresh_path) = (&self.access_path, &self.refresh_path);
        let (refresh, signout) = (routes.jwt_refresh.as_ref(), routes.jwt_signout.as_ref());
        let me = unreached("AUTH_COOKIE_PATH", path, "me", routes.me.as_ref());
        let refresh = unreached("AUTH_COOKIE_REFRESH_PATH", refresh_path, "jwt_refresh", refresh);
        let signout = unreached("AUTH_COOKIE_REFRESH_PATH", refresh_path, "jwt_signout", signout);
        let unread = (!classes.iter().any(|class| class.reads_simple_jwt())).then(|| {
            doubt(
                "munjigi.W022",
                "SIMPLE_JWT.AUTH_COOKIE names a cookie, and no class for tokens is among \
                 REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES: the cookie opens nothing here."
                    .to_owned(),
                "Add JWTAuthentication, or leave AUTH_COOKIE out.",
            )
        });
        [me, refresh, signout, unread].into_iter().flatten().collect()
    }

    fn attributes(&self) -> [Attributes<'_>; 2] {
        let access = Attributes {
            prefix: "SIMPLE_JWT.AUTH_COOKIE",
            name_setting: AUTH_COOKIE.about.name,
            name: &self.access_name,
            path_setting: AUTH_COOKIE_PATH.about.name,
            path: &self.access_path,
            domain: self.domain.as_deref(),
            secure: self.secure,
            samesite: self.same_site,
        };
        let refresh = Attributes {
            name_setting: AUTH_COOKIE_REFRESH.about.name,
            name: &self.refresh_name,
            path_setting: AUTH_COOKIE_REFRESH_PATH.about.name,
            path: &self.refresh_path,
            ..access
        };
        [access, refresh]
    }
}

/// What is written of cookies that there are none of: somebody meant something by it. The notes' block writes every
/// key with its default, and means none.
fn idle(settings: Settings<'_>) -> Option<Finding> {
    let about = SECTION.settings.iter().find(|about| settings.differs(about))?;
    Some(doubt(
        "munjigi.W020",
        format!("{} is written, but there is no AUTH_COOKIE.", about.name),
        "Write AUTH_COOKIE = \"access\" to have tokens in cookies, or leave it out.",
    ))
}

fn doubt(id: &'static str, message: String, hint: &str) -> Finding {
    Finding {
        id,
        level: Level::Warning,
        message,
        hint: hint.to_owned(),
    }
}

/// RFC 6265, section 5.1.4: whether a browser sends a cookie of this path there.
fn reaches(cookie: &str, path: &str) -> bool {
    path.strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_reaches_its_path_and_what_lies_below_it() {
        for (cookie, path) in [
            ("/", "/user/me"),
            ("/user/", "/user/me"),
            ("/user", "/user/me"),
            ("/user/me", "/user/me"),
        ] {
            assert!(reaches(cookie, path), "{cookie} {path}");
        }
        for (cookie, path) in [
            ("/api", "/user/me"),
            ("/user/me/", "/user/me"),
            ("/use", "/user/me"),
        ] {
            assert!(!reaches(cookie, path), "{cookie} {path}");
        }
    }
}
