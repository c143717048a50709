//! `operon audit`: the tamper-evident log, looked at from outside the server.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use app::LogSigner;
use audit::{PublicKey, SignedCheckpoint, TrustedKey};
use clap::{Args, Subcommand};
use server::Config;

/// What can be done with the audit log.
#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Check every entry, link and checkpoint; names the first that is broken.
    Verify(Verify),
    /// Write the whole log as JSON Lines.
    Export(Export),
    /// Print the public key that checkpoints are signed with. Keep it outside the server.
    Key(Place),
}

/// Where the server keeps its data.
#[derive(Args)]
pub(crate) struct Place {
    /// A TOML file with settings.
    #[arg(long, env = "OPERON_CONFIG")]
    config: Option<PathBuf>,
    /// Where everything is kept.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// Options of `operon audit verify`.
#[derive(Args)]
pub(crate) struct Verify {
    /// An export to verify; the server's own database when absent.
    file: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
    /// A public key that was kept outside the server; the server's own when absent.
    #[arg(long)]
    key: Vec<String>,
    /// A checkpoint that was kept outside the server: the log must contain it.
    #[arg(long)]
    checkpoint: Vec<PathBuf>,
}

/// Options of `operon audit export`.
#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    place: Place,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

/// Runs one of the commands.
pub(crate) async fn run(command: Audit) -> anyhow::Result<()> {
    match command {
        Audit::Verify(verify) => self::verify(verify).await,
        Audit::Export(export) => self::export(export).await,
        Audit::Key(place) => {
            let config = place.config()?;
            server::boot::must_be_there(&config)?;
            let log = server::boot::audit_log(&config)?;
            say(&log.key.public().to_string())
        }
    }
}

async fn verify(options: Verify) -> anyhow::Result<()> {
    let mut known = Vec::new();
    for path in &options.checkpoint {
        let note =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        known.push(
            SignedCheckpoint::parse(&note).with_context(|| format!("{} is no checkpoint", path.display()))?,
        );
    }
    let mut keys = Vec::new();
    for key in &options.key {
        let key: PublicKey = key.parse().with_context(|| format!("\"{key}\" is no public key"))?;
        keys.push(TrustedKey::always(key));
    }
    let report = match &options.file {
        Some(path) => {
            if keys.is_empty() {
                bail!(
                    "name the key that the export was signed with: --key KEY (`operon audit key` prints it)"
                );
            }
            let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            audit::verify_export(BufReader::new(file), None, keys, known)?
        }
        None => {
            let config = options.place.config()?;
            server::boot::must_be_there(&config)?;
            let LogSigner { origin, key } = server::boot::audit_log(&config)?;
            if keys.is_empty() {
                keys.push(TrustedKey::always(key.public().clone()));
            }
            let db = server::boot::open_database(&config).await?;
            let report = match app::audit_log::check_name(&db, &origin).await {
                Ok(()) => app::audit_log::verify(&db, &origin, keys, known).await,
                Err(error) => Err(error),
            };
            db.close().await;
            report?
        }
    };
    say(&report.to_string())?;
    if !report.is_intact() {
        bail!("the audit log is not intact");
    }
    Ok(())
}

async fn export(options: Export) -> anyhow::Result<()> {
    let config = options.place.config()?;
    server::boot::must_be_there(&config)?;
    let log = server::boot::audit_log(&config)?;
    let db = server::boot::open_database(&config).await?;
    let mut out = std::io::BufWriter::new(
        File::create(&options.out).with_context(|| format!("cannot write {}", options.out.display()))?,
    );
    let outcome = app::audit_log::export(&db, &log.origin, |line| {
        let text = line.write().map_err(app::Error::internal)?;
        writeln!(out, "{text}").map_err(app::Error::internal)
    })
    .await;
    db.close().await;
    outcome?;
    out.into_inner()?.sync_all()?;
    Ok(())
}

impl Place {
    fn config(&self) -> anyhow::Result<Config> {
        Config::load(self.data_dir.as_deref(), self.config.as_deref(), server::config::variables()?)
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn say(text: &str) -> anyhow::Result<()> {
    println!("{text}");
    Ok(())
}
