//! Messages through a real SMTP server (aiosmtpd), in every mode of protection.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what goes wrong in a test's helper fails the test"
)]

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use mail::{Credentials, Mailer, Message, SendError, Sender, Smtp, SmtpConfig, SmtpConfigError, Tls};
use serde_json::Value;

/// The Python of the test environment.
#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their tools are")]
fn python() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-env/venv");
    let venv = std::env::var_os("OPERON_TEST_VENV").map_or(default, PathBuf::from);
    let python = venv.join("bin/python");
    assert!(python.exists(), "there is no {}: run `cargo xtask setup`", python.display());
    python
}

/// A running SMTP server; ends with the value.
struct Server {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    port: u16,
    /// The authority its certificate is from.
    root: Vec<u8>,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(mode: Tls, login: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (root, certificate, key) = certificates();
        let (certificate_file, key_file) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        std::fs::write(&certificate_file, certificate).unwrap();
        std::fs::write(&key_file, key).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp_server.py");
        let mut command = Command::new(python());
        command.arg(script).arg(match mode {
            Tls::None => "none",
            Tls::StartTls => "starttls",
            Tls::Implicit => "implicit",
        });
        if mode != Tls::None {
            command.args([certificate_file, key_file]);
        }
        if let Some((user, password)) = login {
            command.args([user, password]);
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.next().expect("the server says its port").unwrap().parse().unwrap();
        Self { process, lines, port, root: root.into_bytes(), _folder: folder }
    }

    fn config(&self, tls: Tls) -> SmtpConfig {
        SmtpConfig {
            host: "localhost".to_owned(),
            port: Some(self.port),
            tls,
            credentials: None,
            extra_root: Some(self.root.clone()),
            hello: "operon.example.org".to_owned(),
            from: Sender::new("Operon", "operon@example.org".parse().unwrap()).unwrap(),
        }
    }

    /// The next message the server accepted.
    fn received(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().expect("a message").unwrap()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Closing its input lets it end by itself.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// An authority, and a certificate of it for this machine with its key.
fn certificates() -> (String, String, String) {
    let mut authority = rcgen::CertificateParams::new(vec![]).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut server = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    // The verifier asks for an explicit purpose.
    server.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = server.signed_by(&key, &issuer).unwrap().pem();
    (root, certificate, key.serialize_pem())
}

fn message(to: &str) -> Message {
    let text = "Hello Ada,\n\n.\nfollow https://operon.example.org/activate?code=7k2m\n";
    Message::new("m-1", 1_700_000_000_123, to.parse().unwrap(), "Your account (µm)", text).unwrap()
}

#[tokio::test]
async fn a_message_arrives_in_every_mode() {
    for tls in [Tls::None, Tls::StartTls, Tls::Implicit] {
        let mut server = Server::start(tls, None);
        Smtp::new(server.config(tls)).unwrap().send(&message("ada@example.org")).await.unwrap();
        let seen = server.received();
        assert_eq!(seen["from"], "operon@example.org", "{tls:?}");
        assert_eq!(seen["to"], serde_json::json!(["ada@example.org"]), "{tls:?}");
        assert_eq!(seen["encrypted"], tls != Tls::None, "{tls:?}");
        let content = seen["content"].as_str().unwrap();
        assert!(content.contains("Message-ID: <m-1@example.org>\r\n"), "{content}");
        let (_, text) = content.split_once("\r\n\r\n").unwrap();
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let sent = ["Hello Ada,", "", ".", "follow https://operon.example.org/activate?code=7k2m"];
        assert_eq!(lines, sent, "{tls:?}");
    }
}

#[tokio::test]
async fn the_right_password_is_accepted_and_a_wrong_one_waits_for_the_operator() {
    let mut server = Server::start(Tls::StartTls, Some(("operon", "open sesame")));
    let with = |password: &str| {
        let credentials = Credentials { user: "operon".to_owned(), password: password.to_owned() };
        Smtp::new(SmtpConfig { credentials: Some(credentials), ..server.config(Tls::StartTls) }).unwrap()
    };
    let (right, wrong) = (with("open sesame"), with("let me in"));
    right.send(&message("ada@example.org")).await.unwrap();
    let error = wrong.send(&message("ada@example.org")).await.unwrap_err();
    assert!(error.is_temporary() && error.to_string().contains("user name and password"), "{error}");
    assert!(!error.to_string().contains("let me in") && !format!("{wrong:?}").contains("let me in"));
    assert_eq!(server.received()["user"], "operon");
}

#[tokio::test]
async fn refusals_say_whether_trying_again_makes_sense() {
    let server = Server::start(Tls::None, None);
    let smtp = Smtp::new(server.config(Tls::None)).unwrap();
    let gone = smtp.send(&message("refused@example.org")).await.unwrap_err();
    assert!(matches!(&gone, SendError::Permanent(why) if why.contains("550")), "{gone}");
    let busy = smtp.send(&message("later@example.org")).await.unwrap_err();
    assert!(matches!(&busy, SendError::Temporary(why) if why.contains("451")), "{busy}");
    assert!(!busy.to_string().contains("7k2m"), "the text of the message stays out of errors");
}

#[tokio::test]
async fn no_server_and_no_trust_are_temporary() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::start(Tls::Implicit, None);
    let absent = SmtpConfig { port: Some(closed), ..server.config(Tls::None) };
    let stranger =
        SmtpConfig { extra_root: Some(certificates().0.into_bytes()), ..server.config(Tls::Implicit) };
    let other_name = SmtpConfig { host: "127.0.0.1".to_owned(), ..server.config(Tls::Implicit) };
    for config in [absent, stranger, other_name] {
        let error = Smtp::new(config).unwrap().send(&message("ada@example.org")).await.unwrap_err();
        assert!(error.is_temporary(), "{error}");
    }
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing_when_tls_was_asked_for() {
    let server = Server::start(Tls::None, None);
    let error =
        Smtp::new(server.config(Tls::StartTls)).unwrap().send(&message("ada@example.org")).await.unwrap_err();
    assert!(error.is_temporary(), "{error}");
}

#[test]
fn a_password_never_crosses_the_network_in_the_open() {
    let credentials = Some(Credentials { user: "operon".to_owned(), password: "x".to_owned() });
    let config = SmtpConfig {
        host: "mail.example.org".to_owned(),
        port: None,
        tls: Tls::None,
        credentials,
        extra_root: None,
        hello: "operon.example.org".to_owned(),
        from: Sender::new("", "operon@example.org".parse().unwrap()).unwrap(),
    };
    assert_eq!(Smtp::new(config.clone()).err(), Some(SmtpConfigError::PasswordInTheOpen));
    assert!(Smtp::new(SmtpConfig { host: "127.0.0.1".to_owned(), ..config.clone() }).is_ok());
    let bad = SmtpConfig { tls: Tls::StartTls, extra_root: Some(b"no certificate".to_vec()), ..config };
    assert!(matches!(Smtp::new(bad), Err(SmtpConfigError::Certificates(_))));
}
