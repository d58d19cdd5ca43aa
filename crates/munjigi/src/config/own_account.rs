//! What a user may do to his own account: `user.email_editable` and `user.deletion`. Django has no such routes.

use super::Error;
use super::setting::Setting;
use super::written::Settings;
use munjigi_store::UserModel;

pub(super) const EMAIL_EDITABLE: Setting<bool> = Setting::ours(
    "user.email_editable",
    "true",
    "Whether a user may change his e-mail address (`PATCH /user/me`), for which he is asked for his password. On a \
     database that munjigi did not create it is off until it is written: no Django signal runs.",
);
pub(super) const DELETION: Setting<bool> = Setting::ours(
    "user.deletion",
    "true",
    "Whether a user may delete his account (`DELETE /user/me`), for which he is asked for his password. The row is gone \
     then. On a database that munjigi did not create it is off until it is written: no Django signal runs.",
);

/// What a user may do to his own account, beside what every user may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnAccount {
    /// `user.email_editable`: change his e-mail address.
    pub email_editable: bool,
    /// `user.deletion`: delete it.
    pub deletion: bool,
    written: WrittenOwnAccount,
}

/// Which of them somebody wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WrittenOwnAccount {
    email_editable: bool,
    deletion: bool,
}

impl OwnAccount {
    pub(super) fn resolve(settings: Settings<'_>, model: &UserModel) -> Result<Self, Error> {
        let written = WrittenOwnAccount {
            email_editable: settings.has(&EMAIL_EDITABLE.about),
            deletion: settings.has(&DELETION.about),
        };
        let email_editable = settings.read(&EMAIL_EDITABLE)?;
        let never = if model.is_named_by_email() {
            Some("user.USERNAME_FIELD and user.EMAIL_FIELD are one field, and nobody changes his name")
        } else if model.email_field.is_none() {
            Some("the model has no e-mail address")
        } else {
            None
        };
        if let Some(never) = never.filter(|_| written.email_editable && email_editable) {
            return Err(Error::Contradiction(format!(
                "user.email_editable is true, but {never}. Write user.email_editable = false, or leave it out."
            )));
        }
        Ok(Self {
            email_editable: email_editable && never.is_none(),
            deletion: settings.read(&DELETION)?,
            written,
        })
    }

    /// The same for a database that munjigi did not create: off unless somebody wrote it, since nothing that we do to a
    /// row runs Django's signals.
    #[must_use]
    pub fn for_adopted_database(self) -> Self {
        Self {
            email_editable: self.email_editable && self.written.email_editable,
            deletion: self.deletion && self.written.deletion,
            written: self.written,
        }
    }
}
