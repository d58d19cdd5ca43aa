//! `[SIMPLE_JWT_CLAIMS]`: what a Django project overrides `TokenObtainPairSerializer.get_token` for, and what it adds to
//! the answer in `validate`, without a class to write.

use super::Error;
use super::setting::Section;
use super::written::{Entry, Settings};
use munjigi_store::UserModel;
use munjigi_tokens::SimpleJwtSettings;
use serde_json::{Map, Number, Value as Json};
use toml::Value;

/// A claim that tokens carry beside those of simplejwt.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenClaim {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub source: ClaimSource,
    /// Whether the answer to a sign-in has it too, under the same name.
    pub placed: ClaimPlaced,
}

impl TokenClaim {
    /// Whether the tables of groups and permissions are asked for its value.
    pub fn reads_permissions(&self) -> bool {
        matches!(self.source, ClaimSource::Groups | ClaimSource::Permissions)
    }
}

/// Where the value of a claim comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimSource {
    /// What Django's `AbstractUser` says of a user.
    User(UserFact),
    /// One of the fields that `[user.fields]` declares.
    Extra(String),
    /// The names of his groups, sorted.
    Groups,
    /// His permissions and those of his groups, sorted; a superuser has all there are: `get_all_permissions()`.
    Permissions,
    /// The same for everybody.
    Constant(Json),
}

impl ClaimSource {
    /// Whether a model has what is told.
    fn is_of(&self, model: &UserModel) -> bool {
        let has = |fields: &[&str]| fields.iter().all(|field| model.columns.of(field).is_some());
        match self {
            Self::User(fact) => match fact {
                UserFact::Id | UserFact::Username => true,
                UserFact::Email => model.email_field.is_some(),
                UserFact::FirstName => has(&["first_name"]),
                UserFact::LastName => has(&["last_name"]),
                UserFact::FullName => has(&["first_name", "last_name"]),
                UserFact::IsStaff => has(&["is_staff"]),
                UserFact::IsSuperuser => has(&["is_superuser"]),
                UserFact::DateJoined => has(&["date_joined"]),
            },
            Self::Groups | Self::Permissions => model.has_permissions(),
            Self::Extra(_) | Self::Constant(_) => true,
        }
    }
}

/// What an `AbstractUser` has that may be told (Django 5.2, `contrib/auth/models.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserFact {
    /// The primary key; a number where it is one.
    Id,
    /// The field that `USERNAME_FIELD` names.
    Username,
    /// The field that `EMAIL_FIELD` names.
    Email,
    /// `first_name`.
    FirstName,
    /// `last_name`.
    LastName,
    /// `get_full_name()`.
    FullName,
    /// `is_staff`.
    IsStaff,
    /// `is_superuser`.
    IsSuperuser,
    /// `date_joined`, as Python's `isoformat()` writes it.
    DateJoined,
}

/// `in_body`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimPlaced {
    /// In the tokens.
    InTokens,
    /// In the tokens and in the answer to a sign-in.
    InBodyToo,
}

pub(super) const TABLE: &str = "SIMPLE_JWT_CLAIMS";

pub(super) const SECTION: Section = Section {
    title: "Claims of your own",
    upstream: "munjigi",
    intro: "What a Django project overrides `TokenObtainPairSerializer` for. Each line of the table `[SIMPLE_JWT_CLAIMS]` \
            gives the tokens of a sign-in a claim, in the order of the lines, behind simplejwt's own: the claim's name, \
            and what stands in it. That is `id`, `username`, `email`, `first_name`, `last_name`, `full_name`, \
            `is_staff`, `is_superuser`, `date_joined`, a field of `[user.fields]`, `groups` (the names), `permissions` \
            (Django's `get_all_permissions()`, such as `\"blog.add_post\"`), or a constant. With `in_body = true` the \
            answers to sign-in and sign-up have the value too. A refresh copies the claims as they were at the sign-in, \
            as simplejwt does. A user whose token would be longer than 8 KiB, or than the 4 KiB of a cookie, is refused \
            with 403, and the log names him.\n\n\
            ```toml\n[SIMPLE_JWT_CLAIMS]\nname = \"full_name\"\nroles = \"groups\"\n\
            email = { from = \"email\", in_body = true }\ntenant = { constant = \"seoul\" }\n```",
    settings: &[],
};

