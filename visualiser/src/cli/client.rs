//! Talking to a visualiser that runs: where it is, and what to say when it is not there.

use std::future::Future;

use axonscope_model::display::escape;
use axonscope_proto::{DEFAULT_ENDPOINT, ENDPOINT_VARIABLE};
use axonscope_session::Summary;
use axonscope_session::reader::{ReadError, Reader};

use super::{Exit, Failure};

/// Which visualiser to ask.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Reach {
    /// The visualiser to ask, such as http://127.0.0.1:7420 or unix:/path
    #[arg(long, value_name = "URL", env = ENDPOINT_VARIABLE, default_value = DEFAULT_ENDPOINT, hide_env_values = true)]
    pub(super) endpoint: String,
}

impl Reach {
    /// Where to dial: the first endpoint where several are given (probes dial them all), with `http://` supplied.
    pub(super) fn url(&self) -> Result<String, Failure> {
        let first = self.endpoint.split(',').next().unwrap_or_default().trim();
        if first.starts_with("https://") {
            return Err(wrong(first, "TLS is not supported yet; write http:// and stay on this machine"));
        }
        if let Some(path) = first.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err(wrong(first, "write the path of a socket after unix:")),
                path => Ok(format!("unix:{path}")),
            };
        }
        let url = if first.contains("://") { first.to_owned() } else { format!("http://{first}") };
        let unfit = |c: char| c.is_whitespace() || c.is_control();
        let has_port = url.rsplit_once(':').is_some_and(|(_, port)| port.trim_end_matches('/').parse::<u16>().is_ok());
        if has_port && url.starts_with("http://") && !url.contains(unfit) {
            Ok(url)
        } else {
            Err(wrong(first, &format!("write it like {DEFAULT_ENDPOINT}")))
        }
    }

    /// Connects.
    pub(super) async fn connect(&self) -> Result<Reader, Failure> {
        Ok(Reader::connect(&self.url()?).await?)
    }
}

fn wrong(endpoint: &str, why: &str) -> Failure {
    Failure::new(Exit::Usage, format!("\"{}\" is not an endpoint: {why}", escape(endpoint)))
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let exit = match error {
            ReadError::Endpoint(_) => Exit::Usage,
            ReadError::Unreachable(_) | ReadError::Ended(_) | ReadError::Strange(_) => Exit::Unreachable,
            ReadError::Refused(_) => Exit::Other,
        };
        // It may repeat what a stranger said.
        Failure::new(exit, escape(&error.to_string()))
    }
}

/// Whether `summary` is of the system that `--system` names: by its name, or by its title where there are several.
pub(super) fn is_called(summary: &Summary, wanted: &str) -> bool {
    summary.name == wanted || summary.title() == wanted
}

/// Runs `work` on a runtime of one thread until it ends; Ctrl-C ends it as well, and well.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<Option<T>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Other, format!("cannot start a runtime: {error}")))?;
    runtime.block_on(async {
        tokio::select! {
            // First, so that Ctrl-C is ours before the work says a word.
            biased;
            _ = tokio::signal::ctrl_c() => Ok(None),
            outcome = work => outcome.map(Some),
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn url(endpoint: &str) -> Result<String, Failure> {
        Reach { endpoint: endpoint.to_owned() }.url()
    }

    #[test]
    fn an_endpoint_may_leave_out_the_scheme() {
        assert_eq!(url("http://127.0.0.1:7420").unwrap(), "http://127.0.0.1:7420");
        assert_eq!(url("localhost:7420").unwrap(), "http://localhost:7420");
        assert_eq!(url("[::1]:7420").unwrap(), "http://[::1]:7420");
    }

    #[test]
    fn an_endpoint_may_be_a_socket() {
        assert_eq!(url("unix:/run/a.sock").unwrap(), "unix:/run/a.sock");
        assert_eq!(url("unix:///run/a.sock,http://b:2").unwrap(), "unix:/run/a.sock");
    }

    #[test]
    fn of_several_endpoints_the_first_is_asked() {
        assert_eq!(url("http://a:1, http://b:2").unwrap(), "http://a:1");
    }

    #[test]
    fn what_is_no_endpoint_is_wrong_usage_and_says_what_to_write() {
        assert_eq!(url("unix:").unwrap_err().exit, Exit::Usage);
        for endpoint in ["", "https://127.0.0.1:7420", "ftp://a:1", "127.0.0.1", "http://", "a b:1", "\u{1b}[2J:1"] {
            let failure = url(endpoint).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.sentence.contains("http://"), "{failure}");
            assert!(!failure.sentence.contains('\u{1b}') && !failure.sentence.contains('\n'), "{failure:?}");
        }
    }
}
