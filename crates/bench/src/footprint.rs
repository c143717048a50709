//! Memory of an idle server, and how soon it answers.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use crate::figure::{Figure, Figures, Target};
use crate::machine;
use crate::served::Served;
use crate::stats::quantile;

/// Starts that are timed.
const STARTS: usize = 7;
/// How long an idle server is left alone before it is looked at.
const IDLE: Duration = Duration::from_secs(3);

pub(crate) fn measure(operon: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let first = Served::start(operon, &data)?;
    let from_nothing = first.started_in.as_secs_f64();
    figures.add(
        Figure::new("footprint", "first start, from nothing to the first answer", from_nothing, "s")
            .target(Target::AtMost(1.0)),
    );
    first.stop()?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let served = Served::start(operon, &data)?;
        starts.push(served.started_in.as_secs_f64());
        served.stop()?;
    }
    let (half, most) = (quantile(&mut starts, 0.5), quantile(&mut starts, 1.0));
    figures.add(
        Figure::new("footprint", "cold start to the first answer, p50", half, "s")
            .beside(format!("slowest of {STARTS}: {most:.2} s"))
            .target(Target::AtMost(1.0)),
    );
    let served = Served::start(operon, &data)?;
    std::thread::sleep(IDLE);
    let mib = machine::resident_mib(served.process()).context("the server's memory cannot be read")?;
    figures
        .add(Figure::new("footprint", "memory of an idle server", mib, "MiB").target(Target::AtMost(150.0)));
    served.stop()
}
