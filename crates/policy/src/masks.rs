//! The sets of capabilities that masks leave or take out.

use crate::capability::Capability::{
    BaseLink, BaseLoad, BaseQueryCreate, BaseQueryExport, BaseQueryRun, BaseQuerySave, BaseTableCreate,
    BaseTableExport, BaseView, ConnectorCreate, DataArchive, DataCopyOut, DataCreate, DataDelete,
    DataDownload, DataEditAny, DataEditOpen, DataLink, DataList, DataUpload, DataUse, DataView, ExecView,
    MemberDecrease, MemberInvite, MemberList, OutputView, ProjectBill, ProjectDestroy, ProjectFlags,
    ProjectOwner, ProjectSee, ProjectUpdate, SampleCreate, ShareManage, SharePublish, ShareSubscribe,
    ToolCreate, ToolEdit, ToolImage,
};
use crate::capability::{Capabilities, Capability};
use crate::facts::{ShareFacts, ShareMode};
use crate::presets::Preset;
use crate::rights::Rights;

/// What PUBLIC gives at most (contract B11.9).
pub(crate) const PUBLIC: Capabilities = Capabilities::of(&[
    ProjectSee,
    DataList,
    DataView,
    DataDownload,
    DataCopyOut,
    DataUse,
    OutputView,
    ExecView,
    BaseView,
]);
/// Tables and query results that leave the platform.
pub(crate) const EXPORTS: Capabilities = Capabilities::of(&[BaseQueryExport, BaseTableExport]);
/// What no job may, whatever its launcher may (contract B11.15).
pub(crate) const NOT_FOR_JOBS: Capabilities = Capabilities::of(&[
    MemberList,
    MemberInvite,
    MemberDecrease,
    ProjectUpdate,
    ProjectFlags,
    ProjectOwner,
    ProjectBill,
    ProjectDestroy,
    SharePublish,
    ShareSubscribe,
    ShareManage,
]);
/// What puts something into a project.
pub(crate) const WRITES: Capabilities = Capabilities::of(&[
    DataUpload,
    DataCreate,
    DataEditOpen,
    DataEditAny,
    DataLink,
    ConnectorCreate,
    SampleCreate,
    ToolCreate,
    ToolEdit,
    ToolImage,
    BaseTableCreate,
    BaseLoad,
]);
/// What an unaccepted notice takes out. Ruling: results and tables are data of the project as well, so they go
/// with the `data.*` of contract B1 step 9a ("every data method of the project", contract 7).
pub(crate) const BEHIND_NOTICE: Capabilities = Capabilities::of(&[
    DataList,
    DataView,
    DataDownload,
    DataCopyOut,
    DataUse,
    DataUpload,
    DataCreate,
    DataEditOpen,
    DataEditAny,
    DataLink,
    DataDelete,
    DataArchive,
    OutputView,
    BaseView,
    BaseLink,
    BaseQueryCreate,
    BaseQueryRun,
    BaseQuerySave,
    BaseQueryExport,
    BaseTableExport,
    BaseTableCreate,
    BaseLoad,
]);

/// What takes bytes off the platform. A job's export lands in the project, so it keeps that; a job reads its
/// inputs by `data.use`, so it does not need `data.download`, with which it could hand out links.
pub(crate) fn leaving(person: bool) -> Capabilities {
    if person { EXPORTS | DataDownload.into() } else { DataDownload.into() }
}

/// What a share opens at most (contract B2 columns Sa and Sf, B11.24).
pub(crate) fn share_column(share: ShareFacts) -> Capabilities {
    match share.mode {
        ShareMode::AnalyzeOnly => Preset::ShareAnalyzeOnly.capabilities(Rights::BOTH),
        ShareMode::Full if share.allow_copy => {
            Preset::ShareFull.capabilities(Rights::BOTH) | Capability::DataCopyOut.into()
        }
        ShareMode::Full => Preset::ShareFull.capabilities(Rights::BOTH),
    }
}
