//! Where munjigi answers otherwise on purpose, and the guide says so (`docs/guide/beside-django.md`,
//! `fixtures/deviations.toml`). These are counted by name, and are no reason to look any further.

use super::asked::{Asked, Kind};
use super::compare::{Difference, Side};

/// What of the settings decides whether munjigi is another here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stricter {
    /// `CHECK_REVOKE_TOKEN`: a token ends with the password that it was made for, also where it is refreshed.
    pub(super) ends_with_password: bool,
    /// `VERIFY_CHECKS_BLACKLIST`: one that is blacklisted is not good, whatever it is that asks.
    pub(super) asks_the_list: bool,
}

/// The name of the deviation that a difference comes of, where it is one.
pub(super) fn name(
    asked: &Asked,
    (ours, theirs): (&Side, &Side),
    difference: &Difference,
    stricter: Stricter,
) -> Option<&'static str> {
    if difference.what != "status" {
        return of_rows(asked, difference, ours.answer.status)
            .or_else(|| is_page(asked, (ours, theirs), difference).then_some("browsable_api"))
            .or_else(|| is_empty_session((ours, theirs), difference).then_some("session_of_an_unknown_key"));
    }
    let word = ours.answer.word.as_deref().unwrap_or_default();
    let (our, their) = (ours.answer.status, theirs.answer.status);
    let is_refused = (400..500).contains(&our);
    let kind = asked.route.kind;
    Some(match (kind, our, their) {
        _ if !asked.has_slash && [301, 404, 500].contains(&their) => "path_without_slash",
        (Kind::Refresh, 401, 500..) if word == "no_active_account" => "refresh_of_a_deleted_user",
        // A token or a body from outside turns Django's answer into an error page.
        (_, _, 500..) if is_refused && word != "disallowed_host" => "error_page",
        (Kind::Refresh, 401, 200)
            if asked.route.name == "token_refresh_sliding" && word == "no_active_account" =>
        {
            "sliding_token_of_a_user_who_is_shut_out"
        }
        (Kind::Refresh, 401, 200) if stricter.ends_with_password && OF_ANOTHER_PASSWORD.contains(&word) => {
            "refresh_after_a_password_change"
        }
        (Kind::Verify, 400, 200) if stricter.asks_the_list && word == "invalid" => {
            "verify_of_a_blacklisted_token"
        }
        (Kind::SignIn, 200, 400 | 401) if asked.has_padded_password => "password_with_spaces",
        // Where Django takes it, its clients would be refused here.
        (_, _, 400..) if is_refused && OF_THE_BODY.contains(&word) => "body_refused",
        _ => return None,
    })
}

const OF_ANOTHER_PASSWORD: [&str; 2] = ["token_blacklisted", "password_changed"];
const OF_THE_BODY: [&str; 3] = ["parse_error", "body_too_large", "unsupported_media_type"];

fn of_rows(asked: &Asked, difference: &Difference, status: u16) -> Option<&'static str> {
    let Difference { what, ours, theirs } = difference;
    // Django checks the password first, stores it anew, and then refuses the user.
    let is_stored_anew = ours.starts_with("left, ") && theirs.starts_with("stored anew, ");
    if what == "row of the user: password" && is_stored_anew && status >= 400 {
        return Some("stored_anew_of_an_inactive_user");
    }
    // Ours keeps the row of a sliding token as long as the token lives.
    if asked.route.name == "token_refresh_sliding" && what.ends_with(": expires with the token") {
        return Some("sliding_row_is_prolonged");
    }
    // djangorestframework-jwt puts it there, its fork drf-jwt left it out.
    if asked.route.name.ends_with("_jwt_token") && what == "token token: email" && theirs == "absent" {
        return Some("email_in_payload");
    }
    // simplejwt before 5.5 does not write down what it gives for another token.
    let is_given = what.starts_with("row of the token ") && !what.starts_with(OF_WHAT_WAS_SENT);
    let is_unlisted = is_given && what.ends_with(": outstanding") && ours == "there";
    (asked.route.kind == Kind::Refresh && is_unlisted).then_some("successor_not_listed")
}

const OF_WHAT_WAS_SENT: &str = "row of the token sent as ";

/// Under `SESSION_SAVE_EVERY_REQUEST` Django opens an empty session for a cookie that is of none.
fn is_empty_session((ours, theirs): (&Side, &Side), Difference { what, .. }: &Difference) -> bool {
    let is_of_the_session = what.starts_with("cookie ") || what == "row of the session";
    let is_empty = theirs.left.session.as_ref().is_some_and(|it| it.keys.is_empty());
    is_of_the_session && is_empty && ours.left.session.is_none() && ours.left.session_before == Some(false)
}

/// DRF's page for people, in the place of JSON that says the same. What it set, gave and left is no matter of its form.
fn is_page(asked: &Asked, (ours, theirs): (&Side, &Side), Difference { what, .. }: &Difference) -> bool {
    let content_type = theirs.answer.headers.get("Content-Type");
    let is_html = content_type.is_some_and(|kind| kind.starts_with("text/html"));
    let is_of_the_form = what.starts_with("body") || what == "header Content-Type";
    asked.wants_html && is_html && is_of_the_form && ours.answer.status == theirs.answer.status
}
