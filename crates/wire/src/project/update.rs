//! Changing a project: its texts, flags, settings and payer (contract: identity-and-sharing 5.3, 7, B6).

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use crate::Class;
use crate::id::{BillToId, Id, id_schema};
use crate::metadata::List;
use crate::number::{Amount, Whole};
use crate::patch::Patch;
use crate::text::{Description, ProjectName, Summary};
use crate::word::words;

/// Most executables that a project may be limited to.
const MAX_EXECUTABLES: usize = 1000;

/// Input of `/project-xxxx/update`; what is absent stays.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "UpdateProject")]
pub struct Update {
    /// 1 to 255 bytes; need not be unique.
    pub name: Option<ProjectName>,
    /// One line for lists.
    pub summary: Option<Summary>,
    /// Longer text.
    pub description: Option<Description>,
    /// The restriction flags.
    #[serde(flatten)]
    pub flags: FlagUpdate,
    /// Members at VIEW get no aggregate over fewer participants than this; null lifts it.
    #[serde(default)]
    pub database_results_restricted: Patch<Whole<1>>,
    /// How isolated browsing behaves.
    #[serde(default)]
    pub https_app_isolated_browsing_options: Patch<Map<String, Value>>,
    /// The only executables that may be run as root executions; null allows all.
    #[serde(default)]
    pub allowed_executables: Patch<List<ExecutableId, MAX_EXECUTABLES>>,
    /// Who pays from now on.
    pub bill_to: Option<BillToId>,
    /// Change only if this is the project's version.
    pub version: Option<Whole<0>>,
    /// A limit on what executions cost in a month; refused unless null.
    #[serde(default)]
    pub monthly_compute_limit: Patch<Whole<1>>,
    /// A limit on the bytes downloaded in a month; refused unless null.
    #[serde(default)]
    pub monthly_egress_bytes_limit: Patch<Whole<0>>,
    /// A limit on what storage costs in a month; refused unless null.
    #[serde(default)]
    pub monthly_storage_limit: Patch<Amount>,
    /// How several entries of one person combine.
    pub resolution: Option<Resolution>,
    /// Whether the project may publish shares.
    pub allow_sharing: Option<bool>,
    /// Whether others may find the project as a target of shares.
    pub discoverable: Option<bool>,
    /// Whether interactive executions may run in it.
    pub interactive_allowed: Option<bool>,
    /// Storage outside the platform; refused.
    pub default_symlink: Option<Value>,
    /// Storage outside the platform; refused.
    pub drive: Option<Value>,
}

/// New values of the restriction flags (contract: identity-and-sharing 7); what is absent stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlagUpdate {
    /// Deleting data needs ADMINISTER.
    pub protected: Option<bool>,
    /// Data may not be copied to other projects.
    pub restricted: Option<bool>,
    /// Data may not be downloaded.
    pub download_restricted: Option<bool>,
    /// No previews and viewers.
    pub preview_viewer_restricted: Option<bool>,
    /// Data may not be uploaded but by jobs.
    pub external_upload_restricted: Option<bool>,
    /// Members at VIEW reach databases through the pages alone.
    #[serde(rename = "databaseUIViewOnly")]
    pub database_ui_view_only: Option<bool>,
    /// Holds protected health information; cannot be unset.
    #[serde(rename = "containsPHI")]
    pub contains_phi: Option<bool>,
    /// People must accept a notice before they reach data.
    pub display_data_protection_notice: Option<bool>,
    /// Web pages of jobs open in an isolated browser only.
    pub https_app_isolated_browsing: Option<bool>,
    /// The project cannot be destroyed.
    pub destroy_protected: Option<bool>,
}

impl FlagUpdate {
    /// The flags that are named, with their new values, under the wire's names.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, bool)> {
        [
            ("protected", self.protected),
            ("restricted", self.restricted),
            ("downloadRestricted", self.download_restricted),
            ("previewViewerRestricted", self.preview_viewer_restricted),
            ("externalUploadRestricted", self.external_upload_restricted),
            ("databaseUIViewOnly", self.database_ui_view_only),
            ("containsPHI", self.contains_phi),
            ("displayDataProtectionNotice", self.display_data_protection_notice),
            ("httpsAppIsolatedBrowsing", self.https_app_isolated_browsing),
            ("destroyProtected", self.destroy_protected),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

words! {
    /// How several entries of one person combine (contract: identity-and-sharing B1).
    Resolution {
        /// They add up.
        Greatest => "greatest",
        /// A person's own entry counts alone.
        SpecificFirst => "specificFirst",
    }
}

/// The id of something that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutableId(Id);

impl ExecutableId {
    /// The id as clients write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The classes of what can be run.
const EXECUTABLE: &[Class] = &[Class::App, Class::Applet, Class::Workflow, Class::Globalworkflow];

impl<'de> Deserialize<'de> for ExecutableId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = Id::deserialize(deserializer)?;
        match id.class() {
            class if EXECUTABLE.contains(&class) => Ok(Self(id)),
            _ => Err(de::Error::custom(format!("{id} is no app, applet or workflow"))),
        }
    }
}

impl JsonSchema for ExecutableId {
    fn schema_name() -> Cow<'static, str> {
        "ExecutableId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        id_schema("an app, applet, workflow or global workflow", EXECUTABLE)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::decode;

    #[test]
    fn what_is_absent_stays() {
        let update: Update = decode(json!({ "unknown": 1 })).unwrap();
        assert_eq!(update.flags, FlagUpdate::default());
        assert!(update.allowed_executables.keeps() && update.name.is_none());
    }

    #[test]
    fn flags_have_the_contracts_names() {
        let names = [
            "protected",
            "restricted",
            "downloadRestricted",
            "previewViewerRestricted",
            "externalUploadRestricted",
            "databaseUIViewOnly",
            "containsPHI",
            "displayDataProtectionNotice",
            "httpsAppIsolatedBrowsing",
            "destroyProtected",
        ];
        for name in names {
            let update: Update = decode(json!({ name: true })).unwrap();
            assert_eq!(update.flags.given().collect::<Vec<_>>(), [(name, true)]);
            let message = decode::<Update>(json!({ name: "yes" })).unwrap_err().message;
            assert!(message.contains("boolean"), "{message}");
        }
    }

    #[test]
    fn only_executables_can_be_allowed() {
        let read = |id: &str| decode::<Update>(json!({ "allowedExecutables": [id] }));
        assert!(read("applet-abcdefghijklmnopqrstuvwx").is_ok());
        assert!(read("file-abcdefghijklmnopqrstuvwx").unwrap_err().message.contains("no app, applet"));
    }
}
