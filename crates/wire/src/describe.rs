//! What describe calls answer, field by field (contract: data 9, identity-and-sharing 2, 4, 5).
//!
//! The use cases build descriptions out of the wanted fields alone. These types are never made: they are the schemas of
//! what may stand in a description, and tests hold every answer against them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::account::{EmailWhenJobComplete, Kind};
use crate::executable::{
    AccessSpec, BundledDependency, ByEntryPoint, Dependency, Distribution, EnvironmentVersion,
    ExecutionPolicy, HttpsApp, Interpreter, IoSpec, Release, RestartableEntryPoints, SystemRequirement,
    Timeout,
};
use crate::folder::FolderPath;
use crate::id::{BillToId, ContainerId, Id, ObjectId, OrgId, UserId};
use crate::level::Level;
use crate::org::{MemberListVisibility, OrgLevel};
use crate::project::{ExecutableId, Resolution};
use crate::query::{ArchivalState, ObjectClass, ObjectState};
use crate::transfer::{Md5Hex, UploadParameters};

macro_rules! descriptions {
    ($($(#[doc = $doc:literal])+ $name:ident: $needed:tt { $($key:literal: $type:ty, $about:literal;)+ })+) => {$(
        $(#[doc = $doc])+
        pub enum $name {}

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let mut properties = Map::new();
                $(
                    let mut field = generator.subschema_for::<$type>();
                    field.insert("description".to_owned(), $about.into());
                    properties.insert($key.to_owned(), field.to_value());
                )+
                json_schema!({
                    "type": "object",
                    "description": concat!($($doc),+).trim(),
                    "properties": properties,
                    "required": $needed,
                    "additionalProperties": false,
                })
            }
        }
    )+};
}

