//! One valid call of every method, and who may make it.

use serde_json::{Value, json};
use wire::method::Subject;
use wire::{Class, Level, MethodName};

use super::cast::{LEVELS, PASSWORD, Place, Role};

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody, without a token too.
    Nothing,
    /// Any person with a token, whatever its scope.
    Account,
    /// Members of the place's project with at least this level; to others it is absent.
    Project(Level),
    /// As `Project`, but not those above the second level, whom a rule of the call's own refuses.
    ProjectBelow(Level, Level),
    /// ADMINs of the place's organisation; everybody may know that it exists.
    OrgAdmin,
    /// Platform administrators.
    Operator,
    /// Nobody: everybody who sees what it names is told so with this error type.
    Never(&'static str),
    /// These alone; of the others, these are refused so.
    These {
        /// Who may, weakest first.
        allowed: &'static [Role],
        /// Who may not, and with which error type.
        refused: &'static [(Role, &'static str)],
    },
}

/// A valid call of a method.
pub struct Sample {
    /// The method.
    pub method: MethodName,
    /// Who may make it.
    pub needs: Needs,
    /// The id in its route, of a user the handle; none for a method of a word, such as `system`.
    pub subject: Option<fn(&Place) -> String>,
    /// Its body.
    pub body: fn(&Place) -> Value,
}

/// Platform ADMINs alone.
const OPERATOR: Needs = Needs::These {
    allowed: &[Role::Operator],
    refused: &[(Role::Stranger, "PermissionDenied"), (Role::Member(Level::Administer), "PermissionDenied")],
};
/// The stranger alone: about the stranger's own account.
const STRANGER: Needs = Needs::These {
    allowed: &[Role::Stranger],
    refused: &[(Role::Member(Level::Administer), "PermissionDenied"), (Role::Operator, "PermissionDenied")],
};

/// Methods that are no part of the contract with the public client. They refuse keys that they do not know.
pub const OURS: &[MethodName] = &[
    MethodName::SystemFindAuthTokens,
    MethodName::SystemFindUnsentMail,
    MethodName::SystemFindAuditEvents,
    MethodName::UserChangePassword,
    MethodName::UserStartOtp,
    MethodName::UserConfirmOtp,
    MethodName::UserDisableOtp,
    MethodName::UserSetKind,
    MethodName::UserDisable,
    MethodName::UserEnable,
    MethodName::UserRemove,
    MethodName::AccountActivate,
    MethodName::AccountRequestPasswordReset,
    MethodName::AccountResetPassword,
    MethodName::AccountConfirmEmail,
    MethodName::AccountCreateFirstUser,
    MethodName::ProjectAcceptDataProtectionNotice,
    MethodName::ProjectFindMembers,
    MethodName::ProjectDescribeAccess,
    MethodName::OrgSetFeatures,
];

/// Methods whose keys are names of people, so that there is no key they do not know.
pub const KEYS_ARE_NAMES: &[MethodName] =
    &[MethodName::ProjectDecreasePermissions, MethodName::OrgSetMemberAccess];

impl Sample {
    /// The route in a place.
    pub fn path(&self, place: &Place) -> String {
        let row = self.method.row();
        let subject = match (row.subject, self.subject) {
            (Subject::Word(word), None) => word.to_owned(),
            (Subject::Entity(&[Class::User]), Some(handle)) => format!("user-{}", handle(place)),
            (Subject::Entity(_), Some(subject)) => subject(place),
            _ => panic!("the sample of {} is of another kind than its row", self.method.as_str()),
        };
        format!("/{subject}/{}", row.verb)
    }

    /// Whether the call can be made again in the same place.
    pub fn repeatable(&self) -> bool {
        use MethodName as M;
        matches!(
            self.method,
            M::UserUpdate
                | M::UserUpdateEmail
                | M::UserChangePassword
                | M::UserStartOtp
                | M::AccountRequestPasswordReset
        )
    }

