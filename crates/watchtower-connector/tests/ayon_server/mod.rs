//! An AYON on 127.0.0.1 that answers as a real one did, and refuses what a real one would not take.
//!
//! It knows the fields and arguments of the queries in `queries.graphql`, which were asked of a real
//! server, and a few more that are said below. What was recorded is found by the name of the query
//! and its variables, however many rows are asked for.
//!
//! Four answers were not recorded, but written by the source of ayon-backend 1.16 and by what was measured
//! on it: how much a project holds, what the account is permitted, products, which are made of the versions
//! that were recorded, and the log of events.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use graphql_parser::query::{
    Definition, OperationDefinition, Selection, SelectionSet, Type, Value as Argument,
};
use serde_json::{Map, Value, json};
use wiremock::matchers::any;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

/// The key that opens it.
pub(crate) const KEY: &str = "0123456789abcdef-a-key-of-a-service-user";
/// The account that may log in.
pub(crate) const USER: &str = "ana";
/// Its password.
pub(crate) const PASSWORD: &str = "pass=word \"with\" ünicode";
/// What a login gives.
pub(crate) const TOKEN: &str = "recorded-token-of-a-session";

/// A picture of two pixels.
pub(crate) const PICTURE: &[u8] = include_bytes!("picture.png");
/// The picture of one pixel that AYON sends where there is none.
pub(crate) const PIXEL: &[u8] = include_bytes!("pixel.png");

/// What is asked beyond `queries.graphql`, and is in the schema of ayon-backend 1.16 all the same.
const FURTHER: &[&str] = &[
    // Every connection has pages.
    "users(first)",
    "users(after)",
    "users.pageInfo",
    "users.pageInfo.hasNextPage",
    "users.pageInfo.endCursor",
    // Inactive people have tasks as well.
    "users.edges.node.active",
    // For accounts that may not list everybody.
    "users(projectName)",
    // For edits.
    "project.products",
    "project.products(first)",
    "project.products(after)",
    "project.products(productTypes)",
    "project.products(productBaseTypes)",
    "project.products(names)",
    "project.products(namesCi)",
    "project.products.pageInfo",
    "project.products.pageInfo.hasNextPage",
    "project.products.pageInfo.endCursor",
    "project.products.edges",
    "project.products.edges.node",
    "project.products.edges.node.id",
    "project.products.edges.node.name",
    "project.products.edges.node.active",
    "project.products.edges.node.folderId",
    "project.versions(productIds)",
    "project.versions.edges.node.active",
    // For pictures that came for review.
    "project.folders.edges.node.hasReviewables",
    "project.folders.edges.node.thumbnailHash",
    // For what changed.
    "events",
    "events(first)",
    "events(last)",
    "events(after)",
    "events.pageInfo",
    "events.pageInfo.hasNextPage",
    "events.pageInfo.endCursor",
    "events.edges",
    "events.edges.cursor",
    "events.edges.node",
    "events.edges.node.id",
    "events.edges.node.topic",
    "events.edges.node.project",
    "events.edges.node.createdAt",
    // For servers before 1.15.4.
    "project.folders.edges.node.links",
    "project.folders.edges.node.links(direction)",
    "project.folders.edges.node.links(first)",
    "project.folders.edges.node.links.edges",
    "project.folders.edges.node.links.edges.entityId",
    "project.folders.edges.node.links.edges.linkType",
];

/// The server. What a test mounts on [`server`](Self::server) goes before what was recorded.
pub(crate) struct RecordedAyon {
    server: MockServer,
}

impl RecordedAyon {
    /// Starts it.
    pub(crate) async fn start(folder: impl AsRef<Path>) -> Self {
        let recordings = Recordings::read(folder.as_ref());
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(recordings)
            .with_priority(u8::MAX)
            .mount(&server)
            .await;
        Self { server }
    }

    /// The server, to mount other answers on.
    pub(crate) fn server(&self) -> &MockServer {
        &self.server
    }

    /// Its address, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// The requests so far.
    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap_or_default()
    }

    /// What was asked so far: method, path and query; for a GraphQL query its name and where the
    /// page starts.
    pub(crate) async fn asked(&self) -> Vec<String> {
        let requests = self.requests().await.into_iter();
        requests.map(|request| line(&request)).collect()
    }
}

