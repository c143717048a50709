//! A server of its own, and people at a terminal who use the newest public client.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const OPERON: &str = env!("CARGO_BIN_EXE_operon");

/// How long the server may take until it answers. A net, not a measurement.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server with the people of `lab.toml`.
pub(crate) struct Lab {
    folder: TempDir,
    server: Child,
    port: u16,
    tokens: Value,
    /// The authority of its certificate, if it speaks TLS.
    authority: Option<PathBuf>,
}

/// Somebody at a terminal, with a home of their own.
pub(crate) struct Person<'l> {
    lab: &'l Lab,
    home: PathBuf,
    token: Option<String>,
}

impl Lab {
    /// A server without TLS.
    pub(crate) fn new() -> Self {
        Self::start(false)
    }

    /// A server with a certificate for `localhost`.
    pub(crate) fn with_tls() -> Self {
        Self::start(true)
    }

    fn start(tls: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, tokens) = (folder.path().join("data"), folder.path().join("tokens.json"));
        let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dx/lab.toml");
        let mut load = Command::new(OPERON);
        load.args(["fixture", "load"]).arg(world).arg("--data-dir").arg(&data).arg("--tokens").arg(&tokens);
        assert!(load.status().unwrap().success(), "the people cannot be loaded");
        let port = free_port();
        let mut serve = Command::new(OPERON);
        serve.args(["serve", "--listen"]).arg(format!("127.0.0.1:{port}")).arg("--data-dir").arg(&data);
        let authority = tls.then(|| with_certificate(folder.path(), &mut serve));
        let log = std::fs::File::create(folder.path().join("server.log")).unwrap();
        let server = serve.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let tokens = serde_json::from_slice(&std::fs::read(&tokens).unwrap()).unwrap();
        let lab = Self { folder, server, port, tokens, authority };
        let begin = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begin.elapsed() < PATIENCE, "the server does not answer:\n{}", lab.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        lab
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }

    /// The address as it is typed.
    pub(crate) fn address(&self) -> String {
        match self.authority {
            None => format!("http://127.0.0.1:{}", self.port),
            Some(_) => format!("https://localhost:{}", self.port),
        }
    }

    /// The port as it is typed.
    pub(crate) fn port(&self) -> String {
        self.port.to_string()
    }

    /// The token of somebody.
    pub(crate) fn token(&self, handle: &str) -> &str {
        self.tokens[handle]["auth"].as_str().unwrap()
    }

    /// Somebody whose terminal acts with their token.
    pub(crate) fn person(&self, handle: &str) -> Person<'_> {
        Person { token: Some(self.token(handle).to_owned()), ..self.visitor(handle) }
    }

    /// Somebody who has not signed in.
    pub(crate) fn visitor(&self, home: &str) -> Person<'_> {
        let home = self.folder.path().join(home);
        std::fs::create_dir_all(&home).unwrap();
        Person { lab: self, home, token: None }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind either.
        let _ = self.server.kill();
        let _ = self.server.wait();
        if std::thread::panicking() {
            eprintln!("the server said:\n{}", self.log());
        }
    }
}

impl Person<'_> {
    /// Where their files are; `dx` runs there.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Puts a file into the home.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.home.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// The content of a file in the home.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.home.join(name)).unwrap()
    }

    /// Runs a line of a shell whose environment points at the server, and which finds `dx` and `operon`.
    pub(crate) fn shell(&self, shell: &str, line: &str, input: &str, more: &[(&str, &str)]) -> Output {
        let venv = venv();
        let operon = Path::new(OPERON).parent().unwrap();
        let mut command = Command::new(shell);
        command.args(["-c", line]).current_dir(&self.home).env_clear();
        command.env("PATH", format!("{}/bin:{}:/usr/bin:/bin", venv.display(), operon.display()));
        command.env("HOME", &self.home).env("LANG", "C.UTF-8").env("SERVER", self.lab.address());
        if let Some(token) = &self.token {
            command.env("OPERON_TOKEN", token);
        }
        if let Some(authority) = &self.lab.authority {
            command.env("DX_CA_CERT", authority);
        }
        command.envs(more.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may be gone before it is told anything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn run(&self, words: &[&str], input: &str) -> Output {
        let quoted: Vec<String> =
            words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
        // Without a terminal of its own, the client reads a password from its input; `exec` keeps this process the
        // parent, by which the client knows the session.
        let line =
            format!("eval \"$(operon dx-env --server \"$SERVER\")\" && exec setsid dx {}", quoted.join(" "));
        self.shell("bash", &line, input, &[])
    }

    /// What a command prints that must succeed and warn of nothing.
    pub(crate) fn dx(&self, words: &[&str]) -> String {
        self.told(words, "")
    }

    /// As [`Person::dx`], for one that asks.
    pub(crate) fn told(&self, words: &[&str], input: &str) -> String {
        let output = self.run(words, input);
        let (said, warned) = texts(&output);
        assert!(output.status.success(), "dx {words:?}:\n{said}\n{warned}");
        assert!(!warned.contains("retry") && !warned.contains("Traceback"), "dx {words:?}:\n{warned}");
        said
    }

    /// What a command prints that must fail as expected errors do, in both streams.
    pub(crate) fn refused(&self, words: &[&str], input: &str) -> String {
        let output = self.run(words, input);
        let (said, warned) = texts(&output);
        assert_eq!(output.status.code(), Some(3), "dx {words:?}:\n{said}\n{warned}");
        assert!(!warned.contains("Traceback"), "dx {words:?}:\n{warned}");
        said + &warned
    }

    /// The JSON that a command prints.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let said = self.dx(words);
        serde_json::from_str(&said).unwrap_or_else(|why| panic!("dx {words:?} is no JSON ({why}):\n{said}"))
    }

    /// What the tab key offers after a line.
    pub(crate) fn completions(&self, line: &str) -> Vec<String> {
        let point = line.len().to_string();
        let more =
            [("COMP_LINE", line), ("COMP_POINT", point.as_str()), ("COMP_TYPE", "9"), ("_ARGCOMPLETE", "1")];
        // As the shell's own function does it: offers are read from the eighth channel.
        let line = "eval \"$(operon dx-env --server \"$SERVER\")\" && exec dx 8>&1 9>&2 >/dev/null";
        let output = self.shell("bash", line, "", &more);
        texts(&output).0.split('\u{b}').map(|offer| offer.trim().to_owned()).collect()
    }
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Where the newest public client is.
fn venv() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-env/venv-newest");
    let venv = std::env::var_os("OPERON_TEST_VENV_NEWEST").map_or(default, PathBuf::from);
    assert!(venv.join("bin/dx").exists(), "there is no {}/bin/dx: run `cargo xtask setup`", venv.display());
    venv
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Gives the server a certificate for this machine; answers the file of the authority.
fn with_certificate(folder: &Path, serve: &mut Command) -> PathBuf {
    let mut authority = rcgen::CertificateParams::new(vec![]).unwrap();
    authority.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    authority.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign, rcgen::KeyUsagePurpose::CrlSign];
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let own = rcgen::CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let certificate = own.signed_by(&key, &issuer).unwrap().pem();
    let file = |name: &str, content: String| {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        path
    };
    let settings = format!(
        "[tls]\ncertificate = {:?}\nkey = {:?}\n",
        file("certificate.pem", certificate),
        file("key.pem", key.serialize_pem())
    );
    serve.arg("--config").arg(file("operon.toml", settings));
    file("authority.pem", root)
}
