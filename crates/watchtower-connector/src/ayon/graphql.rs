//! Asking AYON's GraphQL API, and what it says when something is wrong.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Ayon;
use super::records::{Listed, Page};
use crate::http::Failure;
use crate::{Error, ErrorKind};

/// A query by its name, as servers log it, and its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    pub name: &'static str,
    pub text: &'static str,
}

/// A page has a thousand rows, where the server's own would have a hundred: of a list of folders
/// that is half a megabyte.
macro_rules! query {
    ($name:literal, $text:expr) => {
        Query {
            name: $name,
            text: concat!("query ", $name, $text),
        }
    };
}

/// What a project is, and what its folders and tasks refer to by name.
pub(super) const PROJECT: Query = query!(
    "Project",
    "($project: String!) { project(name: $project) { name \
     attrib { fps resolutionWidth resolutionHeight } \
     taskTypes { name color } statuses { name shortName state color scope } } }"
);

macro_rules! folders {
    ($picture:literal) => {
        query!("Folders", concat!(
            "($project: String!, $after: String) { project(name: $project) { name \
             folders(first: 1000, after: $after) { pageInfo { hasNextPage endCursor } edges { node { \
             id name label active folderType parentId status thumbnailId ", $picture, "ownAttrib \
             attrib { frameStart frameEnd handleStart handleEnd clipIn clipOut fps } } } } } }"
        ))
    };
}

/// The folders of a project, with what says whether a folder has a picture and which: servers before
/// 1.16 do not have the hash, and older ones no `hasReviewables` either.
pub(super) const FOLDERS: [Query; 3] = [
    folders!("thumbnailHash hasReviewables "),
    folders!("hasReviewables "),
    folders!(""),
];

pub(super) const TASKS: Query = query!(
    "Tasks",
    "($project: String!, $after: String) { project(name: $project) { name \
     tasks(first: 1000, after: $after) { pageInfo { hasNextPage endCursor } edges { node { \
     id taskType folderId status assignees active } } } } }"
);

/// All links of a project. Servers before 1.15.4 do not have it.
pub(super) const LINKS: Query = query!(
    "Links",
    "($project: String!, $after: String) { project(name: $project) { name \
     links(first: 1000, after: $after, linkTypes: [\"breakdown\"]) { \
     pageInfo { hasNextPage endCursor } edges { inputId outputId } } } }"
);

/// The links of each folder, which every server has. They are not paged: cursors of these links lead
/// nowhere on the servers that need this.
pub(super) const FOLDER_LINKS: Query = query!(
    "FolderLinks",
    "($project: String!, $after: String) { project(name: $project) { name \
     folders(first: 200, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id \
     links(direction: \"in\", first: 1000) { edges { entityId linkType } } } } } } }"
);

pub(super) const USERS: Query = query!(
    "Users",
    "($after: String) { users(first: 1000, after: $after) { \
     pageInfo { hasNextPage endCursor } edges { node { name active attrib { fullName } } } } }"
);

/// Who has access to a project, for accounts that may not list everybody.
pub(super) const PROJECT_USERS: Query = query!(
    "ProjectUsers",
    "($project: String!, $after: String) { users(first: 1000, after: $after, \
     projectName: $project) { pageInfo { hasNextPage endCursor } edges { node { \
     name active attrib { fullName } } } } }"
);

macro_rules! products {
    ($name:literal, $variable:literal, $which:literal) => {
        query!($name, concat!(
            "($project: String!, ", $variable, "$after: String) { project(name: $project) { name \
             products(first: 1000, after: $after, ", $which, ") { \
             pageInfo { hasNextPage endCursor } edges { node { id name active folderId } } } } }"
        ))
    };
}

macro_rules! events {
    ($name:literal, $variables:literal, $which:literal) => {
        query!(
            $name,
            concat!(
                $variables,
                " { events(",
                $which,
                ") { pageInfo { hasNextPage endCursor } \
             edges { cursor node { id topic project createdAt } } } }"
            )
        )
    };
}

/// The newest events.
pub(super) const NEWEST_EVENTS: Query = events!("NewestEvents", "", "last: 101");

/// What happened after an event.
pub(super) const EVENTS: Query =
    events!("Events", "($after: String)", "first: 1000, after: $after");

/// The products that are for review, by the type that a studio may name as it likes.
pub(super) const REVIEW_PRODUCTS: Query = products!(
    "ReviewProducts",
    "",
    "productTypes: [\"review\", \"Review\"]"
);

/// The same by the type on which the studio's own is based. Older servers do not have it.
pub(super) const REVIEW_BASED_PRODUCTS: Query =
    products!("ReviewBasedProducts", "", "productBaseTypes: [\"review\"]");

