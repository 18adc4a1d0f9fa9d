//! Where the visualiser may listen, and what to say when it cannot.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A loopback address; port 0 is any that is free.
    Tcp(SocketAddr),
    /// A socket in the file system, for this user alone.
    Unix(PathBuf),
}

impl<T: Into<SocketAddr>> From<T> for Listen {
    fn from(address: T) -> Self {
        Listen::Tcp(address.into())
    }
}

/// As an endpoint: what a probe or a reader dials.
impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(address) => write!(f, "http://{address}"),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Why the visualiser does not listen. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Others could read and write without a token.
    #[error(
        "{0} is not a loopback address: until axonscope has tokens and TLS it listens on 127.0.0.1 or [::1] only; \
         reach it from another machine through an ssh tunnel"
    )]
    NotLoopback(SocketAddr),
    /// Somebody listens there.
    #[error(
        "{0} is taken, most likely by another axonscope (`axonscope ls --endpoint http://{0}` asks it): end that one, \
         or choose another port with --listen {ip}:0", ip = ip(.0)
    )]
    InUse(SocketAddr),
    /// The system says no.
    #[error("{0} may not be listened on by this user: choose a port above 1023, for example with --listen {ip}:0", ip = ip(.0))]
    Denied(SocketAddr),
    /// Something else.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Somebody listens at that socket.
    #[error(
        "{} is taken by another axonscope (`axonscope ls --endpoint unix:{}` asks it): end that one, or choose another path",
        .0.display(), .0.display()
    )]
    SocketInUse(PathBuf),
    /// There is something there that is no socket.
    #[error("{} is there already and is no socket: choose another path", .0.display())]
    NoSocket(PathBuf),
    /// The socket cannot be made.
    #[error("cannot listen at {}: {source}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// No thread or no event queue.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
}

fn ip(address: &SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}

/// Listens there, or says why not.
pub(crate) fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    // An IPv4 address in IPv6 clothes is what it is underneath.
    if !address.ip().to_canonical().is_loopback() {
        return Err(StartError::NotLoopback(address));
    }
    let failed = |source: io::Error| match source.kind() {
        ErrorKind::AddrInUse => StartError::InUse(address),
        ErrorKind::PermissionDenied => StartError::Denied(address),
        _ => StartError::Bind { address, source },
    };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        for address in ["0.0.0.0:0", "[::]:0", "192.168.1.1:0", "[::ffff:10.0.0.1]:0", "8.8.8.8:7420"] {
            let refused = bind(address.parse().unwrap()).unwrap_err();
            assert!(matches!(refused, StartError::NotLoopback(_)), "{address}: {refused}");
            let line = refused.to_string();
            assert!(line.contains("127.0.0.1") && !line.contains('\n'), "{line}");
        }
        for address in ["127.0.0.1:0", "127.3.2.1:0"] {
            assert_ne!(bind(address.parse().unwrap()).unwrap().1.port(), 0, "{address}");
        }
    }

    #[test]
    fn a_taken_port_is_named_with_a_way_out() {
        let (_listener, address) = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let line = bind(address).unwrap_err().to_string();
        assert!(line.contains(&address.to_string()) && line.contains("--listen 127.0.0.1:0"), "{line}");
    }
}
