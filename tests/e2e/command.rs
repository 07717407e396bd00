//! The command as people type it: what it prints, how it fails, what survives it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use local::LOCAL_KEY;

use crate::gateway::{Client, tide};

pub(crate) fn filmgate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_filmgate"))
}

/// A file of a test's own, gone with it.
pub(crate) struct TestFile(pub(crate) PathBuf);

impl TestFile {
    pub(crate) fn new(name: &str) -> Self {
        Self(
            PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
                .join(format!("{name}-{}", std::process::id())),
        )
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        for suffix in ["", "-wal", "-shm", ".vendors"] {
            let mut file = self.0.clone().into_os_string();
            file.push(suffix);
            drop(std::fs::remove_file(file));
        }
    }
}

/// A running command, killed with -9 when dropped.
struct Running {
    child: Child,
    url: String,
    banner: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = filmgate()
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut banner = String::new();
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        while !banner.contains("does not prove") {
            assert_ne!(lines.read_line(&mut banner).expect("text"), 0, "it ended: {banner}");
        }
        let url = banner.lines().find_map(|line| line.strip_prefix("listening on "));
        let url = url.expect("an address").to_owned();
        Self { child, url, banner }
    }

    fn client(&self) -> Client {
        Client::new(&self.url, LOCAL_KEY)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn shell(script: &str) -> Output {
    Command::new("sh").args(["-c", script]).output().expect("a shell")
}

/// The curl command in a banner that begins like this, as it is printed.
fn printed(banner: &str, beginning: &str) -> String {
    let start = banner.find(beginning).expect("the line is printed");
    let command: Vec<_> =
        banner[start..].lines().take_while(|line| !line.trim().is_empty()).collect();
    command.join("\n")
}

#[tokio::test]
async fn the_lines_that_it_prints_can_be_pasted() {
    let running = Running::start(&[]);
    for expected in [LOCAL_KEY, "whsec_", "simulated"] {
        assert!(running.banner.contains(expected), "{expected}: {}", running.banner);
    }
    let create = printed(&running.banner, &format!("curl {}/v1/video/generations \\", running.url));
    let answer: serde_json::Value = serde_json::from_slice(&shell(&create).stdout).expect("JSON");
    let id = answer["task_id"].as_str().expect("a task");

    let query =
        printed(&running.banner, &format!("curl {}/v1/video/generations/TASK_ID", running.url));
    let answer = shell(&query.replace("TASK_ID", id));
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).expect("JSON");
    assert_eq!(answer["task_id"], id);

    let list = printed(&running.banner, "filmgate keys list --local ");
    let list = list.split_whitespace().skip(1);
    let list = filmgate().args(list).output().expect("it runs");
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.contains("the local stack's own key"), "{list}");
}

#[tokio::test]
async fn tasks_survive_a_kill() {
    let file = TestFile::new("kill");
    let data = ["--data", file.0.to_str().expect("UTF-8")];
    let (id, secret) = {
        let running = Running::start(&data);
        let id = running.client().created(&tide()).await;
        (id, running.banner.lines().find(|line| line.contains("whsec_")).map(str::to_owned))
    };
    let again = Running::start(&data);
    let second = filmgate().args(["--listen", "127.0.0.1:0"]).args(data).output().expect("it ends");
    assert!(!second.status.success(), "two processes would work on the same tasks");
    assert!(String::from_utf8_lossy(&second.stderr).contains("another process"), "{second:?}");
    let task = again.client().wait_for(&id, "succeeded").await;
    let video = again.client().http.get(task["url"].as_str().expect("a url")).send().await;
    assert_eq!(video.expect("an answer").status(), 200);
    assert!(again.banner.contains(secret.expect("a secret").as_str()), "the secret stays");
}

#[test]
fn a_wrong_command_line_gets_one_clear_line_and_a_failure() {
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let busy = busy.local_addr().expect("an address").to_string();
    let listener = std::net::TcpListener::bind(&busy);
    let broken = TestFile::new("broken");
    std::fs::write(&broken.0, r#"{"vidu":{"api_key":7}}"#).expect("written");
    let broken = broken.0.to_str().expect("UTF-8");
    let unknown = TestFile::new("unknown");
    std::fs::write(&unknown.0, r#"{"vido":{"api_key":"vda_secret"}}"#).expect("written");
    let unknown = unknown.0.to_str().expect("UTF-8");
    let misplaced = TestFile::new("misplaced");
    std::fs::write(&misplaced.0, r#"{"vidu":"vda_secret"}"#).expect("written");
    let misplaced = misplaced.0.to_str().expect("UTF-8");
    let surplus = TestFile::new("surplus");
    std::fs::write(&surplus.0, r#"{"vidu":{"vda_secret":"api_key"}}"#).expect("written");
    let surplus = surplus.0.to_str().expect("UTF-8");
    let rows: &[(&[&str], &str)] = &[
        (&["--no-such-flag"], "--no-such-flag"),
        (&["--listen", "nowhere"], "nowhere"),
        (&["--listen", &busy], &busy),
        (&["--every", "soon"], "soon"),
        (&["--public-url", "gw.example"], "gw.example"),
        (&["--accounts", "/no/such/file"], "/no/such/file"),
        (&["--accounts", broken], "vidu"),
        (&["--accounts", unknown], "vido"),
        (&["--accounts", misplaced], "vidu"),
        (&["--accounts", surplus], "api_key"),
        (&["--data", "/no/such/folder/file"], "/no/such/folder/file"),
        (&["surplus"], "surplus"),
        (&["--every", "1s", "keys", "list", "--table", "Keys"], "--every"),
    ];
    for (arguments, named) in rows {
        let output = filmgate().args(*arguments).output().expect("it runs");
        let message = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success(), "{arguments:?}");
        assert_eq!(message.lines().count(), 1, "{arguments:?}: {message}");
        assert!(
            message.starts_with("filmgate: ") && message.contains(named),
            "{arguments:?}: {message}"
        );
        assert!(!message.contains("vda_secret"), "{message}");
    }
    drop(listener);
}

#[test]
fn help_tells_every_flag() {
    let output = filmgate().arg("--help").output().expect("it runs");
    let help = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success());
    for word in [
        "--listen",
        "--accounts",
        "--data",
        "--every",
        "--public-url",
        "--public-webhooks",
        "--json-logs",
        "keys",
        "usage",
        "task",
    ] {
        assert!(help.contains(word), "{word}");
    }
}
