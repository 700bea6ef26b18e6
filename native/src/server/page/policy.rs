//! The page's Content-Security-Policy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use sha2::{Digest, Sha256};

/// What a page of these bytes may do. Trunk starts the page from an inline script, so each inline script is allowed by
/// its hash, and nothing else inline is. WebSockets may go anywhere: poking foreign servers is what the Echo tab is for.
pub(super) fn content_security_policy(html: &[u8]) -> HeaderValue {
    let html = String::from_utf8_lossy(html);
    let hashes: String = inline_scripts(&html)
        .map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script.as_bytes()))))
        .collect();
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'self'"))
}

/// The text between `<script …>` and `</script>` of each script without a `src`.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let tag = &rest[find(rest, "<script")? + "<script".len()..];
            let (attributes, body) = tag.split_at(tag.find('>')?);
            let body = &body[1..];
            let (script, after) = body.split_at(find(body, "</script")?);
            rest = after;
            let has_source = attributes.split_ascii_whitespace().any(|word| word.starts_with("src="));
            if !has_source {
                return Some(script);
            }
        }
    })
}

fn find(text: &str, ascii: &str) -> Option<usize> {
    text.as_bytes().windows(ascii.len()).position(|window| window.eq_ignore_ascii_case(ascii.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_inline_script_is_allowed_by_its_hash_and_nothing_else_is() {
        let html =
            "<script type=\"module\">\nalert(1)\n</script><SCRIPT src=\"a.js\"></SCRIPT><script>b</script>";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["\nalert(1)\n", "b"]);

        let policy = content_security_policy(b"<script>alert('Hello, world.');</script>");
        let policy = policy.to_str().unwrap();
        // The example of the CSP specification.
        assert!(policy.contains("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"), "{policy}");
        let scripts = policy.split(';').find(|part| part.contains("script-src")).unwrap();
        assert!(!scripts.contains("unsafe-inline"), "{policy}");
    }

    #[test]
    fn broken_html_does_no_harm() {
        for html in ["<script", "<script>", "<script>x", "<script>ä</scrip", ""] {
            assert_eq!(inline_scripts(html).count(), 0, "{html}");
        }
    }
}
