//! What points to who answered. Header fields are easily set, passed on or left out: evidence, never certainty.

use super::fields::Fields;

/// A field that points to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The field's name, as spelled.
    pub field: String,
    /// Its value.
    pub value: String,
    /// Whom it points to.
    pub suggests: &'static str,
}

/// Fields that only one product sets, whatever their value. From each product's own documentation.
const TELLING: [(&str, &str); 14] = [
    ("cf-ray", "Cloudflare"),
    ("x-amz-cf-id", "Amazon CloudFront"),
    ("x-amzn-trace-id", "an AWS load balancer"),
    ("x-azure-ref", "Azure Front Door"),
    ("x-cloud-trace-context", "Google Cloud"),
    ("x-envoy-upstream-service-time", "Envoy"),
    ("x-served-by", "Fastly or Varnish"),
    ("x-varnish", "Varnish"),
    ("x-vercel-id", "Vercel"),
    ("fly-request-id", "Fly.io"),
    ("x-nf-request-id", "Netlify"),
    ("x-haproxy-server-state", "HAProxy"),
    ("x-kong-upstream-latency", "Kong"),
    ("x-powered-by", "the application itself"),
];

/// What `Server` begins with.
const SERVERS: [(&str, &str); 20] = [
    ("nginx", "nginx"),
    ("openresty", "OpenResty, an nginx"),
    ("cloudflare", "Cloudflare"),
    ("awselb", "an AWS load balancer"),
    ("cloudfront", "Amazon CloudFront"),
    ("envoy", "Envoy"),
    ("istio-envoy", "Envoy under Istio"),
    ("apache", "Apache httpd"),
    ("caddy", "Caddy"),
    ("microsoft-iis", "IIS"),
    ("microsoft-azure-application-gateway", "Azure Application Gateway"),
    ("google frontend", "Google's front end"),
    ("varnish", "Varnish"),
    ("haproxy", "HAProxy"),
    ("squid", "Squid"),
    ("kestrel", "an ASP.NET application"),
    ("uvicorn", "a Python application"),
    ("gunicorn", "a Python application"),
    ("werkzeug", "a Python application"),
    ("tornadoserver", "a Python application"),
];

/// Everything in a head that points to who sent it, or through whom it came.
#[must_use]
pub fn evidence(fields: &Fields) -> Vec<Evidence> {
    let told = fields.iter().filter_map(|field| {
        let name = field.name.to_ascii_lowercase();
        let suggests = match name.as_str() {
            "server" => server(&field.value),
            "via" => "a proxy that names itself",
            other => TELLING.iter().find(|(telling, _)| *telling == other)?.1,
        };
        Some(Evidence { field: field.name.clone(), value: field.value.clone(), suggests })
    });
    told.collect()
}

fn server(value: &str) -> &'static str {
    let value = value.to_ascii_lowercase();
    // The longer name first: "istio-envoy" and the like stand for themselves.
    let known = SERVERS.iter().filter(|(name, _)| value.starts_with(name));
    known.max_by_key(|(name, _)| name.len()).map_or("a server of that name", |(_, product)| product)
}
