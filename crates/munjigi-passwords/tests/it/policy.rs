//! `password_policy.json`: verdicts and messages of Django's validators.

use crate::{password, text, vectors};
use munjigi_passwords::validation::{
    MinimumLengthValidator, PolicyError, UserAttribute, UserAttributeSimilarityValidator, Validator,
    django_validators, validate_password,
};
use serde_json::Value;

const FIELDS: [(&str, &str); 4] = [
    ("username", "username"),
    ("first_name", "first name"),
    ("last_name", "last name"),
    ("email", "email address"),
];

fn attributes(user: &Value) -> Vec<UserAttribute<'_>> {
    let attribute = |(name, verbose_name)| {
        user[name].as_str().map(|value| UserAttribute {
            name,
            verbose_name,
            value,
        })
    };
    FIELDS.into_iter().filter_map(attribute).collect()
}

fn validators(vector: &Value) -> Vec<Box<dyn Validator>> {
    match text(vector, "kind") {
        "validate_password" => django_validators(),
        "min_length" => {
            let min_length = vector["min_length"].as_u64().unwrap().try_into().unwrap();
            vec![Box::new(MinimumLengthValidator { min_length })]
        }
        "similarity" => {
            let names = FIELDS.map(|(name, _)| name.to_owned()).to_vec();
            let max_similarity = vector["max_similarity"].as_f64().unwrap();
            vec![Box::new(
                UserAttributeSimilarityValidator::new(names, max_similarity).unwrap(),
            )]
        }
        kind => panic!("no such kind: {kind}"),
    }
}

#[test]
fn every_password_is_judged_as_django_judges_it() {
    let file = vectors("password_policy.json");
    let vectors = file["vectors"].as_array().unwrap();
    let mut refused = 0;
    for vector in vectors {
        let user = attributes(&vector["user"]);
        let result = validate_password(&password(text(vector, "password")), &user, &validators(vector));
        let errors = result.err().unwrap_or_default();
        let codes: Vec<_> = errors.iter().map(PolicyError::code).collect();
        let messages: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(Value::from(codes), vector["codes"], "{vector}");
        assert_eq!(Value::from(messages), vector["messages"], "{vector}");
        refused += usize::from(!errors.is_empty());
    }
    assert_eq!((vectors.len(), refused), (123, 75));
}
