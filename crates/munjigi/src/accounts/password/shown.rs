//! A password that somebody shows: whether it is the user's. `AbstractBaseUser.check_password` of
//! `contrib/auth/base_user.py`, for every door that asks for one.
//!
//! DRF's `CharField` cuts the spaces off a password, so what a serializer stored is the hash of the text without them.
//! With `TRIM_PASSWORDS` a password that has some is tried as it was sent, and once more without.

use crate::accounts::error::Result;
use crate::accounts::hashing;
use crate::accounts::identifiers::strip;
use crate::app::App;
use munjigi_passwords::Password;
use munjigi_passwords::pool::Asker;
use munjigi_store::users::User;

/// A password that is its user's.
pub(in crate::accounts) struct Shown {
    /// The text that the stored hash is of.
    pub(in crate::accounts) password: Password,
    /// Whether it is to be stored anew ([`super::upgrade()`]).
    pub(in crate::accounts) must_update: bool,
}

/// Whether the password is that of an active user. How many hashes are run for one that opens nothing is a matter of its
/// text alone, not of whether there is such a user, nor of who he is.
///
/// # Errors
/// [`Error::Busy`](crate::accounts::Error::Busy) where the pool has no time for it.
pub(in crate::accounts) async fn of_user(
    app: &App,
    asker: Asker,
    password: Password,
    user: Option<&User>,
) -> Result<Option<Shown>> {
    let is_trimmed = app.config().trim_passwords;
    let trimmed = trimmed(&password).filter(|_| is_trimmed);
    for password in [Some(password), trimmed].into_iter().flatten() {
        let encoded = user.map(|user| user.password.clone());
        let check = hashing::check_password(app, asker, password.clone(), encoded).await?;
        if check.correct && user.is_some_and(|user| user.is_active) {
            return Ok(Some(Shown {
                password,
                must_update: check.must_update,
            }));
        }
    }
    Ok(None)
}

/// What DRF would have stored, where it is another text. It never stored an empty one.
fn trimmed(password: &Password) -> Option<Password> {
    let text = strip(password.expose());
    let is_another = !text.is_empty() && text.len() < password.expose().len();
    is_another.then(|| Password::from(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_calls_space_is_cut_off_at_both_ends_and_nowhere_else() {
        for (sent, stored) in [
            ("1234", None),
            ("12 34", None),
            ("", None),
            ("  ", None),
            (" 1234", Some("1234")),
            ("1234\n", Some("1234")),
            ("\u{1c}\u{1d}\u{1e}\u{1f}1234\u{3000}\u{85}", Some("1234")),
            (" 12 34 ", Some("12 34")),
            // No space to Python: nothing of them is cut off.
            ("\u{200b}1234\u{feff}", None),
            ("\0 1234", None),
        ] {
            let found = trimmed(&Password::from(sent.to_owned()));
            assert_eq!(found.as_ref().map(Password::expose), stored, "{sent:?}");
        }
    }
}