/// `GET /a?b=c`, or `Folders` and `Folders after WzEwMF0=`.
pub(crate) fn line(request: &Request) -> String {
    if request.url.path() == "/graphql" {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let name = body["operationName"].as_str().unwrap_or("?");
        return match body["variables"]["after"].as_str() {
            Some(after) => format!("{name} after {after}"),
            None => name.to_owned(),
        };
    }
    let query = request.url.query();
    let query = query.map(|it| format!("?{it}")).unwrap_or_default();
    format!("{} {}{query}", request.method, request.url.path())
}

/// Matches the queries of a name.
pub(crate) struct Operation(pub(crate) &'static str);

impl Match for Operation {
    fn matches(&self, request: &Request) -> bool {
        let body: Option<Value> = serde_json::from_slice(&request.body).ok();
        body.is_some_and(|body| body["operationName"] == self.0)
    }
}

struct Recordings {
    exchanges: Vec<Value>,
    /// The fields and arguments that may be asked for.
    known: BTreeSet<String>,
}

impl Recordings {
    fn read(folder: &Path) -> Self {
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|it| it == "json"))
            .collect();
        paths.sort();
        let exchanges = paths
            .iter()
            .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
            .filter(|recording: &Value| recording.get("request").is_some())
            .collect();
        let text = fs::read_to_string(folder.join("queries.graphql")).unwrap();
        let document = graphql_parser::parse_query::<&str>(&text).unwrap();
        let mut known: BTreeSet<String> = FURTHER.iter().map(|&it| it.to_owned()).collect();
        for definition in &document.definitions {
            let Definition::Operation(OperationDefinition::Query(query)) = definition else {
                panic!("not a query: {definition:?}");
            };
            paths_of(&query.selection_set, "", &mut known, &mut BTreeSet::new());
        }
        Self { exchanges, known }
    }

    fn recorded(&self, is_it: impl Fn(&Value) -> bool) -> Option<&Value> {
        self.exchanges.iter().find(|it| is_it(&it["request"]))
    }

    fn answer(&self, request: &Request) -> Result<ResponseTemplate, String> {
        let path = request.url.path();
        if path == "/api/auth/login" {
            return login(request);
        }
        // What version it is, it says to anybody.
        if path != "/api/info" {
            match credentials(request)? {
                Some(true) => {}
                Some(false) => {
                    let refused = self.recorded(|it| it["headers"]["x-api-key"] == "wrong");
                    return Ok(played(refused.unwrap()));
                }
                None => return Ok(refusal(401, "Not logged in")),
            }
        }
        if path == "/graphql" {
            return self.data(request);
        }
        demand(request.method == "GET", "a GET")?;
        demand(request.body.is_empty(), "no body")?;
        if path.ends_with("/thumbnail") {
            demand(
                request.url.query() == Some("placeholder=none"),
                "no placeholder",
            )?;
            let missing = "/folders/490c4658e63211f1a03002fc00000001/";
            return Ok(match path.contains(missing) {
                true => refusal(404, "No thumbnail available"),
                false => ResponseTemplate::new(200).set_body_raw(PICTURE, "image/png"),
            });
        }
        if path.ends_with("/avatar") {
            return Ok(match path {
                "/api/users/ana/avatar" => {
                    ResponseTemplate::new(200).set_body_raw(PICTURE, "image/png")
                }
                _ => {
                    let initials = "<svg width=\"100px\" height=\"100px\" xmlns=\"http://www.w3.org/2000/svg\"></svg>";
                    ResponseTemplate::new(200).set_body_raw(initials, "image/svg+xml")
                }
            });
        }
        if path.ends_with("/payload") {
            return Ok(ResponseTemplate::new(200).set_body_raw(movie(), "video/mp4"));
        }
        let asked = format!("{path}{}", query_of(request));
        match asked.as_str() {
            "/api/projects/wt_demo/stats" => {
                let counts = json!({"counts": {"folders": 245, "tasks": 356}});
                return Ok(ResponseTemplate::new(200).set_body_json(counts));
            }
            "/api/users/me/permissions/wt_demo" => {
                let all = json!({"enabled": false, "access_list": []});
                let attributes = json!({"enabled": false, "attributes": []});
                let permissions = json!({"read": all, "attrib_read": attributes});
                return Ok(ResponseTemplate::new(200).set_body_json(permissions));
            }
            _ => {}
        }
        match self.recorded(|it| it["path"] == asked.as_str() && it["headers"].is_null()) {
            Some(exchange) => Ok(played(exchange)),
            None => Ok(refusal(404, "Not found")),
        }
    }

    /// The answer to a GraphQL query.
    fn data(&self, request: &Request) -> Result<ResponseTemplate, String> {
        demand(request.method == "POST", "a POST")?;
        let content_type = request.headers.get("content-type");
        let content_type = content_type.and_then(|it| it.to_str().ok());
        demand(content_type == Some("application/json"), "JSON")?;
        let body: Map<String, Value> =
            serde_json::from_slice(&request.body).map_err(|it| it.to_string())?;
        let fields: Vec<_> = body.keys().map(String::as_str).collect();
        demand(
            fields == ["operationName", "query", "variables"],
            "operationName, query and variables",
        )?;
        let name = body["operationName"].as_str().ok_or("a name")?;
        let text = body["query"].as_str().ok_or("a query")?;
        let variables = body["variables"].as_object().ok_or("variables")?;
        self.check_query(name, text, variables)?;
        if variables.get("project").is_some_and(|it| it == "wt_demo")
            && let Some(rows) = self.published(name, variables)
        {
            let field = if name == "ProductVersions" {
                "versions"
            } else {
                "products"
            };
            let data = json!({"project": {"name": "wt_demo", field: rows}});
            return Ok(ResponseTemplate::new(200).set_body_json(json!({"data": data})));
        }
        let log = [event(1, "entity.project.created", Some("wt_demo"))];
        if let Some(events) = logged(&log, name, variables) {
            let data = json!({"data": {"events": events}});
            return Ok(ResponseTemplate::new(200).set_body_json(data));
        }
        let found = self.recorded(|it| {
            let recorded = &it["body"];
            recorded["operationName"] == name
                && recorded["variables"]
                    .as_object()
                    .is_some_and(|it| it == variables)
        });
        if let Some(exchange) = found {
            return Ok(played(exchange));
        }
        // Any query about a project that is not there gets the same answer.
        let unknown = variables.get("project").filter(|it| *it != "wt_demo");
        match unknown {
            Some(_) => {
                let nope = |it: &Value| it["body"]["variables"]["project"] == "nope";
                Ok(played(self.recorded(nope).unwrap()))
            }
            None => Err(format!("{name} with {variables:?} was not recorded")),
        }
    }

    /// What was published: the recorded versions, and their products.
    fn published(&self, name: &str, variables: &Map<String, Value>) -> Option<Value> {
        let recorded = self.recorded(|it| it["body"]["operationName"] == "Versions")?;
        let rows = &recorded["response"]["body"]["data"]["project"]["versions"];
        let versions: Vec<Value> = rows["edges"]
            .as_array()?
            .iter()
            .map(|it| it["node"].clone())
            .collect();
        published(&versions, name, variables)
    }

    /// Whether a query is one that a real server takes.
    fn check_query(
        &self,
        name: &str,
        text: &str,
        variables: &Map<String, Value>,
    ) -> Result<(), String> {
        let document = graphql_parser::parse_query::<&str>(text).map_err(|it| it.to_string())?;
        let [Definition::Operation(OperationDefinition::Query(query))] = &document.definitions[..]
        else {
            return Err("one query is due".to_owned());
        };
        demand(query.name == Some(name), "the query under its name")?;
        let mut asked = BTreeSet::new();
        let mut used = BTreeSet::new();
        paths_of(&query.selection_set, "", &mut asked, &mut used);
        let unknown: Vec<_> = asked.difference(&self.known).collect();
        if !unknown.is_empty() {
            return Err(format!("Cannot query field {unknown:?}"));
        }
        let declared = &query.variable_definitions;
        let names: BTreeSet<_> = declared.iter().map(|it| it.name.to_owned()).collect();
        demand(names == used, "variables that are declared and used")?;
        demand(
            variables.keys().all(|it| names.contains(it)),
            "no other variables",
        )?;
        for variable in declared {
            let required = matches!(variable.var_type, Type::NonNullType(_));
            let given = variables.get(variable.name);
            demand(given.is_some() || !required, "every required variable")?;
            demand(
                given.is_none_or(Value::is_string),
                "variables of type String",
            )?;
        }
        Ok(())
    }
}