descriptions! {
    /// A project or container. Fields that the caller may not know are left out.
    ProjectDescription: ["id"] {
        "id": ContainerId, "The project.";
        "class": String, "`project` or `container`.";
        "name": String, "What people see.";
        "summary": String, "One line for lists.";
        "description": String, "Longer text.";
        "created": i64, "When it was made, in ms since the epoch.";
        "modified": i64, "When it last changed, in ms since the epoch.";
        "createdBy": Creator, "Who made it.";
        "version": i64, "Goes up with every update.";
        "billTo": BillToId, "Who pays.";
        "region": String, "Where the data lie.";
        "level": Level, "The caller's level.";
        "tags": Vec<String>, "In the order of adding.";
        "properties": BTreeMap<String, String>, "Key to value.";
        "pendingTransfer": Option<BillToId>, "Whom it is offered to.";
        "atSpendingLimit": bool, "Whether its payer has spent all that may be spent.";
        "protected": bool, "Deleting data needs ADMINISTER.";
        "restricted": bool, "Data may not be copied to other projects.";
        "downloadRestricted": bool, "Data may not be downloaded.";
        "previewViewerRestricted": bool, "No previews and viewers.";
        "externalUploadRestricted": bool, "Data may not be uploaded but by jobs.";
        "displayDataProtectionNotice": bool, "People must accept a notice before they reach data.";
        "databaseUIViewOnly": bool, "Members at VIEW reach databases through the pages alone.";
        "databaseResultsRestricted": Option<i64>, "Members at VIEW get no aggregate over fewer participants than this.";
        "allowedExecutables": Option<Vec<ExecutableId>>, "The only executables that may be run as root executions; null for all.";
        "httpsAppIsolatedBrowsing": bool, "Web pages of jobs open in an isolated browser only.";
        "httpsAppIsolatedBrowsingOptions": Option<Map<String, Value>>, "How isolated browsing behaves.";
        "containsPHI": bool, "Holds protected health information.";
        "sponsoredDataUsage": i64, "How much of its data is paid for by a sponsor; always 0.";
        "totalSponsoredEgressBytes": i64, "How many bytes may leave it at a sponsor's cost; always 0.";
        "consumedSponsoredEgressBytes": i64, "How many of these have left it; always 0.";
        "destroyProtected": bool, "The project cannot be destroyed.";
        "dataUsage": f64, "The size of the files in it, in GB.";
        "archivedDataUsage": f64, "That of the archived ones.";
        "storageCost": f64, "What storing them costs in a month; to those who see prices.";
        "appCaches": Map<String, Value>, "Empty.";
        "fileUploadParameters": UploadParameters, "What parts and files may be.";
        "resolution": Resolution, "How several entries of one person combine.";
        "allowSharing": bool, "Whether the project may publish shares.";
        "discoverable": bool, "Whether others may find the project as a target of shares.";
        "interactiveAllowed": bool, "Whether interactive executions may run in it.";
        "owner": Option<String>, "Who made it and still holds it.";
        "capabilities": Vec<String>, "Everything that the caller may do in it.";
        "monthlyComputeLimit": Option<i64>, "Null: what executions cost is not limited.";
        "monthlyEgressBytesLimit": Option<i64>, "Null: downloads are not limited.";
        "monthlyStorageLimit": Option<f64>, "Null: what storage costs is not limited.";
        "folders": Vec<FolderPath>, "Every folder.";
        "objects": i64, "How many objects lie in it.";
        "permissions": BTreeMap<String, Level>, "Every member with the level of its entry.";
    }

    /// A copy of a data object. Fields that its class does not have or the caller may not know are left out.
    ObjectDescription: ["id"] {
        "id": ObjectId, "The object.";
        "project": ContainerId, "Where the copy lies.";
        "class": ObjectClass, "What kind of object it is.";
        "sponsored": bool, "Always false.";
        "name": String, "The name of the copy.";
        "types": Vec<String>, "In the order of adding.";
        "state": ObjectState, "How far it has come.";
        "hidden": bool, "Left out of ordinary lists.";
        "links": Vec<ObjectId>, "The objects that its details, or the specification of an applet, link to.";
        "folder": FolderPath, "The folder of the copy.";
        "tags": Vec<String>, "Of the copy, in the order of adding.";
        "properties": BTreeMap<String, String>, "Of the copy.";
        "created": i64, "When the object was made, in ms since the epoch.";
        "modified": i64, "When the copy last changed, in ms since the epoch.";
        "createdBy": Creator, "Who made it.";
        "details": Value, "A hash or an array.";
        "media": String, "Media type of a file.";
        "archivalState": ArchivalState, "Where the bytes of a file lie.";
        "size": i64, "Bytes of a closed file.";
        "md5": Md5Hex, "MD5 of a closed file.";
        "parts": BTreeMap<String, PartDescription>, "The parts of a file by their numbers.";
        "title": String, "What people see above an applet.";
        "summary": String, "One line about an applet.";
        "description": String, "Longer text about an applet, as Markdown.";
        "developerNotes": String, "Longer text for those who work on an applet, as Markdown.";
        "runSpec": RunSpecDescription, "How the program of an applet runs.";
        "inputSpec": IoSpec, "What an applet takes; without it, anything.";
        "outputSpec": IoSpec, "What an applet gives; without it, anything.";
        "access": AccessSpec, "What the jobs of an applet may reach.";
        "dxapi": String, "The version of the API that an applet was written for.";
        "httpsApp": HttpsApp, "The web pages of the jobs of an applet.";
        "ignoreReuse": bool, "Whether the jobs of an applet never take over earlier results.";
        "treeTurnaroundTimeThreshold": i64, "After how many seconds somebody is told that an execution takes long.";
    }

    /// How the program of an executable runs.
    RunSpecDescription: ["interpreter", "distribution", "release", "bundledDepends", "bundledDependsByRegion", "systemRequirements", "systemRequirementsByRegion", "headJobOnDemand", "inheritParentRestartOnPolicy"] {
        "interpreter": Interpreter, "What runs the program.";
        "code": String, "The program; in the answer of `get` alone.";
        "distribution": Distribution, "What the workers run on.";
        "release": Release, "Its release.";
        "version": EnvironmentVersion, "The version of the environment within the release.";
        "execDepends": Vec<Dependency>, "Packages that are installed first.";
        "bundledDepends": Vec<BundledDependency>, "Objects that belong to the executable.";
        "bundledDependsByRegion": BTreeMap<String, Vec<BundledDependency>>, "The same, under the region of the project.";
        "dependencies": Vec<Dependency>, "Packages and objects in one list.";
        "systemRequirements": ByEntryPoint<SystemRequirement>, "What each entry point runs on.";
        "systemRequirementsByRegion": BTreeMap<String, ByEntryPoint<SystemRequirement>>, "The same, under the region of the project.";
        "executionPolicy": ExecutionPolicy, "When to start again after a failure.";
        "restartableEntryPoints": RestartableEntryPoints, "What starts again.";
        "timeoutPolicy": ByEntryPoint<Timeout>, "How long each entry point may run.";
        "headJobOnDemand": bool, "Whether the first job asks for a worker that is not taken away.";
        "inheritParentRestartOnPolicy": bool, "Whether the restart policy of what started it holds for it too.";
    }

    /// A user. Names and handle are for everybody, the rest for the user and for platform administrators.
    UserDescription: ["id"] {
        "id": UserId, "The user.";
        "class": String, "`user`.";
        "first": String, "Given name.";
        "middle": String, "Middle name.";
        "last": String, "Family name.";
        "handle": String, "As its owner writes it.";
        "permittedRegions": Vec<String>, "Where the user may make projects.";
        "email": String, "Where letters go.";
        "billTo": BillToId, "Who pays unless told otherwise.";
        "kind": Kind, "What the user is on the platform as a whole.";
        "state": String, "How far the account has come.";
        "created": i64, "When the account was made, in ms since the epoch.";
        "sshPublicKey": String, "The public part of an SSH key.";
        "orgs": Vec<OrgId>, "Organisations of which the user is a member: the first 1000 by id; `/system/findOrgs` pages through all.";
        "pendingTransfers": Vec<ContainerId>, "Projects that are offered to the user: the first 1000 that were made.";
        "occupation": Option<String>, "What the person does.";
        "policies": UserPolicies, "The user's policies.";
        "preferences": Map<String, Value>, "Settings of the pages, by name.";
        "appsInstalled": Map<String, Value>, "Empty.";
    }

    /// Policies of a user.
    UserPolicies: [] {
        "tokenDuration": i64, "How long tokens live when their maker does not say, in ms.";
        "emailWhenJobComplete": EmailWhenJobComplete, "About which executions of one's own to be told.";
    }

    /// An organisation. What is beyond handle and name is for members, and some of it for administrators.
    OrgDescription: ["id"] {
        "id": OrgId, "The organisation.";
        "class": String, "`org`.";
        "handle": String, "As its maker wrote it.";
        "name": String, "What people see.";
        "admins": Vec<UserId>, "Who runs it: the first 1000 by id; `/org-xxxx/findMembers` pages through all.";
        "policies": OrgPolicies, "Its policies.";
        "permittedRegions": Vec<String>, "Where it may pay for projects.";
        "defaultRegion": String, "Where its projects are made unless told otherwise.";
        "phiFeaturesEnabled": bool, "Whether it may pay for projects with protected health information.";
        "samlIdP": String, "The name of the identity provider that members sign in with.";
        "expiresAt": i64, "When it ends, in ms since the epoch.";
        "features": BTreeMap<String, bool>, "What the operator has switched on for it.";
        "level": OrgLevel, "The caller's level.";
        "allowBillableActivities": bool, "Whether the caller may spend its money.";
        "projectAccess": Level, "The cap on what projects shared with it give the caller.";
        "appAccess": bool, "Whether the caller may see and run apps shared with it.";
        "billingEnabled": bool, "Whether anything may be charged to it.";
        "spendingLimit": Option<f64>, "Null: what is charged to it is not limited.";
        "memberCount": i64, "How many members it has.";
    }

    /// Policies of an organisation.
    OrgPolicies: ["memberListVisibility", "restrictProjectTransfer"] {
        "memberListVisibility": MemberListVisibility, "Who may list the members.";
        "restrictProjectTransfer": OrgLevel, "Who may move a project that it pays for to another payer.";
        "jobReuse": Option<bool>, "Whether executions may reuse results of earlier equal ones.";
        "detailedJobMetricsCollectDefault": Option<bool>, "Whether executions collect detailed metrics unless told otherwise.";
        "autoLogoutAfter": i64, "How long a signed-in browser of a member may do nothing, in ms.";
    }

    /// Who made something.
    Creator: ["user"] {
        "user": UserId, "The person.";
        "job": Id, "The job that ran for the person.";
    }

    /// One part of a file.
    PartDescription: ["state", "size"] {
        "state": String, "`pending` or `complete`.";
        "size": Option<i64>, "Its bytes.";
        "md5": Md5Hex, "Its MD5.";
    }
}

/// A user or an organisation.
pub enum PrincipalDescription {}

impl JsonSchema for PrincipalDescription {
    fn schema_name() -> Cow<'static, str> {
        "PrincipalDescription".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let all = [generator.subschema_for::<UserDescription>(), generator.subschema_for::<OrgDescription>()];
        json_schema!({ "anyOf": all })
    }
}
