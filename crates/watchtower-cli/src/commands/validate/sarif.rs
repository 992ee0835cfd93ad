//! Findings in SARIF 2.1.0, which code hosts and editors read.

use std::io::{self, Write};
use std::path::Path;

use indicatif::HumanCount;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    Notification, PhysicalLocation, PropertyBag, Region, ReportingConfiguration,
    ReportingDescriptor, ReportingDescriptorReference, Result as SarifResult, ResultColumnKind,
    ResultLevel, Run, SCHEMA_URL, Sarif, ToolComponent, Version,
};
use watchtower_writer::validate::{Code, Finding, LeftOut, Report, Severity};

use super::json;

pub(super) fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    todo!()
}
