//! The `operon` program: the server and the command line in one binary.

mod audit;
mod backup;
mod demo;
mod fixture;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use server::Config;

/// Keep, share, govern and analyse biomedical data.
#[derive(Parser)]
#[command(name = "operon", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server; without options it keeps everything in ./operon-data and answers on this machine alone.
    Serve(Serve),
    /// Fill an empty data directory from a file.
    #[command(subcommand)]
    Fixture(fixture::Fixture),
    /// Print shell lines that point the public `dx` client at a server: eval "$(operon dx-env)".
    DxEnv(DxEnv),
    /// Take the five-minute tour: a lab shares real data on a server of its own.
    Demo(demo::Demo),
    /// Check or export the audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Copy everything a server keeps into a directory, while it runs.
    Backup(backup::Backup),
    /// Fill an empty data directory from a backup, and verify everything.
    Restore(backup::Restore),
}

#[derive(clap::Args)]
struct DxEnv {
    /// The server's address.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: String,
    /// A token to act with; without one, `dx login` signs in.
    #[arg(long, env = "OPERON_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

#[derive(clap::Args)]
struct Serve {
    /// A TOML file with settings.
    #[arg(long, env = "OPERON_CONFIG")]
    config: Option<PathBuf>,
    /// Where everything is kept [default: operon-data].
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The address to serve on; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long)]
    listen: Option<SocketAddr>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("cannot start")),
    };
    let outcome = match arguments.command {
        Command::Serve(serve) => runtime.block_on(run(serve)),
        Command::Fixture(fixture::Fixture::Load(load)) => runtime.block_on(fixture::load(load)),
        Command::DxEnv(options) => dx_env(&options),
        Command::Demo(options) => runtime.block_on(demo::run(options)),
        Command::Audit(command) => runtime.block_on(audit::run(command)),
        Command::Backup(options) => runtime.block_on(backup::backup(options)),
        Command::Restore(options) => runtime.block_on(backup::restore(options)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[expect(clippy::print_stdout, reason = "the answer of the command")]
fn dx_env(options: &DxEnv) -> anyhow::Result<()> {
    let lines =
        cli::dx_env::shell_lines(&options.server, options.token.as_deref()).map_err(anyhow::Error::msg)?;
    println!("{lines}");
    Ok(())
}

async fn run(arguments: Serve) -> anyhow::Result<()> {
    let variables = server::config::variables()?;
    let log = variables.iter().find(|(name, _)| name == "OPERON_LOG").map(|(_, wanted)| wanted.clone());
    let mut config = Config::load(arguments.data_dir.as_deref(), arguments.config.as_deref(), variables)?;
    if let Some(listen) = arguments.listen {
        config.listen = listen;
        config.check()?;
    }
    server::logging::start(log.as_deref())?;
    let data_dir = config.data_dir.clone();
    let running = server::start(config).await?;
    welcome(&running, &data_dir, running.app.first_user_link().await?.as_deref());
    let stop = running.stop.clone();
    tokio::spawn(async move {
        server::logging::stop_signal().await;
        stop.ask();
    });
    running.wait().await;
    Ok(())
}

/// Tells whoever started the server where it is. The link of the first user never goes to the log, which others may read.
#[expect(clippy::print_stdout, reason = "for the person at the terminal")]
fn welcome(running: &server::Running, data_dir: &Path, first_user: Option<&str>) {
    let url = &running.app.options.public_url;
    println!("Operon answers at {url} and keeps its data in {}. Ctrl-C stops it.", data_dir.display());
    match first_user {
        Some(link) => {
            println!(
                "\nThis server has no users yet. Make the first one, its administrator, here:\n\n  {link}\n"
            );
        }
        None => println!(
            "To use it with the public client: eval \"$(operon dx-env --server {url})\" and dx login.\n"
        ),
    }
}

#[expect(clippy::print_stderr, reason = "the program's last word to the person who started it")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("operon: {error:#}");
    ExitCode::FAILURE
}
