//! Publications as people and programs read them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use shouwang_proto::{
    publication::{Kind, time_from_wire},
    vocabulary,
    wire::{
        Course, DeliveryState, ListPublicationsResponse, MutualAidResource, Practice, Publication,
        PublicationState, publication::Detail,
    },
};

use super::{facts, table, time};
use crate::{
    output::{Answer, Style},
    words::{Lang, harmless},
};

/// One publication; flat, as an import reads it, with what the servers add.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PublicationView {
    /// `members/{member}/publications/{uuid}`.
    pub(crate) id: String,
    /// `practice`, `course` or `resource`.
    pub(crate) kind: String,
    /// Empty: none.
    pub(crate) external_id: String,
    /// Title.
    pub(crate) title: String,
    /// Summary.
    pub(crate) summary: String,
    /// Text.
    pub(crate) body: String,
    /// Tags.
    pub(crate) tags: Vec<String>,
    /// Codes.
    pub(crate) sectors: Vec<String>,
    /// `zh-CN` or `en`.
    pub(crate) language: String,
    /// Groups that may see it.
    pub(crate) audience: Vec<String>,
    /// The kind's own fields, as in an import.
    #[serde(flatten)]
    pub(crate) own: Map<String, Value>,
    /// Files with their hashes.
    pub(crate) attachments: Vec<Value>,
    /// `draft`, `published` or `withdrawn`.
    pub(crate) state: &'static str,
    /// Counts published revisions.
    pub(crate) revision: u64,
    /// When it was made.
    pub(crate) create_time: Option<Timestamp>,
    /// When it was last changed.
    pub(crate) update_time: Option<Timestamp>,
    /// When its newest revision was published.
    pub(crate) publish_time: Option<Timestamp>,
    /// `local`, `delivered`, `searchable`, `quarantined`; empty when not asked for.
    pub(crate) delivery: &'static str,
}

