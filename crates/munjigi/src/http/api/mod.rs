//! The routes, a file for each family of them: the handlers, and beside each what is told of it. The notes' own are in `user`,
//! simplejwt's in `token`, djangorestframework-jwt's in `drf_jwt`. What OPTIONS answers (`metadata`) and who takes no JSON
//! (`negotiation`) is the same for all of DRF's.

mod account;
mod drf_jwt;
mod ended;
mod jwks;
mod metadata;
mod negotiation;
mod openapi;
mod probe;
mod reset;
mod sessions;
mod token;
mod user;
mod welcome;

pub(super) use probe::is_probe;

use super::cross_site;
use super::error::Error;
use super::openapi::{Answer, Door, Endpoint, Operation, Pages, Schema, Spelling};
use crate::app::App;
use crate::config::Config;
use axum::handler::Handler;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{self, MethodRouter};
use axum::{Json, Router};
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use metadata::View;
use serde_json::{Value, json};

/// Everything that is served under these settings, in the order in which it is told.
pub(super) fn endpoints(config: &Config) -> Vec<Endpoint> {
    let mut endpoints = written_endpoints(config);
    endpoints.push(welcome::endpoint());
    endpoints.extend(probe::endpoints());
    endpoints
}

/// Those that `[ROUTES]` names.
fn written_endpoints(config: &Config) -> Vec<Endpoint> {
    let mut endpoints = user::endpoints(config);
    endpoints.extend(account::password_change(config));
    endpoints.extend(reset::endpoints(config));
    endpoints.extend(sessions::endpoints(config));
    endpoints.extend(token::endpoints(config));
    endpoints.extend(drf_jwt::endpoints(config));
    endpoints.extend(jwks::endpoint(config));
    endpoints.extend(ended::endpoint(config));
    endpoints.extend(openapi::endpoints(config));
    endpoints
}

/// The routers of [`endpoints`], one for each door.
pub(super) struct Routers {
    pub(super) pages: Router<App>,
    pub(super) servers: Router<App>,
}

pub(super) fn routers(app: &App) -> Routers {
    routers_of(app, endpoints)
}

/// The routers of what `[ROUTES]` names, without the welcome page and the probes.
pub(super) fn nested_routers(app: &App) -> Routers {
    routers_of(app, written_endpoints)
}

/// The one place where a path becomes a route.
fn routers_of(app: &App, endpoints: fn(&Config) -> Vec<Endpoint>) -> Routers {
    let foreign = from_fn_with_state(app.clone(), cross_site::refuse);
    let router = |door| {
        let through = endpoints(app.config())
            .into_iter()
            .filter(|endpoint| endpoint.door == door);
        through.fold(Router::new(), |router, endpoint| {
            let methods = match endpoint.pages {
                Pages::Any => endpoint.methods,
                Pages::Trusted => endpoint.methods.route_layer(foreign.clone()),
            };
            spellings(&endpoint.path, endpoint.spelling)
                .into_iter()
                .fold(router, |router, path| router.route(&path, methods.clone()))
        })
    };
    Routers {
        pages: router(Door::Pages),
        servers: router(Door::Servers),
    }
}

fn spellings(path: &str, spelling: Spelling) -> Vec<String> {
    match spelling {
        Spelling::Exact => vec![path.to_owned()],
        Spelling::Both => {
            let bare = path.strip_suffix('/').unwrap_or(path);
            vec![bare.to_owned(), format!("{bare}/")]
        }
    }
}

/// A path that takes POST. Pages that are not trusted may not make a browser send one.
fn post<H: Handler<T, App>, T: 'static>(
    path: Option<&String>,
    told: Operation,
    handler: H,
) -> Option<Endpoint> {
    let methods = routing::post(handler).options(async || ());
    let endpoint = endpoint(
        path?.clone(),
        vec![silent(&told), told],
        only("POST, OPTIONS", methods),
    );
    Some(Endpoint {
        pages: Pages::Trusted,
        ..endpoint
    })
}

