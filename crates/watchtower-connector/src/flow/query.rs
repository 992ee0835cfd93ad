//! Lists of rows, page by page.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::Flow;
use super::call::CallError;
use super::records::Names;
use crate::{Error, ErrorKind, Result};

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
    /// Takes texts that other rows have as well from those, which is most of what rows hold.
    fn share(&mut self, _names: &mut Names) {}
}

/// A page, of which the rows are not read yet.
#[derive(Deserialize)]
struct Page {
    entities: Box<RawValue>,
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
        let mut rows = Rows::default();
        // A page is read while the next one is on its way.
        let mut last: Option<JoinHandle<Result<Vec<R>, String>>> = None;
        for page in 1_u64.. {
            args["paging"]["current_page"] = page.into();
            let answer = self.call::<Page>(operation, "read", &args).await?;
            if let Some(last) = last.take() {
                rows.add(self.done(operation, last).await?);
            }
            let entities = answer.entities;
            let read = tokio::task::spawn_blocking(move || read_rows(&entities));
            let more = answer.paging_info.has_next_page;
            if more == Some(true) && rows.empty < MOST_EMPTY_PAGES {
                last = Some(read);
                continue;
            }
            rows.add(self.done(operation, read).await?);
            let message = match more {
                Some(false) => break,
                Some(true) => "the site announces page after page and sends none",
                None => "the site does not say whether there are more pages",
            };
            return Err(Error::new(ErrorKind::Malformed, operation, message).into());
        }
        Ok(rows.rows)
    }

    /// The rows of a page, once they are read.
    async fn done<R>(
        &self,
        operation: &str,
        read: JoinHandle<Result<Vec<R>, String>>,
    ) -> Result<Vec<R>> {
        let message = match read.await {
            Ok(Ok(rows)) => return Ok(rows),
            Ok(Err(error)) => format!("the answer is not as expected {}", self.http.told(&error)),
            Err(_) => "the answer was not read to its end".to_owned(),
        };
        Err(Error::new(ErrorKind::Malformed, operation, message))
    }
}

/// Reads the rows of a page, or says where they are not what they should be.
fn read_rows<R: Row>(entities: &RawValue) -> Result<Vec<R>, String> {
    let text = entities.get();
    serde_json::from_str(text).map_err(|error| {
        // Only now, as it takes its time.
        let again = &mut serde_json::Deserializer::from_str(text);
        let at = serde_path_to_error::deserialize::<_, Vec<R>>(again).err();
        let at = at.map(|it| it.path().to_string()).unwrap_or_default();
        format!("at `results.entities{at}`: {error}")
    })
}

/// The rows so far.
struct Rows<R> {
    rows: Vec<R>,
    known: HashSet<i64>,
    names: Names,
    /// How many pages in a row had none.
    empty: usize,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            known: HashSet::new(),
            names: Names::default(),
            empty: 0,
        }
    }
}

impl<R: Row> Rows<R> {
    fn add(&mut self, page: Vec<R>) {
        self.empty = if page.is_empty() { self.empty + 1 } else { 0 };
        for mut row in page {
            if self.known.insert(row.id()) {
                row.share(&mut self.names);
                self.rows.push(row);
            }
        }
    }
}
