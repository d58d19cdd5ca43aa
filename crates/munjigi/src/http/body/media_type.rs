//! `Content-Type`: `parse_header_parameters` of `django/utils/http.py` (5.2) and DRF's `utils/mediatypes.py` (3.18).

/// A media type and its parameters.
pub(super) struct MediaType<'h> {
    main: String,
    sub: String,
    parameters: &'h str,
    charset: Option<String>,
}

impl<'h> MediaType<'h> {
    /// Reads any text at all; what is no media type matches none.
    pub(super) fn parse(header: &'h str) -> Self {
        let (full, parameters) = header.split_once(';').unwrap_or((header, ""));
        let full = full.trim().to_ascii_lowercase();
        let (main, sub) = full.split_once('/').unwrap_or((&full, ""));
        let charset = parameter(parameters, "charset").filter(|charset| !is_utf8(charset));
        Self {
            main: main.to_owned(),
            sub: sub.to_owned(),
            parameters,
            charset,
        }
    }

    /// Whether a parser of `main/sub` takes this type. As in DRF the client's type may have stars.
    pub(super) fn matches(&self, main: &str, sub: &str) -> bool {
        (self.main == main || self.main == "*") && (self.sub == sub || self.sub == "*")
    }

    /// DRF's `is_form_media_type`.
    pub(super) fn is_form(&self) -> bool {
        matches!(
            (self.main.as_str(), self.sub.as_str()),
            ("application", "x-www-form-urlencoded") | ("multipart", "form-data")
        )
    }

    /// The `charset`, where it is not UTF-8.
    pub(super) fn foreign_charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// The boundary of a multipart body: 1 to 201 printable ASCII characters, the last no space.
    ///
    /// # Errors
    /// Django's words.
    pub(super) fn boundary(&self) -> Result<String, String> {
        let boundary = parameter(self.parameters, "boundary");
        let is_valid = |text: &String| {
            text.len() <= 201 && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.ends_with(' ')
        };
        match boundary {
            Some(boundary) if !boundary.is_empty() && is_valid(&boundary) => Ok(boundary),
            other => Err(format!(
                "Invalid boundary in multipart: {}",
                other.as_deref().unwrap_or("None")
            )),
        }
    }
}

/// The last parameter of that name behind a header's first semicolon, unquoted.
pub(super) fn parameter(parameters: &str, name: &str) -> Option<String> {
    let mut found = None;
    let mut rest = parameters;
    while !rest.is_empty() {
        let (parameter, after) = rest.split_at(end_of_parameter(rest));
        rest = after.strip_prefix(';').unwrap_or(after);
        if let Some((key, value)) = parameter.split_once('=')
            && key.trim().eq_ignore_ascii_case(name)
        {
            found = Some(unquoted(value.trim()));
        }
    }
    found
}

/// Where the next semicolon outside quotation marks stands, or the end.
fn end_of_parameter(text: &str) -> usize {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b';' if !is_quoted => return at,
            b'"' if !is_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    text.len()
}

fn unquoted(value: &str) -> String {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\\", "\\").replace("\\\"", "\""),
        None => value.to_owned(),
    }
}

/// The names that Python's `codecs` has for UTF-8, as it reads names: in any case, with any punctuation.
fn is_utf8(charset: &str) -> bool {
    let name: String = charset.chars().filter(char::is_ascii_alphanumeric).collect();
    ["utf8", "u8", "utf"]
        .iter()
        .any(|alias| name.eq_ignore_ascii_case(alias))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_parameter_of_a_name_counts_and_quotes_come_off() {
        let header = r#"Multipart/Form-Data; BOUNDARY=a; x="; boundary=b\"c"; boundary="d;e""#;
        assert_eq!(MediaType::parse(header).boundary().as_deref(), Ok("d;e"));
        assert!(MediaType::parse(header).matches("multipart", "form-data"));
    }

    #[test]
    fn a_boundary_is_printable_and_does_not_end_in_a_space() {
        let boundary =
            |value: &str| MediaType::parse(&format!("multipart/form-data; boundary=\"{value}\"")).boundary();
        assert!(boundary(&"x".repeat(201)).is_ok());
        for value in ["", "a ", "é", "a\u{7f}", &"x".repeat(202)] {
            assert_eq!(
                boundary(value),
                Err(format!("Invalid boundary in multipart: {value}"))
            );
        }
        let none = MediaType::parse("multipart/form-data").boundary();
        assert_eq!(none, Err("Invalid boundary in multipart: None".to_owned()));
    }

    #[test]
    fn utf_8_has_many_names() {
        for name in ["utf-8", "UTF8", "utf_8", "U8", "\"utf-8\""] {
            assert_eq!(
                MediaType::parse(&format!("application/json; charset={name}")).foreign_charset(),
                None
            );
        }
        let euc = MediaType::parse("application/json;charset=EUC-KR");
        assert_eq!(euc.foreign_charset(), Some("EUC-KR"));
    }
}
