//! One valid call of every method, and who may make it.

use serde_json::{Value, json};
use wire::method::Subject;
use wire::{Level, MethodName};

use super::cast::{LEVELS, Place, Role};

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody, without a token too.
    Nothing,
    /// Any person with a token, whatever its scope.
    Account,
    /// Members of the place's project with at least this level; to others it is absent.
    Project(Level),
    /// The same, but not its only administrator.
    ProjectButLastAdministrator(Level),
    /// ADMINs of the place's organisation.
    OrgAdmin,
    /// Platform ADMINs.
    Operator,
    /// Nobody: members of the place's project are told so with this error type.
    Never(&'static str),
}

/// A valid call of a method.
pub struct Sample {
    /// The method.
    pub method: MethodName,
    /// Who may make it.
    pub needs: Needs,
    /// The id in its route; none for a method of a word, such as `system`.
    pub subject: Option<fn(&Place) -> String>,
    /// Its body.
    pub body: fn(&Place) -> Value,
    /// Whether it needs files with bytes, which take a moment to make.
    pub bytes: bool,
}

/// Methods whose sample is still missing. Empty, but while a method is being built.
pub const NOT_YET: &[MethodName] = &[];

impl Sample {
    /// The route in a place.
    pub fn path(&self, place: &Place) -> String {
        let row = self.method.row();
        let subject = match (row.subject, self.subject) {
            (Subject::Word(word), None) => word.to_owned(),
            (Subject::Entity(_), Some(subject)) => subject(place),
            _ => panic!("the sample of {} is of another kind than its row", self.method.as_str()),
        };
        format!("/{subject}/{}", row.verb)
    }

    /// Who may make the call, weakest first.
    pub fn allowed(&self) -> Vec<Role> {
        match self.needs {
            Needs::Nothing => vec![Role::Nobody, Role::Stranger],
            Needs::Account => vec![Role::Stranger],
            Needs::Project(least) => {
                LEVELS.into_iter().filter(|level| *level >= least).map(Role::Member).collect()
            }
            Needs::ProjectButLastAdministrator(least) => LEVELS
                .into_iter()
                .filter(|level| *level >= least && *level < Level::Administer)
                .map(Role::Member)
                .collect(),
            Needs::OrgAdmin => vec![Role::Member(Level::Administer)],
            Needs::Operator => vec![Role::Operator],
            Needs::Never(_) => vec![],
        }
    }

    /// Somebody who may make the call and see all it names.
    pub fn caller(&self) -> Role {
        match self.needs {
            Needs::ProjectButLastAdministrator(_) => Role::Member(Level::Contribute),
            Needs::Operator => Role::Operator,
            _ => Role::Member(Level::Administer),
        }
    }
}

