//! The table that says which role holds which capability (contract B2), and how it is read.
//!
//! This file is the law; everything else applies it. One row per capability, one column per role:
//!
//! | columns | roles |
//! |---|---|
//! | `V U C A` | the levels VIEW, UPLOAD, CONTRIBUTE, ADMINISTER |
//! | `PD PV PC PA` | Project category: Data Provider, Viewer, Contributor, Administrator |
//! | `FV FC` | Flow category: Viewer, Contributor |
//! | `BV BC` | Base category: Viewer, Contributor |
//! | `NC NA` | Bench category: Contributor, Administrator |
//! | `Ow Ed Vi` | collaborators: Own, Edit, View |
//! | `Sa Sf` | through a share: analyze-only, full |
//!
//! `x` yes; `.` no; `u` if the upload right is on; `d` if the download right is on; in the row `member.invite`
//! the letter is the ceiling: `A` may invite up to ADMINISTER and Own, `E` up to Edit. "No Access" is empty in
//! every category and therefore has no column. `exec.run` in `Sa` and `Sf` holds in the subscriber project only.

use wire::Level;

use crate::capability::Capability::{
    ActivityView, BaseLink, BaseLoad, BaseQueryCreate, BaseQueryExport, BaseQueryRun, BaseQuerySave,
    BaseTableCreate, BaseTableExport, BaseView, BenchExecute, BenchImage, BenchInstall, BenchManage,
    BenchStartStop, BenchTool, ConnectorCreate, DataArchive, DataCopyOut, DataCreate, DataDelete,
    DataDownload, DataEditAny, DataEditOpen, DataLink, DataList, DataUpload, DataUse, DataView, EnvEdit,
    ExecRun, ExecView, MemberDecrease, MemberInvite, MemberList, NotifyChannels, NotifySubscribe, OutputView,
    ProjectBill, ProjectDestroy, ProjectFlags, ProjectOwner, ProjectSee, ProjectTags, ProjectUpdate,
    SampleCreate, ShareManage, SharePublish, ShareSubscribe, ToolCreate, ToolEdit, ToolImage,
};
use crate::capability::{Capabilities, Capability};
use crate::rights::{Ceiling, Rights};

