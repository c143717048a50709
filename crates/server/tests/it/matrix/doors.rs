//! Every route that is no method: bytes up and down, pages, and what machines ask for (contract: data 8; F474).
//!
//! A new route needs a line in [`doors`], no more.

use std::time::Duration;

use serde_json::json;
use wire::Level;

use super::cast::{Cast, PASSWORD, Place, Role};
use super::refusal::INTERNALS;
use crate::browser::Browser;
use crate::raw::{self, RawAnswer};

/// A route and a request that reaches it.
pub struct Door {
    /// Its path as the router knows it.
    pub path: &'static str,
    /// The HTTP methods it takes. On a page that takes POST, a form leads to it.
    pub takes: &'static [&'static str],
    /// Path and query of a request.
    pub target: fn(&Open) -> String,
    /// What answers it without a session, a token or a form.
    pub plain: u16,
    /// The page with the form, if it has one.
    pub form_on: Option<fn(&Open) -> String>,
    /// The fields that a person fills in there.
    pub fields: &'static [(&'static str, &'static str)],
}

/// What the requests name.
pub struct Open {
    place: Place,
    /// Path and query of the address for three bytes of the open file.
    upload: String,
    /// Path and query of the preauthenticated address of the closed file.
    download: String,
}

/// The list.
#[rustfmt::skip]
pub fn doors() -> Vec<Door> {
    const PAGE: Door = Door { path: "", takes: &["GET", "HEAD"], target: |_| String::new(), plain: 200, form_on: None, fields: &[] };
    const FORM: Door = Door { takes: &["POST"], plain: 400, ..PAGE };
    const TWICE: &[(&str, &str)] = &[("password", PASSWORD), ("again", PASSWORD)];
    vec![
        Door { path: "/upload/{file}/{index}", takes: &["PUT"], target: |open| open.upload.clone(), plain: 400, ..PAGE },
        Door { path: "/download/{file}/{name}", target: |open| open.download.clone(), ..PAGE },
        Door { path: "/audit/checkpoint", target: |_| "/audit/checkpoint".into(), ..PAGE },
        Door { path: "/oauth2/token", takes: &["POST"], target: |_| "/oauth2/token".into(), plain: 400, ..PAGE },
        Door { path: "/openapi.json", target: |_| "/openapi.json".into(), ..PAGE },
        Door { path: "/healthz", target: |_| "/healthz".into(), ..PAGE },
        Door { path: "/metrics", target: |_| "/metrics".into(), plain: 404, ..PAGE },
        Door { path: "/", target: |_| "/".into(), plain: 303, ..PAGE },
        Door { path: "/style.css", target: |_| "/style.css".into(), ..PAGE },
        Door { path: "/sign-in", takes: &["GET", "HEAD", "POST"], target: |_| "/sign-in".into(), form_on: Some(|_| "/sign-in".into()), fields: &[("username", "stranger"), ("password", PASSWORD)], ..PAGE },
        Door { path: "/sign-in/code", takes: &["GET", "HEAD", "POST"], target: |_| "/sign-in/code".into(), plain: 303, fields: &[("otp", "000000")], ..PAGE },
        Door { path: "/sign-in/link", takes: &["GET", "HEAD", "POST"], target: |open| format!("/sign-in/link?code={}", open.place.code), form_on: Some(|open| format!("/sign-in/link?code={}", open.place.code)), ..PAGE },
        Door { path: "/sign-out", target: |_| "/sign-out".into(), form_on: Some(|_| "/".into()), ..FORM },
        Door { path: "/sign-out-everywhere", target: |_| "/sign-out-everywhere".into(), form_on: Some(|_| "/".into()), ..FORM },
        Door { path: "/activate", takes: &["GET", "HEAD", "POST"], target: |open| format!("/activate?code={}", open.place.code), form_on: Some(|open| format!("/activate?code={}", open.place.code)), fields: TWICE, ..PAGE },
        Door { path: "/forgot-password", takes: &["GET", "HEAD", "POST"], target: |_| "/forgot-password".into(), form_on: Some(|_| "/forgot-password".into()), fields: &[("username", "viewer")], ..PAGE },
        Door { path: "/reset-password", takes: &["GET", "HEAD", "POST"], target: |open| format!("/reset-password?code={}", open.place.code), form_on: Some(|open| format!("/reset-password?code={}", open.place.code)), fields: TWICE, ..PAGE },
        Door { path: "/confirm-email", takes: &["GET", "HEAD", "POST"], target: |open| format!("/confirm-email?code={}", open.place.code), form_on: Some(|open| format!("/confirm-email?code={}", open.place.code)), ..PAGE },
        Door { path: "/first-user", takes: &["GET", "HEAD", "POST"], target: |open| format!("/first-user?code={}", open.place.code), plain: 410, form_on: Some(|_| "/".into()), fields: &[("username", "first"), ("email", "f@example.org"), ("first", "F"), ("last", "L"), ("password", PASSWORD), ("again", PASSWORD)] },
        Door { path: "/me/make-token", target: |_| "/me/make-token".into(), form_on: Some(|_| "/".into()), fields: &[("label", "l"), ("days", "7"), ("project", ""), ("level", "VIEW")], ..FORM },
        Door { path: "/me/end-token", target: |_| "/me/end-token".into(), form_on: Some(|_| "/".into()), fields: &[("signature", "x")], ..FORM },
        Door { path: "/me/change-password", target: |_| "/me/change-password".into(), form_on: Some(|_| "/".into()), fields: &[("present", PASSWORD), ("password", PASSWORD), ("again", "x"), ("otp", "")], ..FORM },
        Door { path: "/me/start-second-factor", target: |_| "/me/start-second-factor".into(), form_on: Some(|_| "/".into()), ..FORM },
        Door { path: "/me/confirm-second-factor", target: |_| "/me/confirm-second-factor".into(), form_on: Some(|_| "/".into()), fields: &[("otp", "000000")], ..FORM },
        Door { path: "/me/end-second-factor", target: |_| "/me/end-second-factor".into(), form_on: Some(|_| "/".into()), fields: &[("password", "x"), ("otp", "000000")], ..FORM },
        Door { path: "/me/unlink", target: |_| "/me/unlink".into(), form_on: Some(|_| "/".into()), fields: &[("issuer", "https://i.example"), ("subject", "s")], ..FORM },
        Door { path: "/oidc/{name}/start", target: |_| "/oidc/none/start".into(), form_on: Some(|_| "/".into()), ..FORM },
        Door { path: "/oidc/{name}/callback", target: |_| "/oidc/none/callback?code=c&state=s".into(), plain: 404, ..PAGE },
    ]
}