/// Reads the table. The other settings say which names are taken, and which fields there are.
pub(super) fn resolve(
    settings: Settings<'_>,
    jwt: &SimpleJwtSettings,
    model: &UserModel,
) -> Result<Vec<TokenClaim>, Error> {
    let claims = in_order(settings)
        .into_iter()
        .map(|(name, entry)| {
            let written = Written {
                name,
                entry,
                jwt,
                model,
            };
            written.claim().map_err(|problem| Error::Value {
                name: format!("{TABLE}.{name}"),
                origin: entry.origin.to_string(),
                problem,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let constants = claims.iter().filter_map(|claim| match &claim.source {
        ClaimSource::Constant(value) => Some(value.to_string().len()),
        _ => None,
    });
    if claims.len() > MOST_CLAIMS || constants.sum::<usize>() > MOST_CONSTANTS {
        return Err(Error::Contradiction(format!(
            "{TABLE} has more than {MOST_CLAIMS} claims, or constants of more than {MOST_CONSTANTS} bytes. Every request \
             carries them: keep what is the same for everybody in the application."
        )));
    }
    Ok(claims)
}

/// The lines of the table in their order; those of the environment come last.
pub(super) fn in_order(settings: Settings<'_>) -> Vec<(&str, &Entry)> {
    let mut entries: Vec<_> = settings.below("SIMPLE_JWT_CLAIMS.").collect();
    entries.sort_by_key(|(_, entry)| entry.origin.line());
    entries
}

/// What one header can carry with every request.
const MOST_CLAIMS: usize = 32;
const MOST_CONSTANTS: usize = 2048;

/// One line of the table. Errors are the rest of a sentence that begins with its name.
struct Written<'a> {
    name: &'a str,
    entry: &'a Entry,
    jwt: &'a SimpleJwtSettings,
    model: &'a UserModel,
}

impl Written<'_> {
    fn claim(&self) -> Result<TokenClaim, String> {
        let (source, placed) = match &self.entry.value {
            Value::String(from) => (self.source(from)?, ClaimPlaced::InTokens),
            Value::Table(table) => self.described(table)?,
            _ => return Err(format!("is {}. {FORM}", super::kind::describe(&self.entry.value))),
        };
        self.check_name(placed)?;
        Ok(TokenClaim {
            name: self.name.to_owned(),
            source,
            placed,
        })
    }

    fn described(&self, table: &toml::Table) -> Result<(ClaimSource, ClaimPlaced), String> {
        if let Some(key) = table
            .keys()
            .find(|key| !["from", "constant", "in_body"].contains(&key.as_str()))
        {
            return Err(format!("has the key \"{key}\". {FORM}"));
        }
        let source = match (table.get("from"), table.get("constant")) {
            (Some(Value::String(from)), None) => self.source(from)?,
            (None, Some(value)) => ClaimSource::Constant(json(value)?),
            _ => {
                return Err(format!(
                    "does not say where its value comes from, or says it twice. {FORM}"
                ));
            }
        };
        let placed = match table.get("in_body") {
            Some(Value::Boolean(true)) => ClaimPlaced::InBodyToo,
            None | Some(Value::Boolean(false)) => ClaimPlaced::InTokens,
            Some(_) => return Err(format!("has an in_body that is neither true nor false. {FORM}")),
        };
        Ok((source, placed))
    }

    fn source(&self, from: &str) -> Result<ClaimSource, String> {
        let declared = self.model.extra_fields.iter().any(|field| field.name == from);
        let known = SOURCES.iter().find(|(name, _)| *name == from);
        match known {
            Some(_) if declared => Err(format!(
                "is \"{from}\", which is a field of [user.fields] too. Give the field another name, and the column of \
                 the model as its db_column."
            )),
            Some((_, source)) if !source.is_of(self.model) => Err(format!(
                "is \"{from}\", and by the settings {} has no such field. {}",
                self.model.label,
                self.choice()
            )),
            Some((_, source)) => Ok(source.clone()),
            None if declared => Ok(ClaimSource::Extra(from.to_owned())),
            None if from == "password" => Err(format!(
                "is \"password\", which goes into no token. {}",
                self.choice()
            )),
            None => Err(format!("is \"{from}\". {}{}", self.nearest(from), self.choice())),
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self.model.extra_fields.iter().map(|field| field.name.as_str());
        let known = SOURCES.iter().filter(|(_, source)| source.is_of(self.model));
        known.map(|(name, _)| *name).chain(fields)
    }

    fn nearest(&self, from: &str) -> String {
        let similarity = |name: &str| strsim::jaro_winkler(name, &from.to_lowercase());
        let nearest = self
            .names()
            .map(|name| (similarity(name), name))
            .max_by(|one, other| one.0.total_cmp(&other.0));
        match nearest {
            Some((similarity, name)) if similarity > 0.85 => format!("Did you mean \"{name}\"? "),
            _ => String::new(),
        }
    }

    fn choice(&self) -> String {
        let names: Vec<&str> = self.names().collect();
        format!("Write one of {}, or {{ constant = \"…\" }}.", names.join(", "))
    }

    /// A claim that a token sets itself, or that PyJWT or another reader of tokens takes for more than it is.
    fn check_name(&self, placed: ClaimPlaced) -> Result<(), String> {
        let jwt = self.jwt;
        let own = [
            jwt.token_type_claim.as_deref(),
            jwt.jti_claim.as_deref(),
            Some(jwt.user_id_claim.as_str()),
            Some(jwt.revoke_token_claim.as_str()),
            Some(jwt.sliding_token_refresh_exp_claim.as_str()),
        ];
        if REGISTERED.contains(&self.name) || own.contains(&Some(self.name)) {
            return Err("is a claim that the token sets itself. Write yours under another name.".to_owned());
        }
        if self.name.is_empty() || self.name.len() > LONGEST_NAME || self.name.chars().any(char::is_control) {
            return Err(format!(
                "is no name for a claim. Write up to {LONGEST_NAME} characters, none of them a control character."
            ));
        }
        if placed == ClaimPlaced::InBodyToo && BODY.contains(&self.name) {
            return Err(
                "stands in the answers to a sign-in already. Leave in_body out, or write the claim under another name."
                    .to_owned(),
            );
        }
        Ok(())
    }
}

const FORM: &str = "Write a source such as \"username\", or { from = \"username\", in_body = true }, or { constant = \"…\" }.";
const LONGEST_NAME: usize = 255;
/// RFC 7519, section 4.1, and the record behind the token.
const REGISTERED: [&str; 8] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid"];
/// The members of the answers to sign-in and sign-up, of all dialects.
const BODY: [&str; 9] = [
    "access_token",
    "refresh_token",
    "message",
    "user",
    "access",
    "refresh",
    "token",
    "detail",
    "error",
];

const SOURCES: [(&str, ClaimSource); 11] = [
    ("id", ClaimSource::User(UserFact::Id)),
    ("username", ClaimSource::User(UserFact::Username)),
    ("email", ClaimSource::User(UserFact::Email)),
    ("first_name", ClaimSource::User(UserFact::FirstName)),
    ("last_name", ClaimSource::User(UserFact::LastName)),
    ("full_name", ClaimSource::User(UserFact::FullName)),
    ("is_staff", ClaimSource::User(UserFact::IsStaff)),
    ("is_superuser", ClaimSource::User(UserFact::IsSuperuser)),
    ("date_joined", ClaimSource::User(UserFact::DateJoined)),
    ("groups", ClaimSource::Groups),
    ("permissions", ClaimSource::Permissions),
];

/// A constant as JSON. JSON has no dates, and no numbers that are none.
fn json(value: &Value) -> Result<Json, String> {
    Ok(match value {
        Value::String(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        Value::Boolean(truth) => Json::from(*truth),
        Value::Float(number) => Number::from_f64(*number)
            .map(Json::Number)
            .ok_or_else(|| format!("has the constant {number}, which JSON cannot say. Write a number."))?,
        Value::Datetime(date) => {
            return Err(format!(
                "has the constant {date}, which JSON has no type for. Write it as text: \"{date}\"."
            ));
        }
        Value::Array(items) => Json::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        Value::Table(table) => {
            let members = table.iter().map(|(name, value)| Ok((name.clone(), json(value)?)));
            Json::Object(members.collect::<Result<Map<_, _>, String>>()?)
        }
    })
}
