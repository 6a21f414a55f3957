//! Files of before tasks had names: journals, plans, and notes of deliveries. Each task gets
//! the name that the rule gives it where the schedule gives none.

use std::collections::HashMap;

use serde_json::Value;

use crate::model::{Titled, name_tasks};

/// The names of a run's tasks, by position, once its beginning was seen.
#[derive(Debug, Default)]
pub(crate) struct MissingNames(HashMap<u64, String>);

impl MissingNames {
    /// Adds the names that a document lacks.
    pub(crate) fn add(&mut self, value: &mut Value) {
        if let Some(tasks) = value.get_mut("tasks").and_then(Value::as_array_mut) {
            name_list(tasks);
            let named = tasks.iter().filter_map(|task| {
                Some((
                    task.get("position")?.as_u64()?,
                    task.get("name")?.as_str()?.to_owned(),
                ))
            });
            self.0.extend(named);
            return;
        }
        let Some(command) = text(value, "command") else {
            return;
        };
        let position = value.get("position").and_then(Value::as_u64);
        let known = position.and_then(|position| self.0.get(&position));
        set_name(value, known.cloned().unwrap_or(command));
    }
}

/// By the order of the tasks of each group.
fn name_list(tasks: &mut [Value]) {
    let mut groups: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, task) in tasks.iter().enumerate() {
        groups
            .entry(text(task, "group").unwrap_or_default())
            .or_default()
            .push(place);
    }
    for places in groups.into_values() {
        let known: Vec<(Option<String>, String)> = places
            .iter()
            .map(|&place| {
                (
                    text(&tasks[place], "name"),
                    text(&tasks[place], "command").unwrap_or_default(),
                )
            })
            .collect();
        let titled: Vec<Titled<'_>> = known
            .iter()
            .map(|(name, command)| Titled {
                name: name.as_deref(),
                command,
            })
            .collect();
        for (place, name) in places.into_iter().zip(name_tasks(&titled)) {
            set_name(&mut tasks[place], name.to_string());
        }
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    Some(value.get(key)?.as_str()?.to_owned())
}

fn set_name(value: &mut Value, name: String) {
    if let Some(object) = value.as_object_mut() {
        object.entry("name").or_insert(Value::String(name));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn twins_get_their_names_by_their_order() {
        let mut names = MissingNames::default();
        let mut start = json!({"event": "run_started", "tasks": [
            {"position": 1, "group": "g", "command": "c"},
            {"position": 2, "group": "h", "command": "c"},
            {"position": 3, "group": "g", "command": "c"},
        ]});
        names.add(&mut start);
        let named: Vec<&Value> = start["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| &task["name"])
            .collect();
        assert_eq!(named, ["c", "c", "c#2"]);
        let mut end = json!({"event": "task_finished", "position": 3, "group": "g", "command": "c"});
        names.add(&mut end);
        assert_eq!(end["name"], "c#2");
        // Of a run whose beginning nobody saw.
        let mut note = json!({"position": 3, "group": "g", "command": "c"});
        MissingNames::default().add(&mut note);
        assert_eq!(note["name"], "c");
    }

    #[test]
    fn what_has_a_name_keeps_it() {
        let mut task = json!({"position": 1, "group": "g", "name": "n", "command": "c"});
        MissingNames::default().add(&mut task);
        assert_eq!(task["name"], "n");
    }
}
