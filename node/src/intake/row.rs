//! A row of a table becomes a publication, or everything that is wrong with it.

use prost::Message as _;
use shouwang_proto::{
    log::entry::PAYLOAD_LIMIT,
    publication::{Content, Kind},
    refusal::{Violation, Violations},
    wire::{self, publication::Detail},
};

use super::{
    Row,
    column::{Column, Field, Known},
    detail::{course, keep_address, practice, resource, stand_in},
    table::{Cell, column_name},
    value::{self, Wrong},
};

/// A cell under a heading that is known.
pub(super) struct Filled<'a> {
    pub(super) known: &'a Known,
    pub(super) cell: &'a Cell,
    /// Its column, from 0.
    pub(super) at: usize,
}

/// Reads a row; `kind` is what it is when it does not say it itself.
pub(super) fn read(filled: &[Filled<'_>], kind: Option<Kind>) -> Row {
    let mut notes = Notes::default();
    let Some(kind) = kind_of(filled, kind, &mut notes) else {
        return Row { violations: notes.wrong.into_inner(), ..Row::default() };
    };
    let fields = Fields::new(filled, kind, &mut notes);
    let mut publication = general(&fields, &mut notes);
    publication.detail = Some(match kind {
        Kind::Practice => Detail::Practice(practice(&fields, &mut notes)),
        Kind::Course => Detail::Course(course(&fields, &mut notes)),
        Kind::Resource => Detail::Resource(resource(&fields, &mut notes)),
    });
    stand_in(&mut publication, &mut notes);
    keep_address(&mut publication, &fields, &mut notes);
    finish(publication, notes)
}

/// Checks what was read with the content's own rules.
pub(super) fn finish(publication: wire::Publication, notes: Notes) -> Row {
    let Notes { wrong, remarks } = notes;
    let mut violations = wrong.into_inner();
    match Content::from_wire(publication.clone()) {
        // As it will be kept: codes instead of names.
        Ok(content) if violations.is_empty() => {
            let mut publication = content.to_wire();
            if publication.encoded_len() > PAYLOAD_LIMIT {
                violations.push(Violation {
                    field: "body".to_owned(),
                    description: "makes the record larger than 256 KiB （记录超过 256 KiB）".to_owned(),
                });
                publication.body.clear();
            }
            return Row {
                publication: Some(publication),
                violations,
                remarks: remarks.into_inner(),
                ..Row::default()
            };
        }
        Ok(_) => {}
        Err(refusal) => {
            for found in refusal.violations {
                let told = |noted: &Violation| found.field.starts_with(noted.field.as_str());
                if !violations.iter().any(told) {
                    violations.push(found);
                }
            }
        }
    }
    let shown = publication.encoded_len() <= PAYLOAD_LIMIT;
    Row {
        publication: shown.then_some(publication),
        violations,
        remarks: remarks.into_inner(),
        ..Row::default()
    }
}

/// What is wrong with a row, and what a person should look at.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) wrong: Violations,
    pub(super) remarks: Violations,
}

/// The kind that a row says, else the one that was meant for all.
fn kind_of(filled: &[Filled<'_>], otherwise: Option<Kind>, notes: &mut Notes) -> Option<Kind> {
    let says = |one: &&Filled<'_>| one.known.columns.iter().any(|column| column.field == Field::Kind);
    for one in filled.iter().filter(says) {
        let written = value::code(one.cell).unwrap_or_default();
        let found = Kind::ALL.into_iter().find(|kind| {
            let (zh, en) = kind.labels();
            written == zh || written.eq_ignore_ascii_case(en) || written.eq_ignore_ascii_case(kind.code())
        });
        match found {
            Some(kind) => return Some(kind),
            // 类别 may as well be the kind of a resource.
            None if one.known.columns.len() > 1 => {}
            None => {
                notes.wrong.add(
                    "kind",
                    "must be practice, course or resource （须为 最佳实践、菜单课程 或 互援资源）",
                );
                return None;
            }
        }
    }
    if otherwise.is_none() {
        notes.wrong.add(
            "kind",
            "is not said by a column, the sheet's name or the headings: choose it （无法判断类型，请指定 最佳实践、菜单课程 或 互援资源）",
        );
    }
    otherwise
}

/// The cells of a row by field.
pub(super) struct Fields<'a> {
    cells: Vec<(&'static Column, usize, &'a Cell)>,
}

