//! Pages behind mailed and printed links: the first user, activation, another password, another address.
//!
//! Opening a link only shows a form. The code is used when the form is sent, so that mail scanners and browsers which
//! fetch links ahead of people use nothing up.

use app::Result as AppResult;
use app::account;
use app::links;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use wire::account::{CodeAlone, CodeAndPassword, FirstUser, RequestReset};

use super::form::{Field, Form};
use super::oidc;
use super::page::{Failure, parameter, redirect, sentence};
use super::visitor::{Posted, Visitor};

pub(super) const PASSWORD_HINT: &str = "At least 15 characters. A few unrelated words make a good one.";
const CODE_ABOUT: &str = "It is part of the link that was sent to you.";

/// The code in the link that led here.
pub(super) fn code_of(query: Option<&str>) -> String {
    parameter(query, "code").unwrap_or_default()
}

/// The field of the code; hidden when the link has brought it.
pub(super) fn code_field(code: &str) -> Field {
    Field::text("code", "Code", "off").hint(CODE_ABOUT).value(code).hidden_if_filled()
}

/// The field for a new password, and its repetition.
fn new_password() -> [Field; 2] {
    [
        Field::new_password("password", "New password").hint(PASSWORD_HINT),
        Field::new_password("again", "The same password again"),
    ]
}

/// The form for a code and a new password.
fn password_form(title: &'static str, action: &'static str, submit: &'static str, code: &str) -> Form {
    let [password, again] = new_password();
    Form { fields: vec![code_field(code), password, again], ..Form::new(title, action, submit) }
}

/// What is wrong with a new password before the server is asked.
pub(super) fn unequal(posted: &Posted) -> Option<(&'static str, &'static str)> {
    if posted.raw("password").is_empty() {
        return Some(("password", "Choose a password."));
    }
    (posted.raw("password") != posted.raw("again"))
        .then_some(("again", "This is not the password that you entered first. Enter both again."))
}

/// Sends a code and a new password on, and answers with the form again when something is wrong.
async fn set_password<T, F>(
    posted: Posted,
    form: impl FnOnce(&Visitor, &str) -> Form,
    page: &'static str,
    act: impl FnOnce(app::Ctx, CodeAndPassword) -> F,
) -> Response
where
    F: Future<Output = AppResult<T>>,
{
    let visitor = &posted.visitor;
    let code = posted.text("code");
    if let Some((field, why)) = unequal(&posted) {
        return visitor.form(StatusCode::UNPROCESSABLE_ENTITY, &form(visitor, &code).wrong(field, why));
    }
    let input = CodeAndPassword { code: code.clone(), password: posted.raw("password").to_owned() };
    match act(visitor.stranger(page), input).await {
        Ok(_) => redirect("/sign-in?notice=password"),
        Err(error) => {
            let (status, text) = sentence(error);
            visitor.form(status, &form(visitor, &code).wrong("", text))
        }
    }
}

/// `GET /activate`
pub(super) async fn show_activate(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let code = code_of(query.as_deref());
    visitor.form(StatusCode::OK, &activate_form(&visitor, &code))
}

fn activate_form(visitor: &Visitor, code: &str) -> Form {
    let form = password_form("Activate your account", links::ACTIVATE, "Set the password", code);
    let providers =
        if code.is_empty() { Vec::new() } else { oidc::buttons(&visitor.server, "Activate with") };
    Form {
        intro: "Choose the password that you will sign in with.".to_owned(),
        providers,
        aim: "activate",
        code: code.to_owned(),
        ..form
    }
}

/// `POST /activate`
pub(super) async fn activate(posted: Posted) -> Response {
    set_password(posted, activate_form, "PageActivate", account::activate).await
}

/// `GET /reset-password`
pub(super) async fn show_reset(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    visitor.form(StatusCode::OK, &reset_form(&visitor, &code_of(query.as_deref())))
}

fn reset_form(_: &Visitor, code: &str) -> Form {
    Form {
        intro: "Every session and token of the account ends when the password is set.".to_owned(),
        links: vec![("/forgot-password", "Send me another link")],
        ..password_form("Choose another password", links::RESET_PASSWORD, "Set the password", code)
    }
}

/// `POST /reset-password`
pub(super) async fn reset(posted: Posted) -> Response {
    set_password(posted, reset_form, "PageResetPassword", account::reset).await
}

/// `GET /forgot-password`
pub(super) async fn show_forgot(visitor: Visitor) -> Response {
    visitor.form(StatusCode::OK, &forgot_form(""))
}

