//! `[REST_FRAMEWORK]`: who is asked for the user of a request.

use super::Error;
use super::kind::FromText;
use super::setting::{Section, Setting};
use super::written::Settings;

/// A class of `DEFAULT_AUTHENTICATION_CLASSES`. The first that finds a user decides; the first of the list names
/// the scheme in `WWW-Authenticate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationClass {
    /// `rest_framework_simplejwt.authentication.JWTAuthentication`.
    Jwt,
    /// `rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication`, or by its old name
    /// `JWTTokenUserAuthentication`: the token's claims are the user, and no SQL is run.
    JwtStateless,
    /// `rest_framework.authentication.SessionAuthentication`.
    Session,
    /// `rest_framework_jwt.authentication.JSONWebTokenAuthentication`, of djangorestframework-jwt and drf-jwt.
    JsonWebToken,
}

const AUTHENTICATION_CLASSES: Setting<Vec<AuthenticationClass>> = Setting::ours(
    "REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES",
    "[\"rest_framework_simplejwt.authentication.JWTAuthentication\", \
     \"rest_framework.authentication.SessionAuthentication\"]",
    "Who is asked for the user of a request, in this order: the bearer token, the session. With JWTAuthentication \
     alone a session cookie opens nothing. With rest_framework_jwt.authentication.JSONWebTokenAuthentication among \
     them the tokens of `[JWT_AUTH]` are taken too. JWTStatelessUserAuthentication in JWTAuthentication's place \
     believes the token's claims and runs no SQL: a sign-in that ended here is refused all the same, a user whom Django \
     shut out or whose password it changed is not before his token expires.",
)
.differs_from(
    "[\"rest_framework.authentication.SessionAuthentication\", \"rest_framework.authentication.BasicAuthentication\"]",
);

pub(super) const SECTION: Section = Section {
    title: "REST framework",
    upstream: "Django REST framework 3.18",
    intro: "Of the dict REST_FRAMEWORK, the one key that decides who a user is.",
    settings: &[&AUTHENTICATION_CLASSES.about],
};

/// Reads `DEFAULT_AUTHENTICATION_CLASSES`.
pub(super) fn authentication_classes(settings: Settings<'_>) -> Result<Vec<AuthenticationClass>, Error> {
    let classes = settings.read(&AUTHENTICATION_CLASSES)?;
    let repeats = classes
        .iter()
        .enumerate()
        .any(|(at, class)| classes.iter().take(at).any(|other| other == class));
    if classes.is_empty() || repeats {
        return Err(Error::Contradiction(
            "REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES must name at least one class, and each once. Write \
             [\"rest_framework_simplejwt.authentication.JWTAuthentication\"]."
                .to_owned(),
        ));
    }
    if [AuthenticationClass::Jwt, AuthenticationClass::JwtStateless]
        .iter()
        .all(|class| classes.contains(class))
    {
        return Err(Error::Contradiction(
            "REST_FRAMEWORK.DEFAULT_AUTHENTICATION_CLASSES names both JWTAuthentication and \
             JWTStatelessUserAuthentication, and whichever comes first answers for every bearer token. Write one of \
             them."
                .to_owned(),
        ));
    }
    Ok(classes)
}

impl AuthenticationClass {
    /// Whether it reads tokens of simplejwt's.
    pub(super) fn reads_simple_jwt(self) -> bool {
        match self {
            Self::Jwt | Self::JwtStateless => true,
            Self::Session | Self::JsonWebToken => false,
        }
    }

    const ALL: [(Self, &'static str); 5] = [
        (
            Self::Jwt,
            "rest_framework_simplejwt.authentication.JWTAuthentication",
        ),
        (
            Self::JwtStateless,
            "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication",
        ),
        (
            Self::Session,
            "rest_framework.authentication.SessionAuthentication",
        ),
        (
            Self::JsonWebToken,
            "rest_framework_jwt.authentication.JSONWebTokenAuthentication",
        ),
        (
            Self::JwtStateless,
            "rest_framework_simplejwt.authentication.JWTTokenUserAuthentication",
        ),
    ];
}

impl FromText for AuthenticationClass {
    const WANTED: &'static str = "an authentication class";
    const WANTED_LIST: &'static str =
        "a list of classes, such as [\"rest_framework_simplejwt.authentication.JWTAuthentication\"]";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_named =
            |path: &str| path == text || path.rsplit_once('.').is_some_and(|(_, class)| class == text);
        let known = Self::ALL
            .into_iter()
            .find(|(_, path)| is_named(path))
            .map(|(class, _)| class);
        known.ok_or_else(|| {
            format!(
                "names \"{text}\", and munjigi runs no Python. Write \
                 \"{}\", \"{}\" or \"{}\".",
                Self::ALL[0].1,
                Self::ALL[1].1,
                Self::ALL[2].1
            )
        })
    }
}
