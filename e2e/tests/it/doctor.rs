//! What `heartline doctor` found, on the page.

use heartline_e2e::{Browser, Page, Server, page::Key};

in_both_browsers!(a_report_of_the_doctor_is_shown, what_is_no_report_is_refused);

async fn a_report_of_the_doctor_is_shown(browser: Browser) {
    let server = Server::start().await;
    let report = examine(&server.line("/echo")).await;
    let page = browser.open(&server.page()).await;
    page.click("[data-testid='tab-doctor']").await;
    let hint = page.text("[data-testid='doctor-hint']").await.unwrap();
    assert!(hint.contains("heartline doctor wss://"), "{hint}");

    paste(&page, &report.to_string()).await;
    page.click("[data-testid='doctor-show']").await;
    page.wait_text("[data-testid='doctor-cause']", "the verdict", |text| {
        text == "Nothing ended within the watch"
    })
    .await;
    let advice = page.text("[data-testid='doctor-advice']").await.unwrap();
    assert!(advice.contains(report["verdict"]["advice"][0]["text"].as_str().unwrap()), "{advice}");
    let shown =
        page.run("return document.querySelectorAll(`[data-testid='story'] svg path`).length", vec![]).await;
    let stories = report["stories"].as_array().unwrap().len();
    assert!(shown.as_u64().unwrap() >= 3 * stories as u64, "axis, life and fate of each: {shown}");
    let ends = page.text("[data-testid='story-end']").await.unwrap();
    assert!(ends.contains("stood"), "{ends}");

    page.click("[data-testid='doctor-policy']").await;
    let policy = page.chat().policy().await;
    assert_eq!(policy["heartbeat"], report["policy"]["heartbeat"], "it beats as the doctor advises");
}

async fn what_is_no_report_is_refused(browser: Browser) {
    let server = Server::start().await;
    let page = browser.open(&server.page()).await;
    page.click("[data-testid='tab-doctor']").await;
    page.write("[data-testid='doctor-json']", "{\"version\": 1}").await;
    page.tab_to("doctor-show").await;
    page.press(Key::Enter).await;
    let refused = |text: &str| text.contains("no report of `heartline doctor --json`");
    page.wait_text("[data-testid='doctor-complaint']", "a complaint", refused).await;
    assert_eq!(page.value("[data-testid='doctor-json']").await.as_deref(), Some("{\"version\": 1}"));

    // Two gigabytes, as the browser tells of them before it reads any.
    let choose = "const big = new File(['{}'], 'big.json'); Object.defineProperty(big, 'size', { value: 2 ** 31 }); \
         const input = document.querySelector(`[data-testid='doctor-file']`); \
         Object.defineProperty(input, 'files', { value: { length: 1, item: () => big, 0: big }, configurable: true }); \
         input.dispatchEvent(new Event('change', { bubbles: true }))";
    page.run(choose, vec![]).await;
    let too_large = |text: &str| text.contains("big.json has") && text.contains("at most");
    page.wait_text("[data-testid='doctor-complaint']", "a file too large", too_large).await;
}

/// Puts a long text into the field, as pasting does.
async fn paste(page: &Page, text: &str) {
    let script = "const field = document.querySelector(`[data-testid='doctor-json']`); field.value = arguments[0]; \
         field.dispatchEvent(new Event('input', { bubbles: true }))";
    page.run(script, vec![text.into()]).await;
}

async fn examine(url: &str) -> serde_json::Value {
    let mut doctor = heartline_e2e::heartline();
    doctor.args(["doctor", "--for", "2s", "--json", url]);
    let examined = tokio::task::spawn_blocking(move || doctor.output()).await.unwrap().unwrap();
    assert!(examined.status.success(), "{}", String::from_utf8_lossy(&examined.stderr));
    serde_json::from_slice(&examined.stdout).expect("the doctor writes JSON")
}