/// The list.
#[rustfmt::skip]
pub fn samples() -> Vec<Sample> {
    use MethodName as M;
    use Needs::{Account, Nothing, Operator, OrgAdmin, Project};
    vec![
        word(M::SystemHeaders, Nothing, |_| json!({})),
        word(M::SystemComeBackLater, Nothing, |_| json!({ "waitUntil": 1, "setRetryAfter": true })),
        word(M::SystemWhoami, Account, |_| json!({ "fields": { "clientIp": true } })),
        word(M::SystemNewAuthToken, Account, |_| json!({ "scope": { "projects": { "*": "VIEW" } }, "label": "narrow", "expires": 4_000_000_000_000_i64 })),
        word(M::SystemFindAuditEvents, Project(Level::Administer), |place| json!({ "project": place.project, "limit": 10 })),

        word(M::ProjectNew, Account, |_| json!({ "name": "New", "summary": "s", "description": "d", "protected": true, "tags": ["t"], "properties": { "k": "v" } })),
        project(M::ProjectDescribe, Level::View, |_| json!({ "fields": { "name": true } })),
        project(M::ProjectUpdate, Level::Administer, |_| json!({ "name": "Renamed", "summary": "s", "description": "d", "protected": true, "allowedExecutables": null, "monthlyStorageLimit": 10, "version": 0 })),
        project(M::ProjectAddTags, Level::Contribute, |_| json!({ "tags": ["t", "u"] })),
        project(M::ProjectRemoveTags, Level::Contribute, |_| json!({ "tags": ["t"] })),
        project(M::ProjectSetProperties, Level::Contribute, |_| json!({ "properties": { "k": "v", "gone": null } })),
        project(M::ProjectDestroy, Level::Administer, |_| json!({ "terminateJobs": false })),
        // The place's project shows no notice; `projects` tests one that does.
        of_project(M::ProjectAcceptDataProtectionNotice, Needs::Never("InvalidState"), |_| json!({})),
        project(M::ProjectDecreasePermissions, Level::Administer, |_| json!({ "user-viewer": null, "user-contributor": "VIEW" })),
        of_project(M::ProjectLeave, Needs::ProjectButLastAdministrator(Level::View), |_| json!({})),
        of_project(M::ProjectAcceptInvite, Needs::Never("InvalidState"), |_| json!({})),
        of_project(M::ProjectDeclineInvite, Needs::Never("InvalidState"), |_| json!({})),
        project(M::ProjectFindMembers, Level::View, |_| json!({ "principal": "user-viewer", "limit": 10 })),
        project(M::ProjectDescribeAccess, Level::View, |place| json!({ "action": "data.download", "object": place.record })),
        word(M::SystemFindProjects, Account, |place| json!({
            "name": { "glob": "T*" }, "id": place.project, "tags": "t", "properties": { "k": true }, "created": { "after": 1 }, "region": "local",
            "level": "VIEW", "explicitPermission": true, "public": false, "billTo": "user-administrator", "describe": { "fields": { "name": true } }, "limit": 10,
        })),
        word(M::SystemDescribeProjects, Account, |place| json!({ "projects": [place.project], "fields": { "name": true } })),
        word(M::SystemFindProjectMembers, Project(Level::View), |place| json!({ "project": place.project, "describe": true, "limit": 10 })),

        word(M::OrgNew, Account, |place| json!({ "handle": format!("new{}", &place.org[4..]), "name": "New", "policies": { "memberListVisibility": "MEMBER" }, "nonce": place.project })),
        org(M::OrgDescribe, Account, |_| json!({ "fields": { "name": true } })),
        org(M::OrgUpdate, OrgAdmin, |_| json!({ "name": "Renamed", "policies": { "restrictProjectTransfer": "ADMIN" } })),
        Sample { method: M::OrgDestroy, needs: OrgAdmin, subject: Some(|place| place.empty_org.clone()), body: |_| json!({}), bytes: false },
        org(M::OrgInvite, OrgAdmin, |_| json!({ "invitee": "stranger", "level": "MEMBER", "projectAccess": "VIEW", "appAccess": false, "suppressEmailNotification": true })),
        org(M::OrgSetMemberAccess, OrgAdmin, |_| json!({ "user-uploader": { "level": "MEMBER", "projectAccess": "VIEW", "dataSearch": true } })),
        org(M::OrgRemoveMember, OrgAdmin, |_| json!({ "user": "user-uploader", "revokeProjectPermissions": true, "revokeAppPermissions": true })),
        org(M::OrgFindMembers, OrgAdmin, |_| json!({ "id": "user-uploader", "level": "MEMBER", "describe": true, "limit": 10 })),
        org(M::OrgFindProjects, OrgAdmin, |_| json!({ "name": "T", "limit": 10 })),
        org(M::OrgSetFeatures, Operator, |_| json!({ "features": {}, "billingEnabled": true, "expiresAt": null, "spendingLimit": 10 })),
        word(M::SystemFindOrgs, Account, |_| json!({ "level": "MEMBER", "allowBillableActivities": true, "describe": true, "limit": 10 })),

        project(M::ProjectInvite, Level::Administer, |_| json!({ "invitee": "stranger", "level": "VIEW", "suppressEmailNotification": true })),

        project(M::ContainerListFolder, Level::View, |_| json!({ "folder": "/a", "describe": true, "only": "all", "includeHidden": true, "hasSubfolderFlags": true })),
        project(M::ContainerNewFolder, Level::Upload, |_| json!({ "folder": "/a/new", "parents": false })),
        project(M::ContainerRenameFolder, Level::Contribute, |_| json!({ "folder": "/a/b", "name": "c" })),
        project(M::ContainerMove, Level::Contribute, |_| json!({ "objects": [], "folders": ["/a/b"], "destination": "/" })),

        word(M::SystemFindDataObjects, Project(Level::View), |place| json!({
            "scope": { "project": place.project, "folder": "/", "recurse": true }, "class": ["record", "file"], "state": "any",
            "visibility": "either", "name": { "glob": "*" }, "tags": { "$or": ["a"] }, "type": { "$and": [] }, "properties": { "k": false },
            "region": ["local"], "level": "VIEW", "modified": { "after": 1 }, "created": { "before": 4_000_000_000_000_i64 },
            "sortBy": { "field": "created", "ordering": "ascending" }, "describe": { "fields": { "name": true } }, "limit": 10,
        })),
        word(M::SystemResolveDataObjects, Project(Level::View), |place| json!({
            "project": place.project, "folder": "/a", "visibility": "either", "objects": [{ "name": "a" }, { "name": "b", "folder": "/" }],
        })),
        word(M::SystemDescribeDataObjects, Account, |place| json!({ "objects": [{ "id": place.record, "describe": { "fields": { "name": true } } }], "classDescribeOptions": { "*": { "details": true } } })),
        object(M::ObjectDescribe, Level::View, |place| json!({ "project": place.project, "fields": { "name": true, "details": true }, "defaultFields": true })),
        object(M::ObjectListProjects, Level::View, |_| json!({})),
        object(M::ObjectRename, Level::Upload, |place| json!({ "project": place.project, "name": "other" })),
        object(M::ObjectSetProperties, Level::Upload, |place| json!({ "project": place.project, "properties": { "k": "v", "gone": null } })),
        object(M::ObjectAddTags, Level::Upload, |place| json!({ "project": place.project, "tags": ["new"] })),
        object(M::ObjectRemoveTags, Level::Upload, |place| json!({ "project": place.project, "tags": ["tag"] })),
        object(M::ObjectAddTypes, Level::Upload, |_| json!({ "types": ["New"] })),
        object(M::ObjectRemoveTypes, Level::Upload, |_| json!({ "types": ["Type"] })),
        object(M::ObjectGetDetails, Level::View, |place| json!({ "project": place.project })),
        object(M::ObjectSetDetails, Level::Upload, |place| json!({ "link": { "$dnanexus_link": place.record }, "list": [1, "x"] })),
        object(M::ObjectSetVisibility, Level::Upload, |_| json!({ "hidden": true })),

        word(M::RecordNew, Project(Level::Upload), |place| json!({ "project": place.project, "name": "r", "folder": "/a", "parents": true, "tags": ["t"], "types": ["T"], "hidden": false, "properties": { "k": "v" }, "details": { "l": { "$dnanexus_link": place.record } }, "close": true, "initializeFrom": { "project": place.project, "id": place.record } })),
        object(M::RecordClose, Level::Upload, |_| json!({})),
        word(M::FileNew, Project(Level::Upload), |place| json!({ "project": place.project, "name": "f", "folder": "/a/b", "media": "text/plain", "tags": ["t"], "properties": { "k": "v" } })),
        open_file(M::FileUpload, Level::Upload, |_| json!({ "index": 1, "size": 3, "md5": "900150983cd24fb0d6963f7d28e17f72" })),
        open_file(M::FileClose, Level::Upload, |_| json!({})),
        closed_file(M::FileDownload, Level::View, |place| json!({ "project": place.project, "duration": 60, "filename": "f.txt", "preauthenticated": true })),
    ]
}

