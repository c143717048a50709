//! One object, and the share through which it may come.

use super::project::Flags;

/// One object as it lies in the project.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ObjectFacts {
    /// Restrictions that it carries from where it came.
    pub labels: Labels,
    /// Where it is in its life.
    pub state: ObjectState,
    /// The actor made it.
    pub made_by_actor: bool,
    /// The job that made it ran in this project, and it carries no `noDownload` from another one: what
    /// `output.view` opens (contract B11.37).
    pub output: bool,
}

/// Restrictions that a placement carries from where it came (contract B11.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels {
    /// Bytes do not leave the platform.
    pub no_download: bool,
    /// Neither copied to nor used in other projects.
    pub no_copy: bool,
    /// Copies go into projects with protected health information only.
    pub phi: bool,
}

impl Labels {
    /// Both sides' labels.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            no_download: self.no_download || other.no_download,
            no_copy: self.no_copy || other.no_copy,
            phi: self.phi || other.phi,
        }
    }
}

/// Where an object is in its life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ObjectState {
    /// May still change.
    Open,
    /// Being sealed; counts as closed where levels are asked (contract B11.38).
    Closing,
    /// Sealed.
    #[default]
    Closed,
}

/// A live share through which an object reaches the project (contract B3, B11.3, B11.17, B11.18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShareFacts {
    /// What the share opens.
    pub mode: ShareMode,
    /// Whether objects may be copied into the subscriber project; only with [`ShareMode::Full`].
    pub allow_copy: bool,
    /// The publisher project's flags now.
    pub publisher: Flags,
}

/// What a share opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShareMode {
    /// See which objects exist and use them as input.
    AnalyzeOnly,
    /// Also view and download.
    Full,
}
