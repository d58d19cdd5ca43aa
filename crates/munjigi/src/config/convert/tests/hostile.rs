//! Whatever a settings.py says, what comes of it is TOML that starts, in bounded time.

use crate::config::convert::{LONGEST, convert, settled};
use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use proptest::{prop_assert, prop_assert_eq, prop_oneof};
use toml::Table;

/// A text again and again, with its number for `#`.
fn numbered(text: &str, count: usize) -> String {
    let texts: Vec<_> = (0..count)
        .map(|number| text.replace('#', &number.to_string()))
        .collect();
    texts.concat()
}

#[test]
fn no_file_makes_it_stumble() {
    let source = "SIMPLE_JWT = {'A': (1, {'B': [timedelta(days=1), '''x\n''', r'\\'], }, None,), 'C': -1.5}";
    for end in (0..source.len()).filter(|end| source.is_char_boundary(*end)) {
        convert(&source[..end]);
        convert(&source[end..]);
    }
    convert("SIMPLE_JWT = ]}){'''");
    for hostile in [
        format!("SIMPLE_JWT = {}", "[".repeat(20_000)),
        format!("SIMPLE_JWT = {}1{}", "(".repeat(40), ",)".repeat(40)),
        format!("SIMPLE_JWT = {}1", "-".repeat(20_000)),
        format!("SIMPLE_JWT = {}1", "not ".repeat(10_000)),
        format!("SIMPLE_JWT = [{}]", "a if ".repeat(10_000)),
        format!("SIMPLE_JWT = {}1", "1 if a else ".repeat(6_000)),
        format!("SIMPLE_JWT = {{{}}}", "'a': 1, ".repeat(10_000)),
        format!("SIMPLE_JWT = {{{}}}", numbered("'#': 1, ", 10_000)),
        numbered("SIMPLE_JWT['#'] = 1\n", 6_000),
        format!(
            "a = [1]\n{}",
            (0..1000).map(|_| "a = a + a\n").collect::<String>()
        ),
        format!("a = [1]\n{}SIMPLE_JWT = a", "a = [a]\n".repeat(10_000)),
        format!(
            "a = 'x'\n{}SIMPLE_JWT = {{'ISSUER': a}}",
            "a = a + a\n".repeat(1000)
        ),
        format!("{}1", "a = ".repeat(20_000)),
        "x".repeat(2 * LONGEST),
    ] {
        let text = convert(&hostile);
        text.parse::<Table>().unwrap();
    }
}

#[test]
fn whatever_the_file_says_the_outcome_is_toml_that_starts() {
    let words = [
        "SIMPLE_JWT",
        "REST_FRAMEWORK",
        "ALLOWED_HOSTS",
        "CORS_ALLOW_CREDENTIALS",
        "LEEWAY",
        "SECRET_KEY",
        "a",
        "=",
        "=",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        ".",
        "+",
        "*",
        "|",
        "-",
        "\n",
        "\n",
        "  ",
        "#",
        "if",
        "else",
        "not",
        "or",
        "in",
        "lambda",
        "None",
        "True",
        "timedelta",
        "days",
        "os.environ",
        "env",
        "open",
        "read",
        "update",
        "dict",
        "**",
        "'LEEWAY'",
        "'ISSUER'",
        "\"AUTH_HEADER_TYPES\"",
        "'SIGNING_KEY'",
        "f'{x}'",
        "'\\n\\x00\\''",
        "'''",
        "\u{1}",
        "1",
        "0.5",
        "7_0",
        "1e9",
        "é",
    ];
    let soup = vec(select(words.to_vec()), 0..60).prop_map(|words| words.concat());
    let any = prop_oneof![
        soup.clone(),
        soup.prop_map(|soup| format!("SIMPLE_JWT = {{'LEEWAY': {soup}}}")),
        ".{0,200}"
    ];
    let config = Config {
        cases: 256,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&any, |source| {
            let text = convert(&source);
            prop_assert!(text.parse::<Table>().is_ok(), "{text}");
            prop_assert_eq!(settled::refusal(&text), None);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_text_of_several_lines_can_pass_for_a_setting() {
    // ALGORITHM contradicts the rest, so that lines are looked for that can go.
    let source = "SIMPLE_JWT = {'ALGORITHM': 'RS256', 'VERIFYING_KEY': 'none'}\nJWT_AUTH = {'JWT_ISSUER': \
                  '\\n#\\x7f\\nJWT_VERIFY_EXPIRATION = false\\n#', 'JWT_AUDIENCE': ['a\\nJWT_LEEWAY = \"9d\"', 'b']}\n";
    let text = convert(source);
    let table: Table = text.parse().unwrap();
    let ours = table["JWT_AUTH"].as_table().unwrap();
    assert_eq!(ours.len(), 2, "{text}");
    assert_eq!(
        ours["JWT_ISSUER"].as_str(),
        Some("\n#\u{7f}\nJWT_VERIFY_EXPIRATION = false\n#")
    );
    assert_eq!(ours["JWT_AUDIENCE"][0].as_str(), Some("a\nJWT_LEEWAY = \"9d\""));
    assert!(
        text.lines()
            .all(|line| !line.starts_with("JWT_VERIFY") && !line.starts_with("JWT_LEEWAY")),
        "{text}"
    );
}

#[test]
fn a_file_that_is_made_to_be_slow_is_read_in_no_time() {
    let many = |count: usize, each: &dyn Fn(usize) -> String, between: &str| {
        (0..count).map(each).collect::<Vec<_>>().join(between)
    };
    let variables = many(20_000, &|number| format!("env('a{number}', '')"), " + ");
    let files = [
        format!("A = {}a", "a.".repeat(400_000)),
        format!(
            "SIMPLE_JWT = dict({})",
            many(80_000, &|number| format!("a{number}=1"), ", ")
        ),
        format!(
            "A = {variables}\nB = {}",
            many(150_000, &|_| "A".to_owned(), " + ")
        ),
        format!("A = {}", many(140_000, &|_| "'aaaa'".to_owned(), "+")),
        format!("A = {}", many(240_000, &|_| "[1]".to_owned(), "+")),
        format!("A = {}", many(70_000, &|number| format!("{{{number}: 1}}"), "|")),
    ];
    for file in files {
        assert!(file.len() <= LONGEST);
        let started = std::time::Instant::now();
        convert(&file);
        let start: String = file.chars().take(40).collect();
        assert!(
            started.elapsed().as_secs() < 10,
            "{start}: {:?}",
            started.elapsed()
        );
    }
}
