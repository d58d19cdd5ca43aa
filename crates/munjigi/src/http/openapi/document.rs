//! The document, in the form of version 3.1.

use super::operation::{Answer, Body, Content, Door, Endpoint, Head, Operation, Schema, Tag};
use super::security::{first_scheme, security, security_schemes};
use crate::config::Config;
use http::StatusCode;
use serde_json::{Map, Value, json};

/// What is served under these settings.
///
/// It speaks English whatever the request's language: programs read it. Each path stands in it once; it is served with
/// and without a slash at its end.
#[must_use]
pub fn document(config: &Config) -> Value {
    let mut endpoints = crate::http::api::endpoints(config);
    if config.session.save_every_request {
        tell_of_saved_sessions(&mut endpoints);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "munjigi",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
            "description": ABOUT,
        },
        "servers": [{"url": "/"}],
        "tags": tags(&endpoints),
        "paths": paths(config, &endpoints),
        "components": {
            "schemas": schemas(config, &endpoints),
            "responses": responses(&endpoints),
            "headers": headers(config),
            "securitySchemes": security_schemes(config),
        },
    })
}

const ABOUT: &str = "Sign-up and sign-in that speaks Django's and djangorestframework-simplejwt's data and wire.\n\nEach \
                     path is served with and without a slash at its end. HEAD is answered like GET. A method that is \
                     not told here gets 405, a path 404. What a client reads is in the language that Accept-Language \
                     asks for, Korean or English; every refusal carries a stable word in the header Munjigi-Error.";

/// Under `SESSION_SAVE_EVERY_REQUEST` every answer that is not kept may give the browser its session's cookie anew.
fn tell_of_saved_sessions(endpoints: &mut [Endpoint]) {
    let pages = endpoints
        .iter_mut()
        .filter(|endpoint| endpoint.door == Door::Pages);
    let operations = pages.flat_map(|endpoint| &mut endpoint.operations);
    for answer in operations.flat_map(|operation| operation.answers.values_mut()) {
        if answer.status.is_success() && !answer.heads.contains(&Head::Kept) {
            answer.heads.push(Head::MaybeCookies);
        }
    }
}

fn tags(endpoints: &[Endpoint]) -> Value {
    let used = |tag: &Tag| {
        let mut operations = endpoints.iter().flat_map(|endpoint| &endpoint.operations);
        operations.any(|operation| operation.tag == *tag)
    };
    let tags = Tag::ALL.into_iter().filter(used);
    tags.map(|tag| json!({"name": tag.name(), "description": tag.words().en}))
        .collect()
}

fn paths(config: &Config, endpoints: &[Endpoint]) -> Value {
    let paths = endpoints.iter().map(|endpoint| {
        let operations = endpoint.operations.iter().map(|operation| {
            let method = operation.method.as_str().to_ascii_lowercase();
            (method, told(config, operation))
        });
        (endpoint.path.clone(), operations.collect::<Map<_, _>>().into())
    });
    paths.collect::<Map<_, _>>().into()
}

fn told(config: &Config, operation: &Operation) -> Value {
    let mut told = Map::new();
    told.insert("operationId".to_owned(), json!(operation.id));
    told.insert("tags".to_owned(), json!([operation.tag.name()]));
    told.insert("summary".to_owned(), json!(operation.summary.en));
    if !operation.note.en.is_empty() {
        told.insert("description".to_owned(), json!(operation.note.en));
    }
    told.insert(
        "security".to_owned(),
        security(config, operation.credentials, &operation.method),
    );
    let in_path = operation.of_one.iter().map(|(name, stands_for)| {
        json!({"name": name, "in": "path", "required": true, "description": stands_for, "schema": {"type": "string"}})
    });
    let query = operation.query.iter();
    let query = query.map(|(name, schema)| json!({"name": name, "in": "query", "schema": schema}));
    let parameters: Vec<Value> = in_path.chain(query).collect();
    if !parameters.is_empty() {
        told.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(body) = &operation.body {
        told.insert("requestBody".to_owned(), request_body(body));
    }
    let answers = operation.answers.values().map(|answer| {
        let told = shared_name(answer).map_or_else(
            || response(answer),
            |name| json!({"$ref": format!("#/components/responses/{name}")}),
        );
        (answer.status.as_str().to_owned(), told)
    });
    told.insert("responses".to_owned(), answers.collect::<Map<_, _>>().into());
    told.into()
}

/// DRF's `DEFAULT_PARSER_CLASSES`.
const MEDIA_TYPES: [&str; 3] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
];

