//! What a person calls the types of components, read from a file for whichever command shows them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axonscope_model::display::escape;
use axonscope_session::names::Names;

use super::{Exit, Failure};

/// Where the names are.
#[derive(clap::Args, Debug, Default)]
pub(super) struct Args {
    /// Friendly names and pictures for types of components, from a TOML file; without this, from names.toml in the folder
    /// axonscope of your configuration, if there is one
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
}

/// A file of names has some dozen lines: more than this is another file.
const BYTES_MAX: u64 = 256 * 1024;

impl Args {
    /// The names; none where no file was asked for and none is there.
    pub(super) fn load(&self) -> Result<Arc<Names>, Failure> {
        match (&self.names, usual_file()) {
            (Some(file), _) => read(file),
            (None, Some(file)) if file.exists() => read(&file),
            (None, _) => Ok(Arc::default()),
        }
    }
}

fn read(file: &Path) -> Result<Arc<Names>, Failure> {
    let shown = file.display().to_string();
    let fail = |what: &str| Failure::new(Exit::Usage, format!("{}: {what}", escape(&shown)));
    let is_large = std::fs::metadata(file).is_ok_and(|data| data.len() > BYTES_MAX);
    if is_large {
        return Err(fail("this is too large for a file of names"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| fail(&format!("cannot be read: {error}")))?;
    Names::parse(&text).map(Arc::new).map_err(|error| fail(&escape(&error.to_string())))
}

/// `names.toml` in our folder of the platform's configuration.
fn usual_file() -> Option<PathBuf> {
    let folder = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = |inside: &str| folder("HOME").map(|home| home.join(inside));
    let folder = if cfg!(windows) {
        folder("APPDATA")
    } else if cfg!(target_os = "macos") {
        home("Library/Application Support")
    } else {
        folder("XDG_CONFIG_HOME").or_else(|| home(".config"))
    };
    Some(folder?.join("axonscope").join("names.toml"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_names_the_file_and_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("names.toml");
        std::fs::write(&file, "[Handler]\npicture = 'cat'\n").unwrap();
        let failure = Args { names: Some(file.clone()) }.load().unwrap_err();
        assert!(failure.sentence.contains("names.toml: line 2: "), "{failure}");
        std::fs::write(&file, "[Handler]\npicture = 'person'\n").unwrap();
        assert!(!Args { names: Some(file) }.load().unwrap().is_empty());
        let missing = Args { names: Some(folder.path().join("none")) }.load().unwrap_err();
        assert!(missing.sentence.contains("cannot be read"), "{missing}");
    }
}
