//! `operon demo`: the five-minute tour. A lab shares real variant calls with the right people and nobody else.
//!
//! Everything after the first people is done through the API of a real server, as any client would, and every
//! promise that the tour prints it has tried first.

mod client;
mod lab;
mod table;

use std::net::SocketAddr;

use anyhow::{Context, bail};
use clap::Args;
use server::Config;

use self::client::Client;

/// Options of `operon demo`.
#[derive(Args)]
pub(crate) struct Demo {
    /// Check the results and stop, instead of leaving the server up.
    #[arg(long)]
    once: bool,
    /// The address to serve on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// Runs the tour. Fails when anything came out otherwise than it should.
pub(crate) async fn run(options: Demo) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a data directory for the demonstration")?;
    let config = Config { data_dir: folder.path().join("data"), listen: options.listen, ..Config::default() };
    let running = server::start(config).await?;
    let base = format!("http://{}", running.address);
    say(&format!("Operon runs on {base}, with its data in {}.\n", folder.path().display()));

    let people = lab::people(&running.app).await?;
    let outcome = tour(&base, &people).await;
    match &outcome {
        Ok(()) if !options.once => {
            say(
                "\nThe server stays up until you press Ctrl-C. Try it with the public client (pip install dxpy):\n",
            );
            say(&people.environment(&running.address));
            server::logging::stop_signal().await;
        }
        _ => {}
    }
    running.stop.ask();
    running.wait().await;
    outcome
}

async fn tour(base: &str, people: &lab::People) -> anyhow::Result<()> {
    let as_person = |handle: &str| Client::new(base, people.token(handle));
    let lab = lab::fill(&as_person("ines"), &as_person("tom")).await?;
    lab::share(&as_person("ines"), &lab).await?;
    lab::search_and_download(&as_person("lena"), &lab).await?;
    lab::restrict(&as_person("ines"), &lab).await?;

    say("\nWho may do what, and the rule that decides. Every line was tried against the server:\n");
    let rows = table::rows(base, people, &lab).await?;
    say(&table::print(&rows));
    let wrong: Vec<_> = rows.iter().filter(|row| !row.as_expected()).collect();
    if !wrong.is_empty() {
        bail!("{} of {} lines came out otherwise than they should", wrong.len(), rows.len());
    }
    say(&format!("All {} lines came out as they should.", rows.len()));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the tour talks to the person who started it")]
fn say(text: &str) {
    println!("{text}");
}
