//! What the parser fills: one seed for a value, one for a key, and the wrapper
//! that keeps probes cheap. Used by `reader` alone.

use std::collections::HashMap;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use crate::config::problems::codes::Code;
use crate::config::problems::gather::Problem;
use crate::config::problems::suggest::quote;
use crate::config::yaml::locate::PlaceProbe;
use crate::config::yaml::node::{Int, MERGE_KEY, MapEntry, Node, Text, Value};
use crate::config::yaml::reading::Reading;

/// Levels of lists and mappings. The deepest place with a meaning is the seventh.
const MAX_DEPTH: usize = 24;

/// Uses up the parser's levels of recursion but for those that [`MAX_DEPTH`]
/// needs, because a probe costs as many calls as levels are left.
pub(crate) struct Shallow<S> {
    seed: S,
    levels: usize,
}

impl<S> Shallow<S> {
    /// The parser's own limit (serde_yaml, `remaining_depth`).
    const PARSER: usize = 128;

    pub(crate) fn new(seed: S) -> Self {
        Self {
            seed,
            levels: Self::PARSER - MAX_DEPTH - 4,
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Shallow<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        match self.levels.checked_sub(1) {
            Some(levels) => deserializer.deserialize_newtype_struct("", Self { levels, ..self }),
            None => self.seed.deserialize(deserializer),
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Shallow<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.deserialize(deserializer)
    }
}

/// Reads the node that comes next, whose place is known.
pub(crate) struct Seed<'r, 's> {
    reading: &'r Reading<'s>,
    at: usize,
    depth: usize,
}

impl<'r, 's> Seed<'r, 's> {
    /// For the root, whose place is not known yet.
    pub(crate) fn root(reading: &'r Reading<'s>) -> Self {
        Self {
            reading,
            at: 0,
            depth: 0,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let Self { reading, at, .. } = self;
        reading.count(at)?;
        // What is tagged is read all the same: an alias may name a part of it.
        let tagged = reading.tag(at);
        let value = deserializer.deserialize_any(self)?;
        Ok(Node {
            at,
            value: if tagged { Value::Refused } else { value },
        })
    }
}

impl Seed<'_, '_> {
    fn int<E: Error>(self, value: i128) -> Result<Value, E> {
        let text = self.reading.number(self.at, value)?;
        Ok(Value::Int(Int { value, text }))
    }

    /// The depth of the children.
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH {
            return Ok(self.depth + 1);
        }
        let message = format!("nested deeper than {MAX_DEPTH} levels");
        Err(self
            .reading
            .refuse(Problem::new(Code::TooDeep, self.at, message).hint("a schedule needs no more than 7")))
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.int(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.int(value.into())
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Value, E> {
        self.int(value)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Value, E> {
        self.int(i128::try_from(value).unwrap_or(i128::MAX))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.reading.number(self.at, value).map(Value::Float)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        let text = self.reading.keep(self.at, text)?;
        let plain = self.reading.is_plain(self.at);
        Ok(Value::Text(Text { text, plain }))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Value, A::Error> {
        let (_tag, content) = data.variant::<IgnoredAny>()?;
        content.newtype_variant_seed(self)?;
        Ok(Value::Refused)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut nodes = Vec::new();
        loop {
            let at = match items.next_element_seed(PlaceProbe::NEW) {
                Ok(None) => return Ok(Value::List(nodes)),
                Ok(Some(never)) => match never {},
                Err(error) => self.reading.offset(&error),
            };
            match items.next_element_seed(Seed {
                reading: self.reading,
                at,
                depth,
            })? {
                Some(node) => nodes.push(node),
                None => return Ok(Value::List(nodes)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut entries: Vec<MapEntry> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        loop {
            let key_at = match map.next_key_seed(PlaceProbe::NEW) {
                Ok(None) => return Ok(Value::Map(entries)),
                Ok(Some(never)) => match never {},
                Err(error) => self.reading.offset(&error),
            };
            let Some(key) = map.next_key_seed(Key {
                reading: self.reading,
                at: key_at,
            })?
            else {
                return Ok(Value::Map(entries));
            };
            let at = match map.next_value_seed(PlaceProbe::NEW) {
                Ok(never) => match never {},
                Err(error) => self.reading.offset(&error),
            };
            let node = map.next_value_seed(Seed {
                reading: self.reading,
                at,
                depth,
            })?;
            if key == MERGE_KEY {
                let message = "merge keys are not part of YAML 1.2";
                let problem = Problem::new(Code::Unsupported, key_at, message);
                self.reading
                    .add(problem.hint("put what tasks share under `defaults:` or under the group"));
            } else if let Some(&first) = seen.get(&key) {
                let (line, _) = self.reading.source.position(first);
                let message = format!(
                    "the key {} occurs twice; it is first defined at line {line}",
                    quote(&key)
                );
                self.reading.add(
                    Problem::new(Code::DuplicateKey, key_at, message).hint("remove or rename one of them"),
                );
            } else {
                seen.insert(key.clone(), key_at);
            }
            entries.push(MapEntry { key, key_at, node });
        }
    }
}

/// Reads a key, which is text whatever it looks like: `on`, `2024`, `null`.
struct Key<'r, 's> {
    reading: &'r Reading<'s>,
    at: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let reading = self.reading;
        reading.count(self.at)?;
        reading.tag(self.at);
        let at = self.at;
        deserializer.deserialize_str(self).map_err(|error: D::Error| {
            // A syntax error behind the key has its own place and stays as it is.
            if error.to_string().contains(KEY) {
                let problem = Problem::new(Code::WrongType, at, "a list or mapping cannot be a key");
                return reading.refuse(problem.hint("quote a text that begins with `[` or `{`"));
            }
            error
        })
    }
}

const KEY: &str = "a key that is text";

impl Visitor<'_> for Key<'_, '_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(KEY)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        self.reading.keep(self.at, text)
    }
}
