//! Describing projects (contract: identity-and-sharing 5.2).

use std::collections::HashMap;

use policy::{Action, BillingGate};
use serde_json::{Map, Value as Json, json};
use store::access::Access;
use store::project::{Project, Usage};
use store::{account, folder, grant, project};
use wire::answer::{DescribeResult, DescribeResults, Described};
use wire::container::MAX_LISTED;
use wire::fields::{Description, Fields};
use wire::id::ContainerId;
use wire::project::DescribeProjects;
use wire::transfer::UPLOAD_PARAMETERS;
use wire::{ApiError, ErrorType};

use crate::billing;
use crate::context::Ctx;
use crate::error::Result;
use crate::metadata::{bytes_of_properties, bytes_of_words};
use crate::work::Work;

/// Bytes of a GB, as clients count them.
const GB: f64 = 1_073_741_824.0;

/// `/project-xxxx/describe` (F104).
///
/// # Errors
/// `ResourceNotFound` for a project that the caller may not see.
pub async fn describe(ctx: Ctx, id: ContainerId, fields: Fields) -> Result<Described> {
    ctx.look(move |work| {
        let (project, access) = work.project(&id)?;
        one(work, &project, &access, &fields)
    })
    .await
}

/// `/system/describeProjects`: each as its own call would answer.
///
/// # Errors
/// None of its own; what goes wrong with one project stands in its place.
pub async fn describe_all(ctx: Ctx, input: DescribeProjects) -> Result<DescribeResults> {
    ctx.look(move |work| {
        let mut results: Vec<DescribeResult> = Vec::with_capacity(input.projects.len());
        let mut known: HashMap<&str, usize> = HashMap::new();
        for text in input.projects.iter() {
            // What is asked for again costs as much to send, but not to find out.
            if let Some(earlier) = known.get(text.as_str()).and_then(|place| results.get(*place)).cloned() {
                let text = serde_json::to_string(&earlier).map_err(crate::Error::internal)?;
                work.add_to_answer(text.len())?;
                results.push(earlier);
                continue;
            }
            known.insert(text, results.len());
            let described = ContainerId::parse(text)
                .ok_or_else(|| {
                    let why = format!("\"{text}\" is not the id of a project.");
                    ApiError::new(ErrorType::InvalidInput, why).into()
                })
                .and_then(|id| work.project(&id))
                .and_then(|(project, access)| one(work, &project, &access, &input.fields));
            results.push(match described {
                Ok(describe) => DescribeResult::Described { describe },
                Err(crate::Error::Said(said)) => said.into(),
                Err(other) => return Err(other),
            });
        }
        Ok(DescribeResults { results })
    })
    .await
}

/// Describes one project to somebody who may see it.
pub(crate) fn one(work: &Work<'_>, project: &Project, access: &Access, fields: &Fields) -> Result<Described> {
    let figures = Figures::load(work, project, access, fields)?;
    let texts = [("summary", project.summary.len()), ("description", project.description.len())];
    let texts = texts.into_iter().filter(|(name, _)| fields.wants(name, true)).map(|(_, bytes)| bytes);
    work.add_to_answer(texts.sum::<usize>() + bytes_of_words(&project.tags))?;
    if fields.wants("properties", false) {
        work.add_to_answer(bytes_of_properties(&project.properties))?;
    }
    let flags = project.flags;
    let mut out = Description::new(fields, project.id.as_id());
    out.by_default("class", || project.id.class().as_str())
        .by_default("name", || project.name.as_str())
        .by_default("summary", || project.summary.as_str())
        .by_default("description", || project.description.as_str())
        .by_default("created", || project.created)
        .by_default("modified", || project.modified)
        .by_default("createdBy", || json!({ "user": project.created_by }))
        .by_default("version", || project.version)
        .by_default("billTo", || project.bill_to.as_str())
        .by_default("region", || project.region.as_str())
        .by_default("level", || access.level().as_str())
        .by_default("tags", || project.tags.clone())
        .by_default("pendingTransfer", || json!(figures.pending_transfer))
        .by_default("atSpendingLimit", || access.facts().billing == BillingGate::SpendingLimit)
        .by_default("protected", || flags.protected)
        .by_default("restricted", || flags.restricted)
        .by_default("downloadRestricted", || flags.download_restricted)
        .by_default("previewViewerRestricted", || flags.preview_viewer_restricted)
        .by_default("externalUploadRestricted", || flags.external_upload_restricted)
        .by_default("displayDataProtectionNotice", || flags.display_data_protection_notice)
        .by_default("databaseUIViewOnly", || flags.database_ui_view_only)
        .by_default("databaseResultsRestricted", || json!(project.database_results_restricted))
        .by_default("allowedExecutables", || json!(project.allowed_executables))
        .by_default("httpsAppIsolatedBrowsing", || flags.https_app_isolated_browsing)
        .by_default("containsPHI", || flags.contains_phi)
        // Nobody can sponsor a project yet, so that no data and no egress of it is sponsored.
        .by_default("sponsoredDataUsage", || 0)
        .by_default("totalSponsoredEgressBytes", || 0)
        .by_default("consumedSponsoredEgressBytes", || 0)
        .on_request("destroyProtected", || flags.destroy_protected)
        .on_request("properties", || Json::Object(project.properties.clone()))
        .on_request("appCaches", || json!({}))
        .on_request("fileUploadParameters", || json!(UPLOAD_PARAMETERS))
        .on_request("resolution", || {
            use store::text::Word as _;
            project.resolution.word()
        })
        .on_request("allowSharing", || project.allow_sharing)
        .on_request("discoverable", || project.discoverable)
        .on_request("interactiveAllowed", || project.interactive_allowed)
        .on_request("owner", || json!(project.owner))
        .on_request("capabilities", || {
            let held = policy::effective(access.facts()).capabilities;
            json!(held.iter().map(policy::Capability::as_str).collect::<Vec<_>>())
        })
        .on_request("monthlyComputeLimit", || Json::Null)
        .on_request("monthlyEgressBytesLimit", || Json::Null)
        .on_request("monthlyStorageLimit", || Json::Null);
    if let Some(options) = &project.isolated_browsing_options {
        out.on_request("httpsAppIsolatedBrowsingOptions", || options.clone());
    }
    if let Some(usage) = figures.usage {
        out.by_default("dataUsage", || gigabytes(usage.bytes))
            .by_default("archivedDataUsage", || gigabytes(usage.archived));
        if figures.sees_prices {
            let price = work.ctx.app.options.storage_price;
            out.by_default("storageCost", || gigabytes(usage.bytes) * price);
        }
    }
    if let Some(folders) = figures.folders {
        out.on_request("folders", || folders);
    }
    if let Some(objects) = figures.objects {
        out.on_request("objects", || objects);
    }
    if let Some(permissions) = figures.permissions {
        out.on_request("permissions", || Json::Object(permissions));
    }
    Ok(out.finish())
}

