//! A browser without script: it keeps cookies, reads pages and sends their forms.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;

use crate::world::World;

/// A browser with cookies of its own.
#[derive(Clone)]
pub struct Browser {
    http: reqwest::Client,
    /// Where the server is.
    pub base: String,
    /// The cookies of all hosts, by name.
    pub cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The text.
    pub body: String,
}

impl Browser {
    /// A fresh browser.
    pub fn new(world: &World) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { http, base: world.base(), cookies: BTreeMap::new() }
    }

    /// Opens a page of the server, or of another one.
    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.http.get(self.address(path));
        self.send(request).await
    }

    /// Sends fields to an address, as a form of the server's own pages does.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from(path, fields, &[("sec-fetch-site", "same-origin"), ("origin", "null")]).await
    }

    /// Sends fields with headers of the test's choice.
    pub async fn post_from(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&'static str, &str)],
    ) -> Page {
        let mut request = self.http.post(self.address(path)).form(fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Fills in the form of a page that leads to `action`, and sends it.
    pub async fn submit(&mut self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = page.hidden(action);
        for (name, value) in fields {
            all.retain(|(other, _)| other != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let all: Vec<(&str, &str)> =
            all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(action, &all).await
    }

    /// Opens a page and sends its form.
    pub async fn fill(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(path).await;
        let action = path.split('?').next().unwrap();
        self.submit(&page, action, fields).await
    }

    /// Goes where an answer sends the browser.
    pub async fn follow(&mut self, page: &Page) -> Page {
        let to = page.location().to_owned();
        self.get(&to).await
    }

    /// Signs in with a password; answers the page that comes then.
    pub async fn sign_in(&mut self, name: &str, password: &str) -> Page {
        self.fill("/sign-in", &[("username", name), ("password", password)]).await
    }

    fn address(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        let jar: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header("cookie", jar.join("; ")).send().await.unwrap();
        for line in response.headers().get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (pair, more) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if more.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Page { status, headers, body: response.text().await.unwrap() }
    }
}

impl Page {
    /// The page, if it has this status and holds this text.
    #[track_caller]
    pub fn says(self, status: u16, text: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        assert!(self.text().contains(text), "{text:?} is not in {}", self.body);
        self
    }

    /// The answer, if it sends the browser there.
    #[track_caller]
    pub fn leads_to(self, place: &str) -> Self {
        assert_eq!((self.status, self.location()), (303, place), "{}", self.body);
        self
    }

    /// Where it sends the browser; empty when nowhere.
    pub fn location(&self) -> &str {
        self.headers.get("location").map_or("", |place| place.to_str().unwrap())
    }

    /// The text as a person reads it, but with its tags.
    pub fn text(&self) -> String {
        unescape(&self.body)
    }

    /// What stands between two texts.
    #[track_caller]
    pub fn between(&self, from: &str, to: &str) -> String {
        let start =
            self.body.find(from).unwrap_or_else(|| panic!("{from:?} is not in {}", self.body)) + from.len();
        let end = start + self.body[start..].find(to).unwrap();
        unescape(&self.body[start..end])
    }

    /// The hidden fields of the form that leads to `action`.
    #[track_caller]
    pub fn hidden(&self, action: &str) -> Vec<(String, String)> {
        let form = self.between_raw(&format!("action=\"{action}\">"), "</form>");
        let inputs = form.split("<input ").filter(|input| input.starts_with("type=\"hidden\""));
        inputs
            .map(|input| {
                let of = |key: &str| {
                    let start = input.find(&format!("{key}=\"")).unwrap() + key.len() + 2;
                    unescape(&input[start..start + input[start..].find('"').unwrap()])
                };
                (of("name"), of("value"))
            })
            .collect()
    }

    fn between_raw(&self, from: &str, to: &str) -> &str {
        let start =
            self.body.find(from).unwrap_or_else(|| panic!("{from:?} is not in {}", self.body)) + from.len();
        &self.body[start..start + self.body[start..].find(to).unwrap()]
    }
}

fn unescape(text: &str) -> String {
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
