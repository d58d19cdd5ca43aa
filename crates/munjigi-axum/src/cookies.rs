//! The Cookie header as Django reads it: `parse_cookie` of `http/cookie.py`, Django 5.2.

use http::header::{COOKIE, HeaderMap};

/// The value of the cookie called `name`: the last one of that name, quotes taken off. A foreign cookie that is not
/// ASCII hides none of its neighbours.
///
/// ```
/// use http::{HeaderMap, header::COOKIE};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(COOKIE, "theme=dark; sessionid=\"abc\"".parse()?);
/// assert_eq!(munjigi_axum::cookies::read(&headers, "sessionid"), Some("abc"));
/// assert_eq!(munjigi_axum::cookies::read(&headers, "session"), None);
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|&byte| byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='))
        .filter(|(key, _)| key.trim() == name)
        .map(|(_, value)| unquoted(value.trim()))
        .next_back()
}

fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn of_two_cookies_with_one_name_the_last_counts() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; sessionid=first;b=2"));
        headers.append(
            COOKIE,
            HeaderValue::from_static("sessionid=\"second\"; xsessionid=3"),
        );
        assert_eq!(read(&headers, "sessionid"), Some("second"));
        assert_eq!(read(&headers, "session"), None);
        headers.append(
            COOKIE,
            HeaderValue::from_bytes(b"tracker=\xe9; csrftoken=c").unwrap(),
        );
        assert_eq!(read(&headers, "csrftoken"), Some("c"));
    }
}
