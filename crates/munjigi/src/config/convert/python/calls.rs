//! The calls that settings files make: `timedelta`, the environment in its many spellings, files, casts, methods of
//! texts.

use super::Python;
use super::arithmetic::{merged, number, whole};
use super::expression::{Beyond, MOST_KEYS, Parsed, Parser, is_environment};

/// Arguments with their names, where they have them.
type Arguments = Vec<(Option<String>, Python)>;

impl Parser<'_> {
    /// A call, behind its parenthesis.
    pub(super) fn call(&mut self, function: &str) -> Parsed {
        match function {
            "timedelta" | "datetime.timedelta" | "dt.timedelta" => self.timedelta(),
            "open" | "io.open" | "Path" | "pathlib.Path" => self.file(),
            // A title to be translated is its text.
            "_" | "gettext_lazy" | "gettext" => self.only_argument(),
            "int" | "float" | "str" | "bool" => {
                let value = self.only_argument()?;
                cast(value, function)
            }
            "list" | "tuple" | "set" => match self.only_argument()? {
                Python::Sequence(items) => Ok(Python::Sequence(items)),
                _ => Err(Beyond),
            },
            "dict" => self.pairs().map(Python::Dict),
            _ if reads_environment(function) => self.environment(function),
            _ => Err(Beyond),
        }
    }

    /// Methods of what was read: `.lower()`, `.read()`.
    pub(super) fn methods(&mut self, mut value: Python) -> Parsed {
        while self.is_op('.') {
            let Some(method) = self.tokens.get(self.at + 1).and_then(|token| token.name()) else {
                return Err(Beyond);
            };
            let is_call = self.tokens.get(self.at + 2).is_some_and(|token| token.is('('));
            if !is_call {
                return Err(Beyond);
            }
            self.at += 3;
            let arguments = self.arguments()?;
            value = match (value, method) {
                (
                    Python::File(path),
                    "read" | "read_text" | "read_bytes" | "strip" | "rstrip" | "encode" | "decode",
                ) => Python::File(path),
                // The path is an expression of its own: `(BASE_DIR / "key.pem").read_text()`.
                (Python::Unknown(path), "read_text" | "read_bytes") => Python::File(path.text),
                (Python::Text(text), "lower") => Python::Text(text.to_lowercase()),
                (Python::Text(text), "upper") => Python::Text(text.to_uppercase()),
                (Python::Text(text), "strip") if arguments.is_empty() => Python::Text(text.trim().to_owned()),
                (Python::Text(text), "split") => split(&text, &arguments)?,
                _ => return Err(Beyond),
            };
        }
        Ok(value)
    }

    /// `timedelta(days, seconds, …, minutes=5)`.
    fn timedelta(&mut self) -> Parsed {
        const UNITS: [(&str, f64); 7] = [
            ("days", 86_400.0),
            ("seconds", 1.0),
            ("microseconds", 1e-6),
            ("milliseconds", 1e-3),
            ("minutes", 60.0),
            ("hours", 3600.0),
            ("weeks", 604_800.0),
        ];
        let mut total = 0.0;
        for (position, (key, value)) in self.arguments()?.into_iter().enumerate() {
            let unit = match &key {
                Some(key) => UNITS.iter().find(|(name, _)| name == key),
                None => UNITS.get(position),
            };
            total += number(&value).ok_or(Beyond)? * unit.ok_or(Beyond)?.1;
        }
        whole(total).map(Python::Seconds).ok_or(Beyond)
    }

    /// `open(path)`, whatever the path is made of.
    fn file(&mut self) -> Parsed {
        let start = self.at;
        let path = match self.item() {
            Python::Text(path) => path,
            _ => self.passage(start, self.at).text,
        };
        self.separator(')')?;
        self.arguments()?;
        Ok(Python::File(path))
    }

    /// `os.environ.get("NAME", "default")`, `env.int("NAME", default=5)`, `config("NAME", cast=bool)`, and what projects
    /// call their own such functions.
    fn environment(&mut self, function: &str) -> Parsed {
        let outer = self.variables.len();
        let arguments = self.arguments()?;
        let mut positional = arguments
            .iter()
            .filter(|(key, _)| key.is_none())
            .map(|(_, value)| value);
        let Some(Python::Text(name)) = positional.next() else {
            return Err(Beyond);
        };
        self.variables
            .insert(outer.min(self.variables.len()), name.clone());
        let named = |wanted: &str| {
            arguments
                .iter()
                .find(|(key, _)| key.as_deref() == Some(wanted))
                .map(|(_, value)| value)
        };
        let default = named("default").or_else(|| positional.next());
        // These two answer None for what is not set; the others stop the start.
        let is_get = function
            .rsplit_once('.')
            .is_some_and(|(path, get)| get == "get" && is_environment(path));
        let has_none = is_get || function.ends_with("getenv");
        let value = match default {
            Some(Python::Unknown(_)) => return Err(Beyond),
            Some(default) => default.clone(),
            None if has_none => Python::None,
            None => return Err(Beyond),
        };
        match named("cast") {
            Some(Python::Unknown(kind)) => cast(value, &kind.text),
            Some(_) => Err(Beyond),
            None => Ok(value),
        }
    }

    fn only_argument(&mut self) -> Parsed {
        let mut arguments = self.arguments()?.into_iter();
        match (arguments.next(), arguments.next()) {
            (Some((None, value)), None) => Ok(value),
            _ => Err(Beyond),
        }
    }

    /// `({…}, key=…)`, behind the parenthesis: the arguments of `dict` and `update`.
    pub(super) fn pairs(&mut self) -> Parsed<Vec<(Python, Python)>> {
        let mut pairs = Vec::new();
        while !self.take(')') {
            pairs = match self.keyword() {
                Some(key) => {
                    let value = self.noted(Self::item);
                    merged(pairs, vec![(Python::Text(key), value)])
                }
                None => match self.item() {
                    Python::Dict(more) => merged(pairs, more),
                    _ => return Err(Beyond),
                },
            };
            self.separator(')')?;
            if pairs.len() > MOST_KEYS {
                return Err(Beyond);
            }
        }
        Ok(pairs)
    }

    /// Arguments up to the parenthesis.
    pub(super) fn arguments(&mut self) -> Parsed<Arguments> {
        let mut arguments = Vec::new();
        while !self.take(')') {
            let key = self.keyword();
            arguments.push((key, self.item()));
            self.separator(')')?;
        }
        Ok(arguments)
    }

    /// The name of an argument, with its sign of equality.
    fn keyword(&mut self) -> Option<String> {
        let key = match self.tokens.get(self.at..self.at + 2)? {
            [name, equals] if equals.is('=') => name.name()?.to_owned(),
            _ => return None,
        };
        self.at += 2;
        Some(key)
    }
}

