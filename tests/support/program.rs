//! Runs the program as an operator does.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

use crate::TestDatabase;

/// The secret that signs the tokens of servers under test.
pub const SECRET: &str = "for-servers-under-test-0yVx8bq3TgPzN5rLk2WmC7dJhS4uQeAf9oXi";

/// The shell command that runs the program with its arguments.
const ITSELF: &str = "exec \"$0\" \"$@\"";

/// The settings that production needs, except the database.
pub const PRODUCTION: &str = "
    mode = 'production'
    mail = { transport = 'smtp', from = 'belay@example.org', smtp.host = 'localhost' }
    push.transport = 'off'
";

/// A `belay` command with its own settings. It ignores the tester's environment and folder.
pub struct Program {
    arguments: Vec<String>,
    toml: String,
    environment: Vec<(String, String)>,
    /// A shell script that runs the program at its end.
    wrapper: Option<String>,
}

/// The variable that sets the API's address.
const BIND: &str = "BELAY_HTTP__BIND";

/// The result of a command that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code, or `None` if a signal ended the program.
    pub code: Option<i32>,
    /// The standard output, followed by the standard error.
    pub said: String,
}

impl Program {
    /// Creates a `belay` command with these arguments, separated by spaces.
    pub fn new(arguments: &str) -> Self {
        let secret = ("BELAY_AUTH__SECRET".to_owned(), SECRET.to_owned());
        Self {
            arguments: arguments.split(' ').map(str::to_owned).collect(),
            toml: String::new(),
            environment: vec![secret],
            wrapper: None,
        }
    }

    /// Sets the content of the configuration file.
    #[must_use]
    pub fn toml(mut self, toml: &str) -> Self {
        toml.clone_into(&mut self.toml);
        self
    }

    /// Sets an environment variable. An empty value removes it.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(before, _)| before != name);
        if !value.is_empty() {
            self.environment.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Limits the open files and connections of the process, which cannot raise the limit.
    #[must_use]
    pub fn open_files(mut self, most: u32) -> Self {
        self.wrapper = Some(format!("ulimit -n {most}; {ITSELF}"));
        self
    }

    /// Sets the umask to 0. New files are then open to all users, unless the program restricts them.
    #[must_use]
    pub fn everybody_may(mut self) -> Self {
        self.wrapper = Some(format!("umask 0; {ITSELF}"));
        self
    }

    /// Mounts a disk of this size in a folder. Other processes find it under `/proc/<process>/root`. It disappears when
    /// the program ends.
    #[must_use]
    pub fn with_disk(mut self, folder: &Path, megabytes: u32) -> Self {
        let folder = folder.display();
        let mount = format!("mount -t tmpfs -o size={megabytes}m tmpfs {folder}; {ITSELF}");
        let apart = "exec unshare --user --map-root-user --mount sh -ec";
        self.wrapper = Some(format!("{apart} '{mount}' \"$0\" \"$@\""));
        self
    }

    /// Sets the database.
    #[must_use]
    pub fn database(self, database: &TestDatabase) -> Self {
        self.env("BELAY_DATABASE__URL", &database.url())
    }

    /// Runs the program until it ends. Panics if it does not end, for example because a server starts. A free port
    /// replaces the default port, which may be in use.
    pub async fn run(self) -> Ended {
        let sets_address =
            self.toml.contains("bind") || self.environment.iter().any(|it| it.0 == BIND);
        let program = if sets_address {
            self
        } else {
            self.env(BIND, "127.0.0.1:0")
        };
        let (mut command, _folder) = program.command();
        let output = tokio::time::timeout(Duration::from_mins(1), command.output()).await;
        let output = output.expect("the program ends on its own");
        let output = output.expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Ended {
            code: output.status.code(),
            said: text(output.stdout) + &text(output.stderr),
        }
    }

    /// Returns the command and its working folder. The folder must outlive the command.
    pub fn command(self) -> (Command, TempDir) {
        let folder = TempDir::with_prefix("belay-run-").expect("the folder is created");
        let mut command = match self.wrapper {
            None => Command::new(&*BELAY),
            Some(wrapper) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &wrapper]).arg(&*BELAY);
                shell
            }
        };
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"BELAY_") {
                command.env_remove(name);
            }
        }
        if !self.toml.is_empty() {
            let file = folder.path().join("settings.toml");
            fs::write(&file, &self.toml).expect("the file is written");
            command.args([OsStr::new("--config"), file.as_os_str()]);
        }
        command
            .args(self.arguments)
            .envs(self.environment)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        (command, folder)
    }
}

/// The path of the program. Cargo builds it with the tests, one folder above the test's executable.
static BELAY: LazyLock<PathBuf> = LazyLock::new(|| {
    let this = std::env::current_exe().expect("a test knows its executable");
    let profile = this
        .ancestors()
        .nth(2)
        .expect("the executable is target/<profile>/deps/<test>");
    profile.join("belay-under-test")
});