/// What has to be looked up; only what is wanted is, and only what the caller may know.
///
/// Ruling: how much lies in a project is told to whoever sees it, without `data.list`, too: the public client fails on a
/// description without `dataUsage` (contract: identity-and-sharing 5.2). What lies there, and how many things, is not.
struct Figures {
    usage: Option<Usage>,
    sees_prices: bool,
    folders: Option<Vec<String>>,
    objects: Option<i64>,
    permissions: Option<Map<String, Json>>,
    pending_transfer: Option<String>,
}

impl Figures {
    fn load(work: &Work<'_>, project: &Project, access: &Access, fields: &Fields) -> Result<Self> {
        let (tx, key) = (work.tx, project.key);
        let wants_cost = fields.wants("storageCost", true);
        let wants_usage =
            wants_cost || fields.wants("dataUsage", true) || fields.wants("archivedDataUsage", true);
        let lists = access.allows(Action::ListData);
        let wants_permissions = fields.wants("permissions", false) && access.allows(Action::ListMembers);
        Ok(Self {
            usage: if wants_usage { Some(project::usage(tx, key)?) } else { None },
            sees_prices: wants_cost && billing::sees_prices(work, &project.bill_to)?,
            folders: if lists && fields.wants("folders", false) {
                Some(folders(work, project)?)
            } else {
                None
            },
            objects: if lists && fields.wants("objects", false) {
                Some(project::count_objects(tx, key)?)
            } else {
                None
            },
            permissions: if wants_permissions {
                let held = grant::of_project(tx, key)?;
                Some(held.into_iter().map(|held| (held.principal, json!(held.given.level()))).collect())
            } else {
                None
            },
            pending_transfer: match project.pending_transfer {
                Some(to) if fields.wants("pendingTransfer", true) => {
                    Some(account::by_key(tx, to)?.id.to_string())
                }
                _ => None,
            },
        })
    }
}

fn folders(work: &Work<'_>, project: &Project) -> Result<Vec<String>> {
    let bytes = folder::bytes_of_paths(work.tx, project.key)?;
    work.add_to_answer(usize::try_from(bytes).unwrap_or(usize::MAX))?;
    let paths = folder::all_paths(work.tx, project.key, MAX_LISTED + 1)?;
    if paths.len() > MAX_LISTED {
        return Err(ApiError::invalid_input(format!(
            "{} has more than {MAX_LISTED} folders, too many for one answer. List them folder by folder with listFolder.",
            project.id
        ))
        .into());
    }
    Ok(paths)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a figure for people; what is lost is less than one part in 10^15"
)]
fn gigabytes(bytes: i64) -> f64 {
    bytes as f64 / GB
}
