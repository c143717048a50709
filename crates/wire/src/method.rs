//! The one list of methods. It drives the router, the API description, the docs and the coverage tests.
//!
//! A row says how a method is called and what kind of method it is; what it does stands in `app`, and
//! `server::http::handlers` joins the two by an exhaustive match, so that a row without a handler does not compile.

use std::any::TypeId;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::account;
use crate::answer;
use crate::archive;
use crate::audit;
use crate::container;
use crate::describe;
use crate::executable;
use crate::execution;
use crate::fields;
use crate::id::Class;
use crate::level::Level;
use crate::link;
use crate::object;
use crate::org;
use crate::project;
use crate::search;
use crate::system;
use crate::transfer;
use crate::user;

/// What a route's first segment may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The word `system` or another fixed word: `POST /system/whoami`.
    Word(&'static str),
    /// The id of an entity of one of these classes: `POST /project-xxxx/describe`.
    Entity(&'static [Class]),
}

/// Who may call at all, before any access decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Anybody, with or without a token.
    Anyone,
    /// A valid token of any scope.
    Token,
    /// A valid token of full scope (contract: identity-and-sharing 3).
    FullToken,
}

/// Whether a method may change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing; safe to repeat.
    Read,
    /// Changes something; not safe to repeat blindly.
    Write,
    /// Changes something; a repeated call with the same nonce is answered again instead (contract: data 2.3).
    Create,
}

/// One row of the list.
pub struct Method {
    /// The row's name, also the key of its handler.
    pub name: MethodName,
    /// The first segment of the route.
    pub subject: Subject,
    /// The second segment of the route.
    pub verb: &'static str,
    /// Who may call.
    pub caller: Caller,
    /// Whether it may change anything.
    pub effect: Effect,
    /// One sentence for the API description.
    pub summary: &'static str,
    /// The schema of the input. Types that have names are references to definitions of the generator.
    pub input: SchemaOf,
    /// The type of the input, so that a test can tell whether the handler takes the type of the row.
    pub input_type: TypeId,
    /// The schema of the answer, which tests compare with what handlers answer.
    pub output: SchemaOf,
    /// Reads an input, as its handler does.
    #[cfg(test)]
    read: fn(serde_json::Value) -> Result<(), crate::ApiError>,
}

/// Makes the schema of one type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

macro_rules! methods {
    ($($name:ident: $subject:expr, $verb:literal, $caller:ident, $effect:ident, $input:ty => $output:ty, $summary:literal;)+) => {
        /// The name of a method: `ProjectNew` is `POST /project/new`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the rows of METHODS say what each is")]
        pub enum MethodName { $($name),+ }

        impl MethodName {
            /// The name as text, for logs and metrics.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }
        }

        /// Every method, in the order of the enum.
        pub const METHODS: &[Method] = &[$(Method {
            name: MethodName::$name,
            subject: $subject,
            verb: $verb,
            caller: Caller::$caller,
            effect: Effect::$effect,
            summary: $summary,
            input: schema_of::<$input>,
            input_type: TypeId::of::<$input>(),
            output: schema_of::<$output>,
            #[cfg(test)]
            read: |body| crate::json::decode_any::<$input>(body).map(|_| ()),
        }),+];
    };
}

const SYSTEM: Subject = Subject::Word("system");
const ACCOUNT: Subject = Subject::Word("account");
const USER: Subject = Subject::Entity(&[Class::User]);
const PROJECT: Subject = Subject::Entity(&[Class::Project]);
const ORG: Subject = Subject::Entity(&[Class::Org]);
const FILE: Subject = Subject::Entity(&[Class::File]);
const APPLET: Subject = Subject::Entity(&[Class::Applet]);
const CONTAINER: Subject = Subject::Entity(&[Class::Project, Class::Container]);
const OBJECT: Subject = Subject::Entity(&[
    Class::Record,
    Class::File,
    Class::Applet,
    Class::Workflow,
    Class::Database,
    Class::Dbcluster,
]);
/// Applets are closed from the start.
const OPEN_OBJECT: Subject =
    Subject::Entity(&[Class::Record, Class::File, Class::Workflow, Class::Database, Class::Dbcluster]);

