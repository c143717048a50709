//! One measured number, and what it was measured for.

use serde::Serialize;

use crate::machine;

/// What a number should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Target {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

/// One measured number.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// The area, such as `lists`.
    pub(crate) area: &'static str,
    /// What was measured.
    pub(crate) what: String,
    /// How many objects the server held.
    pub(crate) objects: Option<u64>,
    /// The number.
    pub(crate) value: f64,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// Other numbers of the same measurement, in words.
    pub(crate) beside: String,
    /// What it should be.
    pub(crate) target: Option<Target>,
    /// How busy the machine was: its load average over the last minute, our own part included.
    pub(crate) load: f64,
}

impl Figure {
    /// A number of now.
    pub(crate) fn new(area: &'static str, what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            area,
            what: what.into(),
            objects: None,
            value,
            unit,
            beside: String::new(),
            target: None,
            load: machine::load(),
        }
    }

    pub(crate) fn objects(self, objects: u64) -> Self {
        Self { objects: Some(objects), ..self }
    }

    pub(crate) fn beside(self, beside: impl Into<String>) -> Self {
        Self { beside: beside.into(), ..self }
    }

    pub(crate) fn target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Whether it is as it should be; none without a target.
    pub(crate) fn met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::AtMost(most) => self.value <= most,
            Target::AtLeast(least) => self.value >= least,
        })
    }

    /// By which factor it misses its target; 1 or less when it does not.
    pub(crate) fn missed_by(&self) -> f64 {
        match self.target {
            Some(Target::AtMost(most)) => self.value / most,
            Some(Target::AtLeast(least)) => least / self.value,
            None => 0.0,
        }
    }
}

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Figures {
    pub(crate) all: Vec<Figure>,
}

impl Figures {
    /// Keeps a number and shows it at once.
    pub(crate) fn add(&mut self, figure: Figure) {
        let objects = figure.objects.map_or_else(String::new, |objects| format!(" at {objects} objects"));
        eprintln!(
            "   {}{objects}: {:.4} {} {}  (load {:.1})",
            figure.what, figure.value, figure.unit, figure.beside, figure.load
        );
        self.all.push(figure);
    }
}
