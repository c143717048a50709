use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Answers every connection with these bytes, so often repeated as the client reads them.
async fn server(head: &'static str, body: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(head.as_bytes()).await;
            while !body.is_empty() && stream.write_all(body).await.is_ok() {}
        }
    });
    address
}

async fn call(reach: Reach, url: &str) -> Result<HttpResponse, CallError> {
    let mut request = HttpRequest::new(Vec::new());
    *request.uri_mut() = url.parse().unwrap();
    Http::new(reach, None).unwrap().send(request).await
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let url = server("HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 4096]).await;
    assert!(matches!(call(Reach::Anywhere, &url).await, Err(CallError::TooLong)));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let url =
        server("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", b"").await;
    assert!(matches!(call(Reach::Anywhere, &url).await, Err(CallError::Redirect)));
}

#[tokio::test]
async fn this_machine_is_called_only_if_allowed() {
    let url = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b"").await;
    assert_eq!(call(Reach::Anywhere, &url).await.unwrap().status(), 200);
    assert!(matches!(call(Reach::Public, &url).await, Err(CallError::Blocked(_))));
    // A name is checked when it is resolved.
    let by_name = url.replace("http://127.0.0.1", "https://localhost");
    let error = call(Reach::Public, &by_name).await.unwrap_err().to_string();
    assert!(error.contains("private network"), "{error}");
}

#[test]
fn an_authority_that_is_none_is_refused() {
    assert!(Http::new(Reach::Public, Some(b"no certificate")).is_err());
}
