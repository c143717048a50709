//! The token endpoint of OAuth 2. No client can be registered on this server, so every request is refused, in the form
//! of RFC 6749 5.2: without the error object of the API, which clients of the API expect here (contract 3).

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::reply;

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A refusal in the form of RFC 6749.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OauthError")]
pub(super) struct Refusal {
    /// The standard's code.
    error: &'static str,
    /// Why, for people.
    error_description: &'static str,
}

/// `POST /oauth2/token`.
pub(super) async fn token(request: Request) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form =
        content_type.is_some_and(|text| text.split(';').next().is_some_and(|kind| kind.trim() == FORM));
    let (error, error_description) = if is_form {
        ("invalid_client", "No client of this name is registered on this server.")
    } else {
        ("invalid_request", "Send the parameters as a form, application/x-www-form-urlencoded.")
    };
    reply::respond(StatusCode::BAD_REQUEST, json!(Refusal { error, error_description }).to_string())
}
