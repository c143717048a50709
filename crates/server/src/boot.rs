//! From a configuration to a running server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use app::{App, Clock, Random};
use rand::TryRng;
use store::db::{Db, DbConfig};
use tokio::task::JoinHandle;

use crate::http::{Handlers, Listener, RequestIds, Stop, router};
use crate::{Config, Server};

/// Connections to PostgreSQL.
const POSTGRES_POOL: usize = 8;

/// A server that answers.
pub struct Running {
    /// The address that was bound.
    pub address: SocketAddr,
    /// Asks it to stop.
    pub stop: Stop,
    /// The use cases, for the program that started the server.
    pub app: Arc<App>,
    serving: JoinHandle<()>,
}

impl Running {
    /// Waits until the server has stopped and everything it held is closed.
    pub async fn wait(self) {
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the server ended on a fault");
        }
        self.app.db.clone().close().await;
    }
}

/// Starts a server.
///
/// # Errors
/// A sentence that says which part could not be started, and why.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    let tls = config.tls.as_ref().map(crate::tls::load).transpose()?;
    let listener = Listener::bind(config.listen, tls)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.address()?;
    let app = Arc::new(open(&config, address).await?);
    let stop = Stop::new();
    let server = Arc::new(Server {
        app: Arc::clone(&app),
        config,
        handlers: Handlers::new(),
        request_ids: RequestIds::default(),
    });
    let serving = tokio::spawn(listener.serve(router(server), stop.clone()));
    Ok(Running { address, stop, app, serving })
}

/// Opens everything a server stands on, without serving.
///
/// # Errors
/// A sentence that says which part could not be opened, and why.
pub async fn open(config: &Config, address: SocketAddr) -> anyhow::Result<App> {
    let data = &config.data_dir;
    std::fs::create_dir_all(data)
        .with_context(|| format!("cannot make the data directory {}", data.display()))?;
    let random = SystemRandom;
    let key_file = data.join("server.key");
    let keys = if key_file.exists() {
        secrets::ServerKeys::load(&key_file)
    } else {
        let mut bytes = [0; 32];
        random.fill(&mut bytes);
        secrets::ServerKeys::create(&key_file, bytes)
    }
    .with_context(|| format!("cannot use the server key {}", key_file.display()))?;
    let database = match &config.database {
        None => DbConfig::Sqlite { path: data.join("operon.sqlite"), vfs: None },
        Some(url) => DbConfig::Postgres {
            url: url.clone(),
            schema: config.database_schema.clone(),
            pool: POSTGRES_POOL,
        },
    };
    let db = Db::open(database).await.context("cannot open the database")?;
    db.migrate(store::schema::MIGRATIONS).await.context("cannot bring the database up to date")?;
    let blobs =
        blobs::BlobStore::open(config.blobs()).await.context("cannot open the store of file bytes")?;
    Ok(App {
        db,
        blobs,
        clock: Box::new(SystemClock),
        random: Box::new(random),
        keys,
        options: config.options(address),
    })
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where the context's clock reads the system's"
        )]
        let now = SystemTime::now();
        now.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "without randomness from the operating system no secret may be made"
        )]
        rand::rngs::SysRng.try_fill_bytes(buffer).expect("the operating system gives no random bytes");
    }
}
