//! Documents made by the libraries that make them elsewhere, and those that somebody makes to do harm.

mod tables;
mod texts;
mod traps;

use std::io::{Cursor, Write as _};

use rust_xlsxwriter::{ExcelDateTime, Format as Look, Workbook, Worksheet};
use shouwang_proto::{
    publication::Kind,
    refusal::{Refusal, Violation},
    wire::{self, publication::Detail},
};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

/// A workbook with one sheet.
fn workbook(name: &str, fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet().set_name(name).unwrap());
    workbook.save_to_buffer().unwrap()
}

/// Texts of a row, from the first column.
fn texts(sheet: &mut Worksheet, row: u32, texts: &[&str]) {
    for (at, text) in (0..).zip(texts) {
        if !text.is_empty() {
            sheet.write_string(row, at, *text).unwrap();
        }
    }
}

/// A package with these parts.
fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read_all(name: &str, bytes: &[u8]) -> Reading {
    read(name, bytes, None, &Limits::default()).unwrap_or_else(|refusal| panic!("{name}: {refusal}"))
}

fn refused(name: &str, bytes: &[u8]) -> Refusal {
    read(name, bytes, None, &Limits::default()).expect_err(name)
}

fn paths(found: &[Violation]) -> Vec<&str> {
    found.iter().map(|one| one.field.as_str()).collect()
}

fn resource(row: &Row) -> &wire::MutualAidResource {
    match row.publication.as_ref().and_then(|one| one.detail.as_ref()) {
        Some(Detail::Resource(resource)) => resource,
        other => panic!("{other:?}"),
    }
}