    /// Who may make the call, weakest first.
    pub fn allowed(&self) -> Vec<Role> {
        match self.needs {
            Needs::Nothing => vec![Role::Nobody, Role::Stranger],
            Needs::Account => vec![Role::Stranger],
            Needs::These { allowed, .. } => allowed.to_vec(),
            Needs::Project(least) => {
                LEVELS.into_iter().filter(|level| *level >= least).map(Role::Member).collect()
            }
            Needs::ProjectBelow(least, below) => LEVELS
                .into_iter()
                .filter(|level| *level >= least && *level < below)
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
            Needs::Operator => Role::Operator,
            Needs::These { allowed, .. } => allowed[0],
            _ => Role::Member(Level::Administer),
        }
    }
}

/// The list.
#[rustfmt::skip]
pub fn samples() -> Vec<Sample> {
    use MethodName as M;
    use Needs::{Account, Never, Nothing, Operator, OrgAdmin, Project, ProjectBelow, These};
    vec![
        word(M::SystemHeaders, Nothing, |_| json!({})),
        word(M::SystemComeBackLater, Nothing, |_| json!({ "waitUntil": 1, "setRetryAfter": true })),
        word(M::SystemWhoami, Account, |_| json!({ "fields": { "clientIp": true } })),
        word(M::SystemNewAuthToken, Account, |_| json!({ "scope": { "projects": { "*": "VIEW" } }, "label": "narrow", "expires": 4_000_000_000_000_i64 })),
        word(M::SystemFindAuditEvents, Project(Level::Administer), |place| json!({ "project": place.project, "limit": 10 })),

        word(M::SystemDestroyAuthToken, These { allowed: &[Role::Member(Level::Administer)], refused: &[(Role::Stranger, "ResourceNotFound")] }, |place| json!({ "tokenSignature": place.token, "revokeChildTokens": true })),
        word(M::SystemFindAuthTokens, Account, |_| json!({ "limit": 1 })),
        word(M::SystemGetUserInfo, Account, |_| json!({})),
        word(M::SystemGreet, Nothing, |_| json!({ "client": "c", "version": "v" })),
        word(M::SystemFindUnsentMail, OPERATOR, |_| json!({ "limit": 1 })),
        word(M::SystemFindUsers, Account, |_| json!({ "name": "F L", "handle": "viewer", "email": "viewer@example.org", "org": null, "limit": 5, "starting": null })),
        word(M::UserNew, These { allowed: &[Role::Member(Level::Administer), Role::Operator], refused: &[(Role::Nobody, "PermissionDenied"), (Role::Stranger, "PermissionDenied")] }, |place| json!({ "username": format!("{}_new", place.user), "email": format!("{}_new@example.org", place.user), "first": "F", "middle": "M", "last": "L", "tokenDuration": 1000, "occupation": "o", "billTo": place.org })),
        user(M::UserDescribe, Account, |_| "contributor".to_owned(), |_| json!({ "fields": { "handle": true } })),
        user(M::UserUpdate, STRANGER, |_| "stranger".to_owned(), |_| json!({ "first": "F", "middle": "M", "last": "L", "billTo": "user-stranger", "sshPublicKey": "ssh-ed25519 AAAA", "policies": { "emailWhenJobComplete": "never" }, "preferences": { "k": "v" } })),
        user(M::UserUpdateEmail, STRANGER, |_| "stranger".to_owned(), |place| json!({ "newEmail": format!("{}_other@example.org", place.user), "password": PASSWORD, "otp": "000000", "revokeChildTokens": false })),
        user(M::UserChangePassword, STRANGER, |_| "stranger".to_owned(), |_| json!({ "password": PASSWORD, "newPassword": PASSWORD, "otp": "000000" })),
        user(M::UserStartOtp, STRANGER, |_| "stranger".to_owned(), |_| json!({})),
        user(M::UserConfirmOtp, These { allowed: &[Role::Member(Level::View)], refused: &[(Role::Stranger, "PermissionDenied"), (Role::Operator, "PermissionDenied")] }, |_| "viewer".to_owned(), |place| json!({ "otp": place.otp })),
        user(M::UserDisableOtp, These { allowed: &[Role::Member(Level::Upload)], refused: &[(Role::Stranger, "PermissionDenied"), (Role::Operator, "PermissionDenied")] }, |_| "uploader".to_owned(), |place| json!({ "password": PASSWORD, "otp": place.otp })),
        user(M::UserResetMfa, OPERATOR, |place| place.user.clone(), |place| json!({ "user_id": format!("user-{}", place.user), "revokeChildTokens": true })),
        user(M::UserUnlock, OPERATOR, |place| place.user.clone(), |place| json!({ "user_id": format!("user-{}", place.user) })),
        user(M::UserSetKind, OPERATOR, |place| place.user.clone(), |_| json!({ "kind": "READ_ONLY" })),
        user(M::UserDisable, OPERATOR, |place| place.user.clone(), |_| json!({})),
        user(M::UserEnable, OPERATOR, |place| place.disabled.clone(), |_| json!({})),
        user(M::UserRemove, OPERATOR, |place| place.user.clone(), |_| json!({})),
        word(M::AccountResendActivation, These { allowed: &[Role::Operator], refused: &[(Role::Stranger, "ResourceNotFound"), (Role::Member(Level::Administer), "ResourceNotFound")] }, |place| json!({ "usernameOrEmail": place.pending })),
        word(M::AccountActivate, Nothing, |place| json!({ "code": place.code, "password": PASSWORD })),
        word(M::AccountRequestPasswordReset, Nothing, |place| json!({ "usernameOrEmail": place.user })),
        word(M::AccountResetPassword, Nothing, |place| json!({ "code": place.code, "password": PASSWORD })),
        // The server has users already; `web::codes` tests one that has none.
        word(M::AccountCreateFirstUser, Never("InvalidInput"), |place| json!({ "code": place.code, "username": format!("{}_first", place.user), "email": format!("{}_first@example.org", place.user), "first": "F", "last": "L", "password": PASSWORD })),
        word(M::AccountConfirmEmail, Nothing, |place| json!({ "code": place.code })),

        word(M::ProjectNew, Account, |_| json!({ "name": "New", "summary": "s", "description": "d", "protected": true, "tags": ["t"], "properties": { "k": "v" } })),
        project(M::ProjectDescribe, Level::View, |_| json!({ "fields": { "name": true } })),
        project(M::ProjectUpdate, Level::Administer, |_| json!({
            "name": "Other", "summary": "s", "protected": true, "downloadRestricted": true, "databaseResultsRestricted": 3,
            "allowedExecutables": ["applet-012301230123012301230123"], "billTo": "user-administrator", "version": 0, "monthlyComputeLimit": null,
            "monthlyStorageLimit": null, "resolution": "greatest", "discoverable": true, "httpsAppIsolatedBrowsingOptions": { "a": 1 },
        })),
        project(M::ProjectAddTags, Level::Contribute, |_| json!({ "tags": ["t"] })),
        project(M::ProjectRemoveTags, Level::Contribute, |_| json!({ "tags": ["t"] })),
        project(M::ProjectSetProperties, Level::Contribute, |_| json!({ "properties": { "k": "v", "gone": null } })),
        project(M::ProjectDestroy, Level::Administer, |_| json!({ "terminateJobs": true })),
        project(M::ProjectAcceptDataProtectionNotice, Level::View, |_| json!({})),
        project(M::ProjectInvite, Level::Administer, |_| json!({ "invitee": "stranger", "level": "VIEW", "suppressEmailNotification": true })),
        project(M::ProjectJoin, Level::Administer, |_| json!({ "level": "ADMINISTER" })),
        Sample { needs: Never("InvalidState"), ..project(M::ProjectAcceptInvite, Level::View, |_| json!({})) },
        Sample { needs: Never("InvalidState"), ..project(M::ProjectDeclineInvite, Level::View, |_| json!({})) },
        project(M::ProjectDecreasePermissions, Level::Administer, |_| json!({ "user-contributor": "VIEW", "user-viewer": null })),
        Sample { needs: ProjectBelow(Level::View, Level::Administer), ..project(M::ProjectLeave, Level::View, |_| json!({})) },
        project(M::ProjectFindMembers, Level::View, |_| json!({ "principal": "viewer", "limit": 5 })),
        project(M::ProjectDescribeAccess, Level::View, |_| json!({ "action": "data.view" })),
        word(M::SystemFindProjects, Account, |_| json!({
            "name": { "glob": "*" }, "id": ["project-012301230123012301230123"], "level": "VIEW", "explicitPermission": true, "public": false,
            "tags": { "$or": ["a"] }, "properties": { "k": true }, "created": { "after": 1 }, "region": "local", "billTo": ["user-stranger"],
            "containsPHI": false, "externalUploadRestricted": false, "describe": { "fields": { "name": true } }, "limit": 5, "all": false,
        })),
        word(M::SystemDescribeProjects, Account, |place| json!({ "projects": [place.project], "fields": { "name": true } })),
        word(M::SystemFindProjectMembers, Account, |_| json!({ "describe": true, "limit": 5 })),

        word(M::OrgNew, Account, |place| json!({
            "handle": format!("new_{}", &place.project["project-".len()..]), "name": "New", "nonce": place.project,
            "policies": { "memberListVisibility": "MEMBER", "restrictProjectTransfer": "ADMIN", "jobReuse": false },
        })),
        org(M::OrgDescribe, Account, |_| json!({ "fields": { "name": true }, "defaultFields": true })),
        org(M::OrgUpdate, OrgAdmin, |_| json!({ "name": "Lab", "policies": { "memberListVisibility": "PUBLIC" }, "samlIdP": "idp", "jobLogsForwarding": {} })),
        Sample { subject: Some(|place| place.empty_org.clone()), ..org(M::OrgDestroy, OrgAdmin, |_| json!({})) },
        org(M::OrgInvite, OrgAdmin, |_| json!({ "invitee": "stranger", "level": "MEMBER", "projectAccess": "VIEW", "dataSearch": true, "suppressEmailNotification": true })),
        org(M::OrgSetMemberAccess, OrgAdmin, |_| json!({ "user-contributor": { "level": "MEMBER", "projectAccess": "VIEW", "allowBillableActivities": true } })),
        org(M::OrgRemoveMember, OrgAdmin, |_| json!({ "user": "user-viewer", "revokeProjectPermissions": true, "revokeAppPermissions": false })),
        org(M::OrgFindMembers, OrgAdmin, |_| json!({ "id": ["user-contributor"], "level": "MEMBER", "describe": true, "limit": 5 })),
        org(M::OrgFindProjects, OrgAdmin, |_| json!({ "name": { "regexp": "x" }, "public": true, "tags": "t", "describe": true, "limit": 5 })),
        org(M::OrgSetFeatures, Operator, |_| json!({ "features": { "phi": false }, "billingEnabled": true, "expiresAt": 4_000_000_000_000_i64, "spendingLimit": null })),
        word(M::SystemFindOrgs, Account, |_| json!({ "level": "MEMBER", "allowBillableActivities": true, "describe": true, "limit": 5 })),

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
        word(M::SystemFindExecutions, Project(Level::View), |place| json!({
            "class": "job", "project": place.project, "state": ["done", "failed"], "launchedBy": "self", "parentJob": null,
            "created": { "after": 1 }, "name": { "glob": "*" }, "tags": "t", "properties": { "k": true }, "includeSubjobs": false,
            "describe": { "fields": { "name": true } }, "limit": 5,
        })),
        word(M::SystemFindApps, Account, |_| json!({
            "name": { "glob": "*" }, "category": "c", "allVersions": true, "published": true, "billTo": "user-stranger",
            "createdBy": "user-stranger", "developer": "user-stranger", "authorizedUser": "PUBLIC", "created": { "after": 1 },
            "modified": { "before": 1 }, "describe": true, "limit": 5,
        })),
        word(M::SystemFindGlobalWorkflows, Account, |_| json!({ "name": "x", "describe": { "fields": { "name": true } }, "limit": 5 })),
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
        word(M::AppletNew, Project(Level::Upload), |place| json!({
            "project": place.project, "dxapi": "1.0.0", "title": "t", "access": { "network": ["*"], "project": "VIEW" },
            "inputSpec": [{ "name": "a", "class": "string", "default": "x", "choices": ["x"], "type": "T" }],
            "runSpec": {
                "interpreter": "bash", "code": "true", "distribution": "Ubuntu", "release": "24.04",
                "bundledDepends": [{ "name": "b", "id": { "$dnanexus_link": place.applet } }],
                "systemRequirements": { "*": { "instanceType": "mem1_ssd1_v2_x2" } }, "timeoutPolicy": { "main": { "hours": 1 } },
            },
        })),
        applet(M::AppletGet, |place| json!({ "project": place.project })),
        Sample { needs: Never("InvalidState"), ..applet(M::AppletRun, |place| json!({ "project": place.project, "input": {} })) },
        Sample { needs: Never("InvalidState"), ..applet(M::AppletValidateBatch, |_| json!({ "batchInput": {} })) },
        open_file(M::FileUpload, Level::Upload, |_| json!({ "index": 1, "size": 3, "md5": "900150983cd24fb0d6963f7d28e17f72" })),
        open_file(M::FileClose, Level::Upload, |_| json!({})),
        Sample { subject: Some(|place| place.closed_file.clone()), ..object(M::FileDownload, Level::View, |place| json!({ "project": place.project, "duration": 60, "filename": "f.txt", "preauthenticated": true })) },
        project(M::ContainerClone, Level::Upload, |place| json!({ "objects": [], "folders": ["/a/b"], "project": place.sibling, "destination": "/new", "parents": true })),
        project(M::ContainerRemoveFolder, Level::Contribute, |_| json!({ "folder": "/a", "recurse": true, "force": false, "partial": true })),
        project(M::ContainerRemoveObjects, Level::Contribute, |_| json!({ "objects": [], "force": true })),
        project(M::ProjectArchive, Level::Contribute, |_| json!({ "folder": "/a", "recurse": false, "allCopies": false })),
        project(M::ProjectUnarchive, Level::Contribute, |_| json!({ "folder": "/a", "recurse": true, "rate": "Bulk", "dryRun": true })),
    ]
}

