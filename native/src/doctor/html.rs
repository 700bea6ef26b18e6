//! The report as one page that needs nothing else: no script, no font, no picture from elsewhere.

mod timeline;

use std::fmt::Write as _;

use heartline_core::doctor::{Report, Statement, Story};

/// Colours of day and night are the reader's choice; those of the marks are told apart without colour, too, by height.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6570;--paper:#fff;--card:#f4f6f8;--rule:#d5dbe1;--client:#0b62c4;--server:#b3541e;\
--probe:#7a52b3;--bad:#b3261e;--good:#1a7f37}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--paper:#14171a;--card:#1d2226;--rule:#363d44;--client:#6cb0ff;\
--server:#f0975a;--probe:#b999f2;--bad:#ff8a80;--good:#5fd07f}}\
body{margin:2rem auto;max-width:70rem;padding:0 1rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}.soft{color:var(--soft)}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0;border-bottom:1px solid var(--rule);overflow-wrap:anywhere}\
th{font-weight:600;white-space:nowrap}pre{background:var(--card);padding:1rem;overflow:auto}\
.lines th{width:16rem}.sure{color:var(--soft);white-space:nowrap}svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font:12px system-ui,sans-serif}\
.axis{stroke:var(--rule)}.life{stroke:var(--soft);stroke-width:2}.client{stroke:var(--client)}.server{stroke:var(--server)}.probe{fill:var(--probe)}\
.asked{stroke:var(--soft);stroke-dasharray:2 2}.ended{stroke:var(--bad);stroke-width:3}.stood{fill:var(--good)}";

/// The page. Everything that came from the wire is text in it, and nothing else.
pub(super) fn page(report: &Report) -> String {
    let mut page = String::with_capacity(64 << 10);
    let cause = report.verdict.cause.sentence();
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>heartline doctor: {url}</title><style>{STYLE}</style></head><body>\n\
         <h1>{cause}</h1>\n<p>{headline}</p>\n<p class=\"soft\">{url}, {started}, watched for {lasted:.1} s</p>\n",
        url = text(&report.url),
        cause = text(&cause),
        headline = text(&report.verdict.headline),
        started = text(&report.started),
        lasted = report.watch.lasted.as_secs_f64(),
    );
    let verdict = &report.verdict;
    statements(&mut page, "Conclusion", &verdict.conclusion);
    statements(&mut page, "Advice", &verdict.advice);
    statements(&mut page, "Evidence", &verdict.evidence);
    lines(&mut page, report);
    table(&mut page, "Survey", report.survey.rows());
    let keepalives = verdict.keepalives.iter().map(|keepalive| ("", keepalive.text.clone()));
    table(&mut page, "Three keep-alives on this line", keepalives);
    let _ = write!(
        page,
        "<h2>Policy</h2>\n<p class=\"soft\">For <code>heartline --policy FILE</code>.</p>\n<pre>{}</pre>\n</body></html>\n",
        text(&report.policy.to_json())
    );
    page
}

fn statements(page: &mut String, title: &str, statements: &[Statement]) {
    if statements.is_empty() {
        return;
    }
    let _ = write!(page, "<h2>{title}</h2>\n<table>");
    for Statement { sureness, text: words } in statements {
        let _ = write!(page, "<tr><td class=\"sure\">{}</td><td>{}</td></tr>", sureness.word(), text(words));
    }
    page.push_str("</table>\n");
}

fn table(page: &mut String, title: &str, rows: impl IntoIterator<Item = (&'static str, String)>) {
    let _ = write!(page, "<h2>{title}</h2>\n<table>");
    for (what, value) in rows {
        let what = if what.is_empty() { String::new() } else { format!("<th>{what}</th>") };
        let _ = write!(page, "<tr>{what}<td>{}</td></tr>", text(&value));
    }
    page.push_str("</table>\n");
}

fn lines(page: &mut String, report: &Report) {
    if report.stories.is_empty() {
        return;
    }
    let _ = write!(
        page,
        "<h2>The lines</h2>\n<p class=\"soft\">Each from its handshake to its end. Upwards: from us; downwards: from the server. Long \
         strokes are messages, short ones ping and pong frames, dots TCP keepalive probes; a dashed stroke is our last \
         question. A thick stroke is an end, a triangle a line that stood.</p>\n<table class=\"lines\">"
    );
    let longest = report.stories.iter().map(Story::end).max().unwrap_or_default();
    for story in &report.stories {
        let _ = write!(
            page,
            "<tr><th>{} <span class=\"soft\">{}</span><br><small class=\"soft\">{}</small></th><td>{}</td></tr>",
            story.number,
            text(story.life.words()),
            text(&story.what_became()),
            timeline::picture(story, longest)
        );
    }
    page.push_str("</table>\n");
}

/// Text as HTML takes it, also between quotes; what controls a reader's eye is written out.
fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for line in raw.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        for c in crate::output::escape::escaped(line).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use heartline_core::doctor::{
        Ending, Fate, FirstMessage, How, Life, Mark, Sign, Survey, TcpKeepalive, Watch,
    };

    use super::*;

    #[test]
    fn what_came_from_the_wire_stays_text() {
        let evil = "</td><script>alert('1')</script>\u{202e}";
        let second = Duration::from_secs;
        let survey = Survey {
            host: evil.into(),
            first_message: Some(FirstMessage {
                after: second(1),
                binary: false,
                bytes: 3,
                beginning: evil.into(),
            }),
            ..Survey::default()
        };
        let story = Story {
            number: 1,
            life: Life::Silence,
            opened: Duration::ZERO,
            marks: vec![Mark { at: second(1), sign: Sign::ServerData }],
            probed: Some(second(2)),
            fate: Fate::Ended(Ending {
                at: second(3),
                how: How::CloseFrame { code: 4000, reason: evil.into() },
            }),
        };
        let watch = Watch { lasted: second(3), ..Watch::default() };
        let report =
            Report::new(evil.into(), "now".into(), watch, survey, vec![story], TcpKeepalive::default());
        let page = page(&report);
        assert!(!page.contains("<script") && !page.contains('\u{202e}'), "{page}");
        assert!(page.contains("&lt;script&gt;") && page.contains("<svg"), "{page}");
        assert!(
            !page.contains("http://") && !page.contains("src="),
            "it needs nothing from elsewhere: {page}"
        );
    }
}
