//! Where a visualiser listens, and whether it may be dialled there.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use axonscope_proto::DEFAULT_ENDPOINT;
use thiserror::Error;
use tonic::transport::{Endpoint, Uri};

use crate::limits::ENDPOINTS;

/// Where a visualiser listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Address {
    Tcp(Uri),
    Unix(PathBuf),
}

/// A visualiser to be dialled.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) endpoint: Endpoint,
    /// As a person would write it.
    pub(crate) address: String,
}

impl Destination {
    /// Where a visualiser listens unless it is told otherwise.
    pub(crate) fn usual() -> Self {
        Self { endpoint: Endpoint::from_static(DEFAULT_ENDPOINT), address: DEFAULT_ENDPOINT.to_owned() }
    }
}

/// An address that a probe cannot, or may not, dial.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It looks neither like `http://host:port` nor like `unix:/path`.
    #[error("{0:?} is not an endpoint: it should look like http://127.0.0.1:7420 or unix:/run/axonscope.sock")]
    NotAnEndpoint(String),
    /// It asks for TLS, which this probe does not speak yet.
    #[error("{0:?} asks for TLS, which the probe does not speak yet: use http:// on loopback, or through a tunnel")]
    Tls(String),
    /// Plain http to another machine: everybody on the way could read along.
    #[error("{0:?} is plain http to another machine: dial loopback, or allow it with insecure(true)")]
    Insecure(String),
    /// There are more than may be dialled at the same time.
    #[error("{0} endpoints are too many: at most {ENDPOINTS} visualisers are told at the same time")]
    TooMany(usize),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(uri) => {
                write!(f, "{}://{}", uri.scheme_str().unwrap_or("http"), uri.authority().map_or("", |a| a.as_str()))
            }
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Understands `http://host:port`, with or without a slash at the end, and `unix:/path`.
pub(crate) fn parse(text: &str) -> Result<Address, EndpointError> {
    let text = text.trim();
    let not_an_endpoint = || EndpointError::NotAnEndpoint(text.to_owned());
    if let Some(path) = text.strip_prefix("unix:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return if path.starts_with('/') { Ok(Address::Unix(path.into())) } else { Err(not_an_endpoint()) };
    }
    let uri: Uri = text.parse().map_err(|_| not_an_endpoint())?;
    if uri.scheme_str() == Some("https") {
        return Err(EndpointError::Tls(text.to_owned()));
    }
    let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    let is_whole = uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty());
    if is_bare && is_whole { Ok(Address::Tcp(uri)) } else { Err(not_an_endpoint()) }
}

/// What to dial, unless that is too much or needs an `insecure` that was not given. One that is named twice is dialled once.
pub(crate) fn allow(addresses: Vec<Address>, insecure: bool) -> Result<Vec<Destination>, EndpointError> {
    let mut once: Vec<Address> = Vec::new();
    for address in addresses {
        if !once.contains(&address) {
            once.push(address);
        }
    }
    if once.len() > ENDPOINTS {
        return Err(EndpointError::TooMany(once.len()));
    }
    once.into_iter().map(|address| allow_one(address, insecure)).collect()
}

fn allow_one(address: Address, insecure: bool) -> Result<Destination, EndpointError> {
    let endpoint = match &address {
        Address::Unix(_) => {
            Endpoint::from_shared(address.to_string()).map_err(|_| EndpointError::NotAnEndpoint(address.to_string()))?
        }
        Address::Tcp(uri) if insecure || is_loopback(uri) => Endpoint::from(uri.clone()),
        Address::Tcp(_) => return Err(EndpointError::Insecure(address.to_string())),
    };
    Ok(Destination { endpoint, address: address.to_string() })
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_looks_like_an_endpoint_is_understood() {
        for text in [
            "http://127.0.0.1:7420",
            "http://127.0.0.1:7420/",
            " http://localhost:1 ",
            "http://[::1]:7420",
            "unix:/run/axonscope.sock",
            "unix:///run/axonscope.sock",
        ] {
            assert!(allow(vec![parse(text).unwrap()], false).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_does_not_is_refused_with_an_example() {
        for text in [
            "",
            "7420",
            "127.0.0.1:7420",
            "ftp://localhost:7420",
            "http://",
            "http://a b",
            "http://a/path?x",
            "unix:",
            "unix:here",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error, EndpointError::NotAnEndpoint(text.into()));
            assert!(error.to_string().contains("http://127.0.0.1:7420"));
        }
    }

    #[test]
    fn tls_is_named_as_missing() {
        assert!(matches!(parse("https://localhost:7420"), Err(EndpointError::Tls(_))));
    }

    #[test]
    fn plain_http_to_another_machine_needs_insecure() {
        for text in
            ["http://192.168.0.9:7420", "http://viewer.example:7420", "http://0.0.0.0:1", "http://localhost.example:1"]
        {
            assert!(matches!(allow(vec![parse(text).unwrap()], false), Err(EndpointError::Insecure(_))), "{text}");
            assert!(allow(vec![parse(text).unwrap()], true).is_ok(), "{text}");
        }
    }

    #[test]
    fn one_that_is_named_twice_is_dialled_once_and_too_many_are_refused() {
        let all = ["http://127.0.0.1:1", "unix:/a", "unix:///a", "http://127.0.0.1:1/"]
            .map(|text| parse(text).unwrap())
            .to_vec();
        assert_eq!(allow(all, false).unwrap().len(), 2);
        let many = (1..=9).map(|port| parse(&format!("http://127.0.0.1:{port}")).unwrap()).collect();
        assert!(matches!(allow(many, false), Err(EndpointError::TooMany(9))));
    }
}
