//! The sealed successor: the same token again, whatever signs it, and nothing in the database that could be used.

use super::{BLACKLIST, ROTATE, refresh, signed_up};
use crate::support::{Database, START, at_once, claims, header, on_both, run};
use jiff::Timestamp;
use munjigi::clock::entropy;
use munjigi::keys::StoredRing;
use munjigi_tokens::Algorithm;

on_both!(no_token_that_was_given_out_is_in_the_database);

/// Signatures of ES* and PS* are random: what is answered again is the very token.
#[test]
fn under_every_pair_of_keys_a_token_is_answered_again_byte_for_byte() {
    let pairs = Algorithm::ALL
        .iter()
        .filter(|algorithm| !algorithm.is_symmetric());
    for algorithm in pairs {
        let file =
            std::env::temp_dir().join(format!("munjigi-sealed-{}-{algorithm}.json", std::process::id()));
        let _ = std::fs::remove_file(&file);
        StoredRing::generate(
            &file,
            *algorithm,
            Timestamp::from_second(START).unwrap(),
            &mut entropy(),
        )
        .unwrap();
        run(async {
            let ring = ("SIMPLE_JWT__KEY_RING", file.to_str().unwrap());
            let server = signed_up(Database::sqlite(), &[ROTATE, BLACKLIST, ring]).await;
            let (_, first) = server.tokens().await;
            let second = refresh(&server, &first).await.expect_status(200).text("refresh");
            assert_eq!(header(&second)["alg"], algorithm.to_string());
            for reply in at_once((0..3).map(|_| refresh(&server, &first))).await {
                let reply = reply.expect_status(200);
                assert_eq!(reply.text("refresh"), second, "{algorithm}");
                assert_eq!(claims(&reply.text("access"))["sid"], claims(&first)["sid"]);
            }
            refresh(&server, &second).await.expect_status(200);
        });
        std::fs::remove_file(&file).unwrap();
    }
}

#[test]
fn under_every_secret_a_token_is_answered_again_byte_for_byte() {
    for algorithm in Algorithm::ALL.iter().filter(|algorithm| algorithm.is_symmetric()) {
        run(async {
            let name = algorithm.to_string();
            let key = ("SIMPLE_JWT__SIGNING_KEY", "0123456789abcdef".repeat(4));
            let settings = [
                ROTATE,
                BLACKLIST,
                ("SIMPLE_JWT__ALGORITHM", name.as_str()),
                (key.0, &key.1),
            ];
            let server = signed_up(Database::sqlite(), &settings).await;
            let (_, first) = server.tokens().await;
            let second = refresh(&server, &first).await.expect_status(200).text("refresh");
            assert_eq!(
                refresh(&server, &first).await.text("refresh"),
                second,
                "{algorithm}"
            );
        });
    }
}

async fn no_token_that_was_given_out_is_in_the_database(database: Database) {
    let server = signed_up(database, &[ROTATE, BLACKLIST]).await;
    let (access, mut token) = server.tokens().await;
    let mut given = vec![access, token.clone()];
    for _ in 0..4 {
        let reply = refresh(&server, &token).await.expect_status(200);
        token = reply.text("refresh");
        given.extend([reply.text("access"), token.clone()]);
    }
    let kept = server.dump().await;
    let contains = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    // The ids are there, so this looks at the right place.
    assert!(contains(claims(&token)["jti"].as_str().unwrap()));
    for token in given {
        let signature = token.rsplit('.').next().unwrap();
        let payload = token.split('.').nth(1).unwrap();
        assert!(!contains(&token) && !contains(signature) && !contains(payload));
    }
}
