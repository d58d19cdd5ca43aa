//! `munjigi shadow` on its own: what passes through it is neither mended nor blamed on the wrong one, and a rehearsal keeps
//! nobody waiting. What the real Django makes of it is in `interop/test_shadow.py`.

use crate::support::{Database, mseo_signs_in, on_both, slow};
use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use munjigi::App;
use munjigi::shadow::{Report, Shadow, Upstream};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::ServiceExt;

on_both!(
    a_rehearsal_hashes_nothing_while_it_holds_the_database,
    the_answer_to_a_head_is_given_no_length_that_django_did_not_give,
    a_client_that_breaks_off_is_not_blamed_on_django,
);

/// In front of something that answers each request with these bytes.
async fn in_front_of(app: &App, answer: &'static str) -> Shadow {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await?);
                }
                stream.write_all(answer.as_bytes()).await?;
                // Until the other side has left: what it still sends must not be answered with a reset.
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
            });
        }
    });
    let upstream = Upstream::new(&url, Duration::from_secs(20)).unwrap();
    Shadow::new(app.clone(), upstream, Report::default())
}

async fn send(shadow: &Shadow, method: Method, path: &str, body: Body) -> Response<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:8000")
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .unwrap();
    shadow.router().oneshot(request).await.unwrap()
}

async fn a_rehearsal_hashes_nothing_while_it_holds_the_database(database: Database) {
    let server = database.server().await;
    server.signed_up().await;
    server.set_password("mseo", "slow$old$1234").await;
    let (hashers, mut has_begun, go_on) = slow();
    let server = server.hashing_with(hashers, &[]).await;
    let shadow = in_front_of(&server.app, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let meanwhile = async {
        has_begun.recv().await.unwrap();
        // Somebody stores it anew while it is verified here.
        server.set_password("mseo", "slow$0$1234").await;
        go_on.send(()).unwrap();
        go_on.send(()).unwrap();
    };
    let body = Body::from(mseo_signs_in().to_string());
    let (answer, ()) = tokio::join!(send(&shadow, Method::POST, "/user/jwt_signin", body), meanwhile);
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(has_begun.try_recv().is_err(), "a second hash in the transaction");
    let counts = &shadow.report().tally().0["jwt_signin"];
    assert_eq!((counts.compared, counts.without_verdict["unavailable"]), (0, 1));
}

async fn the_answer_to_a_head_is_given_no_length_that_django_did_not_give(database: Database) {
    let server = database.server().await;
    for (answer, length) in [
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", None),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", Some("5")),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", None),
    ] {
        let shadow = in_front_of(&server.app, answer).await;
        let told = send(&shadow, Method::HEAD, "/files/a", Body::empty()).await;
        let told = told.headers().get(CONTENT_LENGTH);
        assert_eq!(told.map(|length| length.to_str().unwrap()), length, "{answer}");
    }
    let shadow = in_front_of(&server.app, "HTTP/1.1 304 Not Modified\r\n\r\n").await;
    let told = send(&shadow, Method::GET, "/files/a", Body::empty()).await;
    assert_eq!(told.headers().get(CONTENT_LENGTH), None);
}

/// A body that ends in the middle.
fn broken() -> Body {
    let begun = Full::new("{\"username\":".into()).map_err(|never| match never {});
    let broken = begun.with_trailers(async { Some(Err(io::Error::other("the client left"))) });
    // So that nobody takes what has come for all of it.
    Body::new(broken.map_frame(|frame| frame))
}

async fn a_client_that_breaks_off_is_not_blamed_on_django(database: Database) {
    let server = database.server().await;
    let shadow = in_front_of(&server.app, "").await;
    for path in ["/files/a", "/user/jwt_signin"] {
        let told = send(&shadow, Method::POST, path, broken()).await;
        assert_eq!(told.status(), StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(told.headers()["munjigi-error"], "body_broken", "{path}");
    }
    let counts = &shadow.report().tally().0["jwt_signin"];
    assert_eq!((counts.compared, counts.without_verdict["body_broken"]), (0, 1));
}