fn request_body(body: &Body) -> Value {
    let content = MEDIA_TYPES.map(|media_type| {
        let described = json!({"schema": body.schema.reference(), "example": body.example});
        (media_type.to_owned(), described)
    });
    json!({"required": body.required, "content": Map::from_iter(content)})
}

/// Answers that are the same wherever they may be given stand once in the document.
fn shared_name(answer: &Answer) -> Option<&'static str> {
    Some(match answer.status {
        StatusCode::NOT_ACCEPTABLE => "NotAcceptable",
        StatusCode::REQUEST_TIMEOUT => "RequestTimeout",
        StatusCode::PAYLOAD_TOO_LARGE => "PayloadTooLarge",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "UnsupportedMediaType",
        StatusCode::INTERNAL_SERVER_ERROR => "InternalServerError",
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        _ => return None,
    })
}

fn responses(endpoints: &[Endpoint]) -> Value {
    let operations = endpoints.iter().flat_map(|endpoint| &endpoint.operations);
    let answers = operations.flat_map(|operation| operation.answers.values());
    let shared = answers.filter_map(|answer| Some((shared_name(answer)?.to_owned(), response(answer))));
    shared.collect::<Map<_, _>>().into()
}

fn response(answer: &Answer) -> Value {
    let meanings: Vec<&str> = answer.meanings.iter().map(|words| words.en).collect();
    let mut described = Map::new();
    described.insert("description".to_owned(), json!(meanings.join(" Or: ")));
    let names = head_names(answer).into_iter();
    let headers = names.map(|(header, component)| {
        let reference = json!({"$ref": format!("#/components/headers/{component}")});
        (header.to_owned(), reference)
    });
    described.insert("headers".to_owned(), headers.collect::<Map<_, _>>().into());
    match &answer.content {
        Content::Nothing => {}
        Content::Text(media_type) => {
            let content = json!({*media_type: {"schema": {"type": "string"}}});
            described.insert("content".to_owned(), content);
        }
        Content::Json(schemas) => {
            described.insert("content".to_owned(), json!({"application/json": media(schemas)}));
        }
    }
    described.into()
}

fn media(schemas: &[(Schema, Option<Value>)]) -> Value {
    let references: Vec<Value> = schemas.iter().map(|(schema, _)| schema.reference()).collect();
    let schema = match references.as_slice() {
        [one] => one.clone(),
        several => json!({"anyOf": several}),
    };
    match schemas.iter().find_map(|(_, example)| example.as_ref()) {
        Some(example) => json!({"schema": schema, "example": example}),
        None => json!({"schema": schema}),
    }
}

/// The headers of an answer, each with the name of its component.
fn head_names(answer: &Answer) -> Vec<(&'static str, &'static str)> {
    let is_kept = answer.heads.contains(&Head::Kept);
    let mut names = vec![("Cache-Control", if is_kept { "Kept" } else { "NotKept" })];
    if answer.is_refusal() {
        names.push(("Munjigi-Error", "MunjigiError"));
    }
    if answer.status == StatusCode::UNAUTHORIZED {
        names.push(("WWW-Authenticate", "Challenge"));
    }
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        names.push(("Retry-After", "RetryAfter"));
    }
    if answer.heads.contains(&Head::Tag) {
        names.push(("ETag", "ETag"));
    }
    if answer.heads.contains(&Head::Cookies) {
        names.push(("Set-Cookie", "Cookies"));
    } else if answer.heads.contains(&Head::MaybeCookies) {
        names.push(("Set-Cookie", "MaybeCookies"));
    }
    names
}

