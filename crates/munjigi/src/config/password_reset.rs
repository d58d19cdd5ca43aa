//! `PASSWORD_RESET_TIMEOUT` and `TIME_ZONE`, which Django's reset tokens are made with, and `PASSWORD_RESET_URL`, the page
//! that a mailed link opens. Django builds its links from the `Host` header or from `django.contrib.sites`; a header is no
//! place to learn one's own name from, so here the link is written down.

use super::kind::{FromText, OrNone, Positive};
use super::setting::{Section, Setting};
use super::written::Settings;
use super::{Error, Mode, Routes};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::net::SocketAddr;

/// What a password reset is made with.
pub struct PasswordReset {
    /// The page that a link opens.
    pub page: ResetPage,
    /// `PASSWORD_RESET_TIMEOUT`: how long a link is good.
    pub timeout: SignedDuration,
    /// `TIME_ZONE`: whose clock on the wall Django's tokens tell the time by.
    pub time_zone: TimeZone,
}

/// The page that a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetPage {
    /// There is none.
    None,
    /// `PASSWORD_RESET_URL`.
    Theirs(ResetUrl),
    /// The one of `munjigi dev`, where none is written.
    Ours(ResetUrl),
}

impl ResetPage {
    /// Where it stands.
    pub fn url(&self) -> Option<&ResetUrl> {
        match self {
            Self::None => None,
            Self::Theirs(url) | Self::Ours(url) => Some(url),
        }
    }
}

const URL: Setting<Option<ResetUrl>> = Setting::ours(
    "PASSWORD_RESET_URL",
    "\"\"",
    "The page that the link of a password reset opens, with `{uid}` and `{token}` in it: \
     `https://app.example.com/reset/{uid}/{token}/`. The routes `password_reset` and `password_reset_confirm` are off until \
     it is written.",
)
.unwritten("`munjigi dev` mails a link to a page of its own; under `munjigi serve` nobody resets a password");
const TIMEOUT: Setting<Positive> = Setting::upstream(
    "PASSWORD_RESET_TIMEOUT",
    "\"3d\"",
    "How long the link of a password reset is good. The same as in the Django project beside munjigi.",
);
const TIME_ZONE: Setting<Zone> = Setting::ours(
    "TIME_ZONE",
    "\"UTC\"",
    "Whose clock the tokens of a password reset tell the time by: the TIME_ZONE of the Django project beside munjigi. With \
     another one a link of the neighbour's is good for some hours more or less.",
)
.differs_from("\"America/Chicago\"");

pub(super) const SECTION: Section = Section {
    title: "Password reset",
    upstream: "Django 5.2",
    intro: "What somebody who forgot his password is mailed. Links are Django's: one that either side mailed is good at the \
            other.",
    settings: &[&URL.about, &TIMEOUT.about, &TIME_ZONE.about],
};

impl PasswordReset {
    pub(super) fn resolve(settings: Settings<'_>) -> Result<Self, Error> {
        let url = settings.read(&URL)?;
        if let Some(url) = &url
            && settings.mode == Mode::Serve
            && !url.0.starts_with("https://")
        {
            return Err(Error::Contradiction(format!(
                "PASSWORD_RESET_URL is {}, and a link that resets a password must not travel over plain HTTP. Write one that \
                 begins with https://.",
                url.0
            )));
        }
        let timeout = settings.read(&TIMEOUT)?.seconds();
        Ok(Self {
            page: url.map_or(ResetPage::None, ResetPage::Theirs),
            timeout: SignedDuration::from_secs(timeout.into()),
            time_zone: settings.read(&TIME_ZONE)?.0,
        })
    }