#[rustfmt::skip]
const TABLE: [Row; Capability::ALL.len()] = [
    //                      V  U  C  A   PD PV PC PA  FV FC  BV BC  NC NA  Ow Ed Vi  Sa Sf
    row(ProjectSee,        "x  x  x  x   x  x  x  x   .  .   .  .   .  .   x  x  x   x  x"),
    row(MemberList,        "x  x  x  x   .  x  x  x   .  .   .  .   .  .   x  x  x   .  ."),
    row(DataList,          "x  x  x  x   .  x  x  x   .  .   .  .   .  .   x  x  .   x  x"),
    row(DataView,          "x  x  x  x   .  x  x  x   .  .   .  .   .  .   x  x  .   .  x"),
    row(OutputView,        "x  x  x  x   .  .  .  .   x  x   .  .   .  .   x  x  x   .  x"),
    row(ActivityView,      "x  x  x  x   .  .  x  x   .  .   .  .   .  .   x  x  x   .  ."),
    row(DataDownload,      "x  x  x  x   d  d  d  d   .  .   .  .   .  .   x  x  .   .  x"),
    row(DataCopyOut,       "x  x  x  x   .  d  d  d   .  .   .  .   .  .   x  x  .   .  ."),
    row(DataUse,           "x  x  x  x   .  x  x  x   .  x   .  .   x  x   x  x  .   x  x"),
    row(ConnectorCreate,   ".  x  x  x   x  x  x  x   .  .   .  .   .  .   x  x  .   .  ."),
    row(DataUpload,        ".  x  x  x   u  u  u  u   .  .   .  .   .  .   x  x  .   .  ."),
    row(DataCreate,        ".  x  x  x   u  u  x  x   .  .   .  .   .  .   x  x  .   .  ."),
    row(DataEditOpen,      ".  x  x  x   u  u  x  x   .  .   .  .   .  .   x  x  .   .  ."),
    row(DataEditAny,       ".  .  x  x   .  .  x  x   .  .   .  .   .  .   x  x  .   .  ."),
    row(DataLink,          ".  .  x  x   .  .  x  x   .  .   .  .   .  .   x  x  .   .  ."),
    row(SampleCreate,      ".  .  x  x   .  .  x  x   .  .   .  .   .  .   x  x  .   .  ."),
    row(DataDelete,        ".  .  x  x   .  .  .  x   .  .   .  .   .  .   x  x  .   .  ."),
    row(DataArchive,       ".  .  x  x   .  .  .  x   .  .   .  .   .  .   x  x  .   .  ."),
    row(ExecView,          "x  x  x  x   .  .  .  .   x  x   .  .   .  .   x  x  x   .  ."),
    row(ExecRun,           ".  .  x  x   .  .  .  .   .  x   .  .   .  .   x  x  .   x  x"),
    row(ToolCreate,        ".  x  x  x   .  .  .  .   .  x   .  .   .  .   x  x  .   .  ."),
    row(ToolEdit,          ".  x  x  x   .  .  .  .   .  x   .  .   .  .   x  x  .   .  ."),
    row(ToolImage,         ".  x  x  x   .  .  .  .   .  x   .  .   .  .   x  x  .   .  ."),
    row(EnvEdit,           ".  .  x  x   .  .  .  .   .  .   .  .   .  .   x  x  .   .  ."),
    row(BaseView,          "x  x  x  x   .  .  .  .   .  .   x  x   .  .   x  x  .   .  x"),
    row(BaseLink,          "x  x  x  x   .  .  .  .   .  .   x  x   .  .   x  x  .   .  x"),
    row(BaseQueryCreate,   "x  x  x  x   .  .  .  .   .  .   x  x   .  .   x  x  .   .  x"),
    row(BaseQueryRun,      "x  x  x  x   .  .  .  .   .  .   x  x   .  .   x  x  .   .  x"),
    row(BaseQuerySave,     "x  x  x  x   .  .  .  .   .  .   x  x   .  .   x  x  .   .  x"),
    row(BaseQueryExport,   "x  x  x  x   .  .  .  .   .  .   d  d   .  .   x  x  .   .  x"),
    row(BaseTableExport,   "x  x  x  x   .  .  .  .   .  .   d  d   .  .   x  x  .   .  x"),
    row(BaseTableCreate,   ".  x  x  x   .  .  .  .   .  .   .  x   .  .   x  x  .   .  ."),
    row(BaseLoad,          ".  x  x  x   .  .  .  .   .  .   .  x   .  .   x  x  .   .  ."),
    row(BenchExecute,      ".  .  x  x   .  .  .  .   .  .   .  .   x  x   x  x  .   .  ."),
    row(BenchStartStop,    ".  .  x  x   .  .  .  .   .  .   .  .   x  x   x  x  .   .  ."),
    row(BenchManage,       ".  .  x  x   .  .  .  .   .  .   .  .   .  x   x  x  .   .  ."),
    row(BenchInstall,      ".  .  x  x   .  .  .  .   .  .   .  .   .  x   x  x  .   .  ."),
    row(BenchImage,        ".  .  x  x   .  .  .  .   .  .   .  .   .  x   x  x  .   .  ."),
    row(BenchTool,         ".  .  x  x   .  .  .  .   .  .   .  .   .  x   x  x  .   .  ."),
    row(NotifySubscribe,   "x  x  x  x   .  .  x  x   .  .   .  .   .  .   x  x  x   .  ."),
    row(NotifyChannels,    ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),
    row(ProjectTags,       ".  .  x  x   .  .  x  x   .  .   .  .   .  .   x  x  .   .  ."),
    row(MemberInvite,      ".  .  .  A   .  .  .  A   .  .   .  .   .  .   A  E  .   .  ."),
    row(MemberDecrease,    ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),
    row(ProjectUpdate,     ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),
    row(ProjectFlags,      ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),
    row(ProjectOwner,      ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),
    row(ProjectBill,       ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),
    row(ProjectDestroy,    ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),
    row(SharePublish,      ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),
    row(ShareSubscribe,    ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),
    row(ShareManage,       ".  .  .  x   .  .  .  x   .  .   .  .   .  .   x  .  .   .  ."),];

