//! Keeps small files in a folder of settings: reads them at the start, and writes them soon after they change, on a thread
//! of its own, so that nobody waits for a disc.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axonscope_model::display::escape;

/// How long changes are gathered before they are written.
const PAUSE: Duration = Duration::from_millis(400);
/// A file that is longer than this, in bytes, is none of ours.
const BYTES: u64 = 16 << 20;
/// So many broken files of one name are kept aside; one more takes the place of the last.
const ASIDE: u32 = 9;
/// Whoever writes holds this file.
const LOCK: &str = ".lock";

/// Why a file is not believed, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is broken, and how: it is kept aside under another name.
    Broken(String),
    /// It was written by a newer version: it is left alone, and not written any more.
    Newer,
}

/// Given what the file holds now, which may be nothing, says what it is to hold; and if something was wrong with it, what.
/// `None` leaves it as it is.
pub type Compose = Box<dyn FnOnce(&str) -> (Option<String>, Option<Wrong>) + Send>;

/// Ends, after it has written everything, when dropped.
pub struct Keeper {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    folder: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What is to be written, by name; a newer one takes the place of an older.
    due: BTreeMap<&'static str, Compose>,
    since: Option<Instant>,
    left_alone: Vec<&'static str>,
    ends: bool,
}

impl Keeper {
    /// A keeper of files in that folder, which need not exist yet.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub fn start(folder: PathBuf) -> io::Result<Keeper> {
        let inner = Arc::new(Inner { folder, state: Mutex::default(), changed: Condvar::new() });
        let work = inner.clone();
        let thread = std::thread::Builder::new().name("axonscope-keeper".to_owned()).spawn(move || work.run())?;
        Ok(Keeper { inner, thread: Mutex::new(Some(thread)) })
    }

    /// Reads a file. `parse` says what could be read of it, and what is wrong with it. None where there is no such file, or
    /// none that can be read, which is logged.
    pub fn read<T>(&self, name: &'static str, parse: impl FnOnce(&str) -> (T, Option<Wrong>)) -> Option<T> {
        let path = self.inner.folder.join(name);
        let text = match read(&path) {
            Ok(text) => text?,
            Err(error) => {
                self.inner.complain(name, &Wrong::Broken(error.to_string()));
                return None;
            }
        };
        let (found, wrong) = parse(&text);
        if let Some(wrong) = wrong {
            self.inner.complain(name, &wrong);
        }
        Some(found)
    }

    /// Has a file written soon: at once if the keeper ends before.
    pub fn keep(&self, name: &'static str, compose: Compose) {
        let mut state = self.inner.lock();
        if !state.left_alone.contains(&name) {
            state.due.insert(name, compose);
            state.since.get_or_insert_with(Instant::now);
            self.inner.changed.notify_all();
        }
    }

    /// Writes what is due, and nothing after that.
    pub fn finish(&self) {
        self.inner.lock().ends = true;
        self.inner.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the keeper of settings had panicked");
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut has_failed = false;
        loop {
            let mut state = self.lock();
            loop {
                let left = state.since.map(|since| PAUSE.saturating_sub(since.elapsed()));
                state = match left {
                    Some(left) if left.is_zero() || state.ends => break,
                    Some(left) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                    None if state.ends => return,
                    None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                };
            }
            state.since = None;
            let due = std::mem::take(&mut state.due);
            drop(state);
            for (name, compose) in due {
                // Once: what fails now fails with every change.
                if let Err(error) = self.renew(name, compose)
                    && !std::mem::replace(&mut has_failed, true)
                {
                    let path = self.folder.join(name).display().to_string();
                    tracing::warn!("cannot write {}: {error}; settings are not kept", escape(&path));
                }
            }
        }
    }

    /// Reads, composes and writes while no other visualiser does.
    fn renew(&self, name: &'static str, compose: Compose) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let lock = File::create(self.folder.join(LOCK))?;
        lock.lock()?;
        let path = self.folder.join(name);
        let (text, unreadable) = match read(&path) {
            Ok(text) => (text.unwrap_or_default(), None),
            Err(error) => (String::new(), Some(Wrong::Broken(error.to_string()))),
        };
        let (composed, wrong) = compose(&text);
        if let Some(wrong) = unreadable.or(wrong) {
            self.complain(name, &wrong);
            if wrong == Wrong::Newer {
                return Ok(());
            }
        }
        match composed {
            Some(composed) if composed != text => replace(&path, &composed),
            _ => Ok(()),
        }
    }

    /// Says what is wrong, once, and sees to it that nothing is lost.
    fn complain(&self, name: &'static str, wrong: &Wrong) {
        let path = self.folder.join(name);
        let shown = escape(&path.display().to_string()).into_owned();
        match wrong {
            Wrong::Newer => {
                tracing::warn!("{shown} is of a newer axonscope: it is left alone, and what you change is not kept");
                let mut state = self.lock();
                state.left_alone.push(name);
                state.due.remove(name);
            }
            Wrong::Broken(reason) => {
                let aside = aside(&path);
                let kept = match fs::rename(&path, &aside) {
                    Ok(()) => format!("it is kept as {}", escape(&aside.display().to_string())),
                    Err(error) => format!("it cannot be kept aside: {error}"),
                };
                // A parser shows the line, on several of its own.
                let reason = escape(reason.trim().lines().collect::<Vec<_>>().join(" · ").as_str()).into_owned();
                tracing::warn!("{shown} cannot be read ({reason}); {kept}");
            }
        }
    }
}

