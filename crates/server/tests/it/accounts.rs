//! Accounts over the API: signing in, what is mailed, tokens, standing, and what of it lies on the disk.

mod at_rest;
mod client;
mod find;
mod links;
mod mail;
mod provision;
mod reach;
mod read_only;
mod sign_in;
mod standing;
mod tokens;

use serde_json::{Value, json};

use crate::web::PASSWORD;
use crate::web::own_account::authenticator;
use crate::world::{Client, World};

/// Another password that the rules accept.
const OTHER: &str = "violet harbour nine spoons";

/// Signs in with name and password; answers a client with the token.
async fn login(world: &World, name: &str, password: &str) -> Client {
    let input = json!({ "username": name, "password": password });
    let token = world.anonymous().ok("/system/newAuthToken", input).await;
    world.client(token["access_token"].as_str())
}

/// Whether the token of a client opens anything.
async fn works(client: &Client) -> bool {
    let answer = client.post("/system/whoami", json!({})).await;
    match answer.status {
        200 => true,
        401 => {
            assert_eq!(answer.body["error"]["type"], "InvalidAuthentication");
            false
        }
        other => panic!("{other}: {}", answer.body),
    }
}

/// Guesses until the server says to wait; answers how often it did not.
async fn slowed(stranger: &Client, guess: &Value) -> usize {
    for failures in 0..40 {
        let answer = stranger.post("/system/newAuthToken", guess.clone()).await;
        if answer.status == 429 {
            assert_eq!(answer.body["error"]["type"], "RateLimitConditional");
            assert!(answer.headers.contains_key("retry-after"));
            return failures;
        }
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    panic!("guessing does not slow down")
}

/// Switches somebody's second factor on over the API with the code of a time; answers the secret and the backup codes.
async fn switch_on(client: &Client, user: &str, at: i64) -> (String, Vec<String>) {
    let started = client.ok(&format!("/{user}/startOTP"), json!({})).await;
    let secret = started["secret"].as_str().unwrap().to_owned();
    let otp = authenticator(&secret, at);
    let on = client.ok(&format!("/{user}/confirmOTP"), json!({ "otp": otp, "password": PASSWORD })).await;
    (secret, serde_json::from_value(on["backupCodes"].clone()).unwrap())
}

/// What is sent to sign in with a second factor.
fn with_otp(name: &str, otp: &str) -> Value {
    json!({ "username": name, "password": PASSWORD, "otp": otp })
}
