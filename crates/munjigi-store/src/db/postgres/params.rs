//! A parameter in the form that its column takes.

use std::error::Error;
use std::fmt::Write;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use super::super::time::to_text;
use super::super::value::Param;

type Written = Result<IsNull, Box<dyn Error + Sync + Send>>;

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Written {
        if *ty == Type::UNKNOWN {
            return Ok(as_text(*self, out));
        }
        match *self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql_checked(ty, out),
            Self::Int(value) => int(value, ty, out),
            Self::Text(value) => value.to_sql_checked(ty, out),
            Self::Bytes(value) => value.to_sql_checked(ty, out),
            Self::Time(value) => value.to_sql_checked(ty, out),
            Self::Date(value) => value.to_sql_checked(ty, out),
            Self::Uuid(value) => value.to_sql_checked(ty, out),
        }
    }

    fn encode_format(&self, ty: &Type) -> Format {
        if *ty == Type::UNKNOWN {
            Format::Text
        } else {
            Format::Binary
        }
    }

    /// Each value is checked against the type when it is written.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// For a statement whose types are not asked for: the server reads the text as the type that it finds for the place.
fn as_text(param: Param<'_>, out: &mut BytesMut) -> IsNull {
    let text = match param {
        Param::Null => return IsNull::Yes,
        Param::Bool(value) => value.to_string(),
        Param::Int(value) => value.to_string(),
        Param::Text(value) => value.to_owned(),
        Param::Bytes(value) => value.iter().fold("\\x".to_owned(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        }),
        Param::Time(value) => format!("{}+00", to_text(value)),
        Param::Date(value) => value.to_string(),
        Param::Uuid(value) => value.to_string(),
    };
    out.extend_from_slice(text.as_bytes());
    IsNull::No
}

/// Django's keys are `integer` or `bigint`, by the model and by the version that made the table.
fn int(value: i64, ty: &Type, out: &mut BytesMut) -> Written {
    match *ty {
        Type::INT2 => i16::try_from(value)?.to_sql(ty, out),
        Type::INT4 => i32::try_from(value)?.to_sql(ty, out),
        _ => value.to_sql_checked(ty, out),
    }
}
