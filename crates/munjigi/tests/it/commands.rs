//! The program itself, as its user meets it: what it prints, and what it ends with.

mod logging;
mod settings;

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

/// An empty folder that the program runs in, with an empty environment, removed at the end.
pub(crate) struct Folder(pub(crate) PathBuf);

/// Hashes for a test: Django's own would take most of its time.
const CHEAP: &str = "[hashers.pbkdf2_sha256]\niterations = 1\n";

const MSEO: &str = r#"{"username": "mseo", "password": 1234, "email": "mseo@naver.com", "age": 24}"#;

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "munjigi-commands-{}-{}",
            std::process::id(),
            COUNTER.fetch_add(1, Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("munjigi.toml"), CHEAP).unwrap();
        Self(path)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_munjigi"));
        command
            .args(words)
            .current_dir(&self.0)
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end and gives what it printed, which must be a success.
    pub(crate) fn run(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", error(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that fails, and gives its code and its sentence.
    pub(crate) fn fail(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = self.command(words).output().unwrap();
        (output.status.code(), error(&output))
    }

    /// As [`Folder::run`], with a line of standard input.
    fn answer(&self, words: &[&str], line: &str) -> Output {
        let mut command = self.command(words);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
        child.wait_with_output().unwrap()
    }

    /// Starts `munjigi dev` on a free port and waits until it says where it listens.
    fn dev(&self, language: &str) -> Dev {
        self.dev_logging_to(language, Stdio::null())
    }

    /// As [`Folder::dev`], with a standard error of one's own.
    fn dev_logging_to(&self, language: &str, stderr: impl Into<Stdio>) -> Dev {
        let mut command = self.command(&["dev", "--bind", "127.0.0.1:0"]);
        command
            .env("LANG", language)
            .stdout(Stdio::piped())
            .stderr(stderr);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let mut banner = Vec::new();
        // The banner ends with the line that says how to stop it.
        while !banner.last().is_some_and(|line: &String| line.contains("Ctrl-C")) {
            banner.push(lines.next().expect("it starts"));
        }
        let url = banner
            .iter()
            .find_map(|line| line.trim().strip_prefix("http://"))
            .unwrap();
        Dev {
            address: url.trim_end_matches('/').to_owned(),
            banner: banner.join("\n"),
            child,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

struct Dev {
    child: Child,
    address: String,
    banner: String,
}

impl Dev {
    fn post(&self, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.address
        );
        let length = body.len();
        write!(
            stream,
            "{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Gets a path, many times on one connection, and gives all the answers.
    fn ask(&self, path: &str, times: usize) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        let requests = format!("{request}\r\n").repeat(times - 1);
        let mut reader = stream.try_clone().unwrap();
        let answers = thread::spawn(move || {
            let mut answers = String::new();
            reader.read_to_string(&mut answers).map(|_| answers)
        });
        write!(stream, "{requests}{request}Connection: close\r\n\r\n").unwrap();
        answers.join().unwrap().unwrap()
    }

    /// Sends SIGTERM and gives what it ends with.
    fn terminate(mut self) -> Option<i32> {
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn error(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_learner_starts_it_with_one_word_and_looks_after_his_users() {
    let folder = Folder::new();
    let dev = folder.dev("C.UTF-8");
    for words in [
        "munjigi is ready",
        "curl http://127.0.0.1:",
        "any password is taken",
        "munjigi.sqlite3",
    ] {
        assert!(dev.banner.contains(words), "{words}\n{}", dev.banner);
    }
    assert!(
        dev.post("/user/session_signup", MSEO)
            .starts_with("HTTP/1.1 201 ")
    );
    let signin = r#"{"email": "mseo@naver.com", "password": 1234}"#;
    assert!(dev.post("/user/jwt_signin", signin).starts_with("HTTP/1.1 200 "));

    assert_eq!(folder.run(&["migrate", "--check"]), "Nothing to migrate.\n");
    assert!(
        folder
            .run(&["users", "list"])
            .contains("\n1\tmseo\tmseo@naver.com\tactive\t")
    );
    assert!(
        folder
            .run(&["users", "show", "mseo"])
            .contains("\nusername     mseo\n")
    );
    let listed = folder.run(&["sessions", "list", "mseo"]);
    let lines: Vec<Vec<&str>> = listed.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(
        lines[0],
        [
            "id",
            "opened",
            "last seen",
            "expires",
            "carrier",
            "name",
            "address",
            "agent"
        ]
    );
    let id = lines[1][0];
    assert_eq!((lines.len(), lines[1][4], lines[1][6]), (2, "token", "127.0.0.1"));
    let json: Value = serde_json::from_str(&folder.run(&["sessions", "list", "mseo", "--json"])).unwrap();
    assert_eq!(
        (&json["sessions"][0]["id"], &json["more"]),
        (&json!(id), &json!(false))
    );
    assert_eq!(
        folder.fail(&["sessions", "end", "mseo", "--id", "none"]).1,
        "munjigi: None of mseo's open sign-ins is called \"none\". `munjigi sessions list mseo` shows them.\n"
    );
    let end_one = ["sessions", "end", "mseo", "--id", id];
    assert_eq!(folder.run(&end_one), "One sign-in has ended.\n");
    assert_eq!(folder.fail(&end_one).0, Some(1), "it has ended");
    assert!(dev.post("/user/jwt_signin", signin).starts_with("HTTP/1.1 200 "));
    assert_eq!(
        folder.run(&["sessions", "end", "mseo"]),
        "One sign-in has ended.\n"
    );
    assert_eq!(
        folder.run(&["sessions", "end", "--all"]),
        "No sign-in was open.\n"
    );
    assert_eq!(
        folder.run(&["users", "disable", "mseo"]),
        "mseo is shut out. No sign-in was open.\n"
    );
    let signin = |password: &str| {
        dev.post(
            "/user/jwt_signin",
            &format!(r#"{{"username": "mseo", "password": "{password}"}}"#),
        )
    };
    assert!(signin("1234").starts_with("HTTP/1.1 400 "));
    assert_eq!(
        folder.run(&["users", "enable", "mseo"]),
        "mseo may come in again.\n"
    );
    assert!(signin("1234").starts_with("HTTP/1.1 200 "));

    let changed = folder.answer(&["changepassword", "mseo"], "열려라 참깨");
    assert_eq!(changed.status.code(), Some(0), "{}", error(&changed));
    assert!(signin("1234").starts_with("HTTP/1.1 400 "));
    assert!(signin("열려라 참깨").starts_with("HTTP/1.1 200 "));
    assert!(folder.run(&["users", "list"]).contains("\tactive\t20"));
    assert_eq!(
        folder.fail(&["changepassword", "nobody"]).1,
        "munjigi: There is no user \"nobody\". `munjigi users list` names them.\n"
    );

    assert_eq!(
        folder.run(&["clearsessions"]),
        "Expired sessions removed: 0\nRecords of ended sign-ins removed: 0\nEndings removed from their list: 0\n"
    );
    assert_eq!(folder.run(&["flushexpiredtokens"]), "Expired tokens removed: 0\n");

    assert_eq!(dev.terminate(), Some(0));
    assert_eq!(
        fs::read_to_string(folder.0.join("munjigi-data/.gitignore")).unwrap(),
        "*\n"
    );
}

#[test]
fn a_superuser_is_made_as_django_makes_one() {
    let folder = Folder::new();
    assert_eq!(folder.dev("C").terminate(), Some(0));
    let words = [
        "createsuperuser",
        "--noinput",
        "--username",
        "root",
        "--email",
        "root@example.com",
    ];
    let made = folder
        .command(&words)
        .env("DJANGO_SUPERUSER_PASSWORD", "correct horse")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(made.stdout).unwrap(),
        "The superuser root is made.\n"
    );
    let shown = folder.run(&["users", "show", "root"]);
    assert!(
        shown.contains("\nstaff        yes\nsuperuser    yes\n"),
        "{shown}"
    );

    let (code, message) = folder.fail(&["createsuperuser", "--noinput", "--username", "again"]);
    assert_eq!(code, Some(2));
    assert!(
        message.contains("DJANGO_SUPERUSER_PASSWORD is not given"),
        "{message}"
    );
    let named_by_email = folder
        .command(&words)
        .env("MUNJIGI_USER__USERNAME_FIELD", "email")
        .env("DJANGO_SUPERUSER_PASSWORD", "correct horse")
        .output()
        .unwrap();
    assert_eq!(named_by_email.status.code(), Some(1));
    assert!(error(&named_by_email).contains("nothing to write into the field \"username\""));
    let twice = folder
        .command(&words)
        .env("DJANGO_SUPERUSER_PASSWORD", "correct horse")
        .output()
        .unwrap();
    assert_eq!(twice.status.code(), Some(1));
    assert!(
        error(&twice).starts_with("munjigi: username: "),
        "{}",
        error(&twice)
    );
}

#[test]
fn a_wrong_call_ends_with_2_and_a_failure_with_1_and_a_sentence() {
    let folder = Folder::new();
    for words in [
        &[][..],
        &["nothing"],
        &["sessions", "end"],
        &["sessions", "end", "mseo", "--all"],
        &["sessions", "end", "--all", "--id", "x"],
        &["sessions", "end", "--id", "x"],
        &["sessions", "list"],
        &["dev", "--nothing"],
        &["runserver", "0:8000"],
    ] {
        assert_eq!(folder.fail(words).0, Some(2), "{words:?}");
    }
    assert!(
        folder
            .fail(&["runserver", "--noreload"])
            .1
            .contains("`munjigi dev` starts a server for development")
    );
    for (words, sentence) in [
        (
            &["serve"][..],
            "SECRET_KEY is not written. Make one with `openssl rand -base64 48`",
        ),
        (
            &["users", "list"],
            "there is no data of `munjigi dev` in munjigi-data",
        ),
        (&["dev", "--bind", "0.0.0.0:0"], "Add --expose if you mean it"),
        (
            &["dev", "--bind", "nowhere"],
            "BIND (the flag --bind) names \"nowhere\", which is no address",
        ),
        (
            &["check", "--config", "no.toml"],
            "The settings file no.toml cannot be read",
        ),
        (
            &["config", "convert", "no.py"],
            "The settings file no.py cannot be read",
        ),
    ] {
        let (code, message) = folder.fail(words);
        assert_eq!(code, Some(1), "{words:?}: {message}");
        assert!(
            message.starts_with("munjigi: ") && message.contains(sentence),
            "{message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn serve_wants_a_database_that_is_migrated_and_says_how() {
    let folder = Folder::new();
    let settings = [
        (
            "MUNJIGI_SECRET_KEY",
            "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdef",
        ),
        ("MUNJIGI_DATABASE_URL", "sqlite:production.sqlite3"),
        ("MUNJIGI_ALLOWED_HOSTS", "[\"auth.example.com\"]"),
        ("MUNJIGI_BIND", "127.0.0.1:0"),
    ];
    let run = |words: &[&str]| folder.command(words).envs(settings).output().unwrap();
    assert!(error(&run(&["serve"])).contains("Run `munjigi migrate`"));
    let planned = run(&["migrate", "--check"]);
    assert_eq!(planned.status.code(), Some(1));
    assert!(
        String::from_utf8(run(&["migrate"]).stdout)
            .unwrap()
            .contains("Applied munjigi.")
    );
    assert_eq!(run(&["migrate", "--check"]).status.code(), Some(0));

    let mut command = folder.command(&["serve", "--log", "json"]);
    let mut child = command.envs(settings).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let line = log.find(|line| line.contains("listening")).unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert!(
        line["fields"]["address"]
            .as_str()
            .unwrap()
            .starts_with("127.0.0.1:"),
        "{line}"
    );
    assert!(
        Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(0));

    // What is fit to run is not yet fit for production: nothing is said of HTTPS.
    let checked = run(&["check", "--deploy"]);
    assert_eq!(checked.status.code(), Some(1));
    let findings = String::from_utf8(checked.stdout).unwrap();
    assert!(findings.contains("warning: (security.W004) "), "{findings}");
    let settled = folder
        .command(&["check", "--deploy"])
        .envs(settings)
        .env("MUNJIGI_SECURE_HSTS_SECONDS", "52w")
        .env("MUNJIGI_HASHERS__PBKDF2_SHA256__ITERATIONS", "1000000")
        .output();
    assert_eq!(settled.unwrap().status.code(), Some(0));

    // What cannot be served at all fails without being asked about production.
    let unservable = folder
        .command(&["check"])
        .envs(settings)
        .env("MUNJIGI_HASHERS__ARGON2__MEMORY_COST", "4294967295")
        .output();
    assert_eq!(unservable.unwrap().status.code(), Some(1));
}
