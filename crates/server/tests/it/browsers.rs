//! What browsers and HTTP clients need of every answer: cross-origin headers, lengths and compression.

use std::io::Read as _;

use serde_json::json;

use crate::raw::{self, RawAnswer};
use crate::world::World;

async fn ask(world: &World, request: String) -> RawAnswer {
    raw::exchange(world.address(), request.as_bytes()).await.unwrap()
}

/// The origin is echoed, a preflight for POST is answered, and no credentials are offered, since cookies never
/// authenticate API calls.
#[tokio::test]
async fn foreign_origins_may_call_with_a_token() {
    let world = World::new().await;
    let preflight = ask(
        &world,
        "OPTIONS /system/whoami HTTP/1.1\r\nHost: h\r\nConnection: close\r\nOrigin: https://tool.example\r\n\
         Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization, content-type\r\n\r\n"
            .to_owned(),
    )
    .await;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("https://tool.example"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("authorization, content-type"));
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("POST"));
    assert_eq!(preflight.header("vary"), Some("Origin"));
    assert_eq!(preflight.header("access-control-allow-credentials"), None);

    let refused = ask(
        &world,
        "POST /system/whoami HTTP/1.1\r\nHost: h\r\nConnection: close\r\nOrigin: https://tool.example\r\n\
         Content-Length: 2\r\n\r\n{}"
            .to_owned(),
    )
    .await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://tool.example"));

    let without = ask(
        &world,
        "POST /system/headers HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
            .to_owned(),
    )
    .await;
    assert_eq!(without.header("access-control-allow-origin"), None);
    let other_verb = ask(
        &world,
        "OPTIONS /system/whoami HTTP/1.1\r\nHost: h\r\nConnection: close\r\nOrigin: https://tool.example\r\n\
         Access-Control-Request-Method: DELETE\r\n\r\n"
            .to_owned(),
    )
    .await;
    assert_ne!(other_verb.status, 200);
}

/// The public client compares `Content-Length` with the length after decompression: a compressed answer has none, a
/// plain one exactly its own (contract: dx-client 1).
#[tokio::test]
async fn lengths_are_exact_or_absent() {
    let world = World::new().await;
    let long = "x".repeat(4000);
    let call = |extra: &str, value: &str| {
        format!(
            "POST /system/headers HTTP/1.1\r\nHost: h\r\nConnection: close\r\nx-long: {value}\r\n{extra}Content-Length: 2\r\n\r\n{{}}"
        )
    };
    let plain = ask(&world, call("", &long)).await;
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("content-length"), Some(plain.body.len().to_string().as_str()));
    assert_eq!(plain.json()["x-long"], json!(long));

    let short = ask(&world, call("Accept-Encoding: gzip, deflate\r\n", "short")).await;
    assert_eq!(short.header("content-encoding"), None);
    assert_eq!(short.header("content-length"), Some(short.body.len().to_string().as_str()));

    let packed = ask(&world, call("Accept-Encoding: gzip, deflate\r\n", &long)).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("content-length"), None);
    assert_eq!(packed.header("transfer-encoding"), Some("chunked"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*unchunked(&packed.body)).read_to_string(&mut text).unwrap();
    assert!(text.contains(&long));
}

/// The bytes of a chunked body.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let end = body.windows(2).position(|window| window == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return bytes;
        }
        bytes.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
}
