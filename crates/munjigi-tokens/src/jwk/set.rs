//! Sets of keys (RFC 7517, section 5): what `/.well-known/jwks.json` serves, and what a key ring is kept in.

use super::Jwk;
use crate::{
    Error,
    json::{self, Item},
};
use zeroize::Zeroizing;

/// Several keys, in order.
///
/// Needs the feature `asymmetric`.
///
/// ```
/// use munjigi_tokens::JwkSet;
///
/// let set = JwkSet::parse(
///     r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///                 {"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}]}"#,
/// )?;
/// assert_eq!(set.keys().len(), 1);
/// assert!(set.skipped()[0].to_string().contains("X25519"));
/// # Ok::<(), munjigi_tokens::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: Vec<Error>,
}

impl JwkSet {
    /// A longer text is no set, in bytes.
    pub const MAX_LENGTH: usize = 512 * 1024;
    /// More keys are not read, those that are skipped among them.
    pub const MAX_KEYS: usize = 128;

    /// Reads a set. A key that [`Jwk::parse`] refuses is skipped, as RFC 7517 has it, and
    /// [`skipped`](Self::skipped) says why.
    ///
    /// Two keys with one `kid` make the whole set unusable, since nobody can say which was meant: who has an older
    /// set goes on with that. (PyJWT's `PyJWKClient` takes the first of them.)
    ///
    /// # Errors
    /// [`Error::ImproperlyConfigured`] for what is not an object with a list `keys` of objects, for two of one `kid`,
    /// and for one above
    /// [`MAX_LENGTH`](Self::MAX_LENGTH) or [`MAX_KEYS`](Self::MAX_KEYS).
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > Self::MAX_LENGTH {
            return Err(refuse(&format!("is longer than {} bytes.", Self::MAX_LENGTH)));
        }
        let no_set =
            || refuse("is not the JSON of one object with a list \"keys\" of objects, each name once.");
        let members = json::read_object(text).map_err(|_| no_set())?;
        let is_keys = |member: &&json::Member| member.name.decode(text).is_some_and(|name| name == "keys");
        let Some(Item::Other(list)) = members.iter().find(is_keys).map(|member| member.value) else {
            return Err(no_set());
        };
        let list = list.of(text);
        let items = json::read_array(list).map_err(|_| no_set())?;
        if items.len() > Self::MAX_KEYS {
            return Err(refuse(&format!("has more than {} keys.", Self::MAX_KEYS)));
        }
        let mut set = Self::default();
        for item in items {
            match item {
                Item::Other(key) if key.of(list).starts_with('{') => set.read(key.of(list))?,
                _ => return Err(no_set()),
            }
        }
        Ok(set)
    }

    fn read(&mut self, text: &str) -> Result<(), Error> {
        match Jwk::parse(text) {
            Err(error) => self.skipped.push(error),
            Ok(key) => {
                if let Some(key_id) = key.key_id()
                    && self.find(key_id).is_some()
                {
                    return Err(refuse(&format!("has two keys with the kid \"{key_id}\".")));
                }
                self.keys.push(key);
            }
        }
        Ok(())
    }

    /// The keys that were read.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Why each of the others was not.
    pub fn skipped(&self) -> &[Error] {
        &self.skipped
    }

    /// The key of that `kid`.
    pub fn find(&self, key_id: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.key_id() == Some(key_id))
    }

    /// The public halves as JSON. A shared secret has none and is left out.
    pub fn to_public_json(&self) -> String {
        let keys: Vec<_> = self.keys.iter().filter_map(Jwk::to_public_json).collect();
        format!("{{\"keys\":[{}]}}", keys.join(","))
    }

    /// All of it as JSON. Keep it where only the server reads.
    pub fn to_private_json(&self) -> Zeroizing<String> {
        let keys: Vec<_> = self.keys.iter().map(Jwk::to_private_json).collect();
        let length: usize = keys.iter().map(|key| key.len() + 1).sum();
        let mut out = Zeroizing::new(String::with_capacity(length + 16));
        out.push_str("{\"keys\":[");
        for (index, key) in keys.iter().enumerate() {
            out.push_str(if index == 0 { "" } else { "," });
            out.push_str(key);
        }
        out.push_str("]}");
        out
    }
}

fn refuse(sentence: &str) -> Error {
    Error::ImproperlyConfigured(format!("The JWK Set {sentence}").into())
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            skipped: Vec::new(),
        }
    }
}