/// The answer to one of the queries for products and their versions, where the versions are these. None
/// for any other query.
pub(crate) fn published(
    versions: &[Value],
    query: &str,
    variables: &Map<String, Value>,
) -> Option<Value> {
    let product = variables.get("product").and_then(Value::as_str);
    let is_of = |version: &Value, key: &str, names: &[&str]| {
        let text = version["product"][key].as_str();
        text.is_some_and(|text| names.contains(&text))
    };
    let is_asked = |version: &Value| match query {
        "ReviewProducts" => is_of(version, "productType", &["review", "Review"]),
        "ReviewBasedProducts" => is_of(version, "productBaseType", &["review"]),
        "NamedProducts" => {
            let name = version["product"]["name"].as_str().map(str::to_lowercase);
            name == product.map(str::to_lowercase)
        }
        _ => version["productId"].as_str() == product,
    };
    let asked = versions.iter().filter(|it| is_asked(it));
    let nodes: Vec<Value> = match query {
        "ProductVersions" => asked.cloned().collect(),
        "ReviewProducts" | "ReviewBasedProducts" | "NamedProducts" => {
            let mut seen = BTreeSet::new();
            let first = asked.filter(|it| seen.insert(it["productId"].as_str()));
            let product = |version: &Value| {
                let product = &version["product"];
                json!({"id": version["productId"], "name": product["name"],
                    "active": product["active"], "folderId": product["folderId"]})
            };
            first.map(product).collect()
        }
        _ => return None,
    };
    let edges: Vec<Value> = nodes.iter().map(|node| json!({"node": node})).collect();
    let info = json!({"hasNextPage": false, "endCursor": null});
    Some(json!({"pageInfo": info, "edges": edges}))
}

