//! A server of its own for each test, and people in it.
//!
//! `OPERON_TEST_DATABASE=postgres` runs the same tests on PostgreSQL, in a schema of its own for each world; the default
//! is SQLite. The server is the one that `store::db::testing` starts, or the one at `OPERON_TEST_POSTGRES`.

mod client;
mod described;
mod leaping;
mod snapshot;
mod standing;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use app::fixture::{self, Fixture};
use server::boot::Parts;
use server::{Config, Running};
use store::db::testing::TestDatabases;
use store::db::{DbConfig, DbError, DbKind, Tx};
use tempfile::TempDir;
use wire::id::{ContainerId, UserId};
use wire::user::TokenScope;

use crate::wait;

pub use client::{Answer, Client};
pub use snapshot::Snapshot;

/// A running server with an empty database.
pub struct World {
    /// Its data directory.
    pub data: TempDir,
    /// Every letter that it sent.
    pub letters: Arc<mail::Memory>,
    ahead_ms: Arc<AtomicI64>,
    config: Config,
    running: Option<Running>,
    http: reqwest::Client,
    minted: AtomicU64,
}

/// A server that nobody asks any more stops, so that a test of many servers does not keep the connections of all.
impl Drop for World {
    fn drop(&mut self) {
        if let (Some(running), Ok(runtime)) = (self.running.take(), tokio::runtime::Handle::try_current()) {
            running.stop.ask();
            runtime.spawn(running.wait());
        }
    }
}