/// The products of a name, whatever its case; older servers take the very name alone.
pub(super) const NAMED_PRODUCTS: [Query; 2] = [
    products!(
        "NamedProducts",
        "$product: String!, ",
        "namesCi: [$product]"
    ),
    products!("NamedProducts", "$product: String!, ", "names: [$product]"),
];

/// All versions of a product.
pub(super) const PRODUCT_VERSIONS: Query = query!(
    "ProductVersions",
    "($project: String!, $product: String!, $after: String) { project(name: $project) { name \
     versions(first: 1000, after: $after, productIds: [$product]) { \
     pageInfo { hasNextPage endCursor } edges { node { id name active taskId \
     hasReviewables createdAt } } } } }"
);

/// A query that failed: on the way, or in an answer that says so.
#[derive(Debug)]
pub(super) enum QueryFailure {
    Request(Failure),
    /// The server understood that it was asked something, and says what is wrong.
    Answered {
        error: Error,
        unknown_field: bool,
    },
}

impl QueryFailure {
    /// Whether the server is of a version that does not have what was asked for.
    pub(super) fn is_unknown_field(&self) -> bool {
        matches!(
            self,
            Self::Answered {
                unknown_field: true,
                ..
            }
        )
    }

    /// Whether it is about what was asked for, so that another question may be answered: we may not
    /// see it, or it is not there.
    pub(super) fn is_answered(&self) -> bool {
        match self {
            Self::Request(_) => false,
            Self::Answered { error, .. } => !error.kind().is_transient(),
        }
    }
}

impl From<Failure> for QueryFailure {
    fn from(failure: Failure) -> Self {
        Self::Request(failure)
    }
}

impl From<Error> for QueryFailure {
    fn from(error: Error) -> Self {
        Self::Request(error.into())
    }
}

