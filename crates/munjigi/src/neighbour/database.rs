//! `DATABASES` as one URL.

use super::report::{Database, Secret};
use munjigi_store::DatabaseUrl;
use serde_json::Value;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// The URL, and what of the project's way to the database it does not say.
pub(super) struct Address {
    pub(super) url: Zeroizing<String>,
    pub(super) notes: Vec<String>,
}

/// Where libpq looks for a socket where no host is given, on Debian and most others.
const SOCKET: &str = "/var/run/postgresql";

/// Options of Django's backends that are not of the way to the database.
const OF_DJANGO: [&str; 6] = [
    "init_command",
    "transaction_mode",
    "timeout",
    "pool",
    "server_side_binding",
    "isolation_level",
];

/// The URL of the project's database, or why there is none, as a sentence.
pub(super) fn address(database: &Database, password: Option<&Secret>) -> Result<Address, String> {
    let mut notes = Vec::new();
    let name = database.name.as_deref().unwrap_or_default();
    let mut url = if database.vendor == "sqlite" {
        // `sqlite://x` is `x`, and Python keeps two slashes at the start of a path.
        let root = if name.starts_with('/') { "/" } else { "" };
        Zeroizing::new(format!("sqlite:{root}{}", name.trim_start_matches('/')))
    } else {
        postgres(database, password, &mut notes)
    };
    if let Err(error) = url.parse::<DatabaseUrl>() {
        return Err(format!(
            "The project's database \"{name}\" cannot be written as a URL: {error}"
        ));
    }
    if database.vendor == "postgresql" {
        options(database, &mut url, &mut notes);
    }
    Ok(Address { url, notes })
}

fn postgres(database: &Database, password: Option<&Secret>, notes: &mut Vec<String>) -> Zeroizing<String> {
    let mut url = Zeroizing::new("postgres://".to_owned());
    let user = database.user.as_deref().unwrap_or_default();
    if !user.is_empty() {
        escape(&mut url, user);
        if let Some(password) = password {
            url.push(':');
            escape(&mut url, password.expose());
        }
        url.push('@');
    }
    match database.host.as_deref().unwrap_or_default() {
        "" => {
            notes.push(format!(
                "The project names no host; {SOCKET} is where its driver looks for a socket."
            ));
            escape(&mut url, SOCKET);
        }
        socket if socket.starts_with(['/', '@']) => escape(&mut url, socket),
        address if address.contains(':') && !address.starts_with('[') => {
            url.push('[');
            url.push_str(address);
            url.push(']');
        }
        hosts => url.push_str(hosts),
    }
    match &database.port {
        Some(Value::String(port)) if !port.is_empty() => url.extend([":", port]),
        Some(Value::Number(port)) => url.extend([":", &port.to_string()]),
        _ => {}
    }
    url.push('/');
    escape(&mut url, database.name.as_deref().unwrap_or_default());
    url
}

/// Adds those of the options that munjigi takes, and notes the others.
fn options(database: &Database, url: &mut Zeroizing<String>, notes: &mut Vec<String>) {
    let mut sign = '?';
    for (name, value) in &database.options {
        if OF_DJANGO.contains(&name.as_str()) {
            continue;
        }
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut longer = url.clone();
        longer.push(sign);
        longer.push_str(name);
        longer.push('=');
        escape(&mut longer, &text);
        if longer.parse::<DatabaseUrl>().is_ok() {
            *url = longer;
            sign = '&';
        } else {
            notes.push(format!(
                "OPTIONS[\"{name}\"] of the project's database has no counterpart in DATABASE_URL."
            ));
        }
    }
    let others = database.other_options.iter();
    notes.extend(others.map(|name| {
        format!("OPTIONS[\"{name}\"] of the project's database is not told; write it into DATABASE_URL if it matters.")
    }));
}

/// Percent-encodes everything but letters, digits and `-._~` (RFC 3986, section 2.3).
fn escape(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // A String takes all that is written.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}