/// A column of the table: a named set of capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
    /// Level VIEW.
    View,
    /// Level UPLOAD.
    Upload,
    /// Level CONTRIBUTE.
    Contribute,
    /// Level ADMINISTER.
    Administer,
    /// Project category: may add data, not see it.
    ProjectDataProvider,
    /// Project category: may see data.
    ProjectViewer,
    /// Project category: may add and change data.
    ProjectContributor,
    /// Project category: may also delete data and manage the team.
    ProjectAdministrator,
    /// Flow category: may see results of analyses.
    FlowViewer,
    /// Flow category: may also run analyses and make pipelines.
    FlowContributor,
    /// Base category: may query tables.
    BaseViewer,
    /// Base category: may also make and load tables.
    BaseContributor,
    /// Bench category: may work in workspaces.
    BenchContributor,
    /// Bench category: may also manage workspaces.
    BenchAdministrator,
    /// Collaborator who owns.
    Own,
    /// Collaborator who edits.
    Edit,
    /// Collaborator who sees outputs and activity only.
    CollaboratorView,
    /// What a share opens for analysis only.
    ShareAnalyzeOnly,
    /// What a share opens in full.
    ShareFull,
}

impl Preset {
    /// Every preset, in the order of the columns.
    pub const ALL: [Self; 19] = [
        Self::View,
        Self::Upload,
        Self::Contribute,
        Self::Administer,
        Self::ProjectDataProvider,
        Self::ProjectViewer,
        Self::ProjectContributor,
        Self::ProjectAdministrator,
        Self::FlowViewer,
        Self::FlowContributor,
        Self::BaseViewer,
        Self::BaseContributor,
        Self::BenchContributor,
        Self::BenchAdministrator,
        Self::Own,
        Self::Edit,
        Self::CollaboratorView,
        Self::ShareAnalyzeOnly,
        Self::ShareFull,
    ];

    /// The name under which grants and answers carry the preset.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::View => "VIEW",
            Self::Upload => "UPLOAD",
            Self::Contribute => "CONTRIBUTE",
            Self::Administer => "ADMINISTER",
            Self::ProjectDataProvider => "ProjectDataProvider",
            Self::ProjectViewer => "ProjectViewer",
            Self::ProjectContributor => "ProjectContributor",
            Self::ProjectAdministrator => "ProjectAdministrator",
            Self::FlowViewer => "FlowViewer",
            Self::FlowContributor => "FlowContributor",
            Self::BaseViewer => "BaseViewer",
            Self::BaseContributor => "BaseContributor",
            Self::BenchContributor => "BenchContributor",
            Self::BenchAdministrator => "BenchAdministrator",
            Self::Own => "Own",
            Self::Edit => "Edit",
            Self::CollaboratorView => "View",
            Self::ShareAnalyzeOnly => "ShareAnalyzeOnly",
            Self::ShareFull => "ShareFull",
        }
    }

    /// Reads a name of [`Preset::as_str`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == name)
    }

    /// The column of a level; NONE has none.
    #[must_use]
    pub const fn of_level(level: Level) -> Option<Self> {
        match level {
            Level::None => None,
            Level::View => Some(Self::View),
            Level::Upload => Some(Self::Upload),
            Level::Contribute => Some(Self::Contribute),
            Level::Administer => Some(Self::Administer),
        }
    }

    /// What the preset holds under these rights.
    ///
    /// A right fills its `u` or `d` cells. When it is off it also takes away what presumes it, whatever the
    /// column (contract B11.4): see [`Rights::withheld`].
    #[must_use]
    pub fn capabilities(self, rights: Rights) -> Capabilities {
        let column = &COLUMNS[self as usize];
        let mut bits = column.always;
        if rights.upload {
            bits |= column.with_upload;
        }
        if rights.download {
            bits |= column.with_download;
        }
        Capabilities::from_bits(bits) - rights.withheld()
    }

    /// Up to what this preset may invite others (contract B11.2).
    #[must_use]
    pub fn ceiling(self) -> Ceiling {
        COLUMNS[self as usize].ceiling
    }
}

