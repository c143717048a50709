//! The server process: a server like any other, but on a disk that forgets where the task says so.

use std::collections::HashSet;
use std::io::{self, BufRead};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use app::fixture::{self, Fixture};
use app::{App, LogSigner};
use audit::export::Line;
use audit::{TrustedKey, Verifier};
use blobs::faults::PowerLoss;
use blobs::{DirEntry, FileLayer, ReadFile, Tier, WriteFile};
use futures::StreamExt;
use server::Config;
use server::boot::Parts;
use store::db::{DbError, params, power_loss};

use crate::life::{Report, TASK, Task};
use crate::{WORKERS, client};

/// How much later each life begins, in ms: longer than a background task is kept for who claimed it.
const BETWEEN_LIVES: i64 = 61_000;

/// Serves as the environment says, until it is killed or nobody listens any more.
pub fn serve() {
    #[expect(clippy::disallowed_methods, reason = "the task of a test is no setting of the server")]
    let Ok(task) = std::env::var(TASK) else { return };
    let task: Task = serde_json::from_str(&task).unwrap();
    // What went wrong in it stands beside what the failing test says.
    let filter = tracing_subscriber::EnvFilter::new("error");
    let log = server::logging::subscriber(filter, io::stderr);
    tracing::subscriber::set_global_default(log).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let app = runtime.block_on(start(&task));
    for command in io::stdin().lock().lines() {
        match command.unwrap().as_str() {
            "examine" => {
                let report = runtime.block_on(examine(&app));
                println!("REPORT {}", serde_json::to_string(&report).unwrap());
            }
            "sweep" => println!("SWEPT {}", runtime.block_on(sweep(&app))),
            other => panic!("{other} is not known"),
        }
    }
}

async fn start(task: &Task) -> Arc<App> {
    // The disks know their files by the path without links.
    let data = task.data.canonicalize().unwrap();
    let mut config = Config { data_dir: data.clone(), listen: (task.host, 0).into(), ..Config::default() };
    (config.database, config.database_schema) = task.database.clone().unzip();
    config.files.s3 = task.bucket.as_ref().map(|settings| toml::from_str(settings).unwrap());
    let system = Parts::default();
    let later = BETWEEN_LIVES * i64::try_from(task.life).unwrap();
    let mut parts = Parts {
        clock: Box::new(Later { system: system.clock, later }),
        mailer: Some(Box::new(mail::Memory::default())),
        ..Parts::default()
    };
    if task.power_loss {
        power_loss::register().unwrap();
        parts.vfs = Some(power_loss::NAME.to_owned());
        let disk = PowerLoss::over(&data).unwrap();
        parts.files =
            Some(if task.lying_disk { Arc::new(Lying(disk)) as Arc<dyn FileLayer> } else { Arc::new(disk) });
    }
    let running = server::boot::start_with(config, parts).await.unwrap();
    // Whoever died before this begins again.
    if !running.app.db.read(store::account::any).await.unwrap() {
        fixture::add(&running.app, people()).await.unwrap();
    }
    println!("READY http://{}", running.address);
    running.app
}

fn people() -> Fixture {
    let handles = (0..WORKERS).map(client::handle);
    let token = |handle: &String| fixture::Token {
        name: "test".to_owned(),
        user: handle.clone(),
        text: Some(client::token_of(handle)),
        scope: None,
    };
    Fixture {
        token: handles.clone().map(|handle| token(&handle)).collect(),
        user: handles.map(|handle| fixture::User::new(&handle)).collect(),
        ..Fixture::default()
    }
}

/// The system's clock, set ahead: the machine was off between two lives.
struct Later {
    system: Box<dyn app::Clock>,
    later: i64,
}

impl app::Clock for Later {
    fn now(&self) -> i64 {
        self.system.now() + self.later
    }
}

async fn examine(app: &Arc<App>) -> Report {
    while busy(app).await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Arc::clone(app).remove_orphans().await.unwrap();
    app.fold_audit_log().await.unwrap();
    let LogSigner { origin, key } = &app.audit;
    let mut verifier = Verifier::new(origin, vec![TrustedKey::always(key.public().clone())], Vec::new());
    let (mut requests, mut events) = (HashSet::new(), 0);
    let exported = app::audit_log::export(&app.db, origin, |line| {
        match line {
            Line::Header { .. } => {}
            Line::Entry(entry) => {
                requests.extend(audit::Event::decode(&entry.event).unwrap().request);
                events += 1;
                verifier.entry(entry);
            }
            Line::Checkpoint(signed) => verifier.checkpoint(signed),
        }
        Ok(())
    });
    exported.await.unwrap();
    let verdict = verifier.finish();
    let failures = "select coalesce(failure, '') from background_task where failure is not null";
    Report {
        faults: (!verdict.is_intact()).then(|| verdict.to_string()),
        events,
        requests,
        failures: texts(app, failures).await,
        objects: count(app, "select count(*) from object").await,
        blobs: count(app, "select count(*) from stored_blob").await,
        stored: app.blobs.list(Tier::Live).chain(app.blobs.list(Tier::Archive)).count().await,
    }
}

/// Removes what unfinished writes of bytes left behind, however young.
async fn sweep(app: &App) -> u64 {
    let now = Duration::from_millis(u64::try_from(app.clock.now()).unwrap());
    app.blobs.sweep_temporary(std::time::UNIX_EPOCH + now).await.unwrap()
}

/// Whether the background has something to do: a task that has not failed again and again, a file to seal, bytes to remove.
async fn busy(app: &App) -> bool {
    let left = "select (select count(*) from background_task where failure is null or attempts < 4)
        + (select count(*) from object where state = 'closing')
        + (select count(*) from stored_blob where state = 'doomed')";
    count(app, left).await > 0
}

async fn count(app: &App, sql: &'static str) -> i64 {
    let found = app.db.read(move |tx| tx.query_one(sql, params![])?.get(0)).await;
    found.unwrap_or_else(|error: DbError| panic!("{error}"))
}

async fn texts(app: &App, sql: &'static str) -> Vec<String> {
    let found = app.db.read(move |tx| tx.query(sql, params![])?.iter().map(|row| row.get(0)).collect()).await;
    found.unwrap_or_else(|error: DbError| panic!("{error}"))
}

/// A disk that does not keep the names of blobs when it is told to.
#[derive(Debug)]
struct Lying(PowerLoss);

impl FileLayer for Lying {
    fn create_dir(&self, dir: &Path) -> io::Result<bool> {
        self.0.create_dir(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.0.create(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn ReadFile>> {
        self.0.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let in_folder_of_blobs = dir.parent().is_some_and(|parent| parent.ends_with("blobs"));
        if in_folder_of_blobs { Ok(()) } else { self.0.sync_dir(dir) }
    }

    fn list(&self, dir: &Path, show: &mut dyn FnMut(DirEntry) -> ControlFlow<()>) -> io::Result<()> {
        self.0.list(dir, show)
    }
}