methods! {
    // The connection itself
    SystemHeaders: SYSTEM, "headers", Anyone, Read, answer::NoInput => system::Headers, "Answers the headers of the request.";
    SystemComeBackLater: SYSTEM, "comeBackLater", Anyone, Read, system::ComeBackLater => system::CurrentTime,
        "Turns the caller away until a time, so that clients can test how they wait.";

    // People and their tokens
    SystemWhoami: SYSTEM, "whoami", Token, Read, system::Whoami => system::Me, "Says whose token this is.";
    SystemNewAuthToken: SYSTEM, "newAuthToken", Anyone, Write, user::NewAuthToken => user::AuthToken,
        "Signs in with a password, or makes a token with narrower rights.";
    SystemDestroyAuthToken: SYSTEM, "destroyAuthToken", Token, Write, user::DestroyAuthToken => user::DestroyedAuthToken, "Ends a token.";
    SystemFindAuthTokens: SYSTEM, "findAuthTokens", FullToken, Read, user::FindAuthTokens => answer::Page<user::FoundToken>,
        "Lists the caller's tokens that work.";
    SystemGetUserInfo: SYSTEM, "getUserInfo", Token, Read, answer::NoInput => user::UserInfo, "Says who the caller is.";
    SystemGreet: SYSTEM, "greet", Anyone, Read, system::Greet => system::Greeting, "Greets a client, with what the operator has to say.";
    SystemFindUnsentMail: SYSTEM, "findUnsentMail", FullToken, Read, account::FindUnsentMail => answer::Page<account::UnsentMail>,
        "Lists letters that were given up, for platform administrators.";
    SystemFindUsers: SYSTEM, "findUsers", FullToken, Read, account::FindUsers => answer::Page<answer::Described>,
        "Finds users whom the caller shares an organisation or a project with.";
    UserNew: Subject::Word("user"), "new", Anyone, Write, account::NewUser => account::NewUserMade,
        "Makes an account, which its owner activates by a mailed link.";
    UserDescribe: USER, "describe", Token, Read, fields::Fields => describe::UserDescription, "Describes a user; private fields to the user alone.";
    UserUpdate: USER, "update", FullToken, Write, account::UpdateUser => answer::Made, "Changes the caller's own account.";
    UserUpdateEmail: USER, "updateEmail", FullToken, Write, account::UpdateEmail => account::Status,
        "Sends a link to another address, which is used once it is confirmed.";
    UserChangePassword: USER, "changePassword", FullToken, Write, account::ChangePassword => answer::Made,
        "Changes the caller's own password; every other token ends.";
    UserStartOtp: USER, "startOTP", FullToken, Write, answer::NoKeys => account::OtpStarted, "Begins to set up the second factor.";
    UserConfirmOtp: USER, "confirmOTP", FullToken, Write, account::ConfirmOtp => account::OtpConfirmed,
        "Switches the second factor on, and answers backup codes.";
    UserDisableOtp: USER, "disableOTP", FullToken, Write, account::DisableOtp => answer::Made, "Switches the second factor off.";
    UserResetMfa: USER, "resetUserMFA", FullToken, Write, account::HelpUser => answer::Made,
        "Switches a user's second factor off, by an administrator.";
    UserUnlock: USER, "unlockUserAccount", FullToken, Write, account::HelpUser => answer::Made,
        "Lifts the delay after failed sign-ins, by an administrator.";
    UserSetKind: USER, "setKind", FullToken, Write, account::SetKind => answer::Made, "Makes a user administrator, standard or read-only.";
    UserDisable: USER, "disable", FullToken, Write, answer::NoKeys => answer::Made, "Stops an account; its tokens stop at once.";
    UserEnable: USER, "enable", FullToken, Write, answer::NoKeys => answer::Made, "Lets a stopped account work again.";
    UserRemove: USER, "remove", FullToken, Write, answer::NoKeys => answer::Made, "Closes an account for good; the handle stays taken.";
    AccountResendActivation: ACCOUNT, "resendActivationEmail", FullToken, Write, account::WhichAccount => account::Status,
        "Sends the activation link again, by whoever made the account.";
    AccountActivate: ACCOUNT, "activate", Anyone, Write, account::CodeAndPassword => account::WhoseAccount,
        "Sets the first password of an account, with the code of the mailed link.";
    AccountRequestPasswordReset: ACCOUNT, "requestPasswordReset", Anyone, Write, account::RequestReset => account::Status,
        "Mails a link for another password; answers alike whether there is such an account.";
    AccountResetPassword: ACCOUNT, "resetPassword", Anyone, Write, account::CodeAndPassword => account::WhoseAccount,
        "Sets another password, with the code of the mailed link.";
    AccountConfirmEmail: ACCOUNT, "confirmEmail", Anyone, Write, account::CodeAlone => account::WhoseAccount,
        "Begins to use another address, with the code of the mailed link.";
    AccountCreateFirstUser: ACCOUNT, "createFirstUser", Anyone, Write, account::FirstUser => account::WhoseAccount,
        "Makes the first account of a server, a platform administrator, with the code of the printed link.";

    // The audit log
    SystemFindAuditEvents: SYSTEM, "findAuditEvents", Token, Read, audit::FindAuditEvents => answer::Page<audit::FoundEvent>,
        "Searches what was done, refused and read, newest first.";

    // Projects and their members
    ProjectNew: Subject::Word("project"), "new", Token, Write, project::New => answer::Made, "Makes a project; its maker is its only member.";
    ProjectDescribe: CONTAINER, "describe", Token, Read, fields::Fields => describe::ProjectDescription, "Describes a project or container.";
    ProjectUpdate: PROJECT, "update", Token, Write, project::Update => answer::Made, "Changes texts, flags, settings and the payer of a project.";
    ProjectAddTags: PROJECT, "addTags", Token, Write, project::TagList => answer::Made, "Adds tags to a project.";
    ProjectRemoveTags: PROJECT, "removeTags", Token, Write, project::TagList => answer::Made, "Removes tags from a project.";
    ProjectSetProperties: PROJECT, "setProperties", Token, Write, project::SetProperties => answer::Made,
        "Sets and removes properties of a project.";
    ProjectDestroy: PROJECT, "destroy", Token, Write, project::Destroy => answer::Made, "Destroys a project with all that lies in it.";
    ProjectAcceptDataProtectionNotice: PROJECT, "acceptDataProtectionNotice", Token, Write, answer::NoKeys => answer::Made,
        "Accepts the notice that a project shows before its data is reached.";
    ProjectInvite: PROJECT, "invite", Token, Write, project::Invite => project::Invited, "Gives a person, an organisation or everybody access; never lowers it.";
    ProjectJoin: PROJECT, "join", Token, Write, project::Join => answer::Made,
        "Gives the caller a level again, by standing: to whoever pays, or administers the organisation that pays.";
    ProjectAcceptInvite: PROJECT, "acceptInvite", Token, Write, answer::NoInput => answer::Made, "Refused: invitations take effect at once.";
    ProjectDeclineInvite: PROJECT, "declineInvite", Token, Write, answer::NoInput => answer::Made, "Refused: invitations take effect at once.";
    ProjectDecreasePermissions: PROJECT, "decreasePermissions", Token, Write, project::DecreasePermissions => answer::Made,
        "Lowers or removes entries of members.";
    ProjectLeave: PROJECT, "leave", Token, Write, answer::NoInput => answer::Made, "Ends the caller's own entry.";
    ProjectFindMembers: PROJECT, "findMembers", Token, Read, project::FindMembers => answer::Page<project::Member>,
        "Lists the members with everything that their entries give.";
    ProjectDescribeAccess: PROJECT, "describeAccess", Token, Read, project::DescribeAccess => project::AccessDescribed,
        "Says what somebody may do in a project, and why or why not.";
    SystemFindProjects: SYSTEM, "findProjects", Token, Read, project::FindProjects => answer::Page<project::FoundProject>,
        "Finds the projects in which the caller has at least a level.";
    SystemDescribeProjects: SYSTEM, "describeProjects", Token, Read, project::DescribeProjects => answer::DescribeResults,
        "Describes many projects at once.";
    SystemFindProjectMembers: SYSTEM, "findProjectMembers", Token, Read, project::FindProjectMembers => answer::Page<project::FoundPrincipal>,
        "Finds the users and organisations with whom the caller shares a project.";

    // Organisations
    OrgNew: Subject::Word("org"), "new", FullToken, Create, org::New => answer::Made, "Makes an organisation; its maker is its first ADMIN.";
    OrgDescribe: ORG, "describe", Token, Read, fields::Fields => describe::OrgDescription, "Describes an organisation.";
    OrgUpdate: ORG, "update", Token, Write, org::Update => answer::Made, "Changes the name and the policies of an organisation.";
    OrgDestroy: ORG, "destroy", Token, Write, answer::NoInput => answer::Made, "Ends an organisation that has nobody and pays for nothing.";
    OrgInvite: ORG, "invite", Token, Write, org::Invite => org::Invited, "Makes somebody a member.";
    OrgSetMemberAccess: ORG, "setMemberAccess", Token, Write, org::SetMemberAccess => answer::Made, "Changes level and flags of members.";
    OrgRemoveMember: ORG, "removeMember", Token, Write, org::RemoveMember => org::Removed, "Ends a membership and what it gave.";
    OrgFindMembers: ORG, "findMembers", Token, Read, org::FindMembers => answer::Page<org::MemberRow>, "Lists the members of an organisation.";
    OrgFindProjects: ORG, "findProjects", Token, Read, project::ProjectQuery => answer::Page<project::FoundProject>,
        "Finds the projects that an organisation pays for.";
    OrgSetFeatures: ORG, "setFeatures", FullToken, Write, org::SetFeatures => answer::Made,
        "Sets what the operator decides about an organisation: licences, billing, end and limit.";
    SystemFindOrgs: SYSTEM, "findOrgs", FullToken, Read, org::FindOrgs => answer::Page<org::FoundOrg>, "Finds the organisations that the caller belongs to.";

    // Folders, and what moves copies about
    ContainerListFolder: CONTAINER, "listFolder", Token, Read, container::ListFolder => container::FolderList,
        "Lists what lies directly in a folder.";
    ContainerNewFolder: CONTAINER, "newFolder", Token, Write, container::NewFolder => answer::Made, "Makes a folder.";
    ContainerRenameFolder: CONTAINER, "renameFolder", Token, Write, container::RenameFolder => answer::Made,
        "Gives a folder another name or another path.";
    ContainerMove: CONTAINER, "move", Token, Write, container::Move => answer::Made, "Puts objects and folders into another folder.";

    // Searching data objects
    SystemFindDataObjects: SYSTEM, "findDataObjects", Token, Read, search::FindDataObjects => answer::Page<search::FoundObject>,
        "Finds the copies of objects that fit every filter, in the projects the caller may search.";
    SystemResolveDataObjects: SYSTEM, "resolveDataObjects", Token, Read, search::ResolveDataObjects => search::Resolved,
        "Finds the objects of exact names in folders.";
    SystemFindExecutions: SYSTEM, "findExecutions", Token, Read, execution::FindExecutions => answer::Page<execution::FoundExecution>,
        "Finds the jobs and analyses that fit every filter.";

    SystemFindApps: SYSTEM, "findApps", Token, Read, executable::FindExecutables => answer::Page<executable::FoundExecutable>,
        "Finds the apps that fit every filter.";
    SystemFindGlobalWorkflows: SYSTEM, "findGlobalWorkflows", Token, Read,
        executable::FindExecutables => answer::Page<executable::FoundExecutable>, "Finds the global workflows that fit every filter.";

    // The bytes of files
    FileNew: Subject::Word("file"), "new", Token, Create, object::NewFile => answer::Made, "Makes an open file without bytes.";
    FileUpload: FILE, "upload", Token, Write, transfer::Upload => transfer::TransferUrl, "Says where to send one part of an open file.";
    FileClose: FILE, "close", Token, Write, answer::NoInput => transfer::FileClosed, "Freezes a file; its content never changes again.";
    FileDownload: FILE, "download", Token, Read, transfer::Download => transfer::TransferUrl, "Says where to fetch the bytes of a closed file.";
    // Data objects of every class
    ObjectDescribe: OBJECT, "describe", Token, Read, fields::Fields => describe::ObjectDescription, "Describes a data object.";
    SystemDescribeDataObjects: SYSTEM, "describeDataObjects", Token, Read, object::DescribeDataObjects => object::ObjectDescriptions,
        "Describes many data objects at once.";
    ObjectListProjects: OBJECT, "listProjects", Token, Read, answer::NoInput => BTreeMap<String, Level>,
        "Lists the projects that hold a copy.";
    ObjectRename: OBJECT, "rename", Token, Write, object::Rename => answer::Made, "Gives a copy another name.";
    ObjectSetProperties: OBJECT, "setProperties", Token, Write, object::SetProperties => answer::Made,
        "Sets and removes properties of a copy.";
    ObjectAddTags: OBJECT, "addTags", Token, Write, object::ChangeTags => answer::Made, "Adds tags to a copy.";
    ObjectRemoveTags: OBJECT, "removeTags", Token, Write, object::ChangeTags => answer::Made, "Removes tags from a copy.";
    ObjectAddTypes: OPEN_OBJECT, "addTypes", Token, Write, object::ChangeTypes => answer::Made, "Adds types to an open object.";
    ObjectRemoveTypes: OPEN_OBJECT, "removeTypes", Token, Write, object::ChangeTypes => answer::Made,
        "Removes types from an open object.";
    ObjectGetDetails: OBJECT, "getDetails", Token, Read, object::WhichCopy => object::DetailsAnswer, "Answers the details themselves.";
    ObjectSetDetails: OPEN_OBJECT, "setDetails", Token, Write, link::Details => answer::Made, "Replaces the details of an open object.";
    ObjectSetVisibility: OPEN_OBJECT, "setVisibility", Token, Write, object::SetVisibility => answer::Made,
        "Hides an open object from ordinary lists, or shows it.";

    // Records
    RecordNew: Subject::Word("record"), "new", Token, Create, object::NewRecord => answer::Made, "Makes a record.";
    RecordClose: Subject::Entity(&[Class::Record]), "close", Token, Write, answer::NoInput => object::Closed,
        "Closes a record: its content never changes again.";

    // Applets
    AppletNew: Subject::Word("applet"), "new", Token, Create, object::NewApplet => answer::Made, "Makes an applet, which is closed from the start.";
    AppletGet: APPLET, "get", Token, Read, object::WhichCopy => describe::ObjectDescription,
        "Answers everything that an applet was made of, its program included.";
    AppletRun: APPLET, "run", Token, Write, answer::NoInput => answer::Made, "Refused: nothing runs on this server yet.";
    AppletValidateBatch: APPLET, "validateBatch", Token, Read, answer::NoInput => answer::Made, "Refused: nothing runs on this server yet.";

    // What moves copies away
    ContainerClone: CONTAINER, "clone", Token, Write, container::CloneInto => container::Cloned,
        "Places objects and folders in another project too, as they are.";
    ContainerRemoveFolder: CONTAINER, "removeFolder", Token, Write, container::RemoveFolder => container::FolderRemoved,
        "Removes a folder, and with `recurse` what lies in it.";
    ContainerRemoveObjects: CONTAINER, "removeObjects", Token, Write, container::RemoveObjects => answer::Made,
        "Removes objects from a project; with its last copy an object is gone for good.";
    ProjectArchive: PROJECT, "archive", Token, Write, archive::Archive => archive::Archived,
        "Marks files for the archive, where they cannot be read.";
    ProjectUnarchive: PROJECT, "unarchive", Token, Write, archive::Unarchive => archive::Unarchived,
        "Asks for archived files back, or says what that would cost.";
}

