//! What the simulated vendors remember: a value for a vendor and an id.
//! With a file it survives a restart and `kill -9` of the local stack, though not a power failure:
//! nothing is synced to the disk, and nothing is ever compacted.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A handle; its clones see the same entries.
#[derive(Clone)]
pub struct Ledger {
    book: Arc<Mutex<Book>>,
}

struct Book {
    vendors: BTreeMap<String, BTreeMap<String, Value>>,
    journal: Option<File>,
}

/// One line of the journal; the last line of an id holds.
#[derive(Serialize, Deserialize)]
struct Entry {
    vendor: String,
    id: String,
    value: Value,
}

impl Ledger {
    /// Reads the journal at `path` and goes on writing there; without a path it lives in memory.
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        let mut book = Book { vendors: BTreeMap::new(), journal: None };
        if let Some(path) = path {
            let mut journal = open_private(path)?;
            let mut text = Vec::new();
            journal.read_to_end(&mut text)?;
            // A line without its end was torn by a kill. It goes, or the next would be joined to it.
            let whole = text.iter().rposition(|byte| *byte == b'\n');
            let whole = whole.map_or(0, |newline| newline + 1);
            journal.set_len(whole as u64)?;
            text.truncate(whole);
            for line in text.split_inclusive(|byte| *byte == b'\n') {
                book.enter(serde_json::from_slice(line)?);
            }
            book.journal = Some(journal);
        }
        Ok(Self { book: Arc::new(Mutex::new(book)) })
    }

    pub fn get<T: DeserializeOwned>(&self, vendor: &str, id: &str) -> io::Result<Option<T>> {
        self.book().get(vendor, id)
    }

    /// Everything one vendor remembers, by id.
    pub fn all<T: DeserializeOwned>(&self, vendor: &str) -> io::Result<Vec<(String, T)>> {
        let book = self.book();
        let entries = book.vendors.get(vendor).into_iter().flatten();
        entries.map(|(id, value)| Ok((id.clone(), T::deserialize(value)?))).collect()
    }

    pub fn put<T: Serialize>(&self, vendor: &str, id: &str, value: &T) -> io::Result<()> {
        self.book().put(vendor, id, value)
    }

    /// Reads, changes and writes in one step that no other change can come between.
    /// Answers what `change` answers, or `None` when there is no such entry.
    pub fn change<T: Serialize + DeserializeOwned, R>(
        &self,
        vendor: &str,
        id: &str,
        change: impl FnOnce(&mut T) -> R,
    ) -> io::Result<Option<R>> {
        let mut book = self.book();
        let Some(mut value) = book.get(vendor, id)? else {
            return Ok(None);
        };
        let answer = change(&mut value);
        book.put(vendor, id, &value)?;
        Ok(Some(answer))
    }

    /// Like [`Self::change`]; where there is no such entry, `fresh` is changed and put.
    pub fn change_or_put<T: Serialize + DeserializeOwned, R>(
        &self,
        vendor: &str,
        id: &str,
        fresh: T,
        change: impl FnOnce(&mut T) -> R,
    ) -> io::Result<R> {
        let mut book = self.book();
        let mut value = book.get(vendor, id)?.unwrap_or(fresh);
        let answer = change(&mut value);
        book.put(vendor, id, &value)?;
        Ok(answer)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("nothing panics holding the ledger")
    }
}

/// A journal holds a secret of the local stack's, so nobody else may read it.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

impl Book {
    fn get<T: DeserializeOwned>(&self, vendor: &str, id: &str) -> io::Result<Option<T>> {
        let value = self.vendors.get(vendor).and_then(|ids| ids.get(id));
        Ok(value.map(T::deserialize).transpose()?)
    }

    /// Written before it is entered: what was answered from memory is in the journal.
    fn put<T: Serialize>(&mut self, vendor: &str, id: &str, value: &T) -> io::Result<()> {
        let entry = Entry {
            vendor: vendor.to_owned(),
            id: id.to_owned(),
            value: serde_json::to_value(value)?,
        };
        if let Some(journal) = &mut self.journal {
            let mut line = serde_json::to_vec(&entry)?;
            line.push(b'\n');
            journal.write_all(&line)?;
        }
        self.enter(entry);
        Ok(())
    }

    fn enter(&mut self, entry: Entry) {
        let ids = self.vendors.entry(entry.vendor).or_default();
        ids.insert(entry.id, entry.value);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::simulators::testing::TestFile;

    #[test]
    fn entries_are_kept_apart_by_vendor_and_by_id() {
        let ledger = Ledger::open(None).unwrap();
        ledger.put("vidu", "1", &"first").unwrap();
        ledger.put("vidu", "2", &"second").unwrap();
        ledger.clone().put("kling", "1", &"other").unwrap();

        let all: Vec<(String, String)> = ledger.all("vidu").unwrap();
        assert_eq!(all, [("1".into(), "first".into()), ("2".into(), "second".into())]);
        assert_eq!(ledger.get("kling", "1").unwrap(), Some("other".to_owned()));
        assert_eq!(ledger.get::<String>("kling", "2").unwrap(), None);
        assert_eq!(ledger.get::<String>("jimeng", "1").unwrap(), None);
    }

    #[test]
    fn the_last_word_survives_a_restart() {
        let file = TestFile::new();
        let ledger = Ledger::open(Some(file.path())).unwrap();
        ledger.put("vidu", "1", &1).unwrap();
        let doubled = ledger.change("vidu", "1", |value: &mut u32| {
            *value += 1;
            *value * 2
        });
        assert_eq!(doubled.unwrap(), Some(4));
        assert_eq!(ledger.change("vidu", "9", |_: &mut u32| ()).unwrap(), None);
        for expected in [8, 9] {
            let next = |value: &mut u32| {
                *value += 1;
                *value
            };
            assert_eq!(ledger.change_or_put("vidu", "2", 7, next).unwrap(), expected);
        }
        drop(ledger);

        let ledger = Ledger::open(Some(file.path())).unwrap();
        assert_eq!(ledger.get("vidu", "1").unwrap(), Some(2));
        assert_eq!(ledger.get("vidu", "2").unwrap(), Some(9));
    }

    #[test]
    fn a_torn_last_line_is_forgotten_wherever_it_was_torn() {
        let file = TestFile::new();
        let ledger = Ledger::open(Some(file.path())).unwrap();
        ledger.put("vidu", "1", &"kept").unwrap();
        let kept = fs::read(file.path()).unwrap();
        ledger.put("vidu", "2", &"torn").unwrap();
        let whole = fs::read(file.path()).unwrap();
        drop(ledger);

        for end in kept.len()..whole.len() {
            fs::write(file.path(), &whole[..end]).unwrap();
            let ledger = Ledger::open(Some(file.path())).unwrap();
            assert_eq!(ledger.get::<String>("vidu", "2").unwrap(), None, "{end}");
            ledger.put("vidu", "3", &"after").unwrap();
            drop(ledger);
            let ledger = Ledger::open(Some(file.path())).unwrap();
            assert_eq!(ledger.all::<String>("vidu").unwrap().len(), 2, "{end}");
        }
    }

    #[test]
    fn a_file_that_is_no_journal_is_refused() {
        let file = TestFile::new();
        fs::write(file.path(), "shopping list\n").unwrap();
        assert!(Ledger::open(Some(file.path())).is_err());
    }
}
