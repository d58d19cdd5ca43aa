//! What the tokens of a sign-in carry beside simplejwt's claims: `[SIMPLE_JWT_CLAIMS]`, which stands for a project's own
//! `TokenObtainPairSerializer.get_token` and `validate` (simplejwt 5.5.1, `serializers.py`).
//!
//! They are read once, at the sign-in. What is made from its tokens later copies them, as simplejwt does: a role that is
//! taken away is in the tokens until the next sign-in.

use crate::config::{ClaimPlaced, ClaimSource, TokenClaim, UserFact};
use crate::isoformat::isoformat;
use munjigi_store::users::User;
use munjigi_store::{Conn, FieldValue, Result, permissions};
use munjigi_tokens::{Error as TokenError, Minted, Token};
use munjigi_user::UserId;
use serde_json::{Map, Value};

/// The claims of one user, in the order of the settings.
pub(super) struct UserClaims(Vec<(TokenClaim, Value)>);

impl UserClaims {
    /// What is so of this user now. Where the settings ask for nothing, the database is not asked either.
    pub(super) async fn of(wanted: &[TokenClaim], conn: &mut Conn, user: &User) -> Result<Self> {
        let mut claims = Vec::with_capacity(wanted.len());
        for claim in wanted {
            let value = match &claim.source {
                ClaimSource::User(fact) => told(user, *fact),
                ClaimSource::Extra(name) => user.extra(name).map_or(Value::Null, field),
                ClaimSource::Groups => permissions::group_names(conn, user).await?.into(),
                ClaimSource::Permissions => permissions::all_permissions(conn, user).await?.into(),
                ClaimSource::Constant(value) => value.clone(),
            };
            claims.push((claim.clone(), value));
        }
        Ok(Self(claims))
    }

    /// The token with these claims.
    ///
    /// # Errors
    /// None where the settings were resolved: they keep the names that a token sets itself.
    pub(super) fn put_into<T: Minted>(&self, mut token: Token<T>) -> Result<Token<T>, TokenError> {
        for (claim, value) in &self.0 {
            token = token.with_claim(&claim.name, value.clone())?;
        }
        Ok(token)
    }

    /// What the answer to the sign-in tells too.
    pub(super) fn for_body(self) -> Map<String, Value> {
        let told = self.0.into_iter();
        told.filter(|(claim, _)| claim.placed == ClaimPlaced::InBodyToo)
            .map(|(claim, value)| (claim.name, value))
            .collect()
    }
}

fn told(user: &User, fact: UserFact) -> Value {
    match fact {
        UserFact::Id => match &user.id {
            UserId::Int(id) => (*id).into(),
            other => other.to_string().into(),
        },
        UserFact::Username => user.username.as_str().into(),
        UserFact::Email => user.email.as_str().into(),
        UserFact::FirstName => user.first_name.as_str().into(),
        UserFact::LastName => user.last_name.as_str().into(),
        UserFact::FullName => format!("{} {}", user.first_name, user.last_name).trim().into(),
        UserFact::IsStaff => user.is_staff.into(),
        UserFact::IsSuperuser => user.is_superuser.into(),
        UserFact::DateJoined => user.date_joined.map(isoformat).into(),
    }
}

fn field(value: &FieldValue) -> Value {
    match value {
        FieldValue::Null => Value::Null,
        FieldValue::Integer(number) => (*number).into(),
        FieldValue::Text(text) => text.as_str().into(),
        FieldValue::Boolean(truth) => (*truth).into(),
    }
}
