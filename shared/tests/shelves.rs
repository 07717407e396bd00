//! The order of the shelves of `shared/src`, held by reading its imports: a module
//! uses only shelves above its own, and inside a shelf no imports go in a circle.
//!
//! Tests within the sources are left out; they may look anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The shelves, from the ground up: each uses only those before it.
const SHELVES: [&str; 11] = [
    "crypto",
    "task",
    "api",
    "dialects",
    "platform",
    "store",
    "vendors",
    "webhooks",
    "lifecycle",
    "auth",
    "runtime",
];

/// Modules by their paths (`store::tasks`), and the modules that each of them names.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The sources of the crate by module, without their tests.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = BTreeMap::new();
    let mut folders = vec![(root, String::new())];
    while let Some((folder, path)) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the crate") {
            let entry = entry.expect("an entry").path();
            let name = entry.file_stem().expect("a name").to_string_lossy().into_owned();
            let inner = if path.is_empty() { name.clone() } else { format!("{path}::{name}") };
            if matches!(name.as_str(), "tests" | "testing" | "fixtures") {
                continue;
            }
            if entry.is_dir() {
                folders.push((entry, inner));
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&entry).expect("a source");
                let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
                let module = if name == "mod" { path.clone() } else { inner };
                sources.insert(module, text.to_owned());
            }
        }
    }
    sources
}

/// The paths that a source names, with groups in braces spread out: each begins
/// with `crate` or `super`.
fn paths(source: &str) -> Vec<Vec<String>> {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(" ");
    let mut paths = Vec::new();
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_none_or(|sign| !(sign.is_alphanumeric() || sign == '_' || sign == ':')) {
                spread(&code[at..], Vec::new(), &mut paths);
            }
        }
    }
    paths
}

/// Reads one path, or all the paths of a group; returns what follows.
fn spread<'a>(text: &'a str, mut path: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut text = text.trim_start();
    loop {
        if let Some(mut group) = text.strip_prefix('{') {
            loop {
                group = spread(group, path.clone(), found).trim_start();
                match group.strip_prefix(',') {
                    Some(rest) => group = rest,
                    None => return group.strip_prefix('}').unwrap_or(group),
                }
            }
        }
        let end = text.find(|sign: char| !(sign.is_alphanumeric() || sign == '_'));
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        if !name.is_empty() {
            path.push(name.to_owned());
        }
        match rest.strip_prefix("::") {
            Some(rest) if !name.is_empty() => text = rest,
            _ => {
                found.push(path);
                return rest;
            }
        }
    }
}

/// The module that a path leads to, from the module that names it.
fn resolve(path: &[String], from: &str, modules: &BTreeMap<String, String>) -> Option<String> {
    let mut at: Vec<&str> = from.split("::").filter(|name| !name.is_empty()).collect();
    let mut names = path.iter().map(String::as_str).peekable();
    match names.next()? {
        "crate" => at.clear(),
        _ => {
            at.pop();
            while names.next_if_eq(&"super").is_some() {
                at.pop();
            }
        }
    }
    at.extend(names);
    // The last names are items of the module, or of one that it shows again.
    while !at.is_empty() && !modules.contains_key(&at.join("::")) {
        at.pop();
    }
    Some(at.join("::")).filter(|module| !module.is_empty() && module != from)
}

fn imports() -> Imports {
    let sources = sources();
    let named = |module: &str, source: &str| {
        paths(source).iter().filter_map(|path| resolve(path, module, &sources)).collect()
    };
    let imports: Imports =
        sources.iter().map(|(module, source)| (module.clone(), named(module, source))).collect();
    assert!(imports.len() > 80, "the sources are found");
    imports
}

/// What a module shows of its own children also leads to them.
fn with_children(mut imports: Imports) -> Imports {
    let modules: Vec<_> = imports.keys().cloned().collect();
    for child in &modules {
        if let Some((parent, _)) = child.rsplit_once("::") {
            imports.entry(parent.to_owned()).or_default().insert(child.clone());
        }
    }
    imports
}

#[test]
fn a_shelf_uses_only_those_above_it() {
    let place = |module: &str| {
        let shelf = module.split("::").next().unwrap_or_default();
        SHELVES.iter().position(|other| *other == shelf)
    };
    for (module, named) in imports().iter().filter(|(module, _)| *module != "lib") {
        let own = place(module).unwrap_or_else(|| panic!("{module} is on no shelf"));
        for other in named {
            let others = place(other).unwrap_or_else(|| panic!("{other} is on no shelf"));
            assert!(others <= own, "{module} uses {other}, which is on a later shelf");
        }
    }
}

/// The modules of a circle that begins with this way, if there is one.
fn circle<'a>(
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
    imports: &'a Imports,
) -> Option<Vec<&'a str>> {
    let module = *way.last()?;
    for next in imports.get(module).into_iter().flatten() {
        if let Some(start) = way.iter().position(|on_way| on_way == next) {
            return Some(way[start..].to_vec());
        }
        if !done.contains(next.as_str()) {
            way.push(next);
            let found = circle(way, done, imports);
            if found.is_some() {
                return found;
            }
            way.pop();
        }
    }
    done.insert(module);
    None
}

#[test]
fn no_imports_go_in_a_circle() {
    let imports = with_children(imports());
    let mut done = BTreeSet::new();
    for module in imports.keys() {
        if !done.contains(module.as_str()) {
            let found = circle(&mut vec![module], &mut done, &imports);
            assert_eq!(found, None, "modules that use each other");
        }
    }
}

#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let source =
        "use crate::a::{b::{C, d::E}, F};\nfn f() -> super::g::H { crate::i::j() }\n// crate::no";
    let read: Vec<_> = paths(source).into_iter().map(|path| path.join("::")).collect();
    let expected =
        ["crate::a::b::C", "crate::a::b::d::E", "crate::a::F", "crate::i::j", "super::g::H"];
    assert_eq!(read, expected);
}
