//! What a site is: its version, and which types and fields it has.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{AUTHENTICATION, CallError};
use super::{ADDRESS_HELP, Flow};
use crate::http::shown;
use crate::{Error, ErrorKind, Result};

const OPERATION: &str = "reach Flow";

/// The version from which on pages need not be counted.
const LEAST_VERSION: [u64; 2] = [7, 4];

/// How many rows come in a page where the site does not say. As the official client has it.
const USUAL_PAGE: u64 = 500;

/// What a site says about itself to anybody.
#[derive(Clone, Debug)]
pub(super) struct SiteInfo {
    /// `8.78.0`
    pub version: String,
    pub auth_method: AuthMethod,
    /// How many rows come in a page.
    pub page: u64,
}

/// How people log in at a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AuthMethod {
    /// With single sign-on, so that no password is taken.
    Saml2,
    /// In another way: `default`, `ldap`, `oxygen`.
    Other(String),
}

impl AuthMethod {
    /// In words.
    pub(super) fn about(&self) -> &str {
        match self {
            Self::Saml2 => "single sign-on (passwords are not taken)",
            Self::Other(name) => match &**name {
                "default" | "" => "the site's own passwords",
                "ldap" => "LDAP",
                "oxygen" => {
                    "Autodesk Identity (passwords are taken with a Personal Access Token only)"
                }
                other => other,
            },
        }
    }
}

/// The types that are read, and the fields of them that a site may lack.
const TYPES: [&str; 7] = [
    "Project", "Sequence", "Shot", "Asset", "Task", "Version", "Cut",
];

/// Which types and fields a site has.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// The types, by their names for the program.
    types: Vec<String>,
    fields: HashMap<&'static str, HashMap<String, Field>>,
}

/// What a schema says of a field.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Field {
    #[serde(default)]
    data_type: Property<String>,
    #[serde(default)]
    properties: Properties,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Property<T> {
    #[serde(default = "Option::default")]
    value: Option<T>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Properties {
    #[serde(default)]
    valid_values: Property<Vec<String>>,
    #[serde(default)]
    hidden_values: Property<Vec<String>>,
    #[serde(default)]
    display_values: Property<HashMap<String, String>>,
}

impl Field {
    /// Whether it links to one thing.
    fn is_link(&self) -> bool {
        self.data_type.value.as_deref() == Some("entity")
    }

    /// What a person can choose, in the site's order, less what is hidden.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        let hidden = self.properties.hidden_values.value.as_deref();
        let values = self.properties.valid_values.value.as_deref();
        let values = values.unwrap_or_default().iter();
        values
            .filter(move |it| !hidden.unwrap_or_default().contains(it))
            .map(String::as_str)
    }

    /// What a value is called.
    pub(super) fn display(&self, value: &str) -> Option<&str> {
        let names = self.properties.display_values.value.as_ref()?;
        names.get(value).map(String::as_str)
    }
}

impl Schema {
    /// Whether a site has a type. One that is switched off is not in the schema, and to read it is a fault.
    pub(super) fn has_type(&self, entity: &str) -> bool {
        self.types.iter().any(|it| it == entity)
    }

    pub(super) fn field(&self, entity: &str, field: &str) -> Option<&Field> {
        self.fields.get(entity)?.get(field)
    }

    /// Whether a field links to one thing.
    pub(super) fn has_link(&self, entity: &str, field: &str) -> bool {
        self.field(entity, field).is_some_and(Field::is_link)
    }

    /// Those of some fields that a type has. All, for a type whose fields were not looked up.
    pub(super) fn present<'f>(&self, entity: &str, fields: &[&'f str]) -> Vec<&'f str> {
        let known = self.fields.get(entity);
        let is_there = |it: &&&str| known.is_none_or(|known| known.contains_key(**it));
        fields.iter().filter(is_there).copied().collect()
    }
}

impl Flow {
    /// What the site says about itself; asked once.
    pub(super) async fn site_info(&self) -> Result<Arc<SiteInfo>> {
        let known = self.info.lock().await.clone();
        match known {
            Some(info) => Ok(info),
            None => self.read_site_info().await,
        }
    }

