//! The flags about the way to a server, for every command that takes one.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{UsageError, quantity::duration};
use crate::client::dial::{Credentials, LazyTls, Proxies, Request, TlsOptions};

/// What to ask with, whom to trust and which way to go.
#[derive(Args, Clone, Debug)]
pub struct WayArgs {
    /// Add a header to the handshake, as "Name: value" (repeatable).
    #[arg(long, short = 'H', value_name = "HEADER", help_heading = "Handshake")]
    pub header: Vec<String>,
    /// Claim to come from a page of this origin.
    #[arg(long, short = 'o', help_heading = "Handshake")]
    pub origin: Option<String>,
    /// Authenticate with a name and a password.
    #[arg(
        long,
        value_name = "USER:PASSWORD",
        env = "HEARTLINE_BASIC_AUTH",
        hide_env_values = true,
        help_heading = "Handshake"
    )]
    pub basic_auth: Option<String>,

    /// Trust the authorities of this PEM file instead of the system's.
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub ca: Option<PathBuf>,
    /// Show the server this certificate (PEM, with its chain).
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "TLS")]
    pub cert: Option<PathBuf>,
    /// The private key of --cert (PEM).
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    pub key: Option<PathBuf>,
    /// Take any certificate: encrypted, but nobody knows to whom.
    #[arg(long, short = 'k', conflicts_with = "ca", help_heading = "TLS")]
    pub insecure: bool,

    /// Go through this proxy: http://, https:// (both by CONNECT), socks5:// or socks5h:// (which resolves names
    /// itself), with user:password@ if it wants them; '' for none. Without the flag, http_proxy (for ws),
    /// https_proxy (for wss), all_proxy and no_proxy decide.
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub proxy: Option<String>,
    /// Give up a dial after this time.
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Network")]
    pub dial_timeout: Option<Duration>,
}

impl WayArgs {
    /// The handshake's headers, without subprotocols.
    ///
    /// # Errors
    /// [`UsageError`] with the flag at fault.
    pub fn request(&self) -> Result<Request, UsageError> {
        let mut request = Request::default();
        for header in &self.header {
            request.add_header(header).map_err(|error| UsageError(format!("--header: {error}")))?;
        }
        if let Some(origin) = &self.origin {
            request.set_origin(origin).map_err(|error| UsageError(format!("--origin: {error}")))?;
        }
        if let Some(typed) = &self.basic_auth {
            let credentials =
                Credentials::parse(typed).map_err(|error| UsageError(format!("--basic-auth: {error}")))?;
            request.basic_auth = Some(credentials);
        }
        Ok(request)
    }

    /// Files that were named are read now; the system's authorities only when a dial needs them.
    ///
    /// # Errors
    /// [`UsageError`] names the file and what is wrong with it.
    pub fn tls(&self, needed: bool) -> Result<LazyTls, UsageError> {
        let identity = self.cert.clone().zip(self.key.clone());
        let named = self.ca.is_some() || identity.is_some();
        let tls = LazyTls::new(TlsOptions { ca: self.ca.clone(), identity, insecure: self.insecure });
        if needed && named {
            tls.read().map_err(|error| UsageError(error.to_string()))?;
        }
        Ok(tls)
    }

    /// The ways around.
    ///
    /// # Errors
    /// [`UsageError`] if `--proxy` cannot be one.
    pub fn proxies(&self) -> Result<Proxies, UsageError> {
        match &self.proxy {
            Some(url) => Proxies::always(url).map_err(|error| UsageError(format!("--proxy: {error}"))),
            None => Ok(Proxies::from_env()),
        }
    }
}
