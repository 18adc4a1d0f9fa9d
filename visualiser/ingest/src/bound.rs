//! Listeners that are open: at an address, or at a socket in the file system that goes when they do.

use std::io;
#[cfg(unix)]
use std::path::{Path, PathBuf};

use tonic::transport::server::{Router, TcpIncoming};

use crate::address::{self, Listen, StartError};

/// One open listener.
pub(crate) enum Bound {
    Tcp(std::net::TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener, SocketFile),
}

impl Bound {
    /// Listens there; answers where that is, with the port that was found.
    pub(crate) fn open(listen: &Listen) -> Result<(Bound, Listen), StartError> {
        match listen {
            Listen::Tcp(address) => {
                let (listener, address) = address::bind(*address)?;
                Ok((Bound::Tcp(listener), Listen::Tcp(address)))
            }
            #[cfg(unix)]
            Listen::Unix(path) => {
                let (listener, file) = bind_socket(path)?;
                Ok((Bound::Unix(listener, file), listen.clone()))
            }
            #[cfg(not(unix))]
            Listen::Unix(path) => {
                let source = io::Error::from(io::ErrorKind::Unsupported);
                Err(StartError::Socket { path: path.clone(), source })
            }
        }
    }

    /// Serves until it is dropped.
    pub(crate) async fn serve(self, router: Router) -> io::Result<()> {
        match self {
            Bound::Tcp(listener) => {
                let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener)?);
                router.serve_with_incoming(incoming.with_nodelay(Some(true))).await.map_err(io::Error::other)
            }
            #[cfg(unix)]
            Bound::Unix(listener, _file) => {
                let listener = tokio::net::UnixListener::from_std(listener)?;
                let incoming = tokio_stream::wrappers::UnixListenerStream::new(listener);
                router.serve_with_incoming(incoming).await.map_err(io::Error::other)
            }
        }
    }
}

/// A socket's name in the file system. Taken away when dropped, unless somebody else has put another one there.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|now| now == self.identity) {
            // Whoever finds it later finds nobody behind it, and takes its place.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let data = std::fs::symlink_metadata(path)?;
    Ok((data.dev(), data.ino()))
}

/// Listens at a socket that only this user can open, from its first instant on: it is made in a folder that nobody else
/// can enter, and moved to its place when its mode is set.
#[cfg(unix)]
fn bind_socket(path: &Path) -> Result<(std::os::unix::net::UnixListener, SocketFile), StartError> {
    use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
    use std::os::unix::net::{UnixListener, UnixStream};
    let failed = |source: io::Error| StartError::Socket { path: path.to_owned(), source };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        Ok(data) if !data.file_type().is_socket() => return Err(StartError::NoSocket(path.to_owned())),
        // Nobody listens at the socket of a visualiser that died.
        Ok(_) => match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(error) => return Err(failed(error)),
            Ok(_) => return Err(StartError::SocketInUse(path.to_owned())),
        },
    }
    let mut folder = path.as_os_str().to_owned();
    folder.push(format!(".{}", std::process::id()));
    let folder = PathBuf::from(folder);
    // Left over from a process of the same number that died in between.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
    let made = (|| {
        let socket = folder.join("s");
        let listener = UnixListener::bind(&socket)?;
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        let file = SocketFile { path: path.to_owned(), identity: identity(&socket)? };
        std::fs::rename(&socket, path)?;
        Ok((listener, file))
    })();
    let _ = std::fs::remove_dir_all(&folder);
    made.map_err(failed)
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder of its own, gone with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let folder = std::env::temp_dir().join(format!("axonscope-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir(&folder).unwrap();
            Folder(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_socket_is_for_this_user_alone_and_goes_with_its_listener() {
        let folder = Folder::new("mode");
        let path = folder.0.join("a.sock");
        let held = bind_socket(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1, "nothing else is left beside it");
        drop(held);
        assert!(!path.exists());
    }

    #[test]
    fn a_dead_socket_is_replaced_and_a_living_one_is_not() {
        let folder = Folder::new("stale");
        let path = folder.0.join("a.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "its file stays when a process dies");
        let held = bind_socket(&path).unwrap();
        let refused = bind_socket(&path).unwrap_err();
        assert!(matches!(refused, StartError::SocketInUse(_)), "{refused}");
        assert!(!refused.to_string().contains('\n'), "{refused}");
        drop(held);
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let folder = Folder::new("file");
        let path = folder.0.join("letter");
        std::fs::write(&path, "dear").unwrap();
        assert!(matches!(bind_socket(&path).unwrap_err(), StartError::NoSocket(_)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "dear");
        let nowhere = bind_socket(&folder.0.join("no/such/folder")).unwrap_err();
        assert!(matches!(nowhere, StartError::Socket { .. }), "{nowhere}");
    }

    #[test]
    fn the_socket_of_a_successor_stays() {
        let folder = Folder::new("successor");
        let path = folder.0.join("a.sock");
        let older = bind_socket(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let _newer = bind_socket(&path).unwrap();
        drop(older);
        assert!(path.exists());
    }
}