impl World {
    /// Starts a server.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts a server whose configuration was changed first.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let letters = Arc::new(mail::Memory::default());
        let mailer: Box<dyn mail::Mailer> = Box::new(Kept(Arc::clone(&letters)));
        Self::start(change, Some(mailer), letters, |parts| parts).await
    }

    /// Starts a server of which a test holds other parts.
    pub async fn with_parts(change: impl FnOnce(Parts) -> Parts) -> Self {
        let letters = Arc::new(mail::Memory::default());
        let mailer: Box<dyn mail::Mailer> = Box::new(Kept(Arc::clone(&letters)));
        Self::start(|_| {}, Some(mailer), letters, change).await
    }

    /// Starts a server on a database of this kind, whichever the environment asks for.
    pub async fn on(kind: DbKind) -> Self {
        Self::with(|config| use_database(config, kind)).await
    }

    /// Starts a server that sends letters as its configuration says.
    pub async fn with_real_mail(change: impl FnOnce(&mut Config)) -> Self {
        Self::start(change, None, Arc::default(), |parts| parts).await
    }

    async fn start(
        change: impl FnOnce(&mut Config),
        mailer: Option<Box<dyn mail::Mailer>>,
        letters: Arc<mail::Memory>,
        others: impl FnOnce(Parts) -> Parts,
    ) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config {
            data_dir: data.path().join("data"),
            listen: "127.0.0.1:0".parse().unwrap(),
            ..Config::default()
        };
        // What a test finds must not hang on how busy the machine is.
        config.limits.search_seconds = 600;
        use_asked_database(&mut config);
        change(&mut config);
        // The test's own HTTP client needs a provider; a second test in the same process finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let running =
            server::boot::start_with(config.clone(), others(parts(&ahead_ms, mailer))).await.unwrap();
        // A restart takes the same address, so that clients and links go on.
        config.listen = running.address;
        let running = Some(running);
        Self {
            data,
            letters,
            ahead_ms,
            config,
            running,
            http: reqwest::Client::new(),
            minted: AtomicU64::new(0),
        }
    }

    /// Stops the server and starts it again on the same data and at the same address. Its letters are kept as before.
    pub async fn restart(&mut self) {
        self.stop().await;
        let mailer: Box<dyn mail::Mailer> = Box::new(Kept(Arc::clone(&self.letters)));
        let parts = parts(&self.ahead_ms, Some(mailer));
        self.running = Some(server::boot::start_with(self.config.clone(), parts).await.unwrap());
    }

    /// Stops the server; its data stay.
    pub async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.stop.ask();
        running.wait().await;
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The running server.
    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// A new active person with a token of full scope.
    pub async fn user(&self, handle: &str) -> Client {
        let token = format!("{handle}-token-{}", self.minted.fetch_add(1, Ordering::Relaxed));
        self.add(Fixture {
            user: vec![fixture::User { last: "Test".to_owned(), ..fixture::User::new(handle) }],
            token: vec![fixture::Token {
                name: "test".to_owned(),
                user: handle.to_owned(),
                text: Some(token.clone()),
                scope: None,
            }],
            ..Fixture::default()
        })
        .await;
        self.client(Some(&token))
    }

    /// Lets time pass on the server's clock.
    pub fn pass(&self, time: Duration) {
        self.ahead_ms.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Sets the server's clock back.
    pub fn turn_back(&self, time: Duration) {
        self.ahead_ms.fetch_sub(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// The time on the server's clock, in ms.
    pub fn now(&self) -> i64 {
        self.app().clock.now()
    }

    /// Waits for the next letter to an address, after those that were seen already, and answers its text.
    pub async fn letter(&self, to: &str, seen: usize) -> mail::Message {
        wait::answer_of(&format!("letter number {} to {to}", seen + 1), async || {
            self.letters.sent().into_iter().filter(|letter| letter.to().as_str() == to).nth(seen)
        })
        .await
    }

    /// A new active person of a platform-wide kind (`ADMIN`, `READ_ONLY`).
    pub async fn person(&self, handle: &str, kind: &str) -> Client {
        let token = format!("{handle}-token-{}", self.minted.fetch_add(1, Ordering::Relaxed));
        self.add(Fixture {
            user: vec![fixture::User { kind: kind.to_owned(), ..fixture::User::new(handle) }],
            token: vec![fixture::Token {
                name: "test".to_owned(),
                user: handle.to_owned(),
                text: Some(token.clone()),
                scope: None,
            }],
            ..Fixture::default()
        })
        .await;
        self.client(Some(&token))
    }

    /// Another token of somebody who is there, cut to a scope.
    pub async fn scoped(&self, handle: &str, scope: TokenScope) -> Client {
        let token = format!("{handle}-scoped-{}", self.minted.fetch_add(1, Ordering::Relaxed));
        self.add(Fixture {
            token: vec![fixture::Token {
                name: "scoped".to_owned(),
                user: handle.to_owned(),
                text: Some(token.clone()),
                scope: Some(scope),
            }],
            ..Fixture::default()
        })
        .await;
        self.client(Some(&token))
    }

    /// A new organisation that can be charged, of people who are there. The first is its ADMIN.
    pub async fn org(&self, handle: &str, people: &[&str]) -> String {
        let members = people.iter().enumerate().map(|(place, person)| {
            let member = fixture::Member { admin: place == 0, ..fixture::Member::default() };
            ((*person).to_owned(), member)
        });
        self.add(Fixture {
            org: vec![fixture::Org { handle: handle.to_owned(), name: None, members: members.collect() }],
            ..Fixture::default()
        })
        .await;
        format!("org-{handle}")
    }

    /// Puts people, organisations, projects and tokens in.
    pub async fn add(&self, fixture: Fixture) -> Vec<fixture::Issued> {
        fixture::add(&self.running().app, fixture).await.unwrap()
    }

    /// Gives somebody any role in a project, also one that no level stands for.
    pub async fn give(&self, project: &str, handle: &str, role: policy::Preset) {
        let (project, handle) = (ContainerId::parse(project).unwrap(), UserId::from_handle(handle).unwrap());
        let given = self.write(move |tx| {
            let account = store::account::by_id(tx, &handle)?.unwrap();
            let project = store::project::by_id(tx, &project)?.unwrap();
            #[expect(clippy::disallowed_methods, reason = "a test gives roles that no method gives yet")]
            let permit = store::access::Operator::new(tx).project(project.key);
            let principal = store::grant::Principal::User(account.key, account.id);
            store::grant::put(tx, &permit, &principal, role, "user-test", 0)
        });
        given.await;
    }

    /// The use cases, for what no request can do.
    pub fn app(&self) -> &std::sync::Arc<app::App> {
        &self.running().app
    }

    /// Looks into the database.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnMut(&Tx) -> Result<T, DbError> + Send + 'static,
    ) -> T {
        self.app().db.read(look).await.unwrap()
    }

    /// Changes the database behind the server's back.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&Tx) -> Result<T, DbError> + Send + 'static,
    ) -> T {
        self.app().db.write(change).await.unwrap()
    }

    /// Waits until the server has stopped.
    pub async fn ended(mut self) {
        self.running.take().unwrap().wait().await;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running().address
    }

    /// A client with any token, or none.
    pub fn client(&self, token: Option<&str>) -> Client {
        Client::new(self.base(), self.http.clone(), token)
    }

    /// Where the server is: scheme, host and port.
    pub fn base(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Client {
        self.client(None)
    }
}

/// What an authenticator with this seed shows at a time (ms).
pub fn otp(seed: [u8; secrets::totp::SEED_LEN], now: i64) -> String {
    let secret = totp_rs::Secret::new_stack(seed);
    let authenticator =
        totp_rs::Builder::new().with_algorithm(totp_rs::Algorithm::SHA1).with_digits(6).with_secret(secret);
    authenticator
        .with_step_duration(30)
        .build()
        .unwrap()
        .generate(u64::try_from(now).unwrap() / 1000)
        .to_string()
}

/// The system's clock, set ahead by a test.
struct Ahead {
    system: Box<dyn app::Clock>,
    ahead_ms: Arc<AtomicI64>,
}

impl app::Clock for Ahead {
    fn now(&self) -> i64 {
        self.system.now() + self.ahead_ms.load(Ordering::SeqCst)
    }
}

/// Letters kept for a test to read.
struct Kept(Arc<mail::Memory>);

#[async_trait::async_trait]
impl mail::Mailer for Kept {
    async fn send(&self, message: &mail::Message) -> Result<(), mail::SendError> {
        self.0.send(message).await
    }
}

/// The parts of a server that tests hold in their hands.
fn parts(ahead_ms: &Arc<AtomicI64>, mailer: Option<Box<dyn mail::Mailer>>) -> Parts {
    let system = Parts::default();
    let clock = Box::new(Ahead { system: system.clock, ahead_ms: Arc::clone(ahead_ms) });
    Parts { clock, mailer, ..Parts::default() }
}

/// Puts the server on the database that the environment asks for.
#[expect(clippy::disallowed_methods, reason = "which database tests use is no setting of the server")]
pub fn use_asked_database(config: &mut Config) {
    match std::env::var("OPERON_TEST_DATABASE").as_deref() {
        Err(_) | Ok("" | "sqlite") => {}
        Ok("postgres") => use_database(config, DbKind::Postgres),
        Ok(other) => panic!("OPERON_TEST_DATABASE is {other:?}; it may be sqlite or postgres"),
    }
}

fn use_database(config: &mut Config, kind: DbKind) {
    (config.database, config.database_schema) = match kind {
        DbKind::Sqlite => (None, None),
        DbKind::Postgres => match TestDatabases::config(kind) {
            Ok((DbConfig::Postgres { url, schema, .. }, _)) => (Some(url), schema),
            _ => panic!("the tests were asked to run on PostgreSQL, and it cannot be started"),
        },
    };
}
