//! The names of models that are known, and which of them somebody may have meant.

use super::registry::facts;
use crate::task::Vendor;

/// The models of a vendor that are known by name, its groups among them.
pub fn listed(vendor: Vendor) -> impl Iterator<Item = &'static str> {
    let facts = facts(vendor);
    let groups = facts.groups.iter().map(|group| group.name);
    let models = facts.models.iter().filter(|model| !model.is_family());
    groups.chain(models.map(|model| model.name))
}

/// The vendor one of whose models may have been meant by a name that no vendor serves: the
/// one with the name that is spelt most alike. None where nothing is alike.
pub fn likely(name: &str) -> Option<Vendor> {
    let name = name.to_lowercase();
    let alike = |vendor: Vendor| {
        let edits = listed(vendor).map(|known| edits(&name, known)).min();
        let begins = facts(vendor).prefixes.iter().any(|prefix| name.contains(prefix));
        edits.map(|edits| (!begins, edits, vendor))
    };
    let (elsewhere, edits, vendor) =
        Vendor::ALL.into_iter().filter_map(alike).min_by_key(|(no, edits, _)| (*no, *edits))?;
    (!elsewhere || edits <= name.chars().count() / 3).then_some(vendor)
}

/// How many letters have to be put in, taken out or changed to make one name of another.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut before = row[0];
        row[0] = index + 1;
        for (at, other) in to.iter().enumerate() {
            let replaced = before + usize::from(letter != *other);
            before = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(before + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_listed_once_and_no_family() {
        for vendor in Vendor::ALL {
            let mut names: Vec<_> = listed(vendor).collect();
            assert!(names.iter().all(|name| !name.contains('*')), "{names:?}");
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{vendor}");
        }
    }

    #[test]
    fn a_name_that_nobody_serves_is_somebodys_if_it_is_spelt_alike() {
        let rows = [
            ("vidq1", Some(Vendor::Vidu), "a letter is missing"),
            ("Kling-v3", Some(Vendor::Kling), "names have no capitals"),
            ("klng-v2-6", Some(Vendor::Kling), "a letter is missing"),
            ("kuaishou/kling-v3", Some(Vendor::Kling), "with a name before it, as routers do"),
            ("jimneg_v30_pro", Some(Vendor::Jimeng), "two letters are in each other's place"),
            ("sora-2", None, "somebody else's"),
            ("veo-3.1-generate", None, "somebody else's"),
            ("x", None, "nothing"),
        ];
        for (name, vendor, reason) in rows {
            assert_eq!(likely(name), vendor, "{name}: {reason}");
        }
    }

    #[test]
    fn edits_are_counted() {
        for (from, to, count) in
            [("", "", 0), ("", "ab", 2), ("ab", "", 2), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(edits(from, to), count, "{from} {to}");
        }
    }
}
