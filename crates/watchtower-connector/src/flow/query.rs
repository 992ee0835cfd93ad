//! Lists of rows, page by page.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Flow;
use super::call::CallError;
use crate::{Error, ErrorKind};

/// After so many pages in a row without a row that say there are more, there are none.
const MOST_EMPTY_PAGES: usize = 10;

/// What is asked of a list: plain filters that must all hold, which are the safest.
#[derive(Debug)]
pub(super) struct Query<'a> {
    pub entity: &'static str,
    pub fields: Vec<&'a str>,
    pub filters: Vec<Value>,
    /// Whether it is about what is in the trash, in place of what is there.
    pub in_trash: bool,
}

impl<'a> Query<'a> {
    /// About what is there.
    pub(super) fn new(entity: &'static str, fields: Vec<&'a str>, filters: Vec<Value>) -> Self {
        Self {
            entity,
            fields,
            filters,
            in_trash: false,
        }
    }
}

/// A filter: `values` is a list for every relation.
pub(super) fn filter(path: &str, relation: &str, values: Value) -> Value {
    json!({"path": path, "relation": relation, "values": values})
}

/// What belongs to a project.
pub(super) fn of_project(project: i64) -> Vec<Value> {
    let project = json!([{"type": "Project", "id": project}]);
    vec![filter("project", "is", project)]
}

/// A row of a list.
pub(super) trait Row: DeserializeOwned + Send + 'static {
    fn id(&self) -> i64;
}

#[derive(Deserialize)]
struct Page<R> {
    #[serde(bound = "R: Deserialize<'de>")]
    entities: Vec<R>,
    #[serde(default)]
    paging_info: PagingInfo,
}

#[derive(Default, Deserialize)]
struct PagingInfo {
    #[serde(default)]
    has_next_page: Option<bool>,
}

impl Flow {
    /// All rows, by id, each once: what others add or remove meanwhile may move a row to another page.
    pub(super) async fn read<R: Row>(
        &self,
        operation: &str,
        query: &Query<'_>,
    ) -> Result<Vec<R>, CallError> {
        let per_page = self.site_info().await?.page;
        let mut args = json!({
            "type": query.entity,
            "return_fields": query.fields,
            "return_only": if query.in_trash { "retired" } else { "active" },
            "filters": {"logical_operator": "and", "conditions": query.filters},
            // Without, rows may change places from page to page.
            "sorts": [{"field_name": "id", "direction": "asc"}],
            "paging": {"entities_per_page": per_page, "current_page": 1},
            "api_return_image_urls": true,
            "return_paging_info_without_counts": true,
        });
        let mut rows: Vec<R> = Vec::new();
        let mut known = HashSet::new();
        let mut empty = 0;
        for page in 1_u64.. {
            args["paging"]["current_page"] = page.into();
            let Page {
                entities,
                paging_info,
            } = self.call(operation, "read", &args).await?;
            empty = if entities.is_empty() { empty + 1 } else { 0 };
            rows.extend(entities.into_iter().filter(|it: &R| known.insert(it.id())));
            let refuse = |message: &str| -> CallError {
                Error::new(ErrorKind::Malformed, operation, message).into()
            };
            match paging_info.has_next_page {
                Some(false) => break,
                Some(true) if empty < MOST_EMPTY_PAGES => {}
                Some(true) => {
                    return Err(refuse("the site announces page after page and sends none"));
                }
                None => return Err(refuse("the site does not say whether there are more pages")),
            }
        }
        Ok(rows)
    }
}
