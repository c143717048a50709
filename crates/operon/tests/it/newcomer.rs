//! Somebody with a browser: opens a link and sends its form.

use std::collections::BTreeMap;

use reqwest::{Client, RequestBuilder};
use tokio::runtime::Runtime;

/// A browser without script that remembers cookies.
pub(crate) struct Browser {
    http: Client,
    runtime: Runtime,
    cookies: BTreeMap<String, String>,
}

/// What came back.
struct Answer {
    leads: Option<String>,
    body: String,
}

impl Browser {
    /// A fresh one.
    pub(crate) fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Self { http: http.build().unwrap(), runtime: Runtime::new().unwrap(), cookies: BTreeMap::new() }
    }

    /// Opens a page.
    pub(crate) fn open(&mut self, url: &str) -> String {
        let request = self.http.get(url);
        self.send(request).body
    }

    /// Opens a page, fills in its first form that leads to `action`, sends it, and answers where that leads and what it says.
    pub(crate) fn fill(
        &mut self,
        url: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> (Option<String>, String) {
        let page = self.open(url);
        let form = page.split("<form").find(|form| form.contains(&format!("action=\"{action}\"")));
        let form = form.unwrap_or_else(|| panic!("no form of {url} leads to {action}:\n{page}"));
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for input in form.split("<input type=\"hidden\" ").skip(1) {
            let value =
                |name: &str| input.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
            all.insert(value("name").to_owned(), value("value").to_owned());
        }
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let host = url.split('/').take(3).collect::<Vec<_>>().join("/");
        let request =
            self.http.post(format!("{host}{action}")).header("sec-fetch-site", "same-origin").form(&all);
        let answer = self.send(request);
        (answer.leads, answer.body)
    }

    fn send(&mut self, request: RequestBuilder) -> Answer {
        let jar: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (headers, body) = self.runtime.block_on(async {
            let response = request.header("cookie", jar.join("; ")).send().await.unwrap();
            (response.headers().clone(), response.text().await.unwrap())
        });
        for line in headers.get_all("set-cookie") {
            let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Answer { leads: headers.get("location").map(|to| to.to_str().unwrap().to_owned()), body }
    }
}