impl From<Publication> for PublicationView {
    fn from(publication: Publication) -> Self {
        let (state, delivery) = (state_code(publication.state()), delivery_code(publication.delivery()));
        let (kind, own) = match publication.detail {
            Some(Detail::Practice(practice)) => (Kind::Practice.code(), practice_fields(practice)),
            Some(Detail::Course(course)) => (Kind::Course.code(), course_fields(course)),
            Some(Detail::Resource(resource)) => (Kind::Resource.code(), resource_fields(resource)),
            None => ("", Map::new()),
        };
        let attachment = |file: shouwang_proto::wire::Attachment| {
            json!({
                "file_name": file.file_name,
                "media_type": file.media_type,
                "size_bytes": file.size_bytes,
                "sha256": file.sha256,
            })
        };
        Self {
            id: publication.name,
            kind: kind.to_owned(),
            external_id: publication.external_id,
            title: publication.title,
            summary: publication.summary,
            body: publication.body,
            tags: publication.tags,
            sectors: publication.sectors,
            language: publication.language,
            audience: publication.audience,
            own,
            attachments: publication.attachments.into_iter().map(attachment).collect(),
            state,
            revision: publication.revision,
            create_time: time::read(publication.create_time.as_ref()),
            update_time: time::read(publication.update_time.as_ref()),
            publish_time: time::read(publication.publish_time.as_ref()),
            delivery,
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

fn practice_fields(practice: Practice) -> Map<String, Value> {
    let Practice { hazards, operations, standards, evidence } = practice;
    object(
        json!({ "hazards": hazards, "operations": operations, "standards": standards, "evidence": evidence }),
    )
}

fn course_fields(course: Course) -> Map<String, Value> {
    let Course { provider, attendees, duration_hours, format, seats, sessions } = course;
    let moment = |time: Option<prost_types::Timestamp>| time.as_ref().and_then(time_from_wire);
    let sessions: Vec<Value> = sessions
        .into_iter()
        .map(|session| {
            json!({
                "starts_at": moment(session.starts_at),
                "ends_at": moment(session.ends_at),
                "place": session.place,
                "seats": session.seats,
            })
        })
        .collect();
    object(json!({
        "provider": provider,
        "attendees": attendees,
        "duration_hours": duration_hours,
        "format": format,
        "seats": seats,
        "sessions": sessions,
    }))
}

fn resource_fields(resource: MutualAidResource) -> Map<String, Value> {
    let location = resource.location.map(
        |place| json!({ "latitude": place.latitude, "longitude": place.longitude, "address": place.address }),
    );
    let contacts: Vec<Value> = resource
        .duty_contacts
        .into_iter()
        .map(|contact| json!({ "name": contact.name, "phone": contact.phone, "duty": contact.duty }))
        .collect();
    object(json!({
        "resource_kind": resource.resource_kind,
        "resource_type": resource.resource_type,
        "capabilities": resource.capabilities,
        "quantity": resource.quantity,
        "unit": resource.unit,
        "location": location,
        "muster_minutes": resource.muster_minutes,
        "inspection_due": resource.inspection_due,
        "duty_contacts": contacts,
        "pre_authorised": resource.pre_authorised,
        "floor": resource.floor,
    }))
}

pub(super) fn state_code(state: PublicationState) -> &'static str {
    match state {
        PublicationState::Draft => "draft",
        PublicationState::Published => "published",
        PublicationState::Withdrawn => "withdrawn",
        PublicationState::Unspecified => "",
    }
}

fn delivery_code(delivery: DeliveryState) -> &'static str {
    match delivery {
        DeliveryState::Local => "local",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Searchable => "searchable",
        DeliveryState::Quarantined => "quarantined",
        DeliveryState::Unspecified => "",
    }
}

/// State and delivery in words.
fn standing(state: &str, delivery: &str, lang: Lang) -> String {
    let state = match state {
        "draft" => lang.pick("草稿", "draft"),
        "published" => lang.pick("已发布", "published"),
        "withdrawn" => lang.pick("已撤回", "withdrawn"),
        other => other,
    };
    let delivery = match delivery {
        "local" => lang.pick("待送达", "not at the hub yet"),
        "delivered" => lang.pick("已送达", "delivered"),
        "searchable" => lang.pick("已可检索", "searchable"),
        "quarantined" => lang.pick("被隔离", "quarantined"),
        other => other,
    };
    if delivery.is_empty() { state.to_owned() } else { format!("{state}, {delivery}") }
}

fn kind_label(kind: &str, lang: Lang) -> &str {
    kind.parse::<Kind>().map_or(kind, |kind| lang.pick(kind.labels().0, kind.labels().1))
}

/// A value of the kind's own fields for people: codes by their names, lists in one line.
fn own_text(name: &str, value: &Value, lang: Lang) -> String {
    let list = match name {
        "hazards" => "hazard",
        "operations" => "operation",
        "format" => "course-format",
        "resource_kind" => "resource-kind",
        _ => "",
    };
    match value {
        Value::Null => String::new(),
        Value::String(text) => vocabulary::term(list, text)
            .map_or_else(|| text.clone(), |term| lang.pick(&term.zh, &term.en).to_owned()),
        Value::Array(values) => {
            values.iter().map(|one| own_text(name, one, lang)).collect::<Vec<_>>().join(", ")
        }
        Value::Object(fields) => {
            let parts: Vec<_> = fields.values().map(|one| own_text("", one, lang)).collect();
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        Value::Bool(is) => if *is { lang.pick("是", "yes") } else { lang.pick("否", "no") }.to_owned(),
        Value::Number(number) => number.as_f64().map(|number| number.to_string()).unwrap_or_default(),
    }
}

/// The kind's own fields by the names of the import format, in Chinese for people who read it.
fn field_label(field: &str, lang: Lang) -> &str {
    let zh = match field {
        "hazards" => "致害类型",
        "operations" => "特殊作业",
        "standards" => "引用标准",
        "evidence" => "成效",
        "provider" => "授课单位",
        "attendees" => "对象",
        "duration_hours" => "时长（小时）",
        "format" => "形式",
        "seats" => "名额",
        "sessions" => "场次",
        "resource_kind" => "资源类别",
        "resource_type" => "资源名称",
        "capabilities" => "能力",
        "quantity" => "数量",
        "unit" => "单位",
        "location" => "位置",
        "muster_minutes" => "集结分钟",
        "inspection_due" => "下次检验",
        "duty_contacts" => "值班联系人",
        "pre_authorised" => "预先授权",
        "floor" => "自留量",
        other => other,
    };
    lang.pick(zh, field)
}

impl Answer for PublicationView {
    fn text(&self, style: Style) -> String {
        let lang = style.lang;
        let name = |zh: &'static str, en: &'static str| lang.pick(zh, en);
        let codes = |list: &str, codes: &[String]| {
            let label = |code: &String| {
                vocabulary::term(list, code)
                    .map_or_else(|| code.clone(), |term| lang.pick(&term.zh, &term.en).to_owned())
            };
            codes.iter().map(label).collect::<Vec<_>>().join(", ")
        };
        let files = self.attachments.iter().filter_map(|file| file["file_name"].as_str());
        let files = files.collect::<Vec<_>>().join(", ");
        let mut rows = vec![
            (name("类型", "kind"), kind_label(&self.kind, lang).to_owned()),
            (name("编号", "id"), self.id.clone()),
            (name("外部编号", "external id"), self.external_id.clone()),
            (name("状态", "state"), standing(self.state, self.delivery, lang)),
            (name("版次", "revision"), self.revision.to_string()),
            (name("发布时间", "published"), time::show(self.publish_time)),
            (name("可见范围", "audience"), self.audience.join(", ")),
            (name("行业", "sectors"), codes("sector", &self.sectors)),
            (name("标签", "tags"), self.tags.join(", ")),
        ];
        for (field, value) in &self.own {
            rows.push((field_label(field, lang), own_text(field, value, lang)));
        }
        rows.push((name("附件", "attachments"), files));
        let mut out = format!("{}\n{}", harmless(&self.title), facts(&rows));
        for text in [&self.summary, &self.body] {
            if !text.is_empty() {
                out.push_str(&format!("\n\n{}", harmless(text)));
            }
        }
        out
    }
}

/// A page of own publications.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PublicationList {
    /// Exact number that fit.
    pub(crate) total: u64,
    /// The page.
    pub(crate) publications: Vec<PublicationView>,
    /// For the next page; empty on the last.
    pub(crate) next_page_token: String,
}

impl From<ListPublicationsResponse> for PublicationList {
    fn from(answer: ListPublicationsResponse) -> Self {
        let ListPublicationsResponse { publications, next_page_token, total } = answer;
        let publications = publications.into_iter().map(PublicationView::from).collect();
        Self { total, publications, next_page_token }
    }
}

impl Answer for PublicationList {
    fn text(&self, style: Style) -> String {
        let lang = style.lang;
        let headings = match lang {
            Lang::Zh => ["类型", "外部编号", "标题", "状态", "版次", "编号"],
            Lang::En => ["KIND", "EXTERNAL ID", "TITLE", "STATE", "REV", "ID"],
        };
        let row = |one: &PublicationView| {
            vec![
                kind_label(&one.kind, lang).to_owned(),
                one.external_id.clone(),
                one.title.clone(),
                standing(one.state, one.delivery, lang),
                one.revision.to_string(),
                one.id.clone(),
            ]
        };
        let mut out = match lang {
            Lang::Zh => format!("共 {} 条\n", self.total),
            Lang::En => format!("{} in total\n", self.total),
        };
        out.push_str(&table(&headings, self.publications.iter().map(row).collect()));
        if !self.next_page_token.is_empty() {
            out.push_str(&format!(
                "\n{}: --page-token {}",
                lang.pick("下一页", "next page"),
                self.next_page_token
            ));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_imported_comes_back_flat() {
        let line = r#"{"kind":"resource","external_id":"R-1","title":"泡沫消防车","resource_kind":"vehicle",
            "resource_type":"泡沫车","quantity":2,"unit":"1","muster_minutes":3,
            "location":{"latitude":31.3,"longitude":120.7,"address":"化工路8号"},
            "duty_contacts":[{"name":"值班室","phone":"0512-5550-0110"}]}"#;
        let mut publication = crate::import::line::read(Some(line.as_bytes())).unwrap().publication;
        publication.name = "members/a1/publications/x".to_owned();
        publication.state = PublicationState::Published as i32;
        publication.delivery = DeliveryState::Searchable as i32;
        publication.revision = 1;
        let view = PublicationView::from(publication);
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!((&json["quantity"], &json["state"]), (&json!(2.0), &json!("published")));
        assert_eq!(json["location"]["address"], "化工路8号");
        insta::assert_snapshot!(view.text(Style { lang: Lang::Zh, colour: false }), @"
        泡沫消防车
        类型        互援资源
        编号        members/a1/publications/x
        外部编号    R-1
        状态        已发布, 已可检索
        版次        1
        值班联系人  值班室 0512-5550-0110
        自留量      0
        位置        化工路8号 31.3 120.7
        集结分钟    3
        预先授权    否
        数量        2
        资源类别    车辆
        资源名称    泡沫车
        单位        1
        ");
    }
}
