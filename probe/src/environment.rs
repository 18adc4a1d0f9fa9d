//! What the environment says, for what the program leaves open. A bad value is one warning and never an error.

use std::ffi::OsString;

use axonscope_proto::{DEFAULT_ENDPOINT, ENDPOINT_VARIABLE};
use tonic::transport::Endpoint;
use tracing::{dispatcher, warn};

use crate::endpoint;

/// The environment variable that names the system.
pub(crate) const NAME_VARIABLE: &str = "AXONSCOPE_NAME";

/// The variables this crate knows, read once.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) name: Option<String>,
    /// One clear sentence for each bad value.
    pub(crate) warnings: Vec<String>,
}

impl Environment {
    /// Reads variables through `get`. An endpoint off loopback counts as bad unless `insecure`.
    pub(crate) fn read(get: impl Fn(&str) -> Option<OsString>, insecure: bool) -> Self {
        let mut environment = Self::default();
        if let Some(value) = get(ENDPOINT_VARIABLE) {
            let value = value.to_string_lossy();
            match endpoint::parse(&value).and_then(|uri| endpoint::allow(uri, insecure)) {
                Ok(endpoint) => environment.endpoint = Some(endpoint),
                Err(error) => environment.warn(format!("{ENDPOINT_VARIABLE}: {error}; dialling {DEFAULT_ENDPOINT}")),
            }
        }
        match get(NAME_VARIABLE).map(OsString::into_string) {
            Some(Ok(name)) if !name.trim().is_empty() => environment.name = Some(name),
            Some(_) => environment.warn(format!("{NAME_VARIABLE} is empty or not text; not used")),
            None => {}
        }
        environment
    }

    fn warn(&mut self, sentence: String) {
        self.warnings.push(sentence);
    }

    /// Says the warnings where somebody will see them: in the log, or on standard error where there is none.
    pub(crate) fn say_warnings(&self) {
        for warning in &self.warnings {
            if dispatcher::has_been_set() {
                warn!("{warning}");
            } else {
                eprintln!("axonscope: {warning}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Environment {
        let get = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        Environment::read(get, false)
    }

    #[test]
    fn good_values_are_taken() {
        let environment = read(&[(ENDPOINT_VARIABLE, "http://127.0.0.1:9999"), (NAME_VARIABLE, "mill")]);
        assert_eq!(environment.endpoint.unwrap().uri().port_u16(), Some(9999));
        assert_eq!(environment.name.unwrap(), "mill");
        assert!(environment.warnings.is_empty());
    }

    #[test]
    fn nothing_said_is_nothing_wrong() {
        let environment = read(&[]);
        assert!(environment.endpoint.is_none() && environment.name.is_none() && environment.warnings.is_empty());
    }

    #[test]
    fn a_bad_value_is_one_warning_that_names_the_variable() {
        for (variable, value) in [
            (ENDPOINT_VARIABLE, "seven"),
            (ENDPOINT_VARIABLE, "http://10.0.0.1:7420"),
            (ENDPOINT_VARIABLE, "https://localhost:7420"),
            (NAME_VARIABLE, "  "),
        ] {
            let environment = read(&[(variable, value)]);
            assert!(environment.endpoint.is_none() && environment.name.is_none(), "{variable}={value}");
            assert_eq!(environment.warnings.len(), 1);
            assert!(environment.warnings[0].starts_with(variable), "{:?}", environment.warnings);
        }
    }
}