fn headers(config: &Config) -> Value {
    let challenge = format!("{} realm=\"api\"", first_scheme(config));
    json!({
        "NotKept": {
            "description": "No cache may keep it.",
            "required": true,
            "schema": {"type": "string", "const": "no-store"},
        },
        "Kept": {
            "description": "It is the same for everybody, and may be kept for a while.",
            "required": true,
            "schema": {"type": "string", "const": "public, max-age=300"},
        },
        "ETag": {
            "description": "The state of what is shown, to be sent back as If-None-Match.",
            "required": true,
            "schema": {"type": "string"},
        },
        "MunjigiError": {
            "description": "The refusal by a stable word, since the bodies are Django's, DRF's and simplejwt's.",
            "required": true,
            "schema": {"type": "string", "pattern": "^[a-z_]+$", "examples": ["token_expired"]},
        },
        "Challenge": {
            "description": "The scheme by which to come again.",
            "required": true,
            "schema": {"type": "string", "examples": [challenge]},
        },
        "RetryAfter": {
            "description": "After how many seconds to try again.",
            "required": true,
            "schema": {"type": "integer", "minimum": 1},
        },
        "Cookies": {
            "description": "A line for each cookie.",
            "required": true,
            "schema": {"type": "string"},
        },
        "MaybeCookies": {
            "description": "A line for each cookie that is set or taken away.",
            "schema": {"type": "string"},
        },
    })
}