/// None where there is no file.
fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large"));
    }
    Ok(Some(text))
}

/// In one go: whoever reads meanwhile sees the old or the new, and a crash leaves one of them.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(draft);
    let written = File::create(&draft).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })
}

/// `settings.toml` is kept aside as `settings.broken-1.toml`, the next one as `settings.broken-2.toml`.
fn aside(path: &Path) -> PathBuf {
    let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    let named = |number: u32| path.with_extension(format!("broken-{number}.{ending}"));
    (1..ASIDE).map(named).find(|aside| !aside.exists()).unwrap_or_else(|| named(ASIDE))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NAME: &str = "some.toml";

    fn add(word: &'static str) -> Compose {
        Box::new(move |text| (Some(format!("{text}{word};")), None))
    }

    fn broken(text: &str) -> (usize, Option<Wrong>) {
        (text.len(), Some(Wrong::Broken("line 1\nline 2".to_owned())))
    }

    #[test]
    fn what_is_kept_is_read_again_and_two_keepers_add_to_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("made/for/it");
        for word in ["one", "two"] {
            let keeper = Keeper::start(inside.clone()).unwrap();
            keeper.keep(NAME, add("lost"));
            keeper.keep(NAME, add(word));
        }
        let keeper = Keeper::start(inside.clone()).unwrap();
        assert_eq!(keeper.read(NAME, |text| (text.to_owned(), None)).unwrap(), "one;two;");
        assert_eq!(keeper.read("none.toml", |_| ((), None)), None);
        let files: Vec<_> = fs::read_dir(&inside).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files.len(), 2, "a file and a lock: {files:?}");
    }

    #[test]
    fn a_broken_file_is_kept_aside_and_what_could_be_read_of_it_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let keeper = Keeper::start(folder.path().to_owned()).unwrap();
        for text in ["first", "second"] {
            fs::write(&path, text).unwrap();
            assert_eq!(keeper.read(NAME, broken), Some(text.len()));
            assert!(!path.exists());
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(keeper.read(NAME, broken), None);
        let held = |number| fs::read(folder.path().join(format!("some.broken-{number}.toml"))).unwrap();
        assert_eq!([held(1), held(2), held(3)], [&b"first"[..], b"second", b"\xff\xfe"]);
    }

    #[test]
    fn a_file_of_a_newer_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        fs::write(&path, "from tomorrow").unwrap();
        let keeper = Keeper::start(folder.path().to_owned()).unwrap();
        keeper.read(NAME, |_| ((), Some(Wrong::Newer)));
        keeper.keep(NAME, add("today"));
        drop(keeper);
        assert_eq!(fs::read_to_string(&path).unwrap(), "from tomorrow");
    }

    #[test]
    fn a_folder_that_cannot_be_is_no_catastrophe() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let keeper = Keeper::start(file.join("below")).unwrap();
        keeper.keep(NAME, add("word"));
        assert_eq!(keeper.read(NAME, |_| ((), None)), None);
    }
}
