//! Findings in SARIF 2.1.0, which code hosts and editors read.

use std::io::{self, Write};
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, MultiformatMessageString,
    Notification, NotificationLevel, PhysicalLocation, Region, ReportingConfiguration,
    ReportingConfigurationLevel, ReportingDescriptor, ReportingDescriptorReference,
    Result as SarifResult, ResultColumnKind, ResultLevel, Run, SCHEMA_URL, Sarif, ToolComponent,
    Version,
};
use watchtower_writer::validate::{Code, Finding, LeftOut, Report, Severity, with_slashes};

use super::{count, json};

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let driver = ToolComponent::builder()
        .name("watchtower")
        .version(env!("CARGO_PKG_VERSION"))
        .information_uri(env!("CARGO_PKG_REPOSITORY"))
        .rules(Code::ALL.iter().map(|it| rule(*it)).collect::<Vec<_>>())
        .build();
    let notifications: Vec<_> = report.left_out.iter().map(notification).collect();
    let invocation = Invocation::builder()
        .execution_successful(true)
        .tool_execution_notifications(notifications)
        .build();
    let run = Run::builder()
        .tool(driver)
        .column_kind(ResultColumnKind::UnicodeCodePoints.to_string())
        .invocations(vec![invocation])
        .results(report.findings.iter().map(result).collect::<Vec<_>>())
        .build();
    let sarif = Sarif::builder()
        .schema(SCHEMA_URL)
        .version(Version::V2_1_0.to_string())
        .runs(vec![run])
        .build();
    json::line(out, &sarif)
}

/// What there is to know about a code.
fn rule(code: Code) -> ReportingDescriptor {
    let it = code.explanation();
    let text = |text: &str| MultiformatMessageString::from(&text.to_owned());
    let level = match it.severity {
        Severity::Error => ReportingConfigurationLevel::Error,
        Severity::Warning => ReportingConfigurationLevel::Warning,
    };
    let configuration = ReportingConfiguration::builder()
        .level(level.to_string())
        .build();
    ReportingDescriptor::builder()
        .id(code.to_string())
        .name(it.name)
        .short_description(text(it.what))
        .full_description(text(it.why))
        .help(text(it.mend))
        .default_configuration(configuration)
        .build()
}

fn result(finding: &Finding) -> SarifResult {
    let level = match finding.severity {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
    };
    let mut message = finding.message.clone();
    if let Some(expected) = &finding.expected {
        message.push_str(&format!(": expected {expected}"));
    }
    message.push_str(&format!(". {} {}", finding.effect, finding.help));
    SarifResult::builder()
        .rule_id(finding.code.to_string())
        .rule_index(index(finding.code))
        .level(level)
        .message(message.as_str())
        .locations(vec![location(finding)])
        .build()
}

fn location(finding: &Finding) -> Location {
    let file = artifact(&finding.file);
    let physical = match finding.position {
        Some(it) => {
            let number = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
            let region = Region::builder()
                .start_line(number(it.line))
                .start_column(number(it.column))
                .build();
            PhysicalLocation::builder()
                .artifact_location(file)
                .region(region)
                .build()
        }
        None => PhysicalLocation::builder().artifact_location(file).build(),
    };
    if finding.pointer.is_empty() {
        return Location::builder().physical_location(physical).build();
    }
    let place = LogicalLocation::builder()
        .fully_qualified_name(finding.pointer.as_str())
        .kind("value")
        .build();
    Location::builder()
        .physical_location(physical)
        .logical_locations(vec![place])
        .build()
}

/// Says how many findings are not among the results.
fn notification(left_out: &LeftOut) -> Notification {
    let level = match left_out.severity {
        Severity::Error => NotificationLevel::Error,
        Severity::Warning => NotificationLevel::Warning,
    };
    let more = count(left_out.count, &left_out.severity.to_string());
    let rule = ReportingDescriptorReference::builder()
        .id(left_out.code.to_string())
        .index(index(left_out.code))
        .build();
    let physical = PhysicalLocation::builder()
        .artifact_location(artifact(&left_out.file))
        .build();
    let location = Location::builder().physical_location(physical).build();
    Notification::builder()
        .message(format!("{more} more of this kind in this file").as_str())
        .level(level.to_string())
        .associated_rule(rule)
        .locations(vec![location])
        .build()
}

/// Where a code stands in the list of rules.
fn index(code: Code) -> i64 {
    let index = Code::ALL.iter().position(|it| *it == code);
    index.and_then(|it| i64::try_from(it).ok()).unwrap_or(-1)
}

fn artifact(path: &Path) -> ArtifactLocation {
    ArtifactLocation::builder().uri(uri(path)).build()
}

/// A path as a reference, which must be relative where the path is.
fn uri(path: &Path) -> String {
    const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b'/');
    let path = path.strip_prefix(".").unwrap_or(path);
    let text = with_slashes(path);
    let scheme = match (path.is_absolute(), text.starts_with('/')) {
        (true, true) => "file://",
        // A drive comes first.
        (true, false) => "file:///",
        (false, _) => "",
    };
    format!("{scheme}{}", utf8_percent_encode(&text, IN_A_PATH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(
            uri(Path::new("si te/data/ä:%.json")),
            "si%20te/data/%C3%A4%3A%25.json"
        );
        assert_eq!(uri(Path::new("./data")), "data");
        let (path, address) = match cfg!(windows) {
            false => ("/srv/site", "file:///srv/site"),
            true => (r"C:\srv\site", "file:///C%3A/srv/site"),
        };
        assert_eq!(uri(Path::new(path)), address);
    }
}