impl From<QueryFailure> for Error {
    fn from(failure: QueryFailure) -> Self {
        match failure {
            QueryFailure::Request(failure) => failure.into(),
            QueryFailure::Answered { error, .. } => error,
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Option<Vec<Complaint>>,
}

#[derive(Deserialize)]
struct Complaint {
    #[serde(default)]
    message: String,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    #[serde(default)]
    status: Option<u16>,
}

impl Ayon {
    /// Asks something, and gives back the data of the answer.
    async fn query(
        &self,
        operation: &str,
        query: Query,
        variables: &Value,
    ) -> Result<Value, QueryFailure> {
        let body = json!({
            "operationName": query.name,
            "query": query.text,
            "variables": variables,
        });
        let url = self.http.url(&["graphql"]);
        let request = self.http.post(operation, url).body(&body)?;
        let answer: Answer = self
            .with_session(request, |request| Box::pin(request.json()))
            .await?;
        // A part of the data may be there beside errors; but who knows which.
        match answer.errors.unwrap_or_default().into_iter().next() {
            Some(complaint) => Err(self.answered(operation, query, complaint)),
            None => Ok(answer.data),
        }
    }

    /// Asks something about a project.
    pub(super) async fn query_project<T: DeserializeOwned>(
        &self,
        operation: &str,
        query: Query,
        project: &str,
        mut variables: Value,
    ) -> Result<T, QueryFailure> {
        variables["project"] = project.into();
        let mut data = self.query(operation, query, &variables).await?;
        // Data that is no object is no project either.
        let data = data.get_mut("project").map(Value::take).unwrap_or_default();
        let answered = |kind, message: String| QueryFailure::Answered {
            error: Error::new(kind, operation, message),
            unknown_field: false,
        };
        if data.is_null() {
            let message = "there is no such project".to_owned();
            return Err(answered(ErrorKind::NotFound, message));
        }
        // The server takes the name as a pattern in which `_` stands for any character.
        match data.get("name").and_then(Value::as_str) {
            Some(other) if other != project => {
                let message = format!(
                    "the server answers for the project `{}` in place of `{}`: it takes `_` for any \
                     character, so one of the two must be renamed",
                    other.escape_debug(),
                    project.escape_debug()
                );
                Err(answered(ErrorKind::Malformed, message))
            }
            _ => self.parse(operation, query, "project.", data),
        }
    }

    /// Reads a list of a project, page by page.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        operation: &str,
        query: Query,
        project: &str,
    ) -> Result<Vec<T>, QueryFailure> {
        self.list_with(operation, query, project, json!({})).await
    }

    /// The same by the first of several queries that the server understands: older ones lack some of
    /// what the first asks for.
    pub(super) async fn list_by_any<T: DeserializeOwned>(
        &self,
        operation: &str,
        queries: &[Query],
        project: &str,
        variables: &Value,
    ) -> Result<Vec<T>, QueryFailure> {
        let (last, richer) = queries.split_last().expect("there is a query");
        for query in richer {
            match self
                .list_with(operation, *query, project, variables.clone())
                .await
            {
                Err(failure) if failure.is_unknown_field() => {
                    tracing::debug!(error = %Error::from(failure), "asking an older server for less");
                }
                answer => return answer,
            }
        }
        self.list_with(operation, *last, project, variables.clone())
            .await
    }

    /// The same for a query with further variables.
    pub(super) async fn list_with<T: DeserializeOwned>(
        &self,
        operation: &str,
        query: Query,
        project: &str,
        mut variables: Value,
    ) -> Result<Vec<T>, QueryFailure> {
        let mut pages = Pages::new(operation, query);
        while let Some(after) = pages.next() {
            if let Some(after) = after {
                variables["after"] = after.into();
            }
            let page: Listed<T> = self
                .query_project(operation, query, project, variables.clone())
                .await?;
            pages.take(page.rows)?;
        }
        Ok(pages.rows)
    }

    /// Reads a list that belongs to no project, page by page.
    pub(super) async fn list_shared<T: DeserializeOwned>(
        &self,
        operation: &str,
        query: Query,
        mut variables: Value,
    ) -> Result<Vec<T>, QueryFailure> {
        let mut pages = Pages::new(operation, query);
        while let Some(after) = pages.next() {
            if let Some(after) = after {
                variables["after"] = after.into();
            }
            let data = self.query(operation, query, &variables).await?;
            let page: Listed<T> = self.parse(operation, query, "", data)?;
            pages.take(page.rows)?;
        }
        Ok(pages.rows)
    }

    /// Reads the data of an answer, or the part of it that is below a place.
    fn parse<T: DeserializeOwned>(
        &self,
        operation: &str,
        query: Query,
        above: &str,
        data: Value,
    ) -> Result<T, QueryFailure> {
        serde_path_to_error::deserialize(data).map_err(|error| {
            // It quotes what it did not expect.
            let reason = self.http.told(&error.inner().to_string());
            let message = format!(
                "the answer to the query {} is not as expected at `{above}{}`: {reason}",
                query.name,
                error.path(),
            );
            QueryFailure::Answered {
                error: Error::new(ErrorKind::Malformed, operation, message),
                unknown_field: false,
            }
        })
    }

    fn answered(&self, operation: &str, query: Query, complaint: Complaint) -> QueryFailure {
        let said = self.http.told(&complaint.message);
        let status = complaint.extensions.and_then(|it| it.status);
        let (kind, message) = match status {
            Some(401 | 403) => (ErrorKind::Refused, format!("AYON refuses it: {said}")),
            Some(404) => (ErrorKind::NotFound, format!("AYON says: {said}")),
            Some(500..) => (ErrorKind::Unavailable, format!("AYON fails: {said}")),
            _ => (
                ErrorKind::Malformed,
                format!("AYON cannot answer the query {}: {said}", query.name),
            ),
        };
        let unknown_field = complaint.message.contains("Cannot query field")
            || complaint.message.contains("Unknown argument");
        let mut error = Error::new(kind, operation, message);
        if unknown_field {
            error = error
                .with_help("the server is of a version that does not have this; AYON 1.16 has it");
        }
        QueryFailure::Answered {
            error,
            unknown_field,
        }
    }
}

/// The pages of a list, one after the other.
struct Pages<'a, T> {
    operation: &'a str,
    query: Query,
    rows: Vec<T>,
    state: State,
}

enum State {
    Start,
    After(String),
    End,
}

impl<'a, T> Pages<'a, T> {
    fn new(operation: &'a str, query: Query) -> Self {
        Self {
            operation,
            query,
            rows: Vec::new(),
            state: State::Start,
        }
    }

    /// After which row the next page starts. None at the end.
    fn next(&self) -> Option<Option<String>> {
        match &self.state {
            State::Start => Some(None),
            State::After(cursor) => Some(Some(cursor.clone())),
            State::End => None,
        }
    }

    /// Takes a page in.
    ///
    /// A list that fits its pages exactly ends in an empty one that was announced all the same.
    fn take(&mut self, page: Page<T>) -> Result<(), Error> {
        let is_empty = page.edges.is_empty();
        self.rows.extend(page.edges);
        if is_empty || !page.page_info.has_next_page {
            self.state = State::End;
            return Ok(());
        }
        let cursor = page.page_info.end_cursor.filter(|it| !it.is_empty());
        match (cursor, &self.state) {
            (Some(cursor), State::After(last)) if cursor == *last => Err(self.lost()),
            (Some(cursor), _) => {
                self.state = State::After(cursor);
                Ok(())
            }
            (None, _) => Err(self.lost()),
        }
    }

    fn lost(&self) -> Error {
        let message = format!(
            "after {} rows of {} the server announces more, and not where they start",
            self.rows.len(),
            self.query.name
        );
        Error::new(ErrorKind::Malformed, self.operation, message)
    }
}
