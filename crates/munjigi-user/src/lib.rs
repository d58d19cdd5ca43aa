//! The user as `django.contrib.auth.base_user` knows him: a primary key, a stored password, and whether he may
//! come in.
//!
//! Django lets a project choose the type of its user's primary key; [`UserId`] holds any of the four that
//! occur, and writes it as Django writes it into a session (`_auth_user_id`) and simplejwt into a claim.
//!
//! ```
//! use munjigi_user::{UserId, UserIdKind};
//!
//! let id = UserIdKind::BigInt.parse("42").unwrap();
//! assert_eq!(id, UserId::Int(42));
//! assert_eq!(id.to_string(), "42");
//! assert!(UserIdKind::BigInt.parse("١").is_err(), "only the digits that Display writes");
//! ```

use std::fmt;
use uuid::Uuid;

/// The primary key of a user.
///
/// Its `Display` is the text that stands in a session and in a token: `str(user.pk)` of Django 5.2
/// (`contrib/auth/__init__.py`, `login`), a UUID with its dashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserId {
    /// `AutoField` or `BigAutoField`.
    Int(i64),
    /// `UUIDField`.
    Uuid(Uuid),
    /// `CharField` as primary key.
    Text(String),
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(id) => id.fmt(f),
            Self::Uuid(id) => id.as_hyphenated().fmt(f),
            Self::Text(id) => f.write_str(id),
        }
    }
}

impl UserId {
    /// `uuid.uuid4()`: a UUID of version 4 made of these random bytes, the `default` that a `UUIDField` mostly has.
    ///
    /// ```
    /// use munjigi_user::UserId;
    ///
    /// assert_eq!(UserId::uuid4([0; 16]).to_string(), "00000000-0000-4000-8000-000000000000");
    /// ```
    pub fn uuid4(random: [u8; 16]) -> Self {
        Self::Uuid(uuid::Builder::from_random_bytes(random).into_uuid())
    }
}

impl From<i64> for UserId {
    fn from(id: i64) -> Self {
        Self::Int(id)
    }
}

/// The type of the primary key column, which decides what a text may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserIdKind {
    /// A 32-bit integer (`AutoField`; `auth_user.id` on PostgreSQL).
    Int,
    /// A 64-bit integer (`BigAutoField`).
    BigInt,
    /// A UUID.
    Uuid,
    /// Text.
    Text,
}

impl UserIdKind {
    /// Reads what [`UserId`]'s `Display` wrote, and nothing else: no sign `+`, no leading zero, no space, no
    /// digits of another script (Django's `int("١")` is 1), no UUID without its dashes.
    ///
    /// # Errors
    /// [`InvalidUserId`] where the text is not such a key.
    pub fn parse(self, text: &str) -> Result<UserId, InvalidUserId> {
        let id = match self {
            Self::Int => text.parse::<i32>().ok().map(|id| UserId::Int(id.into())),
            Self::BigInt => text.parse::<i64>().ok().map(UserId::Int),
            Self::Uuid => Uuid::try_parse(text).ok().map(UserId::Uuid),
            Self::Text => (!text.is_empty()).then(|| UserId::Text(text.to_owned())),
        };
        id.filter(|id| id.to_string() == text).ok_or(InvalidUserId)
    }
}

/// The text is no primary key of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidUserId;

impl fmt::Display for InvalidUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The text is not the primary key of a user.")
    }
}

impl std::error::Error for InvalidUserId {}

/// What sign-in needs to know of a user: `AbstractBaseUser` and `PermissionsMixin`, as far as sessions and
/// tokens read them. An application implements it for its own user type.
pub trait AuthUser {
    /// `user.pk`.
    fn id(&self) -> UserId;

    /// `user.is_active`. A token is neither made for nor taken from a user who is not, unless simplejwt's
    /// `CHECK_USER_IS_ACTIVE` is off.
    fn is_active(&self) -> bool {
        true
    }

    /// `user.password`: the stored hash in Django's encoding. A session is bound to it, so that a changed
    /// password ends the session; empty where the application keeps none.
    #[expect(
        clippy::unnecessary_literal_bound,
        reason = "an implementation lends its field"
    )]
    fn password(&self) -> &str {
        ""
    }

    /// `getattr(user, name)` as text, for `USER_ID_FIELD`: `None` where the user has no such field.
    fn field(&self, name: &str) -> Option<String> {
        (name == "id" || name == "pk").then(|| self.id().to_string())
    }
}

/// What permission checks need to know of a user: `PermissionsMixin` of `django.contrib.auth.models`, and `is_staff`.
///
/// Everything is at hand when it is asked: who loads the user loads his groups and permissions with him.
pub trait PermissionsMixin: AuthUser {
    /// `user.is_staff`: whether he may enter the admin.
    fn is_staff(&self) -> bool {
        false
    }

    /// `user.is_superuser`: whether he has every permission, without being given any.
    fn is_superuser(&self) -> bool {
        false
    }

    /// The names of `user.groups`.
    fn groups(&self) -> &[String] {
        &[]
    }

    /// `user.get_all_permissions()`, his own and his groups', as `app_label.codename`.
    fn permissions(&self) -> &[String] {
        &[]
    }

    /// `user.has_perm("blog.add_post")`: an inactive user has none, an active superuser has all.
    fn has_perm(&self, perm: &str) -> bool {
        self.is_active() && (self.is_superuser() || self.permissions().iter().any(|given| given == perm))
    }

    /// `user.groups.filter(name=…).exists()`.
    fn in_group(&self, name: &str) -> bool {
        self.groups().iter().any(|group| group == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_read_in_one_spelling_only() {
        for text in [
            "",
            " 1",
            "1 ",
            "+1",
            "01",
            "-0",
            "1.0",
            "1e3",
            "0x1",
            "٣",
            "9223372036854775808",
        ] {
            assert_eq!(UserIdKind::BigInt.parse(text), Err(InvalidUserId), "{text:?}");
        }
        assert_eq!(
            UserIdKind::BigInt.parse("9223372036854775807"),
            Ok(UserId::Int(i64::MAX))
        );
        assert_eq!(UserIdKind::Int.parse("2147483648"), Err(InvalidUserId));
    }

    #[test]
    fn a_uuid_is_read_with_its_dashes_in_lower_case() {
        let text = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
        assert_eq!(UserIdKind::Uuid.parse(text).unwrap().to_string(), text);
        assert_eq!(UserIdKind::Uuid.parse(&text.to_uppercase()), Err(InvalidUserId));
        assert_eq!(UserIdKind::Uuid.parse(&text.replace('-', "")), Err(InvalidUserId));
    }
}
