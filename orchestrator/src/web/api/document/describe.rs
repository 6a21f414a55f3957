//! The paths as OpenAPI 3.1 has them. Pure.

use serde_json::{Map, Value, json};

use crate::web::api::document::path::{ApiParameter, ApiPath, ParameterPlace};
use crate::web::api::document::shape::Shape;

/// Every refusal.
const ERROR: Shape = Shape::Object(&[(
    "error",
    Shape::Object(&[
        ("code", Shape::Text),
        ("message", Shape::Text),
        ("hint", Shape::Maybe(&Shape::Text)),
    ]),
)]);

/// The document of these paths, in order of their names.
pub(crate) fn describe(paths: &[&ApiPath]) -> Value {
    let described: Map<String, Value> = paths
        .iter()
        .map(|path| (path.path.to_owned(), json!({ "get": operation(path) })))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "orchestrate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the pages show, as JSON. Keys may be added. A token, where one is needed, \
                is made by `orchestrate token create`.",
            "license": {"name": "BSL-1.0", "identifier": "BSL-1.0"},
        },
        "security": [{}, {"token": []}],
        "paths": described,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": ERROR.schema()},
        },
    })
}

fn operation(path: &ApiPath) -> Value {
    let parameters: Vec<Value> = path.parameters.iter().map(parameter).collect();
    let answer = json!({
        "description": path.summary,
        "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": path.answer.schema()}},
    });
    let refusal = json!({
        "description": "It cannot be asked like that, not by this one, or not now.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    });
    json!({
        "summary": path.summary,
        "operationId": operation_id(path.path),
        "x-role": path.role.as_str(),
        "parameters": parameters,
        "responses": {
            "200": answer,
            "304": {"description": "It is what If-None-Match names."},
            "default": refusal,
        },
    })
}

fn parameter(parameter: &ApiParameter) -> Value {
    let (place, required) = match parameter.place {
        ParameterPlace::Path => ("path", true),
        ParameterPlace::Query => ("query", false),
    };
    json!({
        "name": parameter.name,
        "in": place,
        "required": required,
        "description": parameter.meaning,
        "schema": parameter.shape.schema(),
    })
}

/// `/api/v1/runs/{run}` is `get_runs_run`.
fn operation_id(path: &str) -> String {
    let words = path
        .trim_start_matches("/api/v1/")
        .split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    format!("get_{}", words.join("_"))
}
