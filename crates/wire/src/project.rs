//! Inputs and answers about projects and their members (contract: identity-and-sharing 5).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{BillToId, Id};
use crate::level::Level;
use crate::metadata::{Properties, Tags};
use crate::text::{Description, ProjectName, RegionName, Summary};

/// Input of `/project/new`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct New {
    /// 1 to 255 bytes; need not be unique.
    pub name: ProjectName,
    /// One line for lists.
    #[serde(default)]
    pub summary: Summary,
    /// Longer text.
    #[serde(default)]
    pub description: Description,
    /// Deleting data needs ADMINISTER.
    #[serde(default)]
    pub protected: bool,
    /// Data may not be copied to other projects.
    #[serde(default)]
    pub restricted: bool,
    /// Data may not be downloaded.
    #[serde(default)]
    pub download_restricted: bool,
    /// Data may not be uploaded but by jobs.
    #[serde(default)]
    pub external_upload_restricted: bool,
    /// No previews and viewers.
    #[serde(default)]
    pub preview_viewer_restricted: bool,
    /// Members at VIEW reach databases through the pages alone.
    #[serde(default, rename = "databaseUIViewOnly")]
    pub database_ui_view_only: bool,
    /// Holds protected health information; cannot be unset.
    #[serde(default, rename = "containsPHI")]
    pub contains_phi: bool,
    /// Members at VIEW get no aggregate over fewer participants than this.
    pub database_results_restricted: Option<u32>,
    /// Non-empty strings.
    #[serde(default)]
    pub tags: Tags,
    /// Key to value; keys up to 100 bytes, values up to 700.
    #[serde(default)]
    pub properties: Properties,
    /// Who pays; the caller's default when absent.
    pub bill_to: Option<BillToId>,
    /// Where the data lie; the default region of the payer when absent.
    pub region: Option<RegionName>,
}

/// Input of `/project-xxxx/invite`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// A user id, a handle, an organisation id, the e-mail address of an account, or `PUBLIC`.
    pub invitee: String,
    /// VIEW when absent.
    pub level: Option<Level>,
    /// No mail to the invitee.
    #[serde(default)]
    pub suppress_email_notification: bool,
    /// Neither mail nor notification.
    #[serde(default)]
    pub suppress_all_notifications: bool,
}

/// Answer of `/project-xxxx/invite`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Invited {
    /// The project.
    pub id: Id,
    /// Always `accepted`: access is given at once.
    pub state: &'static str,
}
