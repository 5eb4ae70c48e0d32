//! The program itself, run as an operator runs it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;

use crate::TestDatabase;

/// Signs the tokens of servers under test.
pub const SECRET: &str = "for-servers-under-test-0yVx8bq3TgPzN5rLk2WmC7dJhS4uQeAf9oXi";

/// The call, in a shell.
const ITSELF: &str = "exec \"$0\" \"$@\"";

/// Settings that production starts with, beside a database.
pub const PRODUCTION: &str = "
    mode = 'production'
    mail = { transport = 'smtp', from = 'belay@example.org', smtp.host = 'localhost' }
    push.transport = 'off'
";

/// A call of `belay` with settings of its own: nothing of the tester's environment or folder gets in.
pub struct Program {
    arguments: Vec<String>,
    toml: String,
    environment: Vec<(String, String)>,
    /// A script for a shell that ends with the call.
    wrapper: Option<String>,
}

/// The variable of the address that members ask at.
const BIND: &str = "BELAY_HTTP__BIND";

/// What a call that ended said.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it said on standard output and then on standard error.
    pub said: String,
}

impl Program {
    /// `belay` with these arguments, separated by spaces.
    pub fn new(arguments: &str) -> Self {
        let secret = ("BELAY_AUTH__SECRET".to_owned(), SECRET.to_owned());
        Self {
            arguments: arguments.split(' ').map(str::to_owned).collect(),
            toml: String::new(),
            environment: vec![secret],
            wrapper: None,
        }
    }

    /// With a configuration file of this content.
    #[must_use]
    pub fn toml(mut self, toml: &str) -> Self {
        toml.clone_into(&mut self.toml);
        self
    }

    /// With a variable; an empty value takes away what was set before.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(before, _)| before != name);
        if !value.is_empty() {
            self.environment.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Where a process may hold so many files and connections, and cannot raise that.
    #[must_use]
    pub fn open_files(mut self, most: u32) -> Self {
        self.wrapper = Some(format!("ulimit -n {most}; {ITSELF}"));
        self
    }

    /// Where files are made for everybody unless the program says otherwise.
    #[must_use]
    pub fn everybody_may(mut self) -> Self {
        self.wrapper = Some(format!("umask 0; {ITSELF}"));
        self
    }

    /// With a disk of so many megabytes in a folder, which others find under `/proc/<process>/root`. It ends with the
    /// program.
    #[must_use]
    pub fn with_disk(mut self, folder: &Path, megabytes: u32) -> Self {
        let folder = folder.display();
        let mount = format!("mount -t tmpfs -o size={megabytes}m tmpfs {folder}; {ITSELF}");
        let apart = "exec unshare --user --map-root-user --mount sh -ec";
        self.wrapper = Some(format!("{apart} '{mount}' \"$0\" \"$@\""));
        self
    }

    /// On this database.
    #[must_use]
    pub fn database(self, database: &TestDatabase) -> Self {
        self.env("BELAY_DATABASE__URL", &database.url())
    }

    /// Runs it to its end, which must come: a server that starts after all is none. Whoever listens at the default port is
    /// in nobody's way.
    pub async fn run(self) -> Ended {
        let says_where =
            self.toml.contains("bind") || self.environment.iter().any(|it| it.0 == BIND);
        let program = if says_where {
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

    /// The call, and the folder it is made in, which must outlive it.
    pub fn command(self) -> (Command, TempDir) {
        let folder = TempDir::with_prefix("belay-run-").expect("a temporary folder");
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
            fs::write(&file, &self.toml).expect("a file in a temporary folder");
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

/// The program. It lies beside the folder of this test's executable: cargo makes both together.
static BELAY: LazyLock<PathBuf> = LazyLock::new(|| {
    let this = std::env::current_exe().expect("a test knows its executable");
    let profile = this
        .ancestors()
        .nth(2)
        .expect("target/<profile>/deps/<test>");
    profile.join("belay-under-test")
});
