//! Measures a release build of Operon against its targets: `cargo xtask bench` builds both and calls this.
//!
//! Every area compares answers first and measures after. What is compared with something else (a floor, another server)
//! is measured in turn with it, A B B A, in the same run. Each figure carries the load of the machine at its time.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a tool for the terminal that measures: it prints, takes times, and fills a store as its operator"
)]

mod bytes;
#[cfg(feature = "cedar")]
mod cedar;
mod client;
mod creates;
mod decide;
mod figure;
mod fill;
mod footprint;
mod lists;
mod machine;
mod nginx;
mod report;
mod served;
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};

use crate::figure::Figures;
use crate::fill::World;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Area {
    /// One access decision, in process.
    Decision,
    /// The first page of lists and searches, over HTTP.
    Lists,
    /// Durable creates of objects, over HTTP.
    Creates,
    /// Upload and download of bytes.
    Bytes,
    /// Memory of an idle server, and how soon it answers.
    Footprint,
}

const AREAS: [Area; 5] = [Area::Decision, Area::Footprint, Area::Bytes, Area::Lists, Area::Creates];

/// Measures a release build of Operon.
#[derive(Parser)]
struct Options {
    /// The program to measure.
    #[arg(long)]
    operon: PathBuf,
    /// A folder for data; what was filled there is used again.
    #[arg(long)]
    folder: PathBuf,
    /// Measure only this; may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Area>,
    /// Smaller sizes and fewer rounds: a few minutes in all.
    #[arg(long)]
    quick: bool,
    /// Where the figures go as JSON.
    #[arg(long)]
    json: PathBuf,
    /// Where the table goes as Markdown; only a run of every area writes it.
    #[arg(long)]
    page: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<()> {
    std::fs::create_dir_all(&options.folder)
        .with_context(|| format!("cannot make {}", options.folder.display()))?;
    let sizes: &[u64] = if options.quick { &[10_000, 100_000] } else { &[10_000, 100_000, 1_000_000] };
    let wanted = |area: Area| options.only.is_empty() || options.only.contains(&area);
    let mut figures = Figures::default();
    for area in AREAS.into_iter().filter(|area| wanted(*area)) {
        eprintln!("== {area:?}");
        match area {
            Area::Decision => decide::measure(&mut figures)?,
            Area::Footprint => footprint::measure(&options.operon, &mut figures)?,
            Area::Bytes => bytes::measure(&options.operon, &options.folder, options.quick, &mut figures)?,
            Area::Lists => {
                for size in sizes {
                    let world = World::filled(&options.operon, &options.folder, *size)?;
                    lists::measure(&options.operon, &world, &mut figures)?;
                }
                report::growth(&mut figures);
            }
            Area::Creates => {
                for size in sizes {
                    let world = World::filled(&options.operon, &options.folder, *size)?;
                    creates::measure(&options.operon, &world, *size == sizes[sizes.len() - 1], &mut figures)?;
                }
            }
        }
    }
    let run = report::Run { machine: machine::describe(), quick: options.quick, figures: figures.all };
    std::fs::write(&options.json, serde_json::to_vec_pretty(&run)?)
        .with_context(|| format!("cannot write {}", options.json.display()))?;
    let table = report::table(&run);
    println!("{table}");
    if let (Some(page), true) = (&options.page, options.only.is_empty()) {
        std::fs::write(page, report::page(&run))
            .with_context(|| format!("cannot write {}", page.display()))?;
    }
    Ok(())
}
