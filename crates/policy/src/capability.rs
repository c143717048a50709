//! The verbs of the platform, and sets of them (contract B2).

use std::fmt;
use std::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, Sub, SubAssign};

macro_rules! capabilities {
    ($($(#[$doc:meta])* $name:ident => $word:literal,)+) => {
        /// One thing that somebody may do in a project; the names are those of contract B2.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Capability { $($(#[$doc])* $name,)+ }

        impl Capability {
            /// Every capability, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name used on the wire and in the audit log, such as `data.view`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Reads a name; `None` for anything that is no capability.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($word => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

capabilities! {
    /// See that the project exists, its name and its description.
    ProjectSee => "project.see",
    /// See who is a member, and as what.
    MemberList => "member.list",
    /// List folders and objects and read their metadata.
    DataList => "data.list",
    /// Read content on the platform: preview, viewers.
    DataView => "data.view",
    /// List and read what executions of this project made (contract B11.37).
    OutputView => "output.view",
    /// Read who did what in the project.
    ActivityView => "activity.view",
    /// Take bytes off the platform.
    DataDownload => "data.download",
    /// Copy or use data in another project.
    DataCopyOut => "data.copyOut",
    /// Use data as input of executions.
    DataUse => "data.use",
    /// Make connectors, which link data as it appears.
    ConnectorCreate => "connector.create",
    /// Bring bytes in from outside the platform.
    DataUpload => "data.upload",
    /// Make folders and objects.
    DataCreate => "data.create",
    /// Change objects that are still open, and close them.
    DataEditOpen => "data.editOpen",
    /// Change, move, rename and tag any object; rename folders.
    DataEditAny => "data.editAny",
    /// Link and unlink another project's data.
    DataLink => "data.link",
    /// Make samples.
    SampleCreate => "sample.create",
    /// Remove objects and folders.
    DataDelete => "data.delete",
    /// Archive and unarchive files.
    DataArchive => "data.archive",
    /// See executions and their results.
    ExecView => "exec.view",
    /// Start executions.
    ExecRun => "exec.run",
    /// Make pipelines and tools.
    ToolCreate => "tool.create",
    /// Change pipelines and tools.
    ToolEdit => "tool.edit",
    /// Add container images for tools.
    ToolImage => "tool.image",
    /// Change the environment variables of executions.
    EnvEdit => "env.edit",
    /// View table records.
    BaseView => "base.view",
    /// Follow links in tables.
    BaseLink => "base.link",
    /// Write queries.
    BaseQueryCreate => "base.query.create",
    /// Run queries.
    BaseQueryRun => "base.query.run",
    /// Save queries.
    BaseQuerySave => "base.query.save",
    /// Take query results off the platform.
    BaseQueryExport => "base.query.export",
    /// Take tables off the platform.
    BaseTableExport => "base.table.export",
    /// Make tables.
    BaseTableCreate => "base.table.create",
    /// Load files into tables.
    BaseLoad => "base.load",
    /// Execute notebooks.
    BenchExecute => "bench.execute",
    /// Start and stop workspaces.
    BenchStartStop => "bench.startStop",
    /// Make, change and delete workspaces.
    BenchManage => "bench.manage",
    /// Install tools, packages and libraries in workspaces.
    BenchInstall => "bench.install",
    /// Build workspace images.
    BenchImage => "bench.image",
    /// Make a tool for pipelines out of a workspace.
    BenchTool => "bench.tool",
    /// Subscribe to notifications.
    NotifySubscribe => "notify.subscribe",
    /// Manage notification channels.
    NotifyChannels => "notify.channels",
    /// Change the project's own tags and properties.
    ProjectTags => "project.tags",
    /// Invite members, up to a ceiling ([`crate::Ceiling`]).
    MemberInvite => "member.invite",
    /// Lower or remove members.
    MemberDecrease => "member.decrease",
    /// Change the project's name, summary, description and settings.
    ProjectUpdate => "project.update",
    /// Change the project's restriction flags.
    ProjectFlags => "project.flags",
    /// Name another owner.
    ProjectOwner => "project.owner",
    /// Change who pays, or offer a transfer.
    ProjectBill => "project.bill",
    /// Destroy the project.
    ProjectDestroy => "project.destroy",
    /// Publish shares.
    SharePublish => "share.publish",
    /// Subscribe the project to shares.
    ShareSubscribe => "share.subscribe",
    /// Manage and admit to shares.
    ShareManage => "share.manage",
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of capabilities: one bit each, so that a decision is a few machine instructions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(u64);

impl Capabilities {
    /// The empty set.
    pub const NONE: Self = Self(0);
    /// Every capability.
    pub const ALL: Self = Self((1 << Capability::ALL.len()) - 1);

    /// The set of the given capabilities.
    #[must_use]
    pub const fn of(list: &[Capability]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < list.len() {
            bits |= 1 << list[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Whether `capability` is in the set.
    #[must_use]
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u8) != 0
    }

    /// Whether every member of `other` is in the set.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether the two sets share a member.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many capabilities are in the set.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The members, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |capability| self.has(*capability))
    }

    /// The bits, bit `n` for `Capability::ALL[n]`. Stored sets use names instead: bits shift when verbs are added.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits & Self::ALL.0)
    }
}

impl From<Capability> for Capabilities {
    fn from(capability: Capability) -> Self {
        Self::of(&[capability])
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(list: I) -> Self {
        list.into_iter().fold(Self::NONE, |set, capability| set | capability.into())
    }
}

impl BitOr for Capabilities {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Capabilities {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for Capabilities {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitAndAssign for Capabilities {
    fn bitand_assign(&mut self, other: Self) {
        self.0 &= other.0;
    }
}

/// Set difference: what is in the left set and not in the right one.
impl Sub for Capabilities {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl SubAssign for Capabilities {
    fn sub_assign(&mut self, other: Self) {
        self.0 &= !other.0;
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Capability::as_str)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for capability in Capability::ALL {
            assert_eq!(Capability::parse(capability.as_str()), Some(*capability));
        }
        assert_eq!(Capability::parse("data.peek"), None);
    }

    #[test]
    fn sets_behave_as_sets() {
        let read = Capabilities::of(&[Capability::DataList, Capability::DataView]);
        let write = Capabilities::of(&[Capability::DataView, Capability::DataCreate]);
        assert_eq!((read | write).len(), 3);
        assert_eq!(read & write, Capability::DataView.into());
        assert_eq!(read - write, Capability::DataList.into());
        assert!(Capabilities::ALL.covers(read) && !read.covers(write) && read.meets(write));
        assert_eq!(Capabilities::ALL.iter().collect::<Capabilities>(), Capabilities::ALL);
        assert_eq!(format!("{read:?}"), r#"{"data.list", "data.view"}"#);
        assert_eq!(Capabilities::from_bits(u64::MAX), Capabilities::ALL);
    }
}