    /// The same, asked anew. It needs no account, and says whether it is a site at all.
    pub(super) async fn read_site_info(&self) -> Result<Arc<SiteInfo>> {
        let another = || {
            let message = format!("what answers at {} is not Flow", shown(self.http.base()));
            Error::new(ErrorKind::Malformed, OPERATION, message).with_help(ADDRESS_HELP)
        };
        let answer = self.call_bare(OPERATION, "info", &[]).await;
        let answer = answer.map_err(|error| match error.explained(self) {
            error if error.kind() == ErrorKind::NotFound => another(),
            error => error,
        })?;
        let version = answer["version"].as_array().ok_or_else(another)?;
        let parts: Option<Vec<u64>> = version.iter().map(Value::as_u64).collect();
        let parts = parts.filter(|it| !it.is_empty()).ok_or_else(another)?;
        let version = parts
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(".");
        if parts.as_slice() < LEAST_VERSION.as_slice() {
            let [major, minor] = LEAST_VERSION;
            let message =
                format!("the site is version {version}, and {major}.{minor} is the least");
            return Err(Error::new(ErrorKind::Unsupported, OPERATION, message));
        }
        let auth_method = answer["user_authentication_method"].as_str();
        let auth_method = match auth_method.unwrap_or_default() {
            "saml2" => AuthMethod::Saml2,
            other => AuthMethod::Other(other.to_owned()),
        };
        let page = answer["api_max_entities_per_page"].as_u64();
        let info = Arc::new(SiteInfo {
            version,
            auth_method,
            page: page.filter(|it| *it > 0).unwrap_or(USUAL_PAGE),
        });
        *self.info.lock().await = Some(Arc::clone(&info));
        Ok(info)
    }

    /// Which types and fields the site has; looked up before any of them is asked for.
    pub(super) async fn schema(&self) -> Result<Arc<Schema>> {
        let known = self.schema.lock().await.clone();
        match known {
            Some(schema) => Ok(schema),
            None => self.read_schema().await,
        }
    }

    /// The same, asked anew: fields come and go.
    pub(super) async fn read_schema(&self) -> Result<Arc<Schema>> {
        const OPERATION: &str = "read which types and fields the site has";
        let types = async {
            let types = self.call(OPERATION, "schema_entity_read", &json!({})).await;
            types.map_err(|error| error.explained(self))
        };
        let fields = TYPES.map(|entity| async move {
            let args = json!({"type": entity});
            let fields = self.call(OPERATION, "schema_field_read", &args).await;
            match fields {
                Ok(fields) => Ok(Some((entity, fields))),
                // It is switched off, which the list of types says better.
                Err(CallError::Fault(_)) if entity == "Cut" => Ok(None),
                Err(error) => Err(error.explained(self)),
            }
        });
        let (types, fields): (HashMap<String, Value>, _) =
            tokio::try_join!(types, try_join_all(fields))?;
        let schema = Arc::new(Schema {
            types: types.into_keys().collect(),
            fields: fields.into_iter().flatten().collect(),
        });
        *self.schema.lock().await = Some(Arc::clone(&schema));
        Ok(schema)
    }

    /// What a project makes of the statuses of tasks: some are hidden in it.
    pub(super) async fn task_statuses_of(&self, project: i64) -> Result<Field> {
        const OPERATION: &str = "read the statuses of tasks";
        let args = json!({
            "type": "Task",
            "field_name": "sg_status_list",
            "project": {"type": "Project", "id": project},
        });
        let fields = self.call(OPERATION, "schema_field_read", &args).await;
        match fields {
            Ok::<HashMap<String, Field>, _>(mut fields) => {
                Ok(fields.remove("sg_status_list").unwrap_or_default())
            }
            Err(CallError::Fault(fault)) if fault.code != AUTHENTICATION => {
                tracing::debug!(
                    fault = self.http.told(&fault.message),
                    "all statuses are listed"
                );
                Ok(Field::default())
            }
            Err(error) => Err(error.explained(self)),
        }
    }
}