/// An event as AYON has it, the `number`th of its log.
pub(crate) fn event(number: u64, topic: &str, project: Option<&str>) -> Value {
    json!({
        "number": number,
        "id": format!("event-{number}"),
        "topic": topic,
        "project": project,
        "createdAt": format!("2026-11-28T05:{:02}:{:02}+00:00", number / 60, number % 60),
    })
}

/// Where an event is in the log.
pub(crate) fn cursor(number: u64) -> String {
    use base64::Engine as _;

    base64::engine::general_purpose::STANDARD.encode(format!("[{number}]"))
}

/// The answer to one of the queries for events, of a log that holds these, the oldest first. None for any
/// other query.
pub(crate) fn logged(
    events: &[Value],
    query: &str,
    variables: &Map<String, Value>,
) -> Option<Value> {
    let number = |event: &Value| event["number"].as_u64().unwrap();
    let row = |event: &Value| {
        let mut node = event.clone();
        node.as_object_mut().unwrap().remove("number");
        json!({"cursor": cursor(number(event)), "node": node})
    };
    let (rows, is_end): (Vec<Value>, bool) = match query {
        // The newest comes first.
        "NewestEvents" => (events.iter().rev().take(101).map(row).collect(), true),
        "Events" => {
            let after = variables.get("after").and_then(Value::as_str);
            let is_after = |it: &&Value| after.is_none_or(|after| comes_after(number(it), after));
            let rest: Vec<_> = events.iter().filter(is_after).collect();
            let page = rest.iter().copied().take(1000).map(row).collect();
            (page, rest.len() < 1000)
        }
        _ => return None,
    };
    let end = rows.last().map(|it| it["cursor"].clone());
    let info = json!({"hasNextPage": !is_end, "endCursor": end});
    Some(json!({"pageInfo": info, "edges": rows}))
}