/// A path of DRF's that takes POST, and answers OPTIONS with what stands there. It is told with a slash at its end, as
/// Django's projects write it.
fn view<H: Handler<T, App>, T: 'static>(
    config: &Config,
    path: Option<&String>,
    (view, told): (&View, Operation),
    handler: H,
) -> Option<Endpoint> {
    let path = format!("{}/", path?);
    let metadata = view.describe(&config.user_model.username_field);
    let options = described(&told, metadata.clone());
    let methods = routing::post(handler).options(async move || Json(metadata));
    Some(endpoint(
        path,
        vec![options, told],
        only("POST, OPTIONS", methods),
    ))
}

/// A path that takes GET.
fn get<H: Handler<T, App>, T: 'static>(
    path: Option<&String>,
    told: Operation,
    handler: H,
) -> Option<Endpoint> {
    let methods = routing::get(handler).options(async || ());
    Some(endpoint(
        path?.clone(),
        vec![silent(&told), told],
        only("GET, OPTIONS", methods),
    ))
}

/// A path that takes GET, and is none of DRF's.
fn page<H: Handler<T, App>, T: 'static>(
    path: Option<&String>,
    told: Operation,
    handler: H,
) -> Option<Endpoint> {
    Some(endpoint(path?.clone(), vec![told], routing::get(handler)))
}

/// The same under a path that no setting moves.
fn fixed<H: Handler<T, App>, T: 'static>(path: &str, told: Operation, handler: H) -> Endpoint {
    Endpoint {
        spelling: Spelling::Exact,
        ..endpoint(path.to_owned(), vec![told], routing::get(handler))
    }
}

fn endpoint(path: String, mut operations: Vec<Operation>, methods: MethodRouter<App>) -> Endpoint {
    operations.reverse();
    Endpoint {
        path,
        spelling: Spelling::Both,
        door: Door::Pages,
        pages: Pages::Any,
        methods,
        operations,
    }
}

/// What is told of OPTIONS where nothing but `Allow` is answered.
fn silent(told: &Operation) -> Operation {
    told.options().answers_all(refusals()).answers(Answer::nothing(
        StatusCode::OK,
        "The header Allow names the methods.",
        "Allow 헤더에 메서드가 있습니다.",
    ))
}

/// What is told of OPTIONS where DRF's metadata is answered.
fn described(told: &Operation, metadata: Value) -> Operation {
    told.options().answers_all(refusals()).answers(
        Answer::json(
            StatusCode::OK,
            METADATA,
            "What the view takes, as DRF's SimpleMetadata tells it.",
            "DRF의 SimpleMetadata입니다.",
        )
        .like(metadata),
    )
}

const METADATA: Schema = Schema::new("Metadata", |_| {
    json!({
        "type": "object",
        "required": ["name", "description", "renders", "parses", "actions"],
        "properties": {
            "name": {"type": "string"},
            "description": {"type": "string"},
            "renders": {"type": "array", "items": {"type": "string"}},
            "parses": {"type": "array", "items": {"type": "string"}},
            "actions": {"type": "object"},
        },
    })
});

/// Refuses every other method in DRF's words and who takes no JSON, and names the methods on each answer, as DRF does.
fn only(allow: &'static str, methods: MethodRouter<App>) -> MethodRouter<App> {
    methods
        .fallback(async |method: Method| Error::MethodNotAllowed(method))
        .layer(from_fn(negotiation::negotiate))
        .layer(map_response(move |mut response: Response| async move {
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(allow));
            response
        }))
}

/// What may befall every request to a path of DRF's: also that the client takes no JSON.
fn refusals() -> impl Iterator<Item = Answer> {
    let not_acceptable = Answer::json(
        StatusCode::NOT_ACCEPTABLE,
        super::openapi::DETAIL,
        "The client does not take JSON.",
        "JSON을 받지 않는 클라이언트입니다.",
    );
    super::openapi::fails().into_iter().chain([not_acceptable])
}