impl<'a> Fields<'a> {
    fn new(filled: &[Filled<'a>], kind: Kind, notes: &mut Notes) -> Self {
        let mut cells: Vec<(&'static Column, usize, &'a Cell)> = Vec::with_capacity(filled.len());
        for one in filled {
            let own = one.known.columns.iter().find(|column| column.kinds.contains(&kind));
            let general = || one.known.columns.iter().find(|column| column.is_of(kind));
            let Some(column) = own.or_else(general).copied() else {
                let (name, label) = (column_name(one.at), kind.labels());
                let heading = one.known.columns.first().map(|column| column.zh).unwrap_or_default();
                notes.wrong.add(
                    one.known.columns.first().map(|column| column.path(one.known.group)).unwrap_or_default(),
                    format!(
                        "column {name} does not belong to the kind {en} （{name} 列“{heading}”不属于{zh}）",
                        en = label.1,
                        zh = label.0
                    ),
                );
                continue;
            };
            if column.field != Field::Kind {
                cells.push((column, one.known.group, one.cell));
            }
        }
        Self { cells }
    }

    pub(super) fn groups(&self, fields: &[Field]) -> Vec<usize> {
        let mut groups: Vec<usize> = self
            .cells
            .iter()
            .filter(|(column, _, _)| fields.contains(&column.field))
            .map(|(_, group, _)| *group)
            .collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    fn cell(&self, field: Field, group: usize) -> Option<(&'static Column, &'a Cell)> {
        let found = self.cells.iter().find(|(column, there, _)| column.field == field && *there == group);
        found.map(|(column, _, cell)| (*column, *cell))
    }

    /// The value of a field of a group; what is wrong is noted under `position`, the group's place in the message.
    pub(super) fn take<T: Default>(
        &self,
        field: Field,
        (group, position): (usize, usize),
        notes: &mut Notes,
        read: impl FnOnce(&Cell, &mut dyn FnMut(&str)) -> Result<T, Wrong>,
    ) -> T {
        let Some((column, cell)) = self.cell(field, group) else { return T::default() };
        let path = column.path(position);
        let Notes { wrong, remarks } = notes;
        let read = read(cell, &mut |remark: &str| remarks.add(path.clone(), remark));
        read.unwrap_or_else(|description| {
            wrong.add(path.clone(), description);
            T::default()
        })
    }

    pub(super) fn one<T: Default>(
        &self,
        field: Field,
        notes: &mut Notes,
        read: impl FnOnce(&Cell) -> Result<T, Wrong>,
    ) -> T {
        self.take(field, (0, 0), notes, |cell, _| read(cell))
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.cell(field, 0).is_some()
    }
}

fn general(fields: &Fields<'_>, notes: &mut Notes) -> wire::Publication {
    wire::Publication {
        external_id: fields.one(Field::ExternalId, notes, value::line),
        title: fields.one(Field::Title, notes, value::line),
        summary: fields.one(Field::Summary, notes, value::line),
        body: [0, 1]
            .map(|part| fields.take(Field::Body, (part, 0), notes, |cell, _| value::prose(cell)))
            .concat(),
        tags: fields.one(Field::Tags, notes, value::list),
        sectors: fields.one(Field::Sectors, notes, value::codes),
        language: fields.one(Field::Language, notes, language),
        audience: fields.one(Field::Audience, notes, audience),
        ..wire::Publication::default()
    }
}

fn language(cell: &Cell) -> Result<String, Wrong> {
    let written = value::code(cell)?;
    Ok(match written.to_lowercase().as_str() {
        "中文" | "汉语" | "chinese" => "zh-CN".to_owned(),
        "英文" | "英语" | "english" => "en".to_owned(),
        _ => written,
    })
}

fn audience(cell: &Cell) -> Result<Vec<String>, Wrong> {
    let groups = value::list(cell)?;
    let whole = |group: String| {
        if ["全联盟", "全部", "所有成员"].contains(&group.as_str()) {
            "alliance".to_owned()
        } else {
            group
        }
    };
    Ok(groups.into_iter().map(whole).collect())
}
