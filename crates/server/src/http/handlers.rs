//! Which function answers which method. The match is exhaustive: a row of the list without a handler does not compile.

use std::any::TypeId;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use app::memory::AnswerRoom;
use app::{Ctx, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wire::id::{AppletId, ContainerId, FileId, ObjectId, OrgId, ProjectId, RecordId, UserId};
use wire::{ApiError, ErrorType, Id, METHODS, MethodName};

/// The JSON text of an answer.
type Answer = Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>;

/// A function that answers a method.
struct Handler {
    /// The type that it reads.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test compares it with the row of the method"))]
    input_type: TypeId,
    call: Box<dyn Fn(Ctx, Option<Id>, Value) -> Answer + Send + Sync>,
}

/// The handlers, in the order of the list of methods.
pub struct Handlers(Vec<Handler>);

impl Handlers {
    /// One handler per method.
    #[must_use]
    pub fn new() -> Self {
        Self(METHODS.iter().map(|method| handler_of(method.name)).collect())
    }

    pub(super) fn call(&self, name: MethodName, ctx: Ctx, id: Option<Id>, input: Value) -> Answer {
        (self.0[name as usize].call)(ctx, id, input)
    }
}

impl Default for Handlers {
    fn default() -> Self {
        Self::new()
    }
}

fn handler_of(name: MethodName) -> Handler {
    use MethodName as M;
    match name {
        M::SystemHeaders => plain(app::connection::headers),
        M::SystemComeBackLater => plain(app::connection::come_back_later),
        M::SystemWhoami => plain(app::user::whoami),
        M::SystemNewAuthToken => plain(app::sign_in::new_auth_token),
        M::SystemDestroyAuthToken => plain(app::token::destroy),
        M::SystemFindAuthTokens => plain(app::token::find),
        M::SystemGetUserInfo => plain(app::token::user_info),
        M::SystemGreet => plain(app::user::greet),
        M::SystemFindUnsentMail => plain(app::user::unsent_mail),
        M::SystemFindUsers => plain(app::user::find),
        M::UserNew => plain(app::account::new_user),
        M::UserDescribe => entity(app::user::describe),
        M::UserUpdate => entity(app::user::update),
        M::UserUpdateEmail => entity(app::account::update_email),
        M::UserChangePassword => entity(app::account::change_password),
        M::UserStartOtp => entity(app::account::start_otp),
        M::UserConfirmOtp => entity(app::account::confirm_otp),
        M::UserDisableOtp => entity(app::account::disable_otp),
        M::UserResetMfa => entity(app::account::reset_mfa),
        M::UserUnlock => entity(app::account::unlock),
        M::UserSetKind => entity(app::user::set_kind),
        M::UserDisable => entity(app::user::disable),
        M::UserEnable => entity(app::user::enable),
        M::UserRemove => entity(app::user::remove),
        M::AccountResendActivation => plain(app::account::resend_activation),
        M::AccountActivate => plain(app::account::activate),
        M::AccountRequestPasswordReset => plain(app::account::request_reset),
        M::AccountResetPassword => plain(app::account::reset),
        M::AccountConfirmEmail => plain(app::account::confirm_email),
        M::AccountCreateFirstUser => plain(app::account::create_first_user),
        M::SystemFindAuditEvents => plain(app::audit_log::find_events),
        M::ProjectNew => plain(app::project::new),
        M::ProjectDescribe => entity(app::project::describe),
        M::FileNew => plain(app::object::new_file),
        M::FileUpload => entity(app::transfer::upload::upload),
        M::FileClose => entity(app::transfer::close::close),
        M::FileDownload => entity(app::transfer::download::download),
        M::ProjectUpdate => entity(app::project::update),
        M::ProjectAddTags => entity(app::project::add_tags),
        M::ProjectRemoveTags => entity(app::project::remove_tags),
        M::ProjectSetProperties => entity(app::project::set_properties),
        M::ProjectDestroy => entity(app::project::destroy),
        M::ProjectAcceptDataProtectionNotice => entity(app::project::accept_notice),
        M::ProjectInvite => entity(app::member::invite),
        M::ProjectJoin => entity(app::member::join),
        M::ProjectAcceptInvite | M::ProjectDeclineInvite => entity(app::member::accept_invite),
        M::ProjectDecreasePermissions => entity(app::member::decrease),
        M::ProjectLeave => entity(app::member::leave),
        M::ProjectFindMembers => entity(app::member::find_members),
        M::ProjectDescribeAccess => entity(app::project::describe_access),
        M::SystemFindProjects => plain(app::project::find),
        M::SystemDescribeProjects => plain(app::project::describe_all),
        M::SystemFindProjectMembers => plain(app::member::find_project_members),
        M::OrgNew => plain(app::org::new),
        M::OrgDescribe => entity(app::org::describe),
        M::OrgUpdate => entity(app::org::update),
        M::OrgDestroy => entity(app::org::destroy),
        M::OrgInvite => entity(app::org::invite),
        M::OrgSetMemberAccess => entity(app::org::set_member_access),
        M::OrgRemoveMember => entity(app::org::remove_member),
        M::OrgFindMembers => entity(app::org::find_members),
        M::OrgFindProjects => entity(app::project::find_of_org),
        M::OrgSetFeatures => entity(app::org::set_features),
        M::SystemFindOrgs => plain(app::org::find),
        M::ContainerListFolder => entity(app::folder::list),
        M::ContainerNewFolder => entity(app::folder::new),
        M::ContainerRenameFolder => entity(app::folder::rename),
        M::ContainerMove => entity(app::folder::move_all),
        M::SystemFindDataObjects => plain(app::search::find_data_objects),
        M::SystemResolveDataObjects => plain(app::search::resolve_data_objects),
        M::SystemFindApps | M::SystemFindGlobalWorkflows => plain(app::execution::find_executables),
        M::SystemFindExecutions => plain(app::execution::find),
        M::ObjectDescribe => entity(app::object::describe),
        M::SystemDescribeDataObjects => plain(app::object::describe_all),
        M::ObjectListProjects => entity(app::object::list_projects),
        M::ObjectRename => entity(app::object::rename),
        M::ObjectSetProperties => entity(app::object::set_properties),
        M::ObjectAddTags => entity(app::object::add_tags),
        M::ObjectRemoveTags => entity(app::object::remove_tags),
        M::ObjectAddTypes => entity(app::object::add_types),
        M::ObjectRemoveTypes => entity(app::object::remove_types),
        M::ObjectGetDetails => entity(app::object::get_details),
        M::ObjectSetDetails => entity_any(app::object::set_details),
        M::ObjectSetVisibility => entity(app::object::set_visibility),
        M::RecordNew => plain(app::object::new_record),
        M::RecordClose => entity(app::object::close),
        M::AppletNew => plain(app::object::new_applet),
        M::AppletGet => entity(app::object::get_applet),
        M::AppletRun | M::AppletValidateBatch => entity(app::object::run_applet),
        M::ContainerClone => entity(app::cloning::clone_into),
        M::ContainerRemoveFolder => entity(app::remove::remove_folder),
        M::ContainerRemoveObjects => entity(app::remove::remove_objects),
        M::ProjectArchive => entity(app::archive::archive),
        M::ProjectUnarchive => entity(app::archive::unarchive),
    }
}

/// A method without an entity in its route.
fn plain<I, O, F>(method: fn(Ctx, I) -> F) -> Handler
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
{
    let call = move |ctx: Ctx, _, input| -> Answer {
        Box::pin(async move {
            let room = Arc::clone(&ctx.answer);
            encode(method(ctx, wire::json::decode(input)?).await?, room).await
        })
    };
    Handler { input_type: TypeId::of::<I>(), call: Box::new(call) }
}

/// A method of the entity in its route. Whether the caller may see the entity is answered before whether the
/// input has the right shape (contract: data 2.1), so a shape error waits for that look.
fn entity<S, I, O, F>(method: fn(Ctx, S, I) -> F) -> Handler
where
    S: EntityId + Send + 'static,
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
{
    read_by(wire::json::decode, method)
}

/// As [`entity`], for a method whose input need not be a hash.
fn entity_any<S, I, O, F>(method: fn(Ctx, S, I) -> F) -> Handler
where
    S: EntityId + Send + 'static,
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
{
    read_by(wire::json::decode_any, method)
}

fn read_by<S, I, O, F>(decode: fn(Value) -> Result<I, ApiError>, method: fn(Ctx, S, I) -> F) -> Handler
where
    S: EntityId + Send + 'static,
    I: Send + 'static,
    O: Serialize + Send + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
{
    let call = move |ctx: Ctx, id: Option<Id>, input| -> Answer {
        Box::pin(async move {
            let Some(subject) = id.clone().and_then(S::of) else {
                return Err(ApiError::new(
                    ErrorType::ResourceNotFound,
                    "The id in the route is of another class.",
                )
                .into());
            };
            match decode(input) {
                Ok(input) => {
                    let room = Arc::clone(&ctx.answer);
                    encode(method(ctx, subject, input).await?, room).await
                }
                Err(shape) => {
                    if let Some(id) = id {
                        app::visible::check(&ctx, &id).await?;
                    }
                    Err(shape.into())
                }
            }
        })
    };
    Handler { input_type: TypeId::of::<I>(), call: Box::new(call) }
}

/// The text of an answer, written once. A large one is written where it holds up no other request.
async fn encode<O: Serialize + Send + 'static>(output: O, room: Arc<AnswerRoom>) -> Result<String, Error> {
    if !room.is_large() {
        return serde_json::to_string(&output).map_err(Error::internal);
    }
    let write = move || {
        // A tenth for what is not counted, such as the ids beside the descriptions.
        let mut text = Vec::with_capacity(room.bytes() + room.bytes() / 10);
        serde_json::to_writer(&mut text, &output).map_err(Error::internal)?;
        String::from_utf8(text).map_err(Error::internal)
    };
    tokio::task::spawn_blocking(write).await.map_err(Error::internal)?
}

/// Ids that can stand in a route.
trait EntityId: Sized {
    fn of(id: Id) -> Option<Self>;
}

macro_rules! entity_ids {
    ($($id:ty),+) => {$(
        impl EntityId for $id {
            fn of(id: Id) -> Option<Self> {
                Self::from_id(id)
            }
        }
    )+};
}

entity_ids!(AppletId, ContainerId, FileId, ObjectId, OrgId, ProjectId, RecordId, UserId);

#[cfg(test)]
mod tests {
    use super::*;

    /// The description is made from the rows, so that a handler must read the type that its row names.
    #[test]
    fn handlers_read_the_types_of_their_rows() {
        for (method, handler) in METHODS.iter().zip(&Handlers::new().0) {
            assert!(handler.input_type == method.input_type, "{}", method.name.as_str());
        }
    }
}
