//! Who asks, and through what.

use wire::Level;
use wire::id::UserId;

use crate::capability::Capabilities;
use crate::presets::level_column;

/// Who asks, and through what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user; `None` for a caller without a token, who gets nothing. For a job, its launcher.
    pub user: Option<UserId>,
    /// The platform-wide kind of the user (contract B7).
    pub kind: PlatformKind,
    /// What the token covers.
    pub scope: Scope,
    /// A person, or a job acting for its launcher.
    pub caller: Caller,
    /// The operator's setting `adminAccess`.
    pub admin_access: AdminAccess,
    /// The operator's setting `readOnlyCap`.
    pub read_only_cap: ReadOnlyCap,
}

impl Actor {
    /// A standard user with a full-scope token, under the default operator settings.
    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self { user: Some(user), ..Self::anonymous() }
    }

    /// A caller without a token.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            user: None,
            kind: PlatformKind::Standard,
            scope: Scope::Full,
            caller: Caller::Person,
            admin_access: AdminAccess::GrantSelf,
            read_only_cap: ReadOnlyCap::CollaboratorView,
        }
    }

    /// Whether a job asks.
    #[must_use]
    pub fn is_job(&self) -> bool {
        matches!(self.caller, Caller::Job { .. })
    }

    /// Whether a person asks, through a token that covers everything its user may do.
    #[must_use]
    pub fn in_full(&self) -> bool {
        self.scope == Scope::Full && !self.is_job()
    }
}

/// The platform-wide kind of a user (contract B7, F001).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PlatformKind {
    /// Runs the platform.
    Admin,
    /// Holds what is granted.
    #[default]
    Standard,
    /// Never more than View, whatever is granted.
    ReadOnly,
}

/// How platform administrators reach projects they are no member of (F002).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum AdminAccess {
    /// They see that every project exists and may add themselves, which is recorded.
    #[default]
    GrantSelf,
    /// They may do everything.
    Implicit,
}

/// What READ_ONLY users are cut to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ReadOnlyCap {
    /// The column View: outputs and activity only.
    #[default]
    CollaboratorView,
    /// The level VIEW: may read and download.
    LevelView,
}

/// What a token covers, seen from the project in question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything its user may do.
    #[default]
    Full,
    /// At most this level: the scope's entry for the project, else that for `*`, else NONE.
    Level(Level),
}

impl Scope {
    /// Whether the scope reaches `level` in the project.
    #[must_use]
    pub fn reaches(self, level: Level) -> bool {
        match self {
            Self::Full => true,
            Self::Level(held) => held >= level,
        }
    }

    /// What the scope leaves.
    pub(crate) fn column(self) -> Capabilities {
        match self {
            Self::Full => Capabilities::ALL,
            Self::Level(level) => level_column(level),
        }
    }
}

/// A person, or a job acting for its launcher.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A person's token or session.
    #[default]
    Person,
    /// A job's token; the other facts are its launcher's.
    Job {
        /// The level that the job asked for in this project (contract B11.15).
        asked: Level,
        /// The job has read restricted data, or runs in a single-context project, and this is not its own
        /// project: it may write nothing here (contract 7, `restricted`).
        confined: bool,
    },
}