impl MethodName {
    /// The row of this name.
    #[must_use]
    pub fn row(self) -> &'static Method {
        &METHODS[self as usize]
    }
}

impl Method {
    /// The row for a route, if there is one. `subject` is the word itself or the class of the id.
    #[must_use]
    pub fn find(subject: &RouteSubject<'_>, verb: &str) -> Option<&'static Self> {
        METHODS.iter().find(|method| method.verb == verb && method.subject.accepts(subject))
    }

    /// The route as documentation writes it, such as `/project-xxxx/invite`.
    #[must_use]
    pub fn route(&self) -> String {
        match self.subject {
            Subject::Word(word) => format!("/{word}/{}", self.verb),
            Subject::Entity(classes) => {
                format!("/{}-xxxx/{}", classes.first().map_or("object", |class| class.as_str()), self.verb)
            }
        }
    }
}

/// The first segment of a route as it was sent.
#[derive(Debug, Clone, Copy)]
pub enum RouteSubject<'a> {
    /// A word without an id.
    Word(&'a str),
    /// The class of a well-formed id.
    Entity(Class),
}

impl Subject {
    fn accepts(self, subject: &RouteSubject<'_>) -> bool {
        match (self, subject) {
            (Self::Word(word), RouteSubject::Word(sent)) => word == *sent,
            (Self::Entity(classes), RouteSubject::Entity(class)) => classes.contains(class),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
