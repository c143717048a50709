//! From a configuration to a running server.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ::mail::Mailer;
use anyhow::Context;
use app::{App, Clock, LogSigner, Memory, Random};
use rand::TryRng;
use secrets::ServerKeys;
use store::db::{Db, DbConfig};
use tokio::task::JoinHandle;

use crate::data_dir::{AUDIT_KEY, Held, SERVER_KEY, UNFINISHED_RESTORE, hold};
use crate::http::{Bounds, Listener, Stop, metrics_router, router};
use crate::{Config, Meter, Server, folder};

/// Parts of a server that tests put others in place of.
pub struct Parts {
    /// The clock.
    pub clock: Box<dyn Clock>,
    /// Randomness.
    pub random: Box<dyn Random>,
    /// The way that letters take; as configured when absent.
    pub mailer: Option<Box<dyn Mailer>>,
    /// The way to the files that hold the bytes of files; the file system when absent.
    pub files: Option<Arc<dyn blobs::FileLayer>>,
    /// The SQLite VFS that the database is reached through; the default one when absent.
    pub vfs: Option<String>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            clock: Box::new(SystemClock),
            random: Box::new(SystemRandom),
            mailer: None,
            files: None,
            vfs: None,
        }
    }
}

/// A server that answers.
pub struct Running {
    /// The address that was bound.
    pub address: SocketAddr,
    /// Where `/metrics` is served apart, if it is.
    pub metrics: Option<SocketAddr>,
    /// Asks it to stop.
    pub stop: Stop,
    /// The use cases, for the program that started the server.
    pub app: Arc<App>,
    serving: Vec<JoinHandle<()>>,
    jobs: JoinHandle<()>,
    held: Held,
}

impl Running {
    /// Waits until the server has stopped and everything it held is closed.
    pub async fn wait(self) {
        for task in self.serving.into_iter().chain([self.jobs]) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the server ended on a fault");
            }
        }
        if let Err(error) = self.app.close_audit_log().await {
            tracing::error!(?error, "the last checkpoint of the audit log could not be signed");
        }
        self.app.db.clone().close().await;
        drop(self.held);
    }
}

/// Starts a server.
///
/// # Errors
/// A sentence that says which part could not be started, and why.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    start_with(config, Parts::default()).await
}

/// Starts a server with other parts.
///
/// # Errors
/// As [`start`].
pub async fn start_with(config: Config, parts: Parts) -> anyhow::Result<Running> {
    let held = hold(&config.data_dir)?;
    let tls = config.tls.as_ref().map(crate::tls::load).transpose()?;
    let meter = Meter::default();
    let bounds = Bounds::new(&config.limits, config.trust_forwarded_for);
    let listener = bind(config.listen, tls).await?;
    let metrics = match config.metrics.listen {
        Some(address) => Some(bind(address, None).await?),
        None => None,
    };
    let address = listener.address()?;
    let app = Arc::new(open_with(&held, &config, address, parts).await?);
    let stop = Stop::new();
    let server = Arc::new(Server::new(Arc::clone(&app), config, meter.clone())?);
    let metrics_address = metrics.as_ref().map(Listener::address).transpose()?;
    let mut serving = Vec::new();
    if let Some(metrics) = metrics {
        serving.push(tokio::spawn(metrics.serve(
            metrics_router(Arc::clone(&server)),
            bounds.clone(),
            None,
            stop.clone(),
        )));
    }
    serving.push(tokio::spawn(listener.serve(router(server), bounds, Some(meter.clone()), stop.clone())));
    let turned = Arc::new(move |job, failed| meter.job_turn(job, failed));
    let jobs = tokio::spawn(app::jobs::run(Arc::clone(&app), stop.receiver(), turned));
    Ok(Running { address, metrics: metrics_address, stop, app, serving, jobs, held })
}

async fn bind(address: SocketAddr, tls: Option<Arc<rustls::ServerConfig>>) -> anyhow::Result<Listener> {
    Listener::bind(address, tls).await.with_context(|| format!("cannot listen on {address}"))
}

/// Opens everything a server stands on in the directory that is held, without serving.
///
/// # Errors
/// A sentence that says which part could not be opened, and why.
pub async fn open(held: &Held, config: &Config, address: SocketAddr) -> anyhow::Result<App> {
    open_with(held, config, address, Parts::default()).await
}

