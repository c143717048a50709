//! The addresses that letters and printed links point to. The pages behind them read the code and call `app::account`.

use crate::options::Options;

/// Where a new user sets a password.
pub const ACTIVATE: &str = "/activate";
/// Where a user who forgot the password sets another.
pub const RESET_PASSWORD: &str = "/reset-password";
/// Where a user confirms another e-mail address.
pub const CONFIRM_EMAIL: &str = "/confirm-email";
/// Where the first user of a server makes an account.
pub const FIRST_USER: &str = "/first-user";

/// Where a user signs in with a link in place of a password.
pub const SIGN_IN: &str = "/sign-in/link";

/// A page of this server, for a letter.
#[must_use]
pub fn page(options: &Options, path: &str) -> String {
    format!("{}{path}", options.public_url)
}

/// A page of this server with a one-time code.
#[must_use]
pub fn with_code(options: &Options, path: &str, code: &str) -> String {
    format!("{}{path}?code={code}", options.public_url)
}
