//! Which file needs which: the graph of files, and its circles. Called by the tests of the
//! whole house.

use std::collections::{BTreeMap, BTreeSet};

use crate::scan::Source;

/// The graph: for each file the files that it names outside of tests. `mod.rs` files are
/// signposts and no files of it: a name that one of them passes on counts for where it leads.
pub(crate) struct Graph {
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// The graph of `sources`.
    pub(crate) fn of(sources: &[Source]) -> Self {
        let modules: BTreeMap<Vec<String>, &Source> =
            sources.iter().map(|source| (source.module(), source)).collect();
        let signs = signs(&modules);
        let mut needs = BTreeMap::new();
        for source in sources
            .iter()
            .filter(|source| !is_sign(source) && !source.is_test())
        {
            let product = Source {
                path: source.path.clone(),
                text: source.product().to_owned(),
            };
            let named: BTreeSet<String> = product
                .mentions()
                .into_iter()
                .filter_map(|mention| file(&modules, &signs, &mention.words))
                .filter(|path| *path != source.path)
                .collect();
            needs.insert(source.path.clone(), named);
        }
        Self { needs }
    }

    /// Files that need each other, directly or by way of others: each circle once.
    pub(crate) fn circles(&self) -> Vec<Vec<String>> {
        let reach: BTreeMap<&String, BTreeSet<&String>> =
            self.needs.keys().map(|file| (file, self.reach(file))).collect();
        let mut circles = BTreeSet::new();
        for (file, reached) in &reach {
            if !reached.contains(file) {
                continue;
            }
            let back = |other: &&&String| reach.get(**other).is_some_and(|reached| reached.contains(file));
            let circle: BTreeSet<&String> = reached.iter().filter(back).copied().collect();
            circles.insert(circle.into_iter().cloned().collect::<Vec<_>>());
        }
        circles.into_iter().collect()
    }

    fn reach<'g>(&'g self, from: &str) -> BTreeSet<&'g String> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<&str> = vec![from];
        while let Some(file) = open.pop() {
            for next in self.needs.get(file).into_iter().flatten() {
                if reached.insert(next) {
                    open.push(next);
                }
            }
        }
        reached
    }
}

fn is_sign(source: &Source) -> bool {
    source.path.ends_with("mod.rs") || !source.path.contains('/')
}

type Modules<'s> = BTreeMap<Vec<String>, &'s Source>;
type Signs = BTreeMap<Vec<String>, Vec<String>>;

/// What each `mod.rs` passes on: the path it is named by, and the path it stands for.
fn signs(modules: &Modules<'_>) -> Signs {
    let mut signs = BTreeMap::new();
    for (module, source) in modules.iter().filter(|(_, source)| is_sign(source)) {
        for mention in source.mentions() {
            let [first, .., last] = mention.words.as_slice() else {
                continue;
            };
            let full = if first == "crate" {
                mention.words.clone()
            } else {
                [module.as_slice(), &mention.words].concat()
            };
            signs.insert([module.as_slice(), std::slice::from_ref(last)].concat(), full);
        }
    }
    signs
}

/// The file that a path leads to, if it is one of ours and no signpost.
fn file(modules: &Modules<'_>, signs: &Signs, words: &[String]) -> Option<String> {
    let mut words = words.to_vec();
    // A chain of signposts is short; a circle of them would not compile.
    for _ in 0..8 {
        let sign = (2..=words.len()).find_map(|end| signs.get(&words[..end]).map(|full| (end, full)));
        let Some((end, full)) = sign else { break };
        if *full == words[..end] {
            break;
        }
        words = [full.as_slice(), &words[end..]].concat();
    }
    let found = (1..=words.len())
        .rev()
        .find_map(|end| modules.get(&words[..end]))?;
    (!is_sign(found) && !found.is_test()).then(|| found.path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        Graph::of(&sources).circles()
    }

    #[test]
    fn a_circle_is_found_also_through_a_signpost() {
        let found = circles(&[
            (
                "a/mod.rs",
                "pub(crate) mod one;\npub(crate) mod two;\npub use two::Two;",
            ),
            ("a/one.rs", "use crate::a::Two;"),
            ("a/two.rs", "use super::three::Three;"),
            ("a/three.rs", "fn f(one: crate::a::one::One) {}"),
            ("b/mod.rs", "mod four;"),
            ("b/four.rs", "use crate::a::Two;"),
        ]);
        assert_eq!(found, [["a/one.rs", "a/three.rs", "a/two.rs"]]);
    }

    #[test]
    fn tests_may_look_anywhere() {
        let found = circles(&[
            ("a/one.rs", "use crate::a::two::Two;"),
            (
                "a/two.rs",
                "pub struct Two;\n#[cfg(test)]\nmod tests {\n    use crate::a::one::One;\n}",
            ),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }
}
