//! Secrets in a head.

/// Overwrites credentials, cookies, values of queries, and names and passwords in URLs.
pub(super) fn veil_head(head: &mut [u8]) {
    for (number, line) in head.split_mut(|byte| *byte == b'\n').enumerate() {
        let line = match line {
            [text @ .., b'\r'] => text,
            text => text,
        };
        if number == 0 {
            veil_url(line);
        } else if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            let (name, value) = line.split_at_mut(colon);
            veil_field(name, &mut value[1..]);
        } else {
            // The rest of a folded value, or the beginning of a field that was cut off: it may be of a secret.
            stars(line);
        }
    }
}

fn veil_field(name: &[u8], value: &mut [u8]) {
    let name = name.trim_ascii().to_ascii_lowercase();
    match name.as_slice() {
        b"authorization" | b"proxy-authorization" => veil_credentials(value),
        b"cookie" | b"set-cookie" => stars(trimmed(value)),
        b"sec-websocket-protocol" => veil_subprotocols(value),
        b"location" | b"content-location" | b"origin" | b"referer" | b"link" | b"refresh" => veil_url(value),
        _ => {}
    }
}

/// The scheme may be seen, if it is one that everybody knows.
fn veil_credentials(value: &mut [u8]) {
    const SCHEMES: [&[u8]; 4] = [b"basic ", b"bearer ", b"digest ", b"negotiate "];
    let value = trimmed(value);
    let scheme = SCHEMES.iter().find(|scheme| value.to_ascii_lowercase().starts_with(scheme));
    let known = scheme.map_or(0, |scheme| scheme.len());
    stars(&mut value[known..]);
}

/// Some servers take a token as a subprotocol, since a page can send no header: behind the word (Kubernetes:
/// `base64url.bearer.authorization.k8s.io.…`), or as the next one (`bearer, …`).
fn veil_subprotocols(value: &mut [u8]) {
    const TELLING: [&[u8]; 3] = [b"bearer", b"token", b"authorization"];
    let mut is_next = false;
    for item in value.split_mut(|byte| *byte == b',') {
        let item = trimmed(item);
        let lower = item.to_ascii_lowercase();
        let tells = TELLING.iter().any(|word| lower.windows(word.len()).any(|part| part == *word));
        let is_secret = std::mem::replace(&mut is_next, tells);
        if is_secret {
            stars(item);
        } else if tells {
            let last = item.iter().rposition(|byte| matches!(byte, b'.' | b'=' | b'-' | b':'));
            stars(last.map_or(&mut [], |last| &mut item[last + 1..]));
        }
    }
}

/// The values of a query, and what stands before an `@`.
fn veil_url(url: &mut [u8]) {
    if let Some(scheme) = url.windows(3).position(|part| part == b"://") {
        let authority = &mut url[scheme + 3..];
        let end =
            authority.iter().position(|byte| matches!(byte, b'/' | b'?' | b' ')).unwrap_or(authority.len());
        if let Some(at) = authority[..end].iter().rposition(|byte| *byte == b'@') {
            stars(&mut authority[..at]);
        }
    }
    let Some(question) = url.iter().position(|byte| *byte == b'?') else { return };
    let query = &mut url[question + 1..];
    let end = query.iter().position(|byte| *byte == b' ').unwrap_or(query.len());
    for pair in query[..end].split_mut(|byte| *byte == b'&') {
        let value = pair.iter().position(|byte| *byte == b'=').map_or(0, |equals| equals + 1);
        stars(&mut pair[value..]);
    }
}

fn stars(bytes: &mut [u8]) {
    bytes.fill(b'*');
}

fn trimmed(bytes: &mut [u8]) -> &mut [u8] {
    let from = bytes.len() - bytes.trim_ascii_start().len();
    let to = from + bytes.trim_ascii().len();
    &mut bytes[from..to]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn veiled(line: &str) -> String {
        let mut head = format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n").into_bytes();
        veil_head(&mut head);
        let text = String::from_utf8(head).unwrap();
        text.lines().nth(1).unwrap().to_owned()
    }

    #[test]
    fn each_kind_of_secret_is_overwritten() {
        for (line, shown) in [
            ("Authorization: Basic YTpi", "Authorization: Basic ****"),
            ("PROXY-authorization:  MyOwn abc", "PROXY-authorization:  *********"),
            ("Cookie: a=b; c=d ", "Cookie: ******** "),
            ("Set-Cookie: a=b", "Set-Cookie: ***"),
            ("Location: wss://u:p@h.example/x?a=1&b", "Location: wss://***@h.example/x?a=*&*"),
            ("Sec-WebSocket-Protocol: chat, bearer, s.3", "Sec-WebSocket-Protocol: chat, bearer, ***"),
            ("Sec-WebSocket-Protocol: x.bearer.io.s3c, v4", "Sec-WebSocket-Protocol: x.bearer.io.***, **"),
            ("Sec-WebSocket-Protocol: graphql-ws", "Sec-WebSocket-Protocol: graphql-ws"),
            ("Server: nginx", "Server: nginx"),
        ] {
            assert_eq!(veiled(line), shown);
        }
    }

    #[test]
    fn a_secret_on_a_folded_line_is_overwritten_too() {
        let mut head = b"GET / HTTP/1.1\r\nAuthorization: Bearer a\r\n bcd\r\n\r\n".to_vec();
        veil_head(&mut head);
        assert!(head.ends_with(b"Bearer *\r\n****\r\n\r\n"), "{}", String::from_utf8_lossy(&head));
    }
}
