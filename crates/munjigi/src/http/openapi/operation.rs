//! A route and what is told of it.

use crate::app::App;
use crate::config::Config;
use crate::i18n::Lang;
use axum::routing::MethodRouter;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A path: what is served there and what is told of it.
pub(in crate::http) struct Endpoint {
    /// The path, as it is told.
    pub(in crate::http) path: String,
    /// In which spellings it is served.
    pub(in crate::http) spelling: Spelling,
    /// Through which door it is asked.
    pub(in crate::http) door: Door,
    /// Whose pages may make a browser ask for it.
    pub(in crate::http) pages: Pages,
    /// What answers.
    pub(in crate::http) methods: MethodRouter<App>,
    /// What is told of each method.
    pub(in crate::http) operations: Vec<Operation>,
}

/// Whether pages of other origins are told what they may read (CORS).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Door {
    /// They are.
    Pages,
    /// No page asks for it: operators and other servers do.
    Servers,
}

/// In which spellings a path is served.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Spelling {
    /// With a slash at its end and without.
    Both,
    /// As it is.
    Exact,
}

/// Whose pages may make a browser send a request that changes something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Pages {
    /// Any: a cookie signs nobody in there.
    Any,
    /// Those that are trusted.
    Trusted,
}

/// A sentence in both languages of the page; the document speaks English.
#[derive(Clone, Copy)]
pub(in crate::http) struct Words {
    pub(in crate::http) en: &'static str,
    pub(in crate::http) ko: &'static str,
}

impl Words {
    /// Nothing to say.
    pub(in crate::http) const NONE: Self = Self { en: "", ko: "" };

    /// In a language.
    pub(in crate::http) fn say(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Ko => self.ko,
        }
    }
}

/// A group of routes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Tag {
    /// The notes' routes.
    Notes,
    /// simplejwt's.
    SimpleJwt,
    /// djangorestframework-jwt's.
    DrfJwt,
    /// What operators and programs ask.
    Server,
}

impl Tag {
    pub(super) const ALL: [Self; 4] = [Self::Notes, Self::SimpleJwt, Self::DrfJwt, Self::Server];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Notes => "accounts",
            Self::SimpleJwt => "simplejwt",
            Self::DrfJwt => "djangorestframework-jwt",
            Self::Server => "server",
        }
    }

    pub(super) fn words(self) -> Words {
        match self {
            Self::Notes => Words {
                en: "Sign-up and sign-in",
                ko: "회원가입과 로그인",
            },
            Self::SimpleJwt => Words {
                en: "djangorestframework-simplejwt's routes",
                ko: "djangorestframework-simplejwt의 경로",
            },
            Self::DrfJwt => Words {
                en: "djangorestframework-jwt's routes",
                ko: "djangorestframework-jwt의 경로",
            },
            Self::Server => Words {
                en: "The server itself",
                ko: "서버",
            },
        }
    }
}

/// A method of a path.
pub(in crate::http) struct Operation {
    pub(super) method: Method,
    pub(super) id: String,
    pub(super) tag: Tag,
    pub(super) summary: Words,
    pub(super) note: Words,
    pub(super) credentials: Credentials,
    pub(super) query: Vec<(&'static str, Value)>,
    /// What the braces in its path stand for.
    pub(super) of_one: Option<(&'static str, &'static str)>,
    pub(super) body: Option<Body>,
    pub(super) answers: BTreeMap<u16, Answer>,
}

impl Operation {
    /// An operation by its url name, of which nothing is told yet but what it is for.
    pub(in crate::http) fn new(method: Method, id: impl Into<String>, tag: Tag, summary: Words) -> Self {
        Self {
            method,
            id: id.into(),
            tag,
            summary,
            note: Words::NONE,
            credentials: Credentials::None,
            query: Vec::new(),
            of_one: None,
            body: None,
            answers: BTreeMap::new(),
        }
    }

    /// OPTIONS of the same path.
    pub(in crate::http) fn options(&self) -> Self {
        let words = Words {
            en: "The methods of this path",
            ko: "이 경로의 메서드",
        };
        let id = format!("{}_options", self.id);
        Self::new(Method::OPTIONS, id, self.tag, words)
    }

    /// What else is to be known.
    pub(in crate::http) fn note(mut self, en: &'static str, ko: &'static str) -> Self {
        self.note = Words { en, ko };
        self
    }