/// A server with everything that the requests name.
async fn open() -> (Cast, Open) {
    let cast = Cast::new().await;
    let place = cast.place().await;
    // Periodic jobs would do both in their time.
    cast.world.app().fold_audit_log().await.unwrap();
    cast.world.app().sign_checkpoint(0).await.unwrap();
    let administrator = cast.role(Role::Member(Level::Administer));
    let part = json!({ "index": 2, "size": 3, "md5": "900150983cd24fb0d6963f7d28e17f72" });
    let upload = administrator.ok(&format!("/{}/upload", place.open_file), part).await;
    let input = json!({ "preauthenticated": true, "filename": "f.txt" });
    let download = administrator.ok(&format!("/{}/download", place.closed_file), input).await;
    let path = |address: &serde_json::Value| {
        address["url"].as_str().unwrap().strip_prefix(&cast.world.base()).unwrap().to_owned()
    };
    let (upload, download) = (path(&upload), path(&download));
    (cast, Open { place, upload, download })
}

/// What stands in a request beside its target.
struct Bent {
    verb: &'static str,
    headers: String,
    body: Vec<u8>,
}

impl Bent {
    fn plain(verb: &'static str) -> Self {
        Self { verb, headers: String::new(), body: Vec::new() }
    }
}

async fn send(cast: &Cast, target: &str, bent: &Bent) -> RawAnswer {
    let length = bent.body.len();
    let mut request = format!(
        "{} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n{}\r\n",
        bent.verb, bent.headers
    )
    .into_bytes();
    request.extend_from_slice(&bent.body);
    let what = format!("{} {target}", bent.verb);
    let answer = raw::exchange(cast.world.address(), &request).await;
    checked(&what, answer.unwrap_or_else(|| panic!("{what}: no answer")))
}

