//! A real Kafka for tests, run by `scripts/kafka` and ended with the process that asked for it.
//!
//! Test support, behind the feature `contract`. A failure to start is a panic: what needs Kafka never skips itself.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A cluster of its own, gone when this is dropped, when the test panics, and when the process dies in any way: the
/// script waits for its standard input to close.
pub struct Broker {
    script: PathBuf,
    /// Its brokers, `host:port,host:port`.
    bootstrap: String,
    /// The same brokers, where users log in.
    secured: Option<String>,
    folder: String,
    run: Child,
}

impl Broker {
    /// Starts 1 or 3 brokers with these broker properties, each `name=value`, and waits until they are ready.
    ///
    /// # Panics
    /// When the script fails: it says why on standard error.
    #[must_use]
    pub fn start(brokers: u32, properties: &[&str]) -> Self {
        Self::run(brokers, properties, &[], None)
    }

    /// As [`Broker::start`], one broker with a listener more: it speaks TLS, takes these users, each `name=password`,
    /// by SCRAM-SHA-512, and lets them do what was granted. At the other one everybody may do everything.
    ///
    /// # Panics
    /// As [`Broker::start`].
    #[must_use]
    pub fn start_secured(users: &[&str]) -> Self {
        Self::run(1, &[], users, None)
    }

    /// As [`Broker::start_secured`], without passwords: whoever shows a token of [`token`] is its user, and a session
    /// ends with the token. That user may do everything.
    ///
    /// # Panics
    /// As [`Broker::start`].
    #[must_use]
    pub fn start_with_tokens(user: &str) -> Self {
        const JAAS: &str = "listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=\
            org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;";
        let super_users = format!("super.users=User:ANONYMOUS;User:{user}");
        let properties = [
            "sasl.enabled.mechanisms=OAUTHBEARER",
            JAAS,
            // Longer than any token lives.
            "connections.max.reauth.ms=86400000",
            &super_users,
        ];
        Self::run(1, &properties, &[&format!("{user}=unused")], None)
    }

    /// As [`Broker::start`], with the data of broker N in `node-N` of a folder.
    ///
    /// # Panics
    /// As [`Broker::start`].
    #[must_use]
    pub fn start_in(folder: &Path, brokers: u32, properties: &[&str]) -> Self {
        Self::run(brokers, properties, &[], Some(folder))
    }

    fn run(brokers: u32, properties: &[&str], users: &[&str], folder: Option<&Path>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/kafka");
        let mut command = Command::new(&script);
        command.args(["run", "--brokers", &brokers.to_string()]);
        if let Some(folder) = folder {
            command.arg("--dir").arg(folder);
        }
        for property in properties {
            command.args(["--set", property]);
        }
        for user in users {
            command.args(["--user", user]);
        }
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut run = piped
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", script.display()));
        let output = run
            .stdout
            .take()
            .unwrap_or_else(|| unreachable!("it is piped"));
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let line = lines.next().unwrap_or_default();
        let Some((bootstrap, folder)) = line.split_once(' ') else {
            panic!("scripts/kafka could not start a broker: {:?}", run.wait());
        };
        // Without users there is no second line, and none is waited for.
        let secured = (!users.is_empty()).then(|| lines.next().unwrap_or_default());
        let (bootstrap, folder) = (bootstrap.to_owned(), folder.to_owned());
        Self {
            script,
            bootstrap,
            secured,
            folder,
            run,
        }
    }

    /// Where clients connect, `host:port,host:port`.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// What librdkafka needs to log in as a user of [`Broker::start_secured`], but for `bootstrap.servers`, which is
    /// given first.
    ///
    /// # Panics
    /// When it was started without users.
    #[must_use]
    pub fn login(&self, user: &str, password: &str) -> (&str, Vec<(&'static str, String)>) {
        let (secured, mut properties) = self.secured("SCRAM-SHA-512");
        properties.push(("sasl.username", user.to_owned()));
        properties.push(("sasl.password", password.to_owned()));
        (secured, properties)
    }

    /// As [`Broker::login`], of [`Broker::start_with_tokens`]; the token is what is missing.
    ///
    /// # Panics
    /// As [`Broker::login`].
    #[must_use]
    pub fn token_login(&self) -> (&str, Vec<(&'static str, String)>) {
        self.secured("OAUTHBEARER")
    }

    fn secured(&self, mechanism: &str) -> (&str, Vec<(&'static str, String)>) {
        let Some(secured) = &self.secured else {
            panic!("nobody can log in");
        };
        let properties = vec![
            ("security.protocol", "SASL_SSL".to_owned()),
            ("ssl.ca.location", format!("{}/tls/ca.pem", self.folder)),
            ("sasl.mechanism", mechanism.to_owned()),
        ];
        (secured, properties)
    }

    /// Runs a shell script that finds Kafka's own tools, such as `kafka-topics.sh`; gives what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn shell(&self, script: &str) -> String {
        let folder = text(Command::new(&self.script).arg("path"));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.args(["-ec", script]);
        shell.env("PATH", format!("{}:{path}", folder.trim()));
        // Tools run for a second: what is compiled thoroughly is never used.
        shell.env("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
        text(&mut shell)
    }

    /// Whether a broker's process is there.
    ///
    /// # Panics
    /// When the script fails.
    #[must_use]
    pub fn is_running(&self, broker: u32) -> bool {
        let mut status = Command::new(&self.script);
        let shown = status.args(["status", "--dir", &self.folder]).output();
        let shown = shown.unwrap_or_else(|error| panic!("{}: {error}", self.script.display()));
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        let line = format!("broker {broker} ");
        let mut lines = shown.lines().filter(|shown| shown.starts_with(&line));
        lines.any(|line| line.contains("pid"))
    }

    /// Kills a broker (1, 2 or 3) as a power cut does.
    pub fn kill(&self, broker: u32) {
        self.tell("kill", broker);
    }

    /// Stops a broker's clock: it keeps its connections and does nothing.
    pub fn pause(&self, broker: u32) {
        self.tell("pause", broker);
    }

    /// Lets a paused broker go on.
    pub fn resume(&self, broker: u32) {
        self.tell("resume", broker);
    }

    /// Starts a broker again, stopping it first when it runs, and waits until it is ready.
    pub fn restart(&self, broker: u32) {
        self.tell("restart", broker);
    }

    fn tell(&self, command: &str, broker: u32) {
        let told = Command::new(&self.script)
            .args([command, &broker.to_string(), "--dir", &self.folder])
            .status();
        assert!(
            told.as_ref().is_ok_and(|status| status.success()),
            "{command} {broker}: {told:?}"
        );
    }
}

/// An access token that says whose it is, and that it is good from now on for so long. Nobody has signed it.
#[must_use]
pub fn token(user: &str, life: Duration) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let (from, until) = (now.as_secs(), (now + life).as_secs());
    let claims = format!(r#"{{"sub":"{user}","iat":{from},"exp":{until}}}"#);
    let [header, claims] = [r#"{"alg":"none"}"#, &claims].map(base64);
    format!("{header}.{claims}.")
}

/// For URLs, without padding.
fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digits = text.as_bytes().chunks(3).flat_map(|chunk| {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = move |index: usize| DIGITS[(bits >> (18 - 6 * index)) as usize & 63];
        (0..=chunk.len()).map(digit)
    });
    digits.map(char::from).collect()
}

/// What a command prints that must succeed.
fn text(command: &mut Command) -> String {
    let ran = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(ran.status.success(), "{command:?}: {ran:?}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.run.stdin.take());
        // It ends by itself; nobody is helped by an error here.
        let _ = self.run.wait();
    }
}