    /// By what it knows who asks.
    pub(in crate::http) fn by(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// A parameter of its query that may be left out, and the schema of what it may be.
    pub(in crate::http) fn asks(mut self, name: &'static str, schema: Value) -> Self {
        self.query.push((name, schema));
        self
    }

    /// The name in braces of its path, and what it stands for.
    pub(in crate::http) fn of_one(mut self, parameter: (&'static str, &'static str)) -> Self {
        self.of_one = Some(parameter);
        self
    }

    /// A body that it takes, as JSON and as a form.
    pub(in crate::http) fn takes(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    /// One more answer. Two of one status are one that may look either way.
    pub(in crate::http) fn answers(mut self, answer: Answer) -> Self {
        match self.answers.get_mut(&answer.status.as_u16()) {
            Some(known) => known.or(answer),
            None => drop(self.answers.insert(answer.status.as_u16(), answer)),
        }
        self
    }

    /// These answers too.
    pub(in crate::http) fn answers_all(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        answers.into_iter().fold(self, Self::answers)
    }

    /// For what it is, in a language.
    pub(in crate::http) fn summary(&self, lang: Lang) -> &'static str {
        self.summary.say(lang)
    }

    /// Its method, where a person would try it; OPTIONS is for programs.
    pub(in crate::http) fn shown_method(&self) -> Option<&Method> {
        Some(&self.method).filter(|method| **method != Method::OPTIONS)
    }
}

/// By what an operation knows who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Credentials {
    /// It does not ask.
    None,
    /// It must know: `IsAuthenticated`.
    Required,
    /// A session, or nobody.
    SignOut,
    /// A token in the body, in the header or in a cookie.
    TokenSignOut,
    /// A token in the body or in a cookie.
    Refresh,
}

/// What an operation takes.
pub(in crate::http) struct Body {
    pub(super) schema: Schema,
    pub(super) example: Value,
    pub(super) required: bool,
}

impl Body {
    /// A body that must be there.
    pub(in crate::http) fn required(schema: Schema, example: Value) -> Self {
        Self {
            schema,
            example,
            required: true,
        }
    }

    /// One that may be left out.
    pub(in crate::http) fn optional(schema: Schema, example: Value) -> Self {
        Self {
            required: false,
            ..Self::required(schema, example)
        }
    }
}

/// A named JSON schema; it depends on the settings.
#[derive(Clone, Copy)]
pub(in crate::http) struct Schema {
    pub(super) name: &'static str,
    pub(super) build: fn(&Config) -> Value,
}

impl Schema {
    pub(in crate::http) const fn new(name: &'static str, build: fn(&Config) -> Value) -> Self {
        Self { name, build }
    }

    pub(super) fn reference(&self) -> Value {
        json!({"$ref": format!("#/components/schemas/{}", self.name)})
    }
}

/// What an answer carries.
pub(super) enum Content {
    Nothing,
    Text(&'static str),
    Json(Vec<(Schema, Option<Value>)>),
}

/// A header of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Head {
    /// Some cookie is always set.
    Cookies,
    /// A cookie is set where that is needed.
    MaybeCookies,
    /// It may be kept.
    Kept,
    /// It names the state of what it shows.
    Tag,
}

/// An answer by its status.
pub(in crate::http) struct Answer {
    pub(super) status: StatusCode,
    pub(super) meanings: Vec<Words>,
    pub(super) content: Content,
    pub(super) heads: Vec<Head>,
}

impl Answer {
    fn new(status: StatusCode, content: Content, en: &'static str, ko: &'static str) -> Self {
        Self {
            status,
            meanings: vec![Words { en, ko }],
            content,
            heads: Vec::new(),
        }
    }

    /// JSON.
    pub(in crate::http) fn json(
        status: StatusCode,
        schema: Schema,
        en: &'static str,
        ko: &'static str,
    ) -> Self {
        Self::new(status, Content::Json(vec![(schema, None)]), en, ko)
    }

    /// A text of a media type.
    pub(in crate::http) fn text(media_type: &'static str, en: &'static str, ko: &'static str) -> Self {
        Self::new(StatusCode::OK, Content::Text(media_type), en, ko)
    }

    /// A status that says all.
    pub(in crate::http) fn nothing(status: StatusCode, en: &'static str, ko: &'static str) -> Self {
        Self::new(status, Content::Nothing, en, ko)
    }

    /// What its body may look like.
    pub(in crate::http) fn like(mut self, example: Value) -> Self {
        if let Content::Json(schemas) = &mut self.content
            && let Some((_, shown)) = schemas.first_mut()
        {
            *shown = Some(example);
        }
        self
    }

    /// A header beside those that every answer has.
    pub(in crate::http) fn with(mut self, head: Head) -> Self {
        self.heads.push(head);
        self
    }

    pub(super) fn is_refusal(&self) -> bool {
        self.status.is_client_error() || self.status.is_server_error()
    }

    /// The same status for another reason.
    fn or(&mut self, other: Self) {
        self.meanings.extend(other.meanings);
        self.heads.extend(other.heads);
        if let (Content::Json(known), Content::Json(new)) = (&mut self.content, other.content) {
            for (schema, example) in new {
                if !known.iter().any(|(other, _)| other.name == schema.name) {
                    known.push((schema, example));
                }
            }
        }
    }
}
