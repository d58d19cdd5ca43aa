//! `/docs`: the same for people, in their language. No script runs on it, and nothing is loaded.

use super::operation::{Body, Endpoint, Operation, Tag, Words};
use crate::config::Config;
use crate::i18n::Lang;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::LazyLock;

/// `Content-Security-Policy` of the page: its own style, and nothing else.
pub(in crate::http) static STYLE_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}\
h2{margin-top:3rem;border-bottom:1px solid #999}h3{margin-top:2rem}\
code,pre{font:14px/1.4 ui-monospace,monospace}pre{padding:.75rem;overflow-x:auto;background:#f2f2f2}\
table{border-collapse:collapse}td{padding:.2rem .75rem .2rem 0;vertical-align:top}\
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}pre{background:#242424}a{color:#8ab4f8}}";

/// What is served under these settings, as HTML. `base` is the server as the client reached it.
pub(in crate::http) fn page(config: &Config, base: &str, lang: Lang) -> String {
    let endpoints = crate::http::api::endpoints(config);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>munjigi</title>\n<style>{STYLE}</style>\n<h1>munjigi</h1>\n<p>{}</p>\n",
        lang.code(),
        INTRODUCTION.say(lang)
    );
    if let Some(path) = &config.routes.openapi {
        let path = escaped(path);
        // Writing to a String cannot fail.
        let _ = writeln!(html, "<p><a href=\"{path}\">{path}</a> (OpenAPI 3.1)</p>");
    }
    for tag in Tag::ALL {
        let of_tag = endpoints.iter().flat_map(|endpoint| {
            let operations = endpoint.operations.iter();
            let of_tag =
                operations.filter(|operation| operation.tag == tag && operation.shown_method().is_some());
            of_tag.map(move |operation| (endpoint, operation))
        });
        let sections: String = of_tag
            .map(|(endpoint, operation)| section(endpoint, operation, base, lang))
            .collect();
        if !sections.is_empty() {
            let _ = write!(html, "<h2>{}</h2>\n{sections}", escaped(tag.words().say(lang)));
        }
    }
    html.push_str("</html>\n");
    html
}

const INTRODUCTION: Words = Words {
    en: "Each path is served with and without a slash at its end. Bodies are JSON or forms. Answers are in the language \
         that Accept-Language asks for, and every refusal has a stable word in the header Munjigi-Error.",
    ko: "모든 경로는 끝에 슬래시가 있어도 없어도 됩니다. 본문은 JSON이나 폼입니다. 답은 Accept-Language가 원하는 언어로 오고, \
         거절에는 Munjigi-Error 헤더에 정해진 낱말이 있습니다.",
};

fn section(endpoint: &Endpoint, operation: &Operation, base: &str, lang: Lang) -> String {
    let mut html = format!(
        "<h3 id=\"{}\"><code>{} {}</code> {}</h3>\n",
        escaped(&operation.id),
        operation.method,
        escaped(&endpoint.path),
        escaped(operation.summary(lang))
    );
    let note = operation.note.say(lang);
    if !note.is_empty() {
        let _ = writeln!(html, "<p>{}</p>", escaped(note));
    }
    let _ = writeln!(html, "<pre>{}</pre>", escaped(&curl(endpoint, operation, base)));
    html.push_str("<table>\n");
    for (status, answer) in &operation.answers {
        let meanings: Vec<String> = answer
            .meanings
            .iter()
            .map(|words| escaped(words.say(lang)))
            .collect();
        let _ = writeln!(html, "<tr><td><code>{status}</code><td>{}", meanings.join("<br>"));
    }
    html.push_str("</table>\n");
    html
}

/// A line to try it with.
fn curl(endpoint: &Endpoint, operation: &Operation, base: &str) -> String {
    let mut line = format!("curl {base}{}", endpoint.path);
    match &operation.body {
        Some(Body { example, .. }) => {
            let _ = write!(
                line,
                " \\\n  -H 'Content-Type: application/json' \\\n  -d '{}'",
                spaced(example)
            );
        }
        None if operation.method == Method::GET => {}
        None => {
            let _ = write!(line, " -X {}", operation.method);
        }
    }
    if operation.credentials == super::Credentials::Required {
        line.push_str(" -H 'Authorization: Bearer <access_token>'");
    }
    line
}

/// As one types it: a space behind each colon and comma.
fn spaced(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(name, value)| format!("\"{name}\": {}", spaced(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Text within HTML, or within a quoted attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