/// Opens everything with other parts.
///
/// # Errors
/// As [`open`].
pub async fn open_with(
    _held: &Held,
    config: &Config,
    address: SocketAddr,
    parts: Parts,
) -> anyhow::Result<App> {
    let data = &config.data_dir;
    if data.join(UNFINISHED_RESTORE).exists() {
        anyhow::bail!(
            "the restore into {} was not finished; empty the directory and restore the backup again",
            data.display()
        );
    }
    let Parts { clock, random, mailer, files, vfs } = parts;
    let keys = key_file(&data.join(SERVER_KEY), random.as_ref())?;
    let audit = audit_log(config)?;
    // Also where the keys were there: an earlier start may have been stopped before their names were durable.
    folder::sync(data).with_context(|| format!("cannot write into the data directory {}", data.display()))?;
    let db = open_database_at(config.database(vfs)).await?;
    let blobs =
        blobs::BlobStore::open(config.blobs(files)).await.context("cannot open the store of file bytes")?;
    own_bucket(config, &db, &blobs, clock.as_ref(), random.as_ref()).await?;
    app::audit_log::check_name(&db, &audit.origin).await?;
    Ok(App {
        memory: Memory::new(&keys, db.readers()),
        db,
        blobs,
        clock,
        random,
        mailer: match mailer {
            Some(mailer) => mailer,
            None => crate::mail::mailer(config, address)?,
        },
        keys,
        audit,
        options: config.options(address),
    })
}

/// A bucket is for one installation: of two, each would remove the bytes that only the other's database knows.
async fn own_bucket(
    config: &Config,
    db: &Db,
    blobs: &blobs::BlobStore,
    clock: &dyn Clock,
    random: &dyn Random,
) -> anyhow::Result<()> {
    if config.files.s3.is_none() {
        return Ok(());
    }
    let (new, now) = (new_installation(random), clock.now());
    let id = db.write(move |tx| store::installation::id_or(tx, &new, now)).await?;
    if !blobs.reserve(&id, false).await.context("cannot reserve the store of file bytes")? {
        anyhow::bail!(taken(config));
    }
    Ok(())
}

/// An id that no other installation has.
pub(crate) fn new_installation(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a bucket cannot be used.
pub(crate) fn taken(config: &Config) -> String {
    let s3 = config.files.s3.as_ref();
    let place = s3.map(|s3| format!("{} (under {} and {})", s3.bucket, s3.prefix, s3.archive_prefix));
    format!(
        "the bucket {} is in use by another server, which would remove the bytes of this one. Name another bucket or other prefixes",
        place.unwrap_or_default()
    )
}

/// Fails unless the data directory is that of a server which was started before.
///
/// # Errors
/// A sentence that names what is missing.
pub fn must_be_there(config: &Config) -> anyhow::Result<()> {
    let database = match config.database(None) {
        DbConfig::Sqlite { path, .. } => Some(path),
        DbConfig::Postgres { .. } => None,
    };
    let keys = [SERVER_KEY, AUDIT_KEY].map(|key| config.data_dir.join(key));
    match database.iter().chain(&keys).find(|path| !path.exists()) {
        Some(missing) => {
            anyhow::bail!("there is no {}; name the data directory of a server", missing.display())
        }
        None => Ok(()),
    }
}

/// Opens the database and brings it up to date.
///
/// # Errors
/// A sentence that says what is in the way.
pub async fn open_database(config: &Config) -> anyhow::Result<Db> {
    open_database_at(config.database(None)).await
}

async fn open_database_at(database: DbConfig) -> anyhow::Result<Db> {
    let db = Db::open(database).await.context("cannot open the database")?;
    db.migrate(store::schema::MIGRATIONS).await.context("cannot bring the database up to date")?;
    Ok(db)
}

/// What the audit log is called and who signs it. The signing key lies in a file of its own, so that a copy of it
/// can be kept apart from that of the others.
///
/// # Errors
/// When the key file cannot be read or made.
pub fn audit_log(config: &Config) -> anyhow::Result<LogSigner> {
    let keys = key_file(&config.data_dir.join(AUDIT_KEY), &SystemRandom)?;
    let key = audit::SigningKey::new(&config.audit_origin, &keys.current().derive("audit checkpoints"))
        .context("the name of the audit log cannot be used")?;
    Ok(LogSigner { origin: config.audit_origin.clone(), key })
}

/// Reads a key file, or makes it where there is none.
fn key_file(path: &Path, random: &dyn Random) -> anyhow::Result<ServerKeys> {
    if path.exists() {
        return ServerKeys::load(path).with_context(|| format!("cannot use the key file {}", path.display()));
    }
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    ServerKeys::create(path, bytes).with_context(|| format!("cannot make the key file {}", path.display()))
}

/// The clock of this machine.
pub(crate) struct SystemClock;

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

/// The randomness of this machine.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            reason = "without randomness from the operating system no secret may be made"
        )]
        rand::rngs::SysRng.try_fill_bytes(buffer).expect("the operating system gives no random bytes");
    }
}