/// No answer is a fault of the server, and none tells how it is made.
#[track_caller]
fn checked(what: &str, answer: RawAnswer) -> RawAnswer {
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(answer.status < 500, "{what}: {} {body}", answer.head);
    if answer.status >= 400 {
        for internal in INTERNALS.iter().filter(|internal| !body.contains("<html") || internal.len() > 4) {
            assert!(!body.contains(internal), "{internal:?} is nothing for a caller: {what}: {body}");
        }
        assert!(answer.header("x-request-id").is_some(), "{what}: no request id: {}", answer.head);
    }
    answer
}

/// The list is about requests that arrive: each is answered as it should be, and by nothing else.
#[tokio::test]
async fn every_door_is_reached() {
    let (cast, open) = open().await;
    let mut others = Vec::new();
    for door in doors() {
        let target = (door.target)(&open);
        let answer = send(&cast, &target, &Bent::plain(door.takes[0])).await;
        if answer.status != door.plain {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            others.push(format!(
                "{} {target}: {} and not {}: {body}",
                door.takes[0], answer.status, door.plain
            ));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

/// Every door × HTTP methods, credentials that are none, bodies and media types of any kind: refused without a trace.
#[tokio::test]
async fn what_is_no_proper_request_changes_nothing() {
    let (cast, open) = open().await;
    let before = cast.world.snapshot().await;
    let credentials = [
        String::new(),
        "Authorization: Bearer 0123456789abcdefghijklmnopqrstuv\r\n".to_owned(),
        "Authorization: Basic eA==\r\n".to_owned(),
        "Authorization: \u{fc}\r\n".to_owned(),
        "Cookie: operon=0123456789abcdefghijklmnopqrstuv; operon-form=x\r\n".to_owned(),
        format!("Cookie: operon={}\r\n", "x".repeat(5000)),
        // A good token of somebody who could do most of it: cookies and forms do not know tokens.
        "Authorization: Bearer administrator-token-0123456789abcdefghijklmnop\r\n".to_owned(),
    ];
    let bodies: [Vec<u8>; 7] = [
        vec![],
        b"token=x&password=%ff%00&username=..%2f..&username=twice".to_vec(),
        b"\xff\xfe=\xc3\x28&&&===".to_vec(),
        b"{\"a\": ".to_vec(),
        "[".repeat(30_000).into_bytes(),
        vec![b'a'; 70_000],
        [b"token=x&otp=", vec![b'1'; 60_000].as_slice()].concat(),
    ];
    let kinds = ["", "Content-Type: application/x-www-form-urlencoded\r\n", "Content-Type: \u{fc}/;;\r\n"];
    for door in doors() {
        let target = (door.target)(&open);
        for verb in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            let answer = send(&cast, &target, &Bent::plain(verb)).await;
            let taken = door.takes.contains(&verb);
            // CORS answers OPTIONS for the routes that browsers may call from elsewhere.
            assert!(taken || answer.status >= 400 || verb == "OPTIONS", "{verb} {target}: {}", answer.head);
        }
        for verb in door.takes.iter().filter(|verb| **verb != "HEAD") {
            for credential in &credentials {
                send(&cast, &target, &Bent { headers: credential.clone(), ..Bent::plain(verb) }).await;
            }
            for body in &bodies {
                for kind in kinds {
                    let bent = Bent { verb, headers: kind.to_owned(), body: body.clone() };
                    let answer = send(&cast, &target, &bent).await;
                    assert!(*verb == "GET" || answer.status >= 300, "{verb} {target}: {}", answer.head);
                }
            }
        }
        assert_eq!(before.changes_to(&cast.world.snapshot().await), [""; 0], "{}", door.path);
    }
}

/// What stands in the place of an id, a name, a number or a parameter.
const TRICKS: &[&str] = &[
    "..",
    "%2e%2e%2f",
    "%00",
    "%ff%fe",
    "-1",
    "99999999999999999999",
    "project-012301230123012301230123",
    "file-012301230123012301230123",
    "%F0%9F%98%80",
    "'%3Bdrop%20table%20account%3B--",
    "%3Cscript%3E",
    "",
];

/// Every door × segments and parameters of any kind: there is nothing, or it is refused, and nothing changes.
#[tokio::test]
async fn hostile_segments_and_parameters_open_nothing() {
    let (cast, open) = open().await;
    let before = cast.world.snapshot().await;
    for door in doors() {
        let target = (door.target)(&open);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut bent = Vec::new();
        for (at, _) in door.path.split('/').enumerate().filter(|(_, segment)| segment.starts_with('{')) {
            for trick in TRICKS.iter().copied().chain([&*"x".repeat(5000)]) {
                let mut segments: Vec<&str> = path.split('/').collect();
                segments[at] = trick;
                bent.push(format!("{}?{query}", segments.join("/")));
            }
        }
        let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        for (at, pair) in pairs.iter().enumerate() {
            let name = pair.split('=').next().unwrap();
            for trick in TRICKS {
                let mut pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
                pairs[at] = format!("{name}={trick}");
                bent.push(format!("{path}?{}", pairs.join("&")));
            }
            let left: Vec<&str> = pairs.iter().copied().filter(|other| other != pair).collect();
            bent.push(format!("{path}?{}", left.join("&")));
        }
        for target in bent {
            for verb in door.takes {
                let answer = send(&cast, &target, &Bent::plain(verb)).await;
                let bytes = target.starts_with("/upload") || target.starts_with("/download");
                // The name at the end of a download is only what the file is saved as.
                let renamed = target.starts_with(open.download.rsplit_once("/f.txt").unwrap().0);
                assert!(!bytes || renamed || answer.status >= 400, "{verb} {target}: {}", answer.head);
            }
        }
        assert_eq!(before.changes_to(&cast.world.snapshot().await), [""; 0], "{}", door.path);
    }
}

/// Every form × hostile texts in each of its fields, sent from its own page as a person does: taken as text or refused in
/// words, and never a fault.
#[tokio::test]
async fn hostile_fields_are_taken_as_text_or_refused() {
    let (cast, open) = open().await;
    let long = "x".repeat(3000);
    let tricks =
        ["", "\0", "../../etc/passwd", "\r\nSet-Cookie: a=b", "<script>alert(1)</script>", "{{7*7}}", &long];
    for door in doors() {
        let Some(form_on) = door.form_on else { continue };
        let (target, shown) = ((door.target)(&open), form_on(&open));
        let action = target.split('?').next().unwrap();
        for (field, _) in door.fields {
            for trick in tricks {
                let mut browser = Browser::new(&cast.world);
                if shown == "/" {
                    // A session of its own each time: some forms end it. And time enough to be forgiven a wrong password.
                    cast.world.pass(Duration::from_secs(16 * 60));
                    let answer = browser.sign_in("stranger", PASSWORD).await;
                    assert_eq!(answer.status, 303, "before {action} with {field}={trick:?}: {}", answer.body);
                }
                let page = browser.get(&shown).await;
                let mut fields: Vec<(&str, &str)> = door.fields.to_vec();
                fields.retain(|(name, _)| name != field);
                fields.push((field, trick));
                // Some forms are shown only to who needs them; all forms of a page have the same token.
                let answer = if page.body.contains(&format!("action=\"{action}\"")) {
                    browser.submit(&page, action, &fields).await
                } else {
                    let token = page.hidden("/sign-out").swap_remove(0);
                    fields.push((&token.0, &token.1));
                    browser.post(action, &fields).await
                };
                let what = format!("{action} with {field}={trick:?}");
                assert!(answer.status < 500, "{what}: {}", answer.body);
                assert!(!answer.body.contains("<script>alert"), "{what}: {}", answer.body);
                assert!(!answer.headers.contains_key("a"), "{what}");
            }
        }
    }
}
