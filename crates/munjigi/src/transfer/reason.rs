//! Why a row was not taken, in words that follow its line.

use munjigi_passwords::Unfit;

/// Why a row was not taken. It never quotes a password, whatever stood in its place. It has no `code()` as errors have: who
/// reads it is a person, and what a program takes up again is the row itself, in the rejects.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// It is longer than any user is.
    #[error("it is longer than {} KiB, and no user is that long", super::record::LONGEST >> 10)]
    TooLong,
    /// It is so long that not all of it was kept.
    #[error(
        "it is longer than {} MiB, and no user is that long; it is not repeated in the rejects",
        super::pieces::LONGEST >> 20
    )]
    FarTooLong,
    /// The input ends too soon.
    #[error("the input ends in the middle of it, and may be cut off")]
    CutOff,
    /// It is no text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It is no JSON.
    #[error("it is no JSON that can be read: {0}")]
    NotJson(String),
    /// It is JSON, and no object.
    #[error("it is no JSON object")]
    NoObject,
    /// It is no record of a fixture.
    #[error(
        "it is no record of a fixture, with \"model\" and \"fields\"; write --format ndjson for users by themselves"
    )]
    NoRecord,
    /// It has not a cell for each name of the header.
    #[error("it has {found} cells, and the header names {named}")]
    Cells {
        /// How many it has.
        found: usize,
        /// How many the header has.
        named: usize,
    },
    /// Its quotes are not as RFC 4180 has them.
    #[error("its quotes do not open and close as CSV has them")]
    Quotes,
    /// Its key is none of this model.
    #[error("its key is not {0}")]
    Key(&'static str),
    /// It has no key, and none can be made for it.
    #[error("it has no key, and a key of text cannot be drawn")]
    NoKey,
    /// Its key is the greatest there is.
    #[error("its key is the greatest that the column holds, and nobody could be made after it")]
    LastKey,
    /// A field that a new user must have.
    #[error("it has no {0}")]
    Missing(String),
    /// A field of another type.
    #[error("its {0} is not {1}")]
    Type(String, &'static str),
    /// A number that the field does not hold.
    #[error("its {field} is not between {min} and {max}")]
    Range {
        /// The field.
        field: String,
        /// The smallest value.
        min: i64,
        /// The greatest value.
        max: i64,
    },
    /// NULL where the column takes none.
    #[error("its {0} is null, which the column does not take")]
    Null(String),
    /// A text that the column does not hold.
    #[error("its {field} is longer than the {max} characters of its column")]
    Longer {
        /// The field.
        field: String,
        /// What the column holds.
        max: u32,
    },
    /// No database here holds it.
    #[error("its {0} holds the character NUL, which no text may")]
    Nul(String),
    /// A list of groups or permissions that is none.
    #[error("its {0} is no list of keys or natural keys")]
    Relation(&'static str),
    /// Its password could never be verified.
    #[error("{0}")]
    Password(#[from] Unfit),
    /// The same user is there.
    #[error("this user is there already")]
    Here,
    /// Somebody else has the key.
    #[error("its key is that of another user, who is called otherwise")]
    KeyTaken,
    /// Somebody else has the name.
    #[error("its {0} is that of another user")]
    NameTaken(String),
    /// Somebody else has the address, and it may be one user's only.
    #[error(
        "its e-mail address is that of another user; write --shared-emails to take it, and neither signs in by it"
    )]
    EmailTaken,
    /// The database's own word.
    #[error("the database does not take it: {0}")]
    Refused(String),
}
