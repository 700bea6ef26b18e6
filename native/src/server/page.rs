//! The page: the files that the program was built with, and the compressed siblings their build made.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use sha2::{Digest, Sha256};

use super::routes::text;

mod policy;

const MISSING: &str = "This heartline was built without its page.\n\
    `cargo xtask run` builds the page, embeds it and starts the server.\n\
    /echo and /chat work all the same.\n";

/// The files of the page. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Page {
    files: Arc<HashMap<String, File>>,
}

#[derive(Debug)]
struct File {
    kind: HeaderValue,
    /// Its name changes with its content, so it may be kept for ever.
    immutable: bool,
    /// For HTML: what it may do.
    policy: Option<HeaderValue>,
    /// As it is first, then compressed, best first.
    bodies: Vec<Body>,
}

#[derive(Debug)]
struct Body {
    encoding: Option<&'static str>,
    bytes: Bytes,
    etag: HeaderValue,
}

const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

impl Page {
    /// No page.
    pub fn none() -> Self {
        Self::from_files([])
    }

    /// A page of these files, by their paths without a leading slash. `x.br` and `x.gz` are `x`, compressed.
    pub fn from_files(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let all: HashMap<String, Bytes> = files.into_iter().collect();
        let is_sibling = |path: &str| {
            ENCODINGS
                .iter()
                .any(|(_, suffix)| path.strip_suffix(suffix).is_some_and(|plain| all.contains_key(plain)))
        };
        let files = all.iter().filter(|(path, _)| !is_sibling(path));
        Self {
            files: Arc::new(
                files.map(|(path, bytes)| (path.clone(), File::new(path, bytes, &all))).collect(),
            ),
        }
    }

    /// Whether there is none.
    pub fn is_missing(&self) -> bool {
        !self.files.contains_key("index.html")
    }

    /// Answers a GET or HEAD of `path`.
    pub fn respond(&self, path: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let name = match path.trim_start_matches('/') {
            "" => "index.html",
            name => name,
        };
        match self.files.get(name) {
            Some(file) => file.respond(headers),
            None if name == "index.html" => text(StatusCode::NOT_FOUND, MISSING),
            None => text(
                StatusCode::NOT_FOUND,
                "nothing here; there are /, /echo, /chat, /healthz, /readyz, /metrics\n",
            ),
        }
    }
}

impl File {
    fn new(path: &str, bytes: &Bytes, all: &HashMap<String, Bytes>) -> Self {
        let mime = mime_guess::from_path(path).first_or_octet_stream();
        let kind = match mime.type_() {
            mime_guess::mime::TEXT => format!("{mime}; charset=utf-8"),
            _ => mime.to_string(),
        };
        let siblings = ENCODINGS.iter().filter_map(|(encoding, suffix)| {
            let bytes = all.get(&format!("{path}{suffix}"))?;
            Some(Body::new(Some(encoding), bytes))
        });
        Self {
            kind: HeaderValue::from_str(&kind)
                .unwrap_or(HeaderValue::from_static("application/octet-stream")),
            immutable: has_hashed_name(path),
            policy: path.ends_with(".html").then(|| policy::content_security_policy(bytes)),
            bodies: std::iter::once(Body::new(None, bytes)).chain(siblings).collect(),
        }
    }

    fn respond(&self, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let body = self.choose(headers);
        let mut response = Response::new(Full::default());
        let out = response.headers_mut();
        out.insert(ETAG, body.etag.clone());
        out.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        let keep = if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        out.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
        out.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        out.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if let Some(policy) = &self.policy {
            out.insert(CONTENT_SECURITY_POLICY, policy.clone());
        }
        if is_known(headers, &body.etag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        out.insert(CONTENT_TYPE, self.kind.clone());
        if let Some(encoding) = body.encoding {
            out.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        *response.body_mut() = Full::new(body.bytes.clone());
        response
    }

    fn choose(&self, headers: &HeaderMap) -> &Body {
        let (plain, compressed) = (&self.bodies[0], &self.bodies[1..]);
        compressed
            .iter()
            .find(|body| body.encoding.is_some_and(|name| accepts(headers, name)))
            .unwrap_or(plain)
    }
}

impl Body {
    fn new(encoding: Option<&'static str>, bytes: &Bytes) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..15]);
        let etag = HeaderValue::from_str(&format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"0\""));
        Self { encoding, bytes: bytes.clone(), etag }
    }
}

/// Trunk puts 16 hexadecimal digits of the content's hash into the names of what it builds.
fn has_hashed_name(path: &str) -> bool {
    path.split(['-', '_', '.'])
        .any(|part| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let given = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.filter_map(|part| part.strip_prefix("q=")).any(|q| q.parse() == Ok(0.0));
        named && !refused
    })
}

fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let given = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag.as_bytes() == etag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_encoding_the_browser_takes_is_served() {
        for (accepted, encoding, body) in [
            ("gzip, deflate, br", Some("br"), "brotli"),
            ("gzip", Some("gzip"), "gz"),
            ("br;q=0, gzip;q=0.5", Some("gzip"), "gz"),
            ("identity", None, "wasm"),
        ] {
            let response =
                page().respond("/app-0123456789abcdef_bg.wasm", &given("accept-encoding", accepted));
            let headers = response.headers();
            assert_eq!(
                headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap()),
                encoding,
                "{accepted}"
            );
            assert_eq!(headers[CONTENT_TYPE], "application/wasm");
            assert_eq!(headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
            assert_eq!(format!("{:?}", response.body()), format!("{:?}", Full::new(Bytes::from(body))));
        }
        assert_eq!(page().respond("/app-0123456789abcdef_bg.wasm.br", &HeaderMap::new()).status(), 404);
    }

    #[test]
    fn what_the_browser_has_is_not_sent_again() {
        let page = page();
        let first = page.respond("/", &HeaderMap::new());
        assert_eq!(
            (first.status(), &first.headers()[CACHE_CONTROL]),
            (StatusCode::OK, &"no-cache".parse().unwrap())
        );
        let etag = first.headers()[ETAG].to_str().unwrap();
        for known in [etag.to_owned(), format!("\"x\", W/{etag}"), "*".to_owned()] {
            assert_eq!(page.respond("/", &given("if-none-match", &known)).status(), 304, "{known}");
        }
        assert_eq!(page.respond("/", &given("if-none-match", "\"x\"")).status(), 200);
    }

    #[test]
    fn a_missing_page_says_what_builds_it() {
        let none = Page::from_files([]);
        assert!(none.is_missing());
        let response = none.respond("/", &HeaderMap::new());
        assert_eq!(response.status(), 404);
        assert!(format!("{:?}", response.body()).contains("cargo xtask run"));
        assert_eq!(page().respond("/../Cargo.toml", &HeaderMap::new()).status(), 404);
    }

    fn page() -> Page {
        Page::from_files(
            [
                ("index.html", "<!doctype html>"),
                ("app-0123456789abcdef_bg.wasm", "wasm"),
                ("app-0123456789abcdef_bg.wasm.br", "brotli"),
                ("app-0123456789abcdef_bg.wasm.gz", "gz"),
            ]
            .map(|(path, bytes)| (path.to_owned(), Bytes::from(bytes))),
        )
    }

    fn given(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }
}