fn forgot_form(name: &str) -> Form {
    Form {
        intro: "A link to choose another password is sent to the address of the account.".to_owned(),
        fields: vec![Field::text("username", "User name or e-mail address", "username").value(name)],
        links: vec![("/sign-in", "Back to signing in")],
        ..Form::new("Forgot your password?", "/forgot-password", "Send the link")
    }
}

/// `POST /forgot-password`: answers alike whether there is such an account.
pub(super) async fn forgot(posted: Posted) -> Response {
    let visitor = &posted.visitor;
    let name = posted.text("username");
    if name.is_empty() {
        let form = forgot_form("").wrong("username", "Enter your user name or e-mail address.");
        return visitor.form(StatusCode::UNPROCESSABLE_ENTITY, &form);
    }
    let input = RequestReset { username_or_email: name.clone() };
    match account::request_reset(visitor.stranger("PageForgotPassword"), input).await {
        Ok(said) => {
            let back = vec![("/sign-in", "Back to signing in")];
            visitor.message(StatusCode::OK, "Look into your mail", said.message, back)
        }
        Err(error) => {
            let (status, text) = sentence(error);
            visitor.form(status, &forgot_form(&name).wrong("", text))
        }
    }
}

/// `GET /confirm-email`
pub(super) async fn show_confirm(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    visitor.form(StatusCode::OK, &confirm_form(&code_of(query.as_deref())))
}

fn confirm_form(code: &str) -> Form {
    Form {
        intro: "Your account uses this address from then on.".to_owned(),
        fields: vec![code_field(code)],
        ..Form::new("Confirm your address", links::CONFIRM_EMAIL, "Confirm")
    }
}

/// `POST /confirm-email`
pub(super) async fn confirm(posted: Posted) -> Response {
    let visitor = &posted.visitor;
    let code = posted.text("code");
    match account::confirm_email(visitor.stranger("PageConfirmEmail"), CodeAlone { code: code.clone() }).await
    {
        Ok(_) => redirect("/sign-in?notice=address"),
        Err(error) => {
            let (status, text) = sentence(error);
            visitor.form(status, &confirm_form(&code).wrong("", text))
        }
    }
}

/// `GET /first-user`
pub(super) async fn show_first_user(
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    if visitor.server.app.has_users().await? {
        return Ok(no_first_user(&visitor));
    }
    let form = first_user_form(|_| String::new(), &code_of(query.as_deref()));
    Ok(visitor.form(StatusCode::OK, &form))
}

/// What is said once somebody was the first.
fn no_first_user(visitor: &Visitor) -> Response {
    let text = "The first account of this server is made. Sign in with yours, or ask an administrator of the server to make you one.";
    visitor.message(StatusCode::GONE, "This server has users", text, vec![("/sign-in", "Sign in")])
}

fn first_user_form(sent: impl Fn(&str) -> String, code: &str) -> Form {
    let [password, again] = new_password();
    let filled = |field: Field| {
        let value = sent(field.name);
        field.value(value)
    };
    Form {
        intro: "This server has no users yet. The first one administers it.".to_owned(),
        fields: vec![
            code_field(code),
            filled(
                Field::text("username", "User name", "username")
                    .hint("At least 3 letters, digits, “_” and “.”. It cannot be changed later."),
            ),
            filled(Field::email("email", "E-mail address")),
            filled(Field::text("first", "Given name", "given-name")),
            filled(Field::text("last", "Family name", "family-name")),
            password,
            again,
        ],
        ..Form::new("Make the first account", links::FIRST_USER, "Make the account")
    }
}

/// `POST /first-user`
pub(super) async fn first_user(posted: Posted) -> Result<Response, Failure> {
    let visitor = &posted.visitor;
    if visitor.server.app.has_users().await? {
        return Ok(no_first_user(visitor));
    }
    let code = posted.text("code");
    let again = || first_user_form(|field| posted.text(field), &code);
    if let Some((field, why)) = unequal(&posted) {
        return Ok(visitor.form(StatusCode::UNPROCESSABLE_ENTITY, &again().wrong(field, why)));
    }
    // Read by the rules of the API, which say what a name may hold.
    let input = serde_json::json!({
        "code": code,
        "username": posted.text("username"),
        "email": posted.text("email"),
        "first": posted.text("first"),
        "last": posted.text("last"),
        "password": posted.raw("password"),
    });
    let made = match wire::json::decode::<FirstUser>(input) {
        Ok(input) => account::create_first_user(visitor.stranger("PageFirstUser"), input).await,
        Err(shape) => Err(shape.into()),
    };
    match made {
        Ok(_) => Ok(redirect("/sign-in?notice=password")),
        Err(error) => {
            let (status, text) = sentence(error);
            Ok(visitor.form(status, &again().wrong("", text)))
        }
    }
}
