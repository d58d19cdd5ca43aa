//! Holds every answer that any test gets against what `/openapi.json` tells of it.

use super::Reply;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

/// Fails where the status, a header or the body is not as it is told for this method of this path.
#[track_caller]
pub(crate) fn check(document: &Value, method: &Method, path: &str, reply: &Reply) {
    let place = format!("{method} {} {}", &path[..path.len().min(60)], reply.status);
    // Before the router: a host that is not ours.
    if reply.header("munjigi-error") == "disallowed_host" || reply.status == StatusCode::SERVICE_UNAVAILABLE {
        return;
    }
    let path = path.split('?').next().unwrap();
    // The absolute form names the host as well.
    let bare = path
        .strip_prefix("http://")
        .map_or(path, |rest| &rest[rest.find('/').unwrap()..]);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    let mut paths = document["paths"].as_object().unwrap().iter();
    let found = paths.find(|(told, _)| is_at(told.strip_suffix('/').unwrap_or(told), bare));
    let told_method = if method == Method::HEAD {
        "get"
    } else {
        &method.as_str().to_lowercase()
    };
    let is_preflight =
        method == Method::OPTIONS && reply.headers.contains_key("access-control-allow-methods");
    // Those that operators ask have one spelling.
    if ["/healthz/", "/readyz/"].contains(&path) {
        assert_eq!(reply.status, 404, "{place}");
        return;
    }
    let Some((_, operations)) = found.filter(|_| !is_preflight) else {
        assert!(
            reply.status == 404 || is_preflight,
            "{place}: the path is not told"
        );
        return;
    };
    // The name of a method is case-sensitive.
    let known = method.as_str().chars().all(|letter| letter.is_ascii_uppercase());
    let Some(operation) = operations.get(told_method).filter(|_| known) else {
        assert!(
            [405, 406].contains(&reply.status.as_u16()),
            "{place}: the method is not told"
        );
        return;
    };
    let mut response = &operation["responses"][reply.status.as_str()];
    if let Some(reference) = response["$ref"].as_str() {
        response = document.pointer(reference.trim_start_matches('#')).unwrap();
    }
    assert!(response.is_object(), "{place}: the status is not told");
    check_headers(document, response, reply, &place);
    if method != Method::HEAD {
        check_body(document, response, reply, &place);
    }
}

/// Whether a path is the one that is told, with anything where that has braces.
fn is_at(told: &str, path: &str) -> bool {
    let mut given = path.split('/');
    let fits = told.split('/').all(|part| {
        given
            .next()
            .is_some_and(|given| part == given || part.starts_with('{') && !given.is_empty())
    });
    fits && given.next().is_none()
}

#[track_caller]
fn check_headers(document: &Value, response: &Value, reply: &Reply, place: &str) {
    let told = response["headers"].as_object().unwrap();
    for (name, reference) in told {
        let pointer = reference["$ref"].as_str().unwrap().trim_start_matches('#');
        let header = document.pointer(pointer).unwrap();
        match reply.headers.get(name).map(|value| value.to_str().unwrap()) {
            None => assert_ne!(header["required"], true, "{place}: {name} is missing"),
            Some(value) => {
                let wanted = &header["schema"]["const"];
                assert!(wanted.is_null() || wanted == value, "{place}: {name}: {value}");
            }
        }
    }
    for name in ["set-cookie", "www-authenticate", "retry-after", "munjigi-error"] {
        let is_told = told.keys().any(|told| told.eq_ignore_ascii_case(name));
        // A session that Django's rules end or renew takes its cookie along, wherever that is noticed.
        let is_there = reply.headers.contains_key(name);
        let is_refused_session = name == "set-cookie" && reply.status.is_client_error();
        assert!(
            is_told || !is_there || is_refused_session,
            "{place}: {name} is not told"
        );
    }
}

#[track_caller]
fn check_body(document: &Value, response: &Value, reply: &Reply, place: &str) {
    let media_type = reply.header("content-type").split(';').next().unwrap();
    match response["content"].as_object() {
        None => assert!(reply.body.is_empty(), "{place}: no body is told"),
        Some(content) => {
            let told = content
                .get(media_type)
                .unwrap_or_else(|| panic!("{place}: {media_type} is not told"));
            if media_type == "application/json" {
                let body = reply.json();
                let wrong = wrong(document, &told["schema"], &body);
                assert_eq!(wrong, None, "{place}: {body}");
            }
        }
    }
}

/// What in a value is not as the schema says: the keywords that our schemas of answers have.
fn wrong(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let schema = schema.as_object().unwrap();
    schema.iter().find_map(|(keyword, wanted)| {
        let is_good = match keyword.as_str() {
            "$ref" => {
                let target = document
                    .pointer(wanted.as_str().unwrap().trim_start_matches('#'))
                    .unwrap();
                return wrong(document, target, value);
            }
            "anyOf" => {
                let choices = wanted.as_array().unwrap();
                choices
                    .iter()
                    .any(|choice| wrong(document, choice, value).is_none())
            }
            "type" => match wanted {
                Value::String(one) => is_of(value, one),
                several => several
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|one| is_of(value, one.as_str().unwrap())),
            },
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "required" => {
                let mut names = wanted.as_array().unwrap().iter();
                names.all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "minProperties" => members(value).len() as u64 >= wanted.as_u64().unwrap(),
            "maxProperties" => members(value).len() as u64 <= wanted.as_u64().unwrap(),
            "properties" => {
                let known = wanted.as_object().unwrap();
                return members(value)
                    .iter()
                    .find_map(|(name, value)| match known.get(name) {
                        Some(schema) => wrong(document, schema, value),
                        None => Some(format!("{name} is not told")),
                    });
            }
            "additionalProperties" => {
                return members(value)
                    .values()
                    .find_map(|value| wrong(document, wanted, value));
            }
            "items" => {
                return value
                    .as_array()?
                    .iter()
                    .find_map(|value| wrong(document, wanted, value));
            }
            "minItems" => value
                .as_array()
                .is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
            "description" | "examples" | "format" => true,
            keyword => panic!("{keyword} is not looked at here"),
        };
        (!is_good).then(|| format!("{keyword} {wanted}"))
    })
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        kind => panic!("{kind} is not looked at here"),
    }
}

#[test]
fn a_body_that_is_not_as_told_is_noticed() {
    let schema =
        json!({"type": "object", "required": ["a"], "properties": {"a": {"type": ["integer", "null"]}}});
    for good in [json!({"a": 1}), json!({"a": null})] {
        assert_eq!(wrong(&Value::Null, &schema, &good), None);
    }
    for bad in [json!({}), json!({"a": "1"}), json!({"a": 1, "b": 2}), json!([])] {
        assert!(wrong(&Value::Null, &schema, &bad).is_some(), "{bad}");
    }
}
