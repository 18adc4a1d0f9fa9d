//! What the environment says, for what the program leaves open. A bad value is one warning and never an error.

use std::collections::BTreeMap;
use std::ffi::OsString;

use axonscope_proto::limits::LABELS;
use axonscope_proto::{DEFAULT_ENDPOINT, ENDPOINT_VARIABLE};
use tracing::{dispatcher, warn};

use crate::endpoint::{self, Destination};

/// The environment variable that names the system.
pub(crate) const NAME_VARIABLE: &str = "AXONSCOPE_NAME";
/// Free words about the instance, as `zone=cellar,version=3`.
pub(crate) const LABELS_VARIABLE: &str = "AXONSCOPE_LABELS";
/// Whether there is no probe at all.
pub(crate) const OFF_VARIABLE: &str = "AXONSCOPE_OFF";

/// The variables this crate knows, read once.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    pub(crate) endpoints: Option<Vec<Destination>>,
    pub(crate) name: Option<String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) is_off: bool,
    /// One clear sentence for each bad value.
    pub(crate) warnings: Vec<String>,
}

impl Environment {
    /// Reads variables through `get`. An endpoint off loopback counts as bad unless `insecure`.
    pub(crate) fn read(get: impl Fn(&str) -> Option<OsString>, insecure: bool) -> Self {
        let mut environment = Self::default();
        if let Some(value) = get(ENDPOINT_VARIABLE) {
            environment.read_endpoints(&value.to_string_lossy(), insecure);
        }
        match get(NAME_VARIABLE).map(OsString::into_string) {
            Some(Ok(name)) if !name.trim().is_empty() => environment.name = Some(name),
            Some(_) => environment.warn(format!("{NAME_VARIABLE} is empty or not text; not used")),
            None => {}
        }
        if let Some(value) = get(LABELS_VARIABLE) {
            match labels(&value.to_string_lossy()) {
                Ok(labels) => environment.labels = labels,
                Err(why) => environment.warn(format!("{LABELS_VARIABLE}: {why}; not used")),
            }
        }
        if let Some(value) = get(OFF_VARIABLE) {
            match is_yes(&value.to_string_lossy()) {
                Some(is_off) => environment.is_off = is_off,
                None => environment.warn(format!("{OFF_VARIABLE} is {value:?}, neither 1 nor 0; the probe is on")),
            }
        }
        environment
    }

    /// Takes those that are good. With none, the usual one is dialled.
    fn read_endpoints(&mut self, text: &str, insecure: bool) {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let allowed = endpoint::parse(part)
                .and_then(|address| endpoint::allow(vec![address.clone()], insecure).map(|_| address));
            match allowed {
                Ok(address) => good.push(address),
                Err(error) => bad.push(error.to_string()),
            }
        }
        match endpoint::allow(good, insecure) {
            Ok(destinations) if !destinations.is_empty() => self.endpoints = Some(destinations),
            Ok(_) => {}
            Err(error) => bad.push(error.to_string()),
        }
        if !bad.is_empty() {
            let instead = match &self.endpoints {
                Some(good) => good.iter().map(|good| good.address.as_str()).collect::<Vec<_>>().join(" and "),
                None => DEFAULT_ENDPOINT.to_owned(),
            };
            self.warn(format!("{ENDPOINT_VARIABLE}: {}; dialling {instead}", bad.join("; ")));
        }
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

fn labels(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut labels = BTreeMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                labels.insert(key.trim().to_owned(), value.trim().to_owned());
            }
            _ => return Err(format!("{pair:?} does not look like zone=cellar")),
        }
    }
    if labels.len() > LABELS {
        Err(format!("{} labels are too many, {LABELS} are sent", labels.len()))
    } else {
        Ok(labels)
    }
}

fn is_yes(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "" | "0" | "false" | "no" | "off" => Some(false),
        _ => None,
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
        let environment = read(&[
            (ENDPOINT_VARIABLE, "http://127.0.0.1:9999,unix:/run/axonscope.sock"),
            (NAME_VARIABLE, "mill"),
            (LABELS_VARIABLE, "zone=cellar, version = 3,"),
            (OFF_VARIABLE, "yes"),
        ]);
        assert_eq!(environment.warnings, [""; 0]);
        assert_eq!(environment.endpoints.unwrap()[0].address, "http://127.0.0.1:9999");
        assert_eq!(environment.name.unwrap(), "mill");
        assert_eq!(environment.labels["zone"], "cellar");
        assert_eq!(environment.labels["version"], "3");
        assert!(environment.is_off);
    }

    #[test]
    fn nothing_said_is_nothing_wrong() {
        let environment = read(&[]);
        assert!(environment.endpoints.is_none() && environment.name.is_none() && environment.warnings.is_empty());
        assert!(!environment.is_off);
    }

    #[test]
    fn a_bad_endpoint_takes_no_good_one_with_it() {
        let environment = read(&[(ENDPOINT_VARIABLE, "seven, http://127.0.0.1:9999,https://localhost:1")]);
        assert_eq!(environment.endpoints.unwrap().len(), 1);
        assert_eq!(environment.warnings.len(), 1);
        let warning = &environment.warnings[0];
        assert!(warning.contains("seven") && warning.ends_with("dialling http://127.0.0.1:9999"), "{warning}");
        assert!(read(&[(ENDPOINT_VARIABLE, "")]).warnings.is_empty());
    }

    #[test]
    fn a_bad_value_is_one_warning_that_names_the_variable() {
        for (variable, value) in [
            (ENDPOINT_VARIABLE, "seven"),
            (ENDPOINT_VARIABLE, "http://10.0.0.1:7420"),
            (ENDPOINT_VARIABLE, "https://localhost:7420"),
            (NAME_VARIABLE, "  "),
            (LABELS_VARIABLE, "zone"),
            (LABELS_VARIABLE, "=cellar"),
            (OFF_VARIABLE, "perhaps"),
        ] {
            let environment = read(&[(variable, value)]);
            assert!(environment.endpoints.is_none() && environment.name.is_none(), "{variable}={value}");
            assert!(environment.labels.is_empty() && !environment.is_off, "{variable}={value}");
            assert_eq!(environment.warnings.len(), 1);
            assert!(environment.warnings[0].starts_with(variable), "{:?}", environment.warnings);
        }
    }
}