/// The column of a level with both rights; empty for NONE. Caps by an organisation, a token's scope and what a
/// job asked for are intersections with it.
#[must_use]
pub fn level_column(level: Level) -> Capabilities {
    Preset::of_level(level).map_or(Capabilities::NONE, |preset| preset.capabilities(Rights::BOTH))
}

/// The wire's level of a capability set (contract B1): the highest level whose core the set covers.
#[must_use]
pub fn level_of(held: Capabilities, ceiling: Ceiling) -> Level {
    if !held.covers(CORE_VIEW) {
        Level::None
    } else if !held.covers(CORE_UPLOAD) {
        Level::View
    } else if !held.covers(CORE_CONTRIBUTE) {
        Level::Upload
    } else if !held.covers(CORE_ADMINISTER) || ceiling < Ceiling::Administer {
        Level::Contribute
    } else {
        Level::Administer
    }
}

const CORE_VIEW: Capabilities = Capabilities::of(&[ProjectSee, DataList, DataView]);
const CORE_UPLOAD: Capabilities = Capabilities::of(&[DataCreate, DataEditOpen]);
const CORE_CONTRIBUTE: Capabilities = Capabilities::of(&[DataEditAny, ExecRun]);
const CORE_ADMINISTER: Capabilities =
    Capabilities::of(&[MemberInvite, MemberDecrease, ProjectUpdate, ProjectBill]);

struct Row(Capability, &'static str);

const fn row(capability: Capability, cells: &'static str) -> Row {
    Row(capability, cells)
}

#[derive(Clone, Copy)]
struct Column {
    always: u64,
    with_upload: u64,
    with_download: u64,
    ceiling: Ceiling,
}

static COLUMNS: [Column; Preset::ALL.len()] = read_table();

/// Turns the rows into columns while compiling; a misprint in the table stops the build.
const fn read_table() -> [Column; Preset::ALL.len()] {
    let empty = Column { always: 0, with_upload: 0, with_download: 0, ceiling: Ceiling::None };
    let mut columns = [empty; Preset::ALL.len()];
    let mut row = 0;
    while row < TABLE.len() {
        let Row(capability, cells) = &TABLE[row];
        assert!(*capability as usize == row, "the rows must stand in the order of Capability");
        let bit = 1 << *capability as u8;
        let cells = cells.as_bytes();
        let (mut at, mut column) = (0, 0);
        while at < cells.len() {
            if cells[at] != b' ' {
                match cells[at] {
                    b'x' => columns[column].always |= bit,
                    b'u' => columns[column].with_upload |= bit,
                    b'd' => columns[column].with_download |= bit,
                    b'A' => {
                        columns[column].always |= bit;
                        columns[column].ceiling = Ceiling::Administer;
                    }
                    b'E' => {
                        columns[column].always |= bit;
                        columns[column].ceiling = Ceiling::Edit;
                    }
                    cell => assert!(cell == b'.', "a cell is one of . x u d A E"),
                }
                column += 1;
            }
            at += 1;
        }
        assert!(column == Preset::ALL.len(), "every row has a cell for every column");
        row += 1;
    }
    columns
}

#[cfg(test)]
#[path = "presets/tests.rs"]
mod tests;
