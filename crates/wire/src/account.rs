//! Inputs and answers about making and keeping accounts (contract: identity-and-sharing 2, 3, B7).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{OrgId, UserId};
use crate::json::hashes;
use crate::page::{Cursor, Limit};
use crate::text::PersonName;
use crate::time::Millis;
use crate::word::words;

/// Input of `/user/new`. What is wrong in it is told by error types of its own, so that most of it is read by hand.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewUser {
    /// At least 3 letters, digits, `_` and `.`; unique whatever the case of its letters.
    pub username: String,
    /// One account per address.
    pub email: String,
    /// Given name; this or the family name is needed.
    pub first: Option<String>,
    /// Middle name.
    pub middle: Option<String>,
    /// Family name; this or the given name is needed.
    pub last: Option<String>,
    /// How long the tokens of the new user live when their maker does not say, in ms; at most 30 days.
    pub token_duration: Option<Millis>,
    /// What the person does.
    pub occupation: Option<String>,
    /// The organisation that pays for the new user by default.
    pub bill_to: Option<String>,
    /// The organisation on whose behalf the account is made.
    pub provisioning_org: Option<String>,
}

/// Answer of `/user/new`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewUserMade {
    /// The new user.
    pub user_id: UserId,
    /// Where the activation link was sent.
    pub email_sent_to: String,
    /// A sentence for people.
    pub message: String,
    /// Always `success`.
    pub status: &'static str,
}

/// A sentence about something that was set going.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Status {
    /// A sentence for people.
    pub message: String,
    /// Always `success`.
    pub status: &'static str,
}

impl Status {
    /// Something went as asked.
    pub fn success(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: "success" }
    }
}

/// Input of `/user-xxxx/update`. Absent keys leave what is there.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateUser {
    /// Given name.
    pub first: Option<PersonName>,
    /// Middle name.
    pub middle: Option<PersonName>,
    /// Family name.
    pub last: Option<PersonName>,
    /// Oneself, or an organisation whose money one may spend.
    pub bill_to: Option<String>,
    /// The public part of an SSH key; null takes it out.
    #[serde(deserialize_with = "some")]
    pub ssh_public_key: Option<Option<String>>,
    /// Which mails to get.
    pub policies: Option<Policies>,
    /// Settings of the pages, by name; null takes one out.
    pub preferences: Option<Map<String, Value>>,
}

/// Tells `null`, which takes something out, from absence, which leaves it.
fn some<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Policies of a user.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[serde(remote = "Self")]
#[schemars(rename = "Policies")]
pub struct Policies {
    /// About which executions of one's own to be told by mail.
    pub email_when_job_complete: Option<EmailWhenJobComplete>,
}

hashes!(Policies);

words! {
    /// About which executions of one's own to be told by mail.
    EmailWhenJobComplete {
        /// All that end.
        Always => "always",
        /// Those that fail.
        FailuresOnly => "failuresOnly",
        /// None.
        Never => "never",
    }
}

/// Input of `/user-xxxx/setKind`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetKind {
    /// What the user is on the platform as a whole.
    pub kind: Kind,
}

words! {
    /// What a user is on the platform as a whole (contract B7, F001).
    Kind {
        /// Runs the platform.
        Admin => "ADMIN",
        /// Holds what is granted.
        Standard => "STANDARD",
        /// Never more than View.
        ReadOnly => "READ_ONLY",
    }
}

/// Input of the routes by which somebody else helps a user back in.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HelpUser {
    /// The user once more; must be the one in the route.
    pub user_id: Option<String>,
    /// The organisation whose administrator asks, when it is no platform administrator.
    pub org_id: Option<String>,
    /// End every token and session of the user, too.
    #[serde(rename = "revokeChildTokens")]
    pub revoke_child_tokens: bool,
}

/// Input of `/account/requestPasswordReset`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestReset {
    /// The account, by handle, user id or address.
    pub username_or_email: String,
}

/// Input of `/account/resendActivationEmail`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhichAccount {
    /// The account, by handle, user id or address.
    pub username_or_email: String,
}

/// Input of `/user-xxxx/updateEmail`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateEmail {
    /// The address to use once it is confirmed.
    pub new_email: String,
    /// One's password.
    pub password: String,
    /// The second factor, when it is on.
    pub otp: Option<String>,
    /// End every other token and session, too.
    #[serde(default)]
    pub revoke_child_tokens: bool,
}

/// A one-time code and a new password.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeAndPassword {
    /// The code of the mailed link.
    pub code: String,
    /// At least 15 characters.
    pub password: String,
}

/// A one-time code.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeAlone {
    /// The code of the mailed link.
    pub code: String,
}

/// Input of `/account/createFirstUser`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstUser {
    /// The code of the link that the server printed.
    pub code: String,
    /// At least 3 letters, digits, `_` and `.`.
    pub username: String,
    /// Where letters go.
    pub email: String,
    /// Given name.
    #[serde(default)]
    pub first: PersonName,
    /// Family name.
    #[serde(default)]
    pub last: PersonName,
    /// At least 15 characters.
    pub password: String,
}

/// The account that something was done to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WhoseAccount {
    /// The user.
    pub id: UserId,
}

/// Answer of `/user-xxxx/startOTP`. Shown once.
#[derive(Clone, Serialize, JsonSchema)]
pub struct OtpStarted {
    /// The user.
    pub id: UserId,
    /// The shared secret in base32, to type into an authenticator.
    pub secret: String,
    /// The same as an `otpauth:` address, to show as a picture.
    pub uri: String,
}

/// Input of `/user-xxxx/confirmOTP`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmOtp {
    /// What the authenticator shows.
    pub otp: String,
    /// The account's password, where it has one.
    pub password: Option<String>,
}

/// Answer of `/user-xxxx/confirmOTP`. Shown once.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtpConfirmed {
    /// The user.
    pub id: UserId,
    /// Single-use codes for the day the authenticator is lost.
    pub backup_codes: Vec<String>,
}

/// Input of `/user-xxxx/disableOTP`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisableOtp {
    /// One's password.
    pub password: String,
    /// What the authenticator shows, or a backup code.
    pub otp: String,
}

/// Input of `/user-xxxx/changePassword`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    /// The present password.
    pub password: String,
    /// At least 15 characters.
    pub new_password: String,
    /// The second factor, when it is on.
    pub otp: Option<String>,
}

/// Input of `/system/findUnsentMail`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FindUnsentMail {
    /// 1 to 1000.
    pub limit: Limit,
    /// The `next` of the page before.
    pub starting: Option<Cursor>,
}

/// A letter that was given up.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnsentMail {
    /// Whom it was for.
    pub user: Option<UserId>,
    /// What kind of letter it was.
    pub letter: String,
    /// When it was written, in ms.
    pub written: i64,
    /// When it was given up, in ms.
    pub given_up: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// What the mail server said last.
    pub why: String,
}

/// Input of `/system/findUsers`. Every part that is given has to fit.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FindUsers {
    /// The whole name: given, middle and family name as far as they are there, with a blank between.
    pub name: Option<String>,
    /// The handle; letter case does not matter.
    pub handle: Option<String>,
    /// The e-mail address; letter case does not matter.
    pub email: Option<String>,
    /// The kind on the platform; only platform administrators may ask for it.
    pub kind: Option<Kind>,
    /// An organisation whose members the caller may list.
    pub org: Option<OrgId>,
    /// 1 to 1000.
    pub limit: Limit,
    /// The `next` of the page before.
    pub starting: Option<Cursor>,
}
