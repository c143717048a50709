//! A limit of the operating system's own, which a full disk is to a program: nothing of it is injected.

use crate::running::Server;

/// The shell counts in blocks of 512 or 1024 bytes: 8 or 16 MiB for one file. The signal that goes with the limit is ignored, so
/// that writes fail instead.
const LIMIT: &str = "trap '' XFSZ; ulimit -f 16384;";

#[tokio::test]
async fn bytes_beyond_the_limit_are_refused_and_the_rest_goes_on() {
    let server = Server::start(LIMIT).await;
    let small = server.file("small", b"small").await;
    let large = server.open_file("large").await;
    let bytes = vec![7; 40 << 20];
    for _ in 0..2 {
        let (status, again, text) = server.send(&large, &bytes).await;
        assert_eq!((status, again.as_deref()), (503, Some("30")), "{text}\n{}", server.log());
        assert!(text.contains("is full") && text.ends_with(".\n"), "{text}");
    }
    assert!(server.log().contains("the store of file bytes failed"), "{}", server.log());
    assert_eq!(std::fs::read_dir(server.path("data/files/tmp")).unwrap().count(), 0);
    assert_eq!(server.read(&small).await, b"small");
    let (status, _, text) = server.send(&large, &bytes[..1 << 20]).await;
    assert_eq!(status, 200, "{text}");
    server.ok(&format!("/{large}/close"), serde_json::json!({})).await;
    assert_eq!(server.read(&large).await.len(), 1 << 20);
}
