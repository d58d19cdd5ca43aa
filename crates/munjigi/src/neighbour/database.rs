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
const OF_DJANGO: [&str; 5] = [
    "init_command",
    "transaction_mode",
    "timeout",
    "server_side_binding",
    "isolation_level",
];

/// Options that say nothing without each other.
const PAIR: [&str; 2] = ["sslcert", "sslkey"];

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
    let is_of_the_way = |name: &&String| !OF_DJANGO.contains(&name.as_str());
    let names = database.options.keys().filter(is_of_the_way).map(String::as_str);
    let (pair, alone): (Vec<&str>, Vec<&str>) = names.partition(|name| PAIR.contains(name));
    // The pair comes last, when it is known whether there is any TLS.
    let groups = alone.chunks(1).chain([pair.as_slice()]);
    for names in groups.filter(|names| !names.is_empty()) {
        let mut longer = url.clone();
        for name in names {
            let sign = if longer.contains('?') { '&' } else { '?' };
            longer.push(sign);
            longer.push_str(name);
            longer.push('=');
            match database.options.get(*name) {
                Some(Value::String(text)) => escape(&mut longer, text),
                other => escape(&mut longer, &other.unwrap_or(&Value::Null).to_string()),
            }
        }
        match longer.parse::<DatabaseUrl>() {
            Ok(_) => *url = longer,
            Err(error) => notes.extend(names.iter().map(|name| not_taken(name, &error))),
        }
    }
    let others = database.other_options.iter();
    notes.extend(others.map(|name| {
        format!("OPTIONS[\"{name}\"] of the project's database is not told; write it into DATABASE_URL if it matters.")
    }));
}

/// Why an option is not in the URL, as a sentence without its value.
fn not_taken(name: &str, error: &munjigi_store::Error) -> String {
    let why = match name {
        "service" => {
            "names a section of pg_service.conf, which munjigi does not read. Write what stands there into DATABASE_URL."
                .to_owned()
        }
        "passfile" => {
            "names a file of passwords, which munjigi does not read. Write the password into DATABASE_URL.".to_owned()
        }
        "pool" => {
            "is of Django's driver. munjigi has a pool of its own, whose size is `connection_limit` in DATABASE_URL."
                .to_owned()
        }
        _ if PAIR.contains(&name) || name == "sslmode" => format!("is not taken: {error}"),
        _ => "has no counterpart in DATABASE_URL.".to_owned(),
    };
    format!("OPTIONS[\"{name}\"] of the project's database {why}")
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