/// Whether an event comes after the one at a cursor.
fn comes_after(number: u64, cursor: &str) -> bool {
    use base64::Engine as _;

    let text = base64::engine::general_purpose::STANDARD.decode(cursor);
    let place: [u64; 1] = serde_json::from_slice(&text.unwrap()).unwrap();
    number > place[0]
}

impl Respond for Recordings {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        match self.answer(request) {
            Ok(answer) => answer,
            Err(due) => ResponseTemplate::new(418)
                .set_body_json(json!({"detail": format!("{}: {due}", line(request))})),
        }
    }
}

fn demand(is_met: bool, what: &str) -> Result<(), String> {
    match is_met {
        true => Ok(()),
        false => Err(format!("{what} is due")),
    }
}

fn query_of(request: &Request) -> String {
    let query = request.url.query();
    query.map(|it| format!("?{it}")).unwrap_or_default()
}

/// Whether a request comes with what opens the server; none where it comes with nothing.
fn credentials(request: &Request) -> Result<Option<bool>, String> {
    let header = |name: &str| request.headers.get(name).and_then(|it| it.to_str().ok());
    match (header("x-api-key"), header("authorization")) {
        (Some(_), Some(_)) => Err("a key or a session, and not both".to_owned()),
        (Some(key), None) => Ok(Some(key == KEY)),
        (None, Some(token)) => Ok(Some(token == format!("Bearer {TOKEN}"))),
        (None, None) => Ok(None),
    }
}

fn login(request: &Request) -> Result<ResponseTemplate, String> {
    demand(request.method == "POST", "a POST")?;
    demand(credentials(request)?.is_none(), "no other credentials")?;
    let body: Value = serde_json::from_slice(&request.body).map_err(|it| it.to_string())?;
    let fields = body.as_object().map(|it| it.keys().collect::<Vec<_>>());
    demand(
        fields.is_some_and(|it| it == ["name", "password"]),
        "name and password",
    )?;
    Ok(match body["name"] == USER && body["password"] == PASSWORD {
        true => ResponseTemplate::new(200).set_body_json(
            json!({"detail": "Logged in as ana", "token": TOKEN, "user": {"name": USER}}),
        ),
        false => refusal(403, "Invalid login/password combination"),
    })
}

/// What AYON says when it does not do what it was asked.
pub(crate) fn refusal(status: u16, detail: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"code": status, "detail": detail}))
}

fn played(exchange: &Value) -> ResponseTemplate {
    let response = &exchange["response"];
    let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
    let mut answer = ResponseTemplate::new(status);
    if let Some(location) = response["headers"]["location"].as_str() {
        answer = answer.insert_header("location", location);
    }
    match response.get("body") {
        Some(body) => answer.set_body_json(body),
        None => answer,
    }
}

/// A small movie, as it was recorded of another server.
pub(crate) fn movie() -> Vec<u8> {
    use base64::Engine as _;
    let exchange = include_str!("../recorded/kitsu/small-series-edit-0-movie-original.json");
    let exchange: Value = serde_json::from_str(exchange).unwrap();
    let body = exchange["response"]["body_base64"].as_str().unwrap();
    base64::engine::general_purpose::STANDARD
        .decode(body)
        .unwrap()
}

/// The paths of fields and arguments, as in `project.folders(first)`, and the variables used.
fn paths_of<'a>(
    selections: &SelectionSet<'a, &'a str>,
    above: &str,
    paths: &mut BTreeSet<String>,
    variables: &mut BTreeSet<String>,
) {
    for selection in &selections.items {
        let Selection::Field(field) = selection else {
            panic!("{selection:?} is no field");
        };
        let path = match above {
            "" => field.name.to_owned(),
            above => format!("{above}.{}", field.name),
        };
        for (argument, value) in &field.arguments {
            paths.insert(format!("{path}({argument})"));
            let values = match value {
                Argument::List(values) => values.iter().collect(),
                value => vec![value],
            };
            for value in values {
                if let Argument::Variable(name) = value {
                    variables.insert((*name).to_owned());
                }
            }
        }
        paths_of(&field.selection_set, &path, paths, variables);
        paths.insert(path);
    }
}
