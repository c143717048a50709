//! Every method × what can stand in a route (contract: data 1, 2).

use wire::method::{Method, RouteSubject, Subject};
use wire::{Class, Level};

use super::cast::{Cast, Role};
use super::refusal::refusal;
use super::samples::samples;
use crate::raw;
use crate::world::Answer;

/// 24 characters that no id of these tests has.
const ABSENT: &str = "ZZZZ23012301230123012301";

/// An id of a class that has no such method, and an id of the right class that nothing has, are not found.
#[tokio::test]
async fn ids_of_other_classes_and_absent_ids_are_not_found() {
    let cast = Cast::new().await;
    let place = cast.place().await;
    let client = cast.role(Role::Member(Level::Administer));
    let before = cast.world.snapshot().await;
    for sample in samples() {
        let row = sample.method.row();
        let Subject::Entity(classes) = row.subject else { continue };
        for class in Class::ALL {
            let known = Method::find(&RouteSubject::Entity(*class), row.verb).is_some();
            // Jobs and analyses answer PermissionDenied whether or not they exist (contract: data 2.1).
            let hides = matches!(class, Class::Job | Class::Analysis) && known;
            assert!(known || !classes.contains(class));
            let path = format!("/{}-{ABSENT}/{}", class.as_str(), row.verb);
            let answer = client.post(&path, (sample.body)(&place)).await;
            let wanted = if hides { "PermissionDenied" } else { "ResourceNotFound" };
            assert_eq!(refusal(&path, &answer), wanted, "{path}");
        }
    }
    assert_eq!(before.changes_to(&cast.world.snapshot().await), [""; 0]);
}

/// Whatever stands where an id should be, the answer is the envelope and nothing else happens.
#[tokio::test]
async fn hostile_routes_are_not_found() {
    let cast = Cast::new().await;
    let client = cast.role(Role::Member(Level::Administer));
    let before = cast.world.snapshot().await;
    let long = "x".repeat(5000);
    let subjects = [
        "..",
        "%2e%2e",
        "%2E%2E%2Fsystem",
        ".",
        "%00",
        "project-%00",
        "project",
        "project-",
        "project-short",
        "project-эксперимент",
        "project-%D1%8D",
        "%ff%fe",
        "project-0123012301230123012301234",
        "user-",
        "user-..",
        "org-%2f",
        "app-",
        "app-x/..",
        "file-InvalidFileID",
        "%F0%9F%98%80",
        "project%2D012301230123012301230123",
        "PROJECT-012301230123012301230123",
        "project-012301230123012301230123%2Fdescribe",
        "system%00",
        long.as_str(),
    ];
    for sample in samples() {
        let verb = sample.method.row().verb;
        for subject in subjects {
            let target = format!("/{subject}/{verb}");
            let answer =
                raw::post(cast.world.address(), target.as_bytes(), client.token.as_deref(), b"{}").await;
            // Without an answer: bytes outside of ASCII are no HTTP, and the connection may be closed on them.
            let Some(answer) = answer else {
                assert!(!target.is_ascii(), "{target} was not answered");
                continue;
            };
            if answer.body.is_empty() {
                assert_eq!(answer.status, 400, "{target}");
                continue;
            }
            let answer = Answer { status: answer.status, body: answer.json(), headers: headers(&answer) };
            let kind = refusal(&target, &answer);
            assert!(["ResourceNotFound", "InvalidInput"].contains(&kind.as_str()), "{target}: {kind}");
        }
    }
    for target in [
        "/",
        "//",
        "/system",
        "/system/",
        "/system//whoami",
        "//system/whoami",
        "/system/whoami/",
        "/system/whoami/x",
        "/%2fsystem/whoami",
        "/system/%77hoami%2f",
        "/system/whoami%00",
        "/../system/whoami",
        "*",
        "/system/WHOAMI",
    ] {
        let Some(answer) =
            raw::post(cast.world.address(), target.as_bytes(), client.token.as_deref(), b"{}").await
        else {
            continue;
        };
        assert!(matches!(answer.status, 200 | 400 | 404), "{target}: {}", answer.head);
    }
    assert_eq!(before.changes_to(&cast.world.snapshot().await), [""; 0]);
}

/// The API is POST alone; everything else on its routes is not found and changes nothing (contract: data 2).
#[tokio::test]
async fn only_post_calls_methods() {
    let cast = Cast::new().await;
    let place = cast.place().await;
    let token = cast.role(Role::Member(Level::Administer)).token.unwrap();
    let before = cast.world.snapshot().await;
    for sample in samples() {
        let (path, body) = (sample.path(&place), (sample.body)(&place).to_string());
        for verb in ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"] {
            let request = format!(
                "{verb} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let answer = raw::exchange(cast.world.address(), request.as_bytes()).await.unwrap();
            assert_eq!(answer.status, 404, "{verb} {path}: {}", answer.head);
        }
    }
    assert_eq!(before.changes_to(&cast.world.snapshot().await), [""; 0]);
}

fn headers(answer: &raw::RawAnswer) -> reqwest::header::HeaderMap {
    let pairs = answer.head.lines().skip(1).filter_map(|line| line.split_once(':'));
    pairs
        .filter_map(|(name, value)| {
            Some((
                reqwest::header::HeaderName::from_bytes(name.as_bytes()).ok()?,
                reqwest::header::HeaderValue::from_str(value.trim()).ok()?,
            ))
        })
        .collect()
}
