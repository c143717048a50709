//! Every method × what a body can be (contract: data 2, 2.1).

use std::fmt::Write as _;

use serde_json::{Value, json};
use wire::MethodName;
use wire::method::Effect;

use super::cast::{Cast, Place, Role};
use super::refusal::{refusal, success_or_refusal};
use super::samples::{Sample, samples};
use crate::world::{Client, Snapshot};

/// Largest body in these tests, in bytes.
const BODY_BYTES: usize = 64 << 10;

/// How many places a server has before another is used, so that what is compared after every call stays small.
const PLACES_OF_A_SERVER: usize = 12;

/// Methods whose body may be something else than a hash.
const ANY_BODY: &[&str] = &["RecordSetDetails", "ObjectSetDetails"];

/// Bodies that are no JSON are refused before the token is looked at, also by methods without input.
#[tokio::test]
async fn what_is_no_json_is_malformed() {
    let cast = Cast::with(|config| config.limits.body_bytes = BODY_BYTES).await;
    let place = cast.place().await;
    let deep = |depth: usize| ("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth)).into_bytes();
    let bodies: Vec<Vec<u8>> = vec![
        vec![],
        b" \n".to_vec(),
        b"{".to_vec(),
        b"{} x".to_vec(),
        b"{\"a\": nan}".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"{\"name\": \"\xc3\x28\"}".to_vec(),
        b"{\"name\": \"\\ud800\"}".to_vec(),
        deep(200),
        deep(10_000),
        "[".repeat(60_000).into_bytes(),
    ];
    let before = cast.world.snapshot().await;
    for sample in samples() {
        let path = sample.path(&place);
        for body in &bodies {
            for role in [sample.caller(), Role::Nobody, Role::BadToken] {
                let answer = cast.role(role).post_raw(&path, body.clone()).await;
                let what = format!(
                    "{path} as {role:?} with {:?}",
                    String::from_utf8_lossy(&body[..body.len().min(30)])
                );
                assert_eq!(refusal(&what, &answer), "MalformedJSON", "{what}");
            }
        }
    }
    assert_eq!(before.changes_to(&cast.world.snapshot().await), [""; 0]);
}

/// A body that is larger than the server reads is refused whole; one that is no hash is refused as input.
#[tokio::test]
async fn bodies_are_bounded_and_hashes() {
    let cast = Cast::with(|config| config.limits.body_bytes = BODY_BYTES).await;
    let place = cast.place().await;
    let before = cast.world.snapshot().await;
    for sample in samples() {
        let (path, client) = (sample.path(&place), cast.role(sample.caller()));
        let mut large = (sample.body)(&place);
        large["filler"] = "x".repeat(BODY_BYTES).into();
        let what = format!("{path} with a large body");
        assert_eq!(refusal(&what, &client.post(&path, large).await), "InvalidInput");
        if ANY_BODY.contains(&sample.method.as_str()) {
            continue;
        }
        for body in [json!(null), json!(true), json!(1), json!("text"), json!([]), json!([{}])] {
            let what = format!("{path} with {body}");
            assert_eq!(refusal(&what, &client.post(&path, body).await), "InvalidInput", "{what}");
        }
    }
    assert_eq!(before.changes_to(&cast.world.snapshot().await), [""; 0]);
}

/// Each value of a valid body replaced by each kind of JSON, and each key left out.
async fn wrong_types_are_refused_in_sentences(part: Part) {
    let kinds = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("x"),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "a": 1 }),
    ];
    bend(part, |body| {
        let mut bent = Vec::new();
        for path in places_in(body) {
            bent.extend(kinds.iter().map(|kind| replaced(body, &path, kind.clone())));
            bent.extend(without(body, &path));
        }
        bent
    })
    .await;
}

/// Each text of a valid body replaced by what has fooled other programs: names, folders and ids alike (F543).
async fn hostile_texts_are_taken_as_text_or_refused(part: Part) {
    let mut tricks: Vec<String> = [
        "..",
        "../..",
        "/..",
        "/../../etc/passwd",
        "/a/../b",
        "%2e%2e",
        "/%2e%2e/x",
        "a\0b",
        "\0",
        "\r\nX-Evil: 1",
        "\u{7f}",
        "//",
        "/",
        "\\",
        "\\/",
        "/a\\",
        "'; drop table account; --",
        "%s%n",
        "{{7*7}}",
        "<script>",
        "\u{202e}txt",
        "e\u{301}",
        "\u{feff}x",
        "\u{fdfa}",
        "😀",
        "*",
        "?",
        "(a+)+$",
        "-",
        "project-",
        "file-",
        "user-",
        "org-",
        "PUBLIC",
        "project-012301230123012301230123",
        "file-012301230123012301230123",
        "user-nobody",
        "org-nobody",
    ]
    .map(str::to_owned)
    .to_vec();
    tricks.push("x".repeat(300));
    tricks.push("/".to_owned() + &"x".repeat(12_000));
    tricks.push("/x".repeat(200));
    tricks.push("ü".repeat(3000));
    bend(part, |body| {
        let texts =
            places_in(body).into_iter().filter(|path| body.pointer(path).is_some_and(Value::is_string));
        texts
            .flat_map(|path| tricks.iter().map(move |trick| (path.clone(), trick)))
            .map(|(path, trick)| replaced(body, &path, json!(trick)))
            .collect()
    })
    .await;
}

