//! `operon demo`: the five-minute tour. A lab shares real variant calls with the right people and nobody else.
//!
//! Everything after the first people is done through the API of a real server, as any client would do it, and every line
//! of the table was tried first. The tour checks its own results: decisions, rules, sentences, digests and counts.

mod client;
mod lab;
mod stay;
mod story;
mod table;
#[cfg(test)]
mod tests;
mod verdict;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use app::LogSigner;
use audit::TrustedKey;
use clap::{Args, ValueEnum};
use server::{Config, Running};

use self::lab::{Lab, People};
use self::story::Act;
use self::table::Look;

/// Options of `operon demo`.
#[derive(Args)]
pub(crate) struct Demo {
    /// Check the results and stop, instead of leaving the server up.
    #[arg(long)]
    once: bool,
    /// The address to serve on [default: 127.0.0.1:8080, or a free port when that one is taken].
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// When to colour the table.
    #[arg(long, value_enum, default_value_t = When::Auto)]
    color: When,
    /// How many columns the table may take, 80 to 120 [default: as many as the terminal has].
    #[arg(long)]
    width: Option<u16>,
    /// Set to anything by people who want no colours anywhere.
    #[arg(long, env = "NO_COLOR", hide = true)]
    no_color: Option<String>,
}

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Demo {
    fn look(&self) -> Look {
        let wanted = match &self.no_color {
            Some(set) if !set.is_empty() && self.color == When::Auto => When::Never,
            _ => self.color,
        };
        Look::new(
            match wanted {
                When::Auto => None,
                When::Always => Some(true),
                When::Never => Some(false),
            },
            self.width,
        )
    }
}

/// Runs the tour. Fails when anything came out otherwise than it should.
pub(crate) async fn run(options: Demo) -> anyhow::Result<()> {
    let look = options.look();
    let folder = tempfile::tempdir().context("cannot make a data directory for the demonstration")?;
    let data = folder.path().join("data");
    let running = start(&data, &options).await?;
    let base = format!("http://{}", running.address);
    say(&format!("Operon answers at {base} and keeps its data in {}.\n", data.display()));

    let outcome: anyhow::Result<()> = async {
        let people = lab::people(&running.app).await?;
        let lab = tour(&base, &people, &story::acts(), &look).await?;
        if !options.once {
            let links = stay::sign_in_links(&running.app).await?;
            say(&stay::invitation(&base, &people, &links, &lab));
            server::logging::stop_signal().await;
            say("\nThe server stops, and the data directory of the demonstration is removed.");
        }
        Ok(())
    }
    .await;
    running.stop.ask();
    running.wait().await;
    outcome?;
    verify_log(&config(&data, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))).await
}

/// Starts the server on the address that was asked for, else on the usual one, else on a free port.
async fn start(data: &Path, options: &Demo) -> anyhow::Result<Running> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    match options.listen {
        Some(address) => server::start(config(data, address)).await,
        None if options.once => server::start(config(data, any)).await,
        None => {
            let usual = Config::default().listen;
            let address = if std::net::TcpListener::bind(usual).is_ok() { usual } else { any };
            server::start(config(data, address)).await
        }
    }
}

fn config(data: &Path, listen: SocketAddr) -> Config {
    Config { data_dir: data.to_owned(), listen, ..Config::default() }
}

/// Takes the tour, prints the table, and checks everything in it.
async fn tour(base: &str, people: &People, acts: &[Act], look: &Look) -> anyhow::Result<Lab> {
    let lab = lab::fill(&people.client(base, "ines")?, &people.client(base, "tom")?).await?;
    say("\nWho may do what, and which rule decides. Each line is tried against the running server.");
    let mut told = Vec::new();
    for (number, act) in (1..).zip(acts) {
        lab::change(&people.client(base, "ines")?, &lab, act.change).await?;
        let mut verdicts = Vec::new();
        for attempt in &act.attempts {
            verdicts.push(verdict::of(base, people, &lab, attempt).await?);
        }
        say(&table::print(number, act, &verdicts, look));
        told.extend(verdicts);
    }
    let wrong: Vec<_> = told.iter().filter_map(verdict::Verdict::problem).collect();
    if !wrong.is_empty() {
        bail!(
            "{} of {} lines came out otherwise than they should:\n  {}",
            wrong.len(),
            told.len(),
            wrong.join("\n  ")
        );
    }
    let refused = told.iter().filter(|verdict| !verdict.happened()).count();
    say(&format!(
        "{} lines: {} allowed, {refused} refused, each as it should.",
        told.len(),
        told.len() - refused
    ));
    let recorded = lab::recorded_refusals(&people.client(base, "ines")?, &lab).await?;
    let expected = told.iter().filter(|verdict| verdict.is_recorded_in_source()).count();
    ensure!(
        recorded == expected,
        "the audit log of the project holds {recorded} refusals, and there were {expected}"
    );
    say(&format!("The project's audit log holds the {recorded} refusals of those who can see it."));
    Ok(lab)
}

/// Checks the whole audit log as `operon audit verify` does.
async fn verify_log(config: &Config) -> anyhow::Result<()> {
    let LogSigner { origin, key } = server::boot::audit_log(config)?;
    let db = server::boot::open_database(config).await?;
    let keys = vec![TrustedKey::always(key.public().clone())];
    let report = app::audit_log::verify(&db, &origin, keys, Vec::new()).await;
    db.close().await;
    let report = report?;
    ensure!(report.is_intact(), "the audit log is not intact: {report}");
    say(&format!("Audit log, verified from its first entry to its last:\n{report}"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the tour talks to the person who started it")]
fn say(text: &str) {
    println!("{text}");
}
