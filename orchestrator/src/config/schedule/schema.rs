//! JSON Schema of the two files, for editors. Made of the same tables of keys
//! that the loader works by, so that neither can know a key that the other
//! does not.

use serde_json::{Map, Value, json};

use crate::config::schedule::keys::{FREE_PREFIX, SCHEDULE};
use crate::config::settings::keys::SETTINGS;
use crate::config::table::{Key, KeyTable, Kind, Preset};
use crate::config::values::names::{MAX_NAME, MAX_TASK_NAME};
use crate::model::{MonthDay, WEEKDAYS};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Where an editor finds the schemas of the newest release; a file in this repository.
const PLACE: &str = "https://raw.githubusercontent.com/cppalliance/orchestrate/main/docs/reference";

/// Gives a schema its dialect, its name in the world and a title.
#[must_use]
pub(crate) fn name_schema(mut schema: Value, topic: &str, title: &str) -> Value {
    schema["$schema"] = json!(DIALECT);
    schema["$id"] = json!(format!("{PLACE}/{topic}.schema.json"));
    schema["title"] = json!(title);
    schema
}

/// The schema of a schedule file (JSON Schema 2020-12).
pub(crate) fn schedule_schema() -> Value {
    document(&SCHEDULE, "schedule", "Schedule of orchestrate", true)
}

/// The schema of a settings file.
pub fn settings_schema() -> Value {
    document(&SETTINGS, "settings", "Settings of orchestrate", false)
}

fn document(table: &KeyTable, topic: &str, title: &str, needs_content: bool) -> Value {
    let mut schema = name_schema(of_table(table), topic, title);
    if needs_content {
        schema["anyOf"] = json!([{ "required": ["groups"] }, { "required": ["workflow"] }]);
    }
    schema
}

fn of_table(table: &KeyTable) -> Value {
    let properties: Map<String, Value> = table
        .keys()
        .map(|key| {
            let mut schema = of_kind(&key.kind);
            describe(&mut schema, key);
            (key.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = table
        .keys()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "patternProperties": { format!("^{FREE_PREFIX}"): true },
        "additionalProperties": false,
    });
    if required.is_empty() {
        // A key without a value is an empty mapping.
        schema["type"] = json!(["object", "null"]);
    } else {
        schema["required"] = json!(required);
    }
    schema
}

/// What an editor shows beside the key.
fn describe(schema: &mut Value, key: &Key) {
    schema["description"] = json!(match &key.default {
        Some(default) => format!("{} Default: {default}.", key.doc),
        None => key.doc.to_owned(),
    });
    if let Some(default) = key.default.as_ref().and_then(Preset::json) {
        schema["default"] = default;
    }
    if let Ok(example) = serde_yaml::from_str::<Value>(key.example) {
        schema["examples"] = json!([example]);
    }
}

fn of_kind(kind: &Kind) -> Value {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Name => json!({ "type": "string", "minLength": 1, "maxLength": MAX_NAME }),
        Kind::Label => json!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" }),
        Kind::TaskName => json!({
            "type": "string", "pattern": format!("^[A-Za-z0-9_.-]{{1,{MAX_TASK_NAME}}}$"),
        }),
        Kind::Time => {
            json!({ "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["04:10"] })
        }
        Kind::TimeZone => json!({ "type": "string", "examples": ["UTC", "Europe/Berlin"] }),
        Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Duration { .. } => json!({
            "type": "string",
            "pattern": "^\\s*([0-9]+(\\.[0-9]+)?\\s*[a-zµ]+\\s*)+$",
            "examples": ["90s", "30m", "1h 30m"],
        }),
        Kind::Size { .. } => json!({
            "anyOf": [
                { "type": "integer", "minimum": 1 },
                { "type": "string", "pattern": "^[0-9]+\\s*([KMGTkmgt][iI]?)?[bB]?$", "examples": ["512MiB"] },
            ],
        }),
        Kind::OrNone(inner) => json!({ "anyOf": [of_kind(inner), { "const": "none" }] }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Weekday => {
            let names: Vec<&str> = WEEKDAYS
                .iter()
                .flat_map(|(name, _)| [*name, &name[..3]])
                .collect();
            // An editor offers the lower case; any is taken. ECMA-262 has no flag within a pattern.
            let both = |c: char| {
                if c.is_alphabetic() {
                    format!("[{}{c}]", c.to_ascii_uppercase())
                } else {
                    c.to_string()
                }
            };
            let any_case: String = names.join("|").chars().map(both).collect();
            json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": format!("^\\s*({any_case})\\s*$") }] })
        }
        Kind::MonthDay => json!({
            "anyOf": [
                { "type": "integer", "minimum": MonthDay::RANGE.start(), "maximum": MonthDay::RANGE.end() },
                { "type": "string", "pattern": "^\\s*0?([1-9]|[12][0-9]|3[01])\\s*$" },
            ],
        }),
        Kind::Cron => json!({
            "type": "string",
            "pattern": "^\\s*(@[A-Za-z]+|\\S+(\\s+\\S+){4})\\s*$",
            "examples": ["5 */2 * * mon-fri", "@daily"],
        }),
        // A key without a value is an empty list or mapping.
        Kind::List(item) => json!({ "type": ["array", "null"], "items": of_kind(item) }),
        Kind::Map(value) => json!({ "type": ["object", "null"], "additionalProperties": of_kind(value) }),
        Kind::Table(table) => of_table(table),
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(of_kind).collect::<Vec<_>>() }),
    }
}