/// A method of a word.
fn word(method: MethodName, needs: Needs, body: fn(&Place) -> Value) -> Sample {
    Sample { method, needs, subject: None, body }
}

/// A method of the user with a handle.
fn user(method: MethodName, needs: Needs, handle: fn(&Place) -> String, body: fn(&Place) -> Value) -> Sample {
    Sample { method, needs, subject: Some(handle), body }
}

/// A method of the place's project.
fn project(method: MethodName, least: Level, body: fn(&Place) -> Value) -> Sample {
    Sample { method, needs: Needs::Project(least), subject: Some(|place| place.project.clone()), body }
}

/// A method of the place's organisation.
fn org(method: MethodName, needs: Needs, body: fn(&Place) -> Value) -> Sample {
    Sample { method, needs, subject: Some(|place| place.org.clone()), body }
}

/// A method of the place's open file.
fn open_file(method: MethodName, least: Level, body: fn(&Place) -> Value) -> Sample {
    Sample { subject: Some(|place| place.open_file.clone()), ..object(method, least, body) }
}

/// A method of the place's applet.
fn applet(method: MethodName, body: fn(&Place) -> Value) -> Sample {
    Sample { subject: Some(|place| place.applet.clone()), ..object(method, Level::View, body) }
}

/// A method of the place's record.
fn object(method: MethodName, least: Level, body: fn(&Place) -> Value) -> Sample {
    Sample { method, needs: Needs::Project(least), subject: Some(|place| place.record.clone()), body }
}