/// One part of the methods: a test for all of them would run for minutes.
#[derive(Clone, Copy)]
struct Part(usize);

/// How many parts there are.
const PARTS: usize = 4;

macro_rules! in_parts {
    ($($test:ident: $check:ident($part:literal);)+) => {$(
        #[tokio::test]
        async fn $test() {
            $check(Part($part)).await;
        }
    )+};
}

in_parts! {
    wrong_types_1_of_4: wrong_types_are_refused_in_sentences(0);
    wrong_types_2_of_4: wrong_types_are_refused_in_sentences(1);
    wrong_types_3_of_4: wrong_types_are_refused_in_sentences(2);
    wrong_types_4_of_4: wrong_types_are_refused_in_sentences(3);
    hostile_texts_1_of_4: hostile_texts_are_taken_as_text_or_refused(0);
    hostile_texts_2_of_4: hostile_texts_are_taken_as_text_or_refused(1);
    hostile_texts_3_of_4: hostile_texts_are_taken_as_text_or_refused(2);
    hostile_texts_4_of_4: hostile_texts_are_taken_as_text_or_refused(3);
}

/// Calls every method of a part with bent bodies, as somebody who may call it: each is answered, or refused without a trace.
async fn bend(part: Part, bodies: impl Fn(&Value) -> Vec<Value>) {
    for sample in samples().into_iter().skip(part.0).step_by(PARTS) {
        // A server for each method: what is compared after every call stays small.
        let mut cast = Cast::new().await;
        let mut client = cast.role(sample.caller());
        let mut place = cast.place_for(sample.method).await;
        let mut before = cast.world.snapshot().await;
        let mut used_up = 0;
        // Bodies name things of the place, so a new place needs them anew.
        let mut bent = bodies(&(sample.body)(&place));
        for number in 0..bent.len() {
            let body = std::mem::take(&mut bent[number]);
            if call(&cast, &client, &sample, &place, body, &before).await
                && sample.method.row().effect != Effect::Read
            {
                used_up += 1;
                if sample.method == MethodName::UserNew {
                    // It uses up a name, no more.
                    place.user = format!("x{used_up}");
                } else if !sample.repeatable() {
                    if used_up % PLACES_OF_A_SERVER == 0 {
                        cast = Cast::new().await;
                        client = cast.role(sample.caller());
                    }
                    place = cast.place_for(sample.method).await;
                }
                cast.settle().await;
                before = cast.world.snapshot().await;
                bent = bodies(&(sample.body)(&place));
            }
        }
        if sample.method.row().effect == Effect::Read {
            let changes = before.changes_to(&cast.world.snapshot().await);
            assert_eq!(changes, [""; 0], "{} only reads and changed this", sample.method.as_str());
        }
    }
}

/// Makes one bent call; answers whether it was a success.
async fn call(
    cast: &Cast,
    client: &Client,
    sample: &Sample,
    place: &Place,
    body: Value,
    before: &Snapshot,
) -> bool {
    let path = sample.path(place);
    let mut what = format!("{path} with ");
    let _ = write!(what, "{}", body.to_string().chars().take(300).collect::<String>());
    let answer = client.post(&path, body).await;
    // One method answers "come back later" on purpose.
    let as_asked = sample.method == MethodName::SystemComeBackLater && answer.status == 503;
    let success = as_asked || success_or_refusal(&what, &answer);
    if !success && sample.method.row().effect != Effect::Read {
        assert_eq!(
            before.changes_to(&cast.world.snapshot().await),
            [""; 0],
            "{what} was refused and changed this"
        );
    }
    success
}

/// Every place in a body, as JSON pointers; arrays by their first item.
fn places_in(body: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match body {
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().take(1).map(|item| ("0".to_owned(), item)).collect(),
        _ => vec![],
    };
    inner
        .into_iter()
        .flat_map(|(key, value)| {
            let below = places_in(value).into_iter().map(|path| format!("/{key}{path}")).collect::<Vec<_>>();
            std::iter::once(format!("/{key}")).chain(below)
        })
        .collect()
}

fn replaced(body: &Value, path: &str, value: Value) -> Value {
    let mut body = body.clone();
    *body.pointer_mut(path).expect("the path was read from this body") = value;
    body
}

/// The body without the key at this path; none for an item of an array.
fn without(body: &Value, path: &str) -> Option<Value> {
    let (parent, key) = path.rsplit_once('/')?;
    let mut body = body.clone();
    body.pointer_mut(parent)?.as_object_mut()?.remove(&key.replace("~1", "/").replace("~0", "~"))?;
    Some(body)
}
