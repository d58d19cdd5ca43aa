//! DRF's `DefaultContentNegotiation` where `JSONRenderer` is the only renderer (`negotiation.py`, 3.18): who takes no
//! JSON is told so before anything else is looked at. It differs in one thing: the length of `Accept` is bounded with
//! the whole head of a request, not by itself.

use crate::http::error::{Error, Result};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ACCEPT, HeaderMap};

/// Answers 406 where the client does not take JSON.
pub(super) async fn negotiate(request: Request, next: Next) -> Result<Response> {
    if accepts_json(request.headers()) {
        Ok(next.run(request).await)
    } else {
        Err(Error::NotAcceptable)
    }
}

/// No weight counts: with JSON alone to choose from, `q=0` is taken like any other.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(ACCEPT).iter().peekable();
    values.peek().is_none()
        || values.any(|value| String::from_utf8_lossy(value.as_bytes()).split(',').any(is_json))
}

fn is_json(range: &str) -> bool {
    let media_type = range.split(';').next().unwrap_or_default();
    let Some((main, sub)) = media_type.trim().split_once('/') else {
        return false;
    };
    (main == "*" || main.eq_ignore_ascii_case("application"))
        && (sub == "*" || sub.eq_ignore_ascii_case("json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn accepts(values: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        accepts_json(&headers)
    }

    #[test]
    fn json_is_accepted_where_drf_takes_it_to_be() {
        assert!(accepts(&[]), "who says nothing takes anything");
        assert!(accepts(&["text/html", "*/*"]), "several headers are one list");
        for value in [
            "*/*",
            "application/*",
            "*/json",
            "APPLICATION/JSON",
            "application/json; indent=4",
            "text/html,application/json;q=0",
            "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
        ] {
            assert!(accepts(&[value]), "{value}");
        }
        for value in [
            "",
            "*",
            ",",
            ";",
            "text/*",
            "text/html",
            "application/xml",
            "application/jsonp",
        ] {
            assert!(!accepts(&[value]), "{value}");
        }
    }
}
