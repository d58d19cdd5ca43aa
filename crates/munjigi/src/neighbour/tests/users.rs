//! `AUTH_USER_MODEL` of a project: its table, its columns, and what a new row must have.

use super::{config, field, report, written};
use crate::config::tests::serve;
use crate::neighbour::refusal;
use munjigi_store::Fill;
use munjigi_user::UserIdKind;
use serde_json::{Value, json};

#[test]
fn a_model_of_its_own_is_told_with_its_columns() {
    let (text, config) = written(&report(|report| {
        report["user"] = json!({
            "label": "accounts.Member", "table": "members",
            "USERNAME_FIELD": "email", "EMAIL_FIELD": "email", "own_methods": [],
            "fields": [],
        });
        report["simple_jwt"]["values"]["USER_ID_FIELD"] = "uuid".into();
        let own = |name: &str, class: &str, mut more: Value| {
            more["table"] = "members".into();
            field(name, class, &more)
        };
        report["user"]["fields"] = json!([
            own(
                "uuid",
                "UUIDField",
                json!({"primary_key": true, "column": "member_uuid"})
            ),
            own(
                "password",
                "CharField",
                json!({"max_length": 128, "column": "pw"})
            ),
            own("last_login", "DateTimeField", json!({"null": true})),
            own("email", "CharField", json!({"max_length": 254, "column": "mail"})),
            own("is_active", "BooleanField", json!({})),
            own(
                "team",
                "ForeignKey",
                json!({"relation": "accounts.Team", "column": "team_id"})
            ),
            own("phone", "CharField", json!({"max_length": 20, "column": "tel"})),
        ]);
    }));
    let model = &config.user_model;
    assert_eq!(
        (model.table.as_str(), model.id_kind),
        ("members", UserIdKind::Uuid)
    );
    assert_eq!(model.columns.of("id"), Some("member_uuid"));
    assert_eq!(model.columns.of("password"), Some("pw"));
    assert_eq!(model.columns.of("email"), Some("mail"));
    assert_eq!(model.columns.of("username"), None);
    assert_eq!(model.columns.of("is_staff"), None);
    assert_eq!(model.username_field, "email");
    assert!(model.extra_fields.is_empty(), "{text}");
    assert!(
        text.contains("# [user.fields.team]: a ForeignKey to accounts.Team, which is not shown here, and munjigi cannot fill it:"),
        "{text}"
    );
    let declared = "#[user.fields.phone]\n#type = \"CharField\"\n#max_length = 20\n#db_column = \"tel\"\n#editable = false\n";
    assert!(text.contains(declared), "{text}");
    serve(
        &text
            .replace("\n#[user", "\n[user")
            .replace("\n#type", "\ntype")
            .replace("\n#max", "\nmax"),
    )
    .unwrap();
}

#[test]
fn a_column_that_a_new_row_must_have_is_declared_with_its_default() {
    let (text, config) = written(&report(|report| {
        let fields = report["user"]["fields"].as_array_mut().unwrap();
        for (name, class, more) in [
            (
                "badge",
                "UUIDField",
                json!({"default": {"$python": "uuid.uuid4"}, "column": "badge_no"}),
            ),
            ("hired", "DateField", json!({"auto_now": true})),
            (
                "since",
                "DateTimeField",
                json!({"default": {"$python": "django.utils.timezone.now"}}),
            ),
            ("pay", "DecimalField", json!({"default": "12.5"})),
            (
                "likes",
                "JSONField",
                json!({"default": {"$python": "builtins.dict"}}),
            ),
            ("left", "DateTimeField", json!({"null": true})),
            (
                "seen",
                "DateTimeField",
                json!({"default": {"$python": "shop.now"}, "has_db_default": true}),
            ),
            ("team", "ForeignKey", json!({"relation": "shop.Team"})),
            ("grade", "IntegerField", json!({"default": 3})),
        ] {
            fields.push(field(name, class, &more));
        }
    }));
    let filled = config.user_model.filled.iter();
    let filled: Vec<_> = filled.map(|it| (it.column.as_str(), it.fill.clone())).collect();
    let expected = [
        ("badge_no", Fill::Uuid4),
        ("hired", Fill::Today),
        ("likes", Fill::Constant("{}".to_owned())),
        ("pay", Fill::Constant("12.5".to_owned())),
        ("since", Fill::Now),
    ];
    assert_eq!(filled, expected, "{text}");
    assert!(
        text.contains("#type = \"IntegerField\"\n#default = 3\n"),
        "{text}"
    );
    let team = text
        .lines()
        .skip_while(|line| !line.contains("[user.fields.team]"));
    let team = team.take(2).collect::<Vec<_>>().join(" ");
    assert!(team.contains("munjigi cannot fill it"), "{team}");
}

#[test]
fn a_project_whose_user_user_has_no_age_has_none_here() {
    let config = config(|report| report["user"]["fields"].as_array_mut().unwrap().truncate(11));
    assert_eq!(config.user_model.label, "user.User");
    assert!(config.user_model.extra_fields.is_empty());
}

#[test]
fn a_model_that_munjigi_cannot_read_is_refused() {
    let two_tables = report(|report| report["user"]["fields"][1]["table"] = "people".into());
    assert!(
        refusal(&two_tables)
            .unwrap()
            .contains("two tables, user_user and people")
    );
    let key = report(|report| report["user"]["fields"][0]["type"] = "SmallAutoField".into());
    assert!(refusal(&key).unwrap().contains("munjigi knows AutoField"));
    assert_eq!(refusal(&report(|_| ())), None);
}
