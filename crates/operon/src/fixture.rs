//! `operon fixture load`: a world for tests and demonstrations, in an empty data directory.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, json};
use server::Config;
use server::config::DATA_DIR_FILE;

#[derive(clap::Subcommand)]
pub(crate) enum Fixture {
    /// Load people, organisations, projects and tokens from a TOML file.
    Load(Load),
}

#[derive(clap::Args)]
pub(crate) struct Load {
    /// The TOML file; tests/fixtures/dx-suite.toml is an example.
    file: PathBuf,
    /// Where everything will be kept; must be empty or absent.
    #[arg(long)]
    data_dir: PathBuf,
    /// Write the tokens into this JSON file: name to user and token.
    #[arg(long)]
    tokens: Option<PathBuf>,
}

/// What the file holds: settings of the server, and what goes into its database.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    server: toml::Table,
    #[serde(flatten)]
    fixture: toml::Table,
}

/// Loads the file. Nothing is written unless all of it can be understood.
pub(crate) async fn load(arguments: Load) -> anyhow::Result<()> {
    let file = &arguments.file;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let File { server, fixture } =
        toml::from_str(&text).with_context(|| format!("{} is not a TOML file", file.display()))?;
    let fixture: app::fixture::Fixture =
        fixture.try_into().with_context(|| format!("{} is not a fixture", file.display()))?;
    let checked = Config::from_table(server.clone()).and_then(|config| Ok(config.check()?));
    checked.with_context(|| format!("the table [server] of {} is not a configuration", file.display()))?;

    let held = server::data_dir::hold_empty(&arguments.data_dir, "a fixture")?;
    std::fs::write(arguments.data_dir.join(DATA_DIR_FILE), toml::to_string(&server)?)
        .context("cannot write the server's settings")?;
    let config = Config::load(Some(&arguments.data_dir), None, server::config::variables()?)?;
    let app = server::boot::open(&held, &config, config.listen).await?;
    let issued = app::fixture::load(&app, fixture)
        .await
        .map_err(|error| anyhow::anyhow!(error.into_wire().message))?;
    app.db.close().await;
    if let Some(path) = &arguments.tokens {
        let tokens: Map<_, _> = issued
            .into_iter()
            .map(|token| (token.name, json!({ "user": token.user, "auth": token.text })))
            .collect();
        write_private(path, &serde_json::to_vec_pretty(&tokens)?)
            .with_context(|| format!("cannot write the tokens into {}", path.display()))?;
    }
    Ok(())
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(content)
}