fn schemas(config: &Config, endpoints: &[Endpoint]) -> Value {
    let operations = endpoints.iter().flat_map(|endpoint| &endpoint.operations);
    let mut schemas = std::collections::BTreeMap::new();
    for operation in operations {
        let sent = operation.body.iter().map(|body| body.schema);
        let answered = operation
            .answers
            .values()
            .flat_map(|answer| match &answer.content {
                Content::Json(schemas) => schemas.as_slice(),
                Content::Nothing | Content::Text(_) => &[],
            });
        for schema in sent.chain(answered.map(|(schema, _)| *schema)) {
            schemas
                .entry(schema.name.to_owned())
                .or_insert_with(|| (schema.build)(config));
        }
    }
    Map::from_iter(schemas).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::serve;

    fn config(file: &str) -> Config {
        serve(file).unwrap()
    }

    #[test]
    fn the_document_at_the_root_of_the_tree_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json");
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            stored == format!("{:#}\n", document(&config(""))),
            "openapi.json is stale: run `cargo run -- openapi > openapi.json`"
        );
    }

    #[test]
    fn every_route_that_can_be_moved_is_told_where_it_was_moved_to() {
        let names: Vec<&str> = config("").routes.named().map(|(name, _)| name).to_vec();
        let moved: Vec<String> = names
            .iter()
            .map(|&name| match name {
                "session" => format!("{name} = \"/moved/{name}/{{id}}\""),
                name => format!("{name} = \"/moved/{name}\""),
            })
            .collect();
        let moved = moved.join("\n");
        // Without a page to link to there is no reset by mail.
        let page = "PASSWORD_RESET_URL = \"https://app.example.com/{uid}/{token}\"";
        let moved = document(&config(&format!("{page}\n[ROUTES]\n{moved}")));
        let paths = moved["paths"].as_object().unwrap();
        let told: Vec<&str> = paths
            .keys()
            .filter_map(|path| path.strip_prefix("/moved/"))
            .collect();
        let told: std::collections::BTreeSet<_> = told.iter().map(|path| name_in(path)).collect();
        assert_eq!(told, names.iter().copied().collect());
        assert_eq!(
            paths.len(),
            names.len() + 3,
            "and three that stand where they stand"
        );
        for (path, operations) in paths {
            let name = name_in(path.trim_start_matches("/moved/"));
            let first = operations.as_object().unwrap().values().next().unwrap();
            let id = first["operationId"].as_str().unwrap();
            assert!(id == name || id == "welcome", "{path} is {id}");
        }
        let off: Vec<String> = names.iter().map(|name| format!("{name} = false")).collect();
        let off = off.join("\n");
        let off = document(&config(&format!("[ROUTES]\n{off}")));
        assert!(
            off["paths"]
                .as_object()
                .unwrap()
                .keys()
                .eq(["/", "/healthz", "/readyz"])
        );
    }

    fn name_in(path: &str) -> &str {
        path.trim_end_matches("/{id}").trim_matches('/')
    }

    #[test]
    fn what_stands_once_is_the_same_wherever_it_is_meant() {
        let config = config("");
        let endpoints = crate::http::api::endpoints(&config);
        let shared = responses(&endpoints);
        for operation in endpoints.iter().flat_map(|endpoint| &endpoint.operations) {
            for answer in operation.answers.values() {
                if let Some(name) = shared_name(answer) {
                    assert_eq!(response(answer), shared[name], "{}: {name}", operation.id);
                }
            }
        }
    }

    #[test]
    fn every_sentence_is_told_in_both_languages() {
        let everything =
            "[ROUTES]\nobtain_jwt_token = \"/a\"\nrefresh_jwt_token = \"/b\"\nverify_jwt_token = \"/c\"\n";
        for endpoint in crate::http::api::endpoints(&config(everything)) {
            for operation in endpoint.operations {
                let answers = operation.answers.values();
                let meanings = answers.flat_map(|answer| answer.meanings.iter().copied());
                for words in meanings.chain([operation.summary]) {
                    assert!(!words.en.is_empty() && !words.ko.is_empty(), "{}", operation.id);
                    assert!(words.ko.chars().any(|c| ('가'..='힣').contains(&c)) || words.ko.is_ascii());
                }
                assert_eq!(operation.note.en.is_empty(), operation.note.ko.is_empty());
            }
        }
    }

    #[test]
    fn the_settings_show_in_what_is_told() {
        let told = document(&config(
            "CSRF_HEADER_NAME = \"HTTP_X_XSRF_TOKEN\"\n[SIMPLE_JWT]\nAUTH_COOKIE = \"access\"\nROTATE_REFRESH_TOKENS = \
             true\nAUTH_HEADER_TYPES = [\"JWT\"]\n[user.fields.nickname]\ntype = \"CharField\"\nmax_length = 20\nnull = false\n",
        ));
        let ways = &told["components"]["securitySchemes"];
        assert_eq!(ways["csrfToken"]["name"], "X-Xsrf-Token");
        assert_eq!(ways["bearer"]["in"], "header");
        assert_eq!(ways["accessCookie"]["name"], "access");
        assert_eq!(ways["refreshCookie"]["name"], "access_refresh");
        let schemas = &told["components"]["schemas"];
        assert_eq!(
            schemas["NewAccessToken"]["required"],
            json!(["access_token", "refresh_token"])
        );
        assert_eq!(schemas["Refreshed"]["required"], json!(["access", "refresh"]));
        assert_eq!(
            schemas["SignUp"]["properties"]["nickname"]["anyOf"][0]["maxLength"],
            20
        );
        assert!(
            schemas["SignUp"]["required"]
                .as_array()
                .unwrap()
                .contains(&json!("nickname"))
        );
        assert_eq!(schemas["User"]["properties"]["nickname"]["type"], "string");
        let refresh = &told["paths"]["/user/jwt_refresh"]["post"];
        assert_eq!(refresh["requestBody"]["required"], false);
        assert_eq!(
            refresh["security"],
            json!([{}, {"refreshCookie": [], "csrfToken": []}])
        );
        let me = &told["paths"]["/user/me"]["get"]["security"];
        assert_eq!(
            *me,
            json!([{"bearer": []}, {"accessCookie": []}, {"session": []}])
        );
    }
}