/// A method of a word.
fn word(method: MethodName, needs: Needs, body: fn(&Place) -> Value) -> Sample {
    Sample { method, needs, subject: None, body, bytes: false }
}

/// A method of the place's organisation.
fn org(method: MethodName, needs: Needs, body: fn(&Place) -> Value) -> Sample {
    Sample { method, needs, subject: Some(|place| place.org.clone()), body, bytes: false }
}

/// A method of the place's project, for members of at least a level.
fn project(method: MethodName, least: Level, body: fn(&Place) -> Value) -> Sample {
    of_project(method, Needs::Project(least), body)
}

/// A method of the place's project.
fn of_project(method: MethodName, needs: Needs, body: fn(&Place) -> Value) -> Sample {
    Sample { method, needs, subject: Some(|place| place.project.clone()), body, bytes: false }
}

/// A method of the place's open file.
fn open_file(method: MethodName, least: Level, body: fn(&Place) -> Value) -> Sample {
    let subject: fn(&Place) -> String = |place| place.open_file.clone();
    Sample {
        method,
        needs: Needs::Project(least),
        subject: Some(subject),
        body,
        bytes: method == MethodName::FileClose,
    }
}

/// A method of the place's closed file.
fn closed_file(method: MethodName, least: Level, body: fn(&Place) -> Value) -> Sample {
    let subject: fn(&Place) -> String = |place| place.closed_file.clone();
    Sample { method, needs: Needs::Project(least), subject: Some(subject), body, bytes: true }
}

/// A method of the place's record.
fn object(method: MethodName, least: Level, body: fn(&Place) -> Value) -> Sample {
    Sample {
        method,
        needs: Needs::Project(least),
        subject: Some(|place| place.record.clone()),
        body,
        bytes: false,
    }
}
