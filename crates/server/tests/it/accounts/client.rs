//! Signing in with the public client, as a person at a terminal does.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use wire::Level;
use wire::user::TokenScope;

use super::{login, switch_on};
use crate::web::own_account::authenticator;
use crate::web::{PASSWORD, person};
use crate::world::World;

#[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their tools are")]
fn program() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-env/venv");
    let program = std::env::var_os("OPERON_TEST_VENV").map_or(default, PathBuf::from).join("bin/dx");
    assert!(program.exists(), "there is no {}: run `cargo xtask setup`", program.display());
    program
}

/// Somebody's terminal: a home folder, and the server that the client is to talk to.
struct Terminal {
    home: tempfile::TempDir,
    port: String,
    protocol: &'static str,
    /// A certificate to trust.
    authority: Option<PathBuf>,
}

impl Terminal {
    fn new(world: &World) -> Self {
        let port = world.address().port().to_string();
        Self { home: tempfile::tempdir().unwrap(), port, protocol: "http", authority: None }
    }

    /// Runs the client and types some lines. It has no terminal of its own, so that it asks for the password in the lines.
    async fn dx(&self, arguments: &[&str], typed: &[&str]) -> Output {
        let mut process = tokio::process::Command::new("setsid")
            .arg("--wait")
            .arg(program())
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .env("HOME", self.home.path())
            .envs(self.authority.iter().map(|path| ("DX_CA_CERT", path)))
            // Without these the client would ask elsewhere whose a token is.
            .env("DX_APISERVER_HOST", "127.0.0.1")
            .env("DX_APISERVER_PORT", &self.port)
            .env("DX_APISERVER_PROTOCOL", self.protocol)
            .current_dir(self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        let lines: String = typed.iter().map(|line| format!("{line}\n")).collect();
        input.write_all(lines.as_bytes()).await.unwrap();
        drop(input);
        tokio::time::timeout(Duration::from_secs(120), process.wait_with_output()).await.unwrap().unwrap()
    }

    async fn login(&self, more: &[&str], typed: &[&str]) -> Output {
        let server = [
            "login",
            "--noprojects",
            "--host",
            "127.0.0.1",
            "--protocol",
            self.protocol,
            "--port",
            &self.port,
        ];
        // At the end it asks where the API is: scheme, host and port.
        let typed = [typed, &[self.protocol, "127.0.0.1", &self.port]].concat();
        self.dx(&[&server, more].concat(), &typed).await
    }

    /// What `dx whoami` says; none when it fails.
    async fn whoami(&self) -> Option<String> {
        let output = self.dx(&["whoami"], &[]).await;
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }
}

#[track_caller]
fn said(output: &Output, text: &str) {
    let all =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(all.contains(text), "{text:?} is not in {all}");
}

/// F019: a person signs in with name and password, is asked again after a wrong one, is asked for the second factor, signs
/// out, and signs in with a token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_sign_in_with_the_public_client() {
    let world = World::new().await;
    person(&world, "ada").await;
    let terminal = Terminal::new(&world);
    let output = terminal.login(&[], &["ada", PASSWORD]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    said(&output, "You are now logged in");
    assert_eq!(terminal.whoami().await.as_deref(), Some("ada"));
    let output = terminal
        .dx(&["logout", "--host", "127.0.0.1", "--protocol", "http", "--port", &terminal.port], &[])
        .await;
    said(&output, "Deleted token with signature");
    assert_eq!(terminal.whoami().await, None);
    let ended = world
        .read(|tx| tx.query("select key from token where revoked is not null", store::db::params![]))
        .await;
    assert_eq!(ended.len(), 1);

    let terminal = Terminal::new(&world);
    let output = terminal.login(&[], &["ada", "wrong wrong wrong", "ada", PASSWORD]).await;
    said(&output, "Incorrect username and/or password");
    assert!(output.status.success());
    assert_eq!(terminal.whoami().await.as_deref(), Some("ada"));
    let terminal = Terminal::new(&world);
    let wrong = ["ada", "wrong wrong wrong", "ada", "wrong wrong wrong", "ada", "wrong wrong wrong"];
    assert!(!terminal.login(&[], &wrong).await.status.success());
    assert_eq!(terminal.whoami().await, None);

    let ada = login(&world, "ada", PASSWORD).await;
    let (secret, backup) = switch_on(&ada, "user-ada", world.now()).await;
    world.pass(Duration::from_secs(60));
    let terminal = Terminal::new(&world);
    let output = terminal.login(&[], &["ada", PASSWORD, &authenticator(&secret, world.now())]).await;
    said(&output, "Verification code: ");
    said(&output, "You are now logged in");
    let terminal = Terminal::new(&world);
    let output = terminal.login(&[], &["ada", PASSWORD, "000000", &backup[0]]).await;
    said(&output, "Incorrect verification code");
    said(&output, "You are now logged in");
    assert_eq!(terminal.whoami().await.as_deref(), Some("ada"));
}

/// F023: a token is used in place of a password, and reaches as far as its scope. The client looks up whose it is over
/// https only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_signs_in_over_https() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, own.cert.pem()).unwrap();
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let tls = server::config::Tls { certificate: certificate.clone(), key };
    let world = World::with(|config| config.tls = Some(tls)).await;
    person(&world, "ada").await;
    let view = TokenScope::Projects { projects: [("*".to_owned(), Level::View)].into() };
    let scoped = world.scoped("ada", view).await;
    let terminal = Terminal { protocol: "https", authority: Some(certificate), ..Terminal::new(&world) };
    let output = terminal.login(&["--token", scoped.token.as_deref().unwrap()], &[]).await;
    assert!(output.status.success(), "{output:?}");
    assert_eq!(terminal.whoami().await.as_deref(), Some("ada"));
    let output = terminal.dx(&["new", "project", "Mine", "--brief"], &[]).await;
    assert!(!output.status.success());
    said(&output, "PermissionDenied");
    // A token that is none is noticed at the first use.
    let terminal =
        Terminal { protocol: "https", authority: terminal.authority.clone(), ..Terminal::new(&world) };
    terminal.login(&["--token", "no-token"], &[]).await;
    assert_eq!(terminal.whoami().await, None);
}
