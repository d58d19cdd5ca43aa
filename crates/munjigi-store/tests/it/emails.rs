use munjigi_store::{Error, Store, UserModel, emails, users};
use munjigi_user::UserId;

use crate::support::{TestDatabase, new_user, on_both, sign_up};

on_both!(
    an_address_is_claimed_once,
    a_claim_of_a_user_who_is_gone_or_moved_is_taken_over,
    of_many_sign_ups_with_one_address_one_succeeds,
    who_gives_an_address_up_gives_up_his_own_alone,
);

async fn claim(store: &Store, address: &str, id: &UserId) -> munjigi_store::Result<()> {
    store
        .write((address.to_owned(), id.clone()), |tx, (address, id)| {
            Box::pin(emails::claim(tx, address, id))
        })
        .await
}

async fn an_address_is_claimed_once(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let one = sign_up(&store, "one", "A@x.org").await.unwrap();
    let two = sign_up(&store, "two", "a@X.org").await.unwrap();
    claim(&store, "a@x.org", &one.id).await.unwrap();
    claim(&store, "a@x.org", &one.id)
        .await
        .expect("his own claim stands in nobody's way");
    let error = claim(&store, "a@x.org", &two.id).await.unwrap_err();
    assert!(
        matches!(&error, Error::UniqueViolation { column, .. } if column == "email"),
        "{error}"
    );
    assert_eq!(
        emails::owner(&mut store.reader(), "a@x.org")
            .await
            .unwrap()
            .as_deref(),
        Some("1")
    );
    assert_eq!(emails::owner(&mut store.reader(), "b@x.org").await.unwrap(), None);
}

async fn a_claim_of_a_user_who_is_gone_or_moved_is_taken_over(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let gone = sign_up(&store, "gone", "a@x.org").await.unwrap();
    let moved = sign_up(&store, "moved", "b@x.org").await.unwrap();
    let heir = sign_up(&store, "heir", "").await.unwrap();
    claim(&store, "a@x.org", &gone.id).await.unwrap();
    claim(&store, "b@x.org", &moved.id).await.unwrap();
    db.execute("DELETE FROM user_user WHERE username = 'gone'");
    db.execute("UPDATE user_user SET email = 'c@x.org' WHERE username = 'moved'");
    for address in ["a@x.org", "b@x.org"] {
        claim(&store, address, &heir.id).await.unwrap();
        let owner = emails::owner(&mut store.reader(), address).await.unwrap();
        assert_eq!(owner, Some(heir.id.to_string()), "{address}");
    }
}

async fn of_many_sign_ups_with_one_address_one_succeeds(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let sign_ups = (0..20).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(new_user(&format!("user{number}"), "same@x.org"), |tx, new| {
                    Box::pin(async move {
                        let user = users::insert(tx, new).await?;
                        emails::claim(tx, "same@x.org", &user.id).await
                    })
                })
                .await
        })
    });
    let mut taken = 0;
    for sign_up in sign_ups.collect::<Vec<_>>() {
        match sign_up.await.unwrap() {
            Ok(()) => {}
            Err(Error::UniqueViolation { column, .. }) if column == "email" => taken += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(taken, 19);
    assert_eq!(
        db.rows("SELECT count(*) FROM user_user"),
        ["1"],
        "a refused sign-up leaves no user"
    );
}

async fn who_gives_an_address_up_gives_up_his_own_alone(db: &TestDatabase) {
    let store = db.store(UserModel::user_user()).await;
    let one = sign_up(&store, "one", "a@x.org").await.unwrap();
    let two = sign_up(&store, "two", "b@x.org").await.unwrap();
    for (address, id) in [("a@x.org", &one.id), ("old@x.org", &one.id), ("b@x.org", &two.id)] {
        claim(&store, address, id).await.unwrap();
    }
    let claims = || db.rows("SELECT folded, user_id FROM munjigi_email ORDER BY folded");
    for address in ["b@x.org", "old@x.org", "never@x.org"] {
        let given_up = store.write((address.to_owned(), one.id.clone()), |tx, (address, id)| {
            Box::pin(emails::release(tx, address, id))
        });
        given_up.await.unwrap();
    }
    assert_eq!(claims(), ["a@x.org|1", "b@x.org|2"]);
    let all = store.write(one.id, |tx, id| Box::pin(emails::release_all(tx, id)));
    all.await.unwrap();
    assert_eq!(claims(), ["b@x.org|2"]);
}
