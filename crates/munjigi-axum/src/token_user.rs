//! The user that a token is by itself: `rest_framework_simplejwt.models.TokenUser` (5.5.1).

use munjigi_tokens::{Claims, Error, UntypedToken};
use munjigi_user::{AuthUser, PermissionsMixin, UserId};
use serde_json::Value;
use std::sync::Arc;

/// A user without a row: what the token says of him, and who signed it answers for that. A clone is the same one.
///
/// simplejwt's has no groups and no permission whatever the token says; here they are the claims `groups` and
/// `permissions`, where those are lists of texts. `is_staff` and `is_superuser` are the claims of these names.
#[derive(Clone)]
pub struct TokenUser(Arc<Parts>);

struct Parts {
    id: String,
    is_staff: bool,
    is_superuser: bool,
    groups: Vec<String>,
    permissions: Vec<String>,
    token: UntypedToken,
}

impl TokenUser {
    /// The user of a verified token.
    ///
    /// # Errors
    /// [`Error::NoUserId`] where it names none.
    pub fn new(token: UntypedToken) -> Result<Self, Error> {
        let claims = token.claims();
        let flag = |name| claims.value(name) == Some(Value::Bool(true));
        let list = |name| match claims.value(name) {
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self(Arc::new(Parts {
            id: token.user_id()?.to_owned(),
            is_staff: flag("is_staff"),
            is_superuser: flag("is_superuser"),
            groups: list("groups"),
            permissions: list("permissions"),
            token,
        })))
    }

    /// The `USER_ID_CLAIM`, as text.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The claim `username`, or an empty text.
    pub fn username(&self) -> &str {
        self.claims().text("username").unwrap_or_default()
    }

    /// All claims: `request.auth`.
    pub fn claims(&self) -> &Claims {
        self.0.token.claims()
    }

    /// The token: its times, its id, the sign-in behind it.
    pub fn token(&self) -> &UntypedToken {
        &self.0.token
    }
}

impl AuthUser for TokenUser {
    /// The text of the claim, whatever type the key has in its database.
    fn id(&self) -> UserId {
        UserId::Text(self.0.id.clone())
    }
}

impl PermissionsMixin for TokenUser {
    fn is_staff(&self) -> bool {
        self.0.is_staff
    }

    fn is_superuser(&self) -> bool {
        self.0.is_superuser
    }

    fn groups(&self) -> &[String] {
        &self.0.groups
    }

    fn permissions(&self) -> &[String] {
        &self.0.permissions
    }
}