/// Whether a function is called like one that reads the environment: `env`, `env.bool`, `get_env_value`, `config`.
fn reads_environment(function: &str) -> bool {
    let is_word = |word: &str| ["env", "environ", "getenv", "environment"].contains(&word);
    let mut segments = function.split('.');
    let is_config = function.rsplit('.').next() == Some("config");
    is_config || segments.any(|segment| segment.to_lowercase().split('_').any(is_word))
}

/// `int("60")`; decouple's booleans.
fn cast(value: Python, kind: &str) -> Parsed {
    let text = match (&value, kind) {
        (Python::Bool(_), "bool") | (Python::Int(_), "int") | (Python::Float(_), "float") => {
            return Ok(value);
        }
        (Python::Text(_), "str") => return Ok(value),
        (Python::Int(number), "float" | "str") => number.to_string(),
        (Python::Text(text), _) => text.trim().to_lowercase(),
        _ => return Err(Beyond),
    };
    match kind {
        "int" => text.parse().map(Python::Int).map_err(|_| Beyond),
        "float" => text.parse().map(Python::Float).map_err(|_| Beyond),
        "str" => Ok(Python::Text(text)),
        "bool" if ["true", "1", "yes", "on", "y", "t"].contains(&text.as_str()) => Ok(Python::Bool(true)),
        "bool" if ["false", "0", "no", "off", "n", "f", ""].contains(&text.as_str()) => {
            Ok(Python::Bool(false))
        }
        _ => Err(Beyond),
    }
}

fn split(text: &str, arguments: &Arguments) -> Parsed {
    let parts: Vec<_> = match arguments.as_slice() {
        [] => text.split_whitespace().collect(),
        [(None, Python::Text(separator))] if !separator.is_empty() => {
            text.split(separator.as_str()).collect()
        }
        _ => return Err(Beyond),
    };
    Ok(Python::Sequence(
        parts
            .into_iter()
            .map(|part| Python::Text(part.to_owned()))
            .collect(),
    ))
}