    /// The routes as they stand with these settings: without a page to link to there is no reset by mail. Who has Django
    /// mail the links may write the confirming route alone. Under `munjigi dev` the page is one of ours, on the first address
    /// that is listened on.
    pub(super) fn settle(
        &mut self,
        routes: Routes,
        mode: Mode,
        bind: &[SocketAddr],
    ) -> Result<Routes, Error> {
        if self.page != ResetPage::None {
            return Ok(routes);
        }
        if let (Mode::Dev, Some(address), Some(path)) = (mode, bind.first(), &routes.password_reset_confirm) {
            let url = format!("http://{address}{path}?uid={{uid}}&token={{token}}");
            self.page = ResetPage::Ours(ResetUrl(url));
            return Ok(routes);
        }
        let routes = routes.without_unwritten_reset();
        if routes.password_reset.is_some() {
            return Err(Error::Contradiction(
                "ROUTES.password_reset is written and PASSWORD_RESET_URL is not, so that there is no page that a link could \
                 open. Write PASSWORD_RESET_URL = \"https://app.example.com/reset/{uid}/{token}/\"."
                    .to_owned(),
            ));
        }
        Ok(routes)
    }
}

/// A link with `{uid}` and `{token}` in it, once each and behind the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetUrl(String);

impl ResetUrl {
    /// The link for one user. Both are texts of Django's that stand in any part of a URL as they are.
    pub fn link(&self, uid: &str, token: &str) -> String {
        self.0.replace("{uid}", uid).replace("{token}", token)
    }

    /// The host, with its port where there is one: how a mail calls the site.
    pub fn site(&self) -> &str {
        split(&self.0).map_or("", |(host, _)| host)
    }
}

/// The host and what follows it.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    Some(rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())))
}

impl FromText for ResetUrl {
    const WANTED: &'static str = "a URL such as \"https://app.example.com/reset/{uid}/{token}/\"";
    const WANTED_LIST: &'static str = "a list of URLs";

    fn from_text(text: &str) -> Result<Self, String> {
        let is_host = |host: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
            !host.is_empty() && host.bytes().all(is_plain)
        };
        let is_rest = |rest: &str| {
            let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
            let bare = rest.replacen("{uid}", "", 1).replacen("{token}", "", 1);
            bare.len() + "{uid}{token}".len() == rest.len() && bare.bytes().all(is_plain)
        };
        match split(text) {
            Some((host, rest)) if is_host(host) && is_rest(rest) => Ok(Self(text.to_owned())),
            _ => Err(format!("is \"{text}\". Write {}.", <Self as FromText>::WANTED)),
        }
    }
}

impl OrNone for ResetUrl {
    const WANTED_OR_NONE: &'static str =
        "a URL such as \"https://app.example.com/reset/{uid}/{token}/\", or \"\" for none";
}

#[derive(PartialEq)]
struct Zone(TimeZone);

impl FromText for Zone {
    const WANTED: &'static str = "a zone such as \"Asia/Seoul\"";
    const WANTED_LIST: &'static str = "a list of zones";

    fn from_text(text: &str) -> Result<Self, String> {
        TimeZone::get(text).map(Self).map_err(|_| {
            format!("is \"{text}\", which is no zone. Write its name, such as \"Asia/Seoul\" or \"UTC\".")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_both_parts_once_and_behind_the_host() {
        for url in [
            "https://app.example.com/reset/{uid}/{token}/",
            "https://app.example.com/#/reset?uid={uid}&token={token}",
            "http://127.0.0.1:5173/{token}/{uid}",
            "https://[::1]/?u={uid}&t={token}",
        ] {
            assert!(ResetUrl::from_text(url).is_ok(), "{url}");
        }
        for url in [
            "",
            "/reset/{uid}/{token}/",
            "ftp://app.example.com/{uid}/{token}",
            "https:///{uid}/{token}",
            "https://{uid}.example.com/{token}",
            "https://app.example.com/{uid}",
            "https://app.example.com/{token}",
            "https://app.example.com/{uid}/{token}/{token}",
            "https://app.example.com/{uid}/{token}/{name}",
            "https://user@app.example.com/{uid}/{token}",
            "https://app.example.com/ {uid}/{token}",
            "https://app.example.com/\n{uid}/{token}",
            "https://앱.example.com/{uid}/{token}",
        ] {
            assert!(ResetUrl::from_text(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_link_is_the_url_with_both_parts_in_their_places() {
        let url = ResetUrl::from_text("https://app.example.com:8443/r?t={token}&u={uid}").unwrap();
        assert_eq!(url.link("MQ", "a-b"), "https://app.example.com:8443/r?t=a-b&u=MQ");
        assert_eq!(url.site(), "app.example.com:8443");
    }
}
