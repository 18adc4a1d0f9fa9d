//! Where a visualiser listens, and whether it may be dialled there.

use std::net::IpAddr;

use thiserror::Error;
use tonic::transport::{Endpoint, Uri};

/// An address that a probe cannot, or may not, dial.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum EndpointError {
    /// It does not look like `http://host:port`.
    #[error("{0:?} is not an endpoint: it should look like http://127.0.0.1:7420")]
    NotAnEndpoint(String),
    /// It asks for TLS, which this probe does not speak yet.
    #[error("{0:?} asks for TLS, which the probe does not speak yet: use http:// on loopback, or through a tunnel")]
    Tls(String),
    /// Plain http to another machine: everybody on the way could read along.
    #[error("{0:?} is plain http to another machine: dial loopback, or allow it with insecure(true)")]
    Insecure(String),
}

/// Understands `http://host:port`, with or without a slash at the end.
pub(crate) fn parse(text: &str) -> Result<Uri, EndpointError> {
    let text = text.trim();
    let not_an_endpoint = || EndpointError::NotAnEndpoint(text.to_owned());
    let uri: Uri = text.parse().map_err(|_| not_an_endpoint())?;
    if uri.scheme_str() == Some("https") {
        return Err(EndpointError::Tls(text.to_owned()));
    }
    let is_bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    let is_whole = uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty());
    if is_bare && is_whole { Ok(uri) } else { Err(not_an_endpoint()) }
}

/// What to dial, unless that needs an `insecure` that was not given.
pub(crate) fn allow(uri: Uri, insecure: bool) -> Result<Endpoint, EndpointError> {
    if insecure || is_loopback(&uri) { Ok(Endpoint::from(uri)) } else { Err(EndpointError::Insecure(uri.to_string())) }
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
        for text in ["http://127.0.0.1:7420", "http://127.0.0.1:7420/", " http://localhost:1 ", "http://[::1]:7420"] {
            assert!(allow(parse(text).unwrap(), false).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_does_not_is_refused_with_an_example() {
        for text in ["", "7420", "127.0.0.1:7420", "ftp://localhost:7420", "http://", "http://a b", "http://a/path?x"] {
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
            assert!(matches!(allow(parse(text).unwrap(), false), Err(EndpointError::Insecure(_))), "{text}");
            assert!(allow(parse(text).unwrap(), true).is_ok(), "{text}");
        }
    }
}
