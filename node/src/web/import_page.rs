//! Importing documents: upload one, look at what it would become, import what is right.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use shouwang_pages::{Fields, Lang, icon, reply, trouble::Trouble};
use shouwang_proto::{
    publication::{Kind, Sha256Hex},
    refusal::Refusal,
    wire::ImportOutcome,
};
use shouwang_serving::grpc::internal;
use tonic::Status;

use super::{
    Site,
    asked::Asked,
    edit_page::{Original, show_original},
    form_view::Choice,
    import_view::{Report, RowView, refused_view, report, row_view},
    route::to,
    shelf_page::kind_choices,
};
use crate::{
    intake::{self, Format, Reading},
    publishing_service::Taken,
};

/// Most rows that were refused and are shown after an import.
const SHOWN_REFUSED: usize = 200;

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    lang: Lang,
    name: String,
    problem: String,
    wrong: String,
    kinds: Vec<Choice>,
    templates: Vec<(String, &'static str)>,
}

#[derive(Template)]
#[template(path = "import_preview.html")]
struct PreviewPage {
    lang: Lang,
    action: String,
    name: String,
    kind: String,
    report: Report,
    kinds: Vec<Choice>,
    shows: Vec<Choice>,
    before: String,
    after: String,
}

#[derive(Template)]
#[template(path = "import_done.html")]
struct DonePage {
    lang: Lang,
    name: String,
    problem: String,
    counts: Vec<(String, usize)>,
    rows: Vec<RowView>,
    unshown: usize,
}

/// What a page of a document is asked with.
struct Wanted {
    hash: Sha256Hex,
    name: String,
    kind: Option<Kind>,
}

impl Wanted {
    fn read<R>(asked: &Asked<R>, fields: &Fields) -> Result<Self, Trouble> {
        Ok(Self {
            hash: asked.name("sha256").parse().map_err(|_| Trouble::nowhere())?,
            name: intake::file_name(fields.first("name")),
            kind: fields.first("kind").parse().ok(),
        })
    }

    fn address(&self) -> String {
        format!("/import/{}", self.hash.as_str())
    }

    fn kind_code(&self) -> &'static str {
        self.kind.map(Kind::code).unwrap_or_default()
    }

    fn fields(&self) -> Fields {
        Fields::default().and("name", &self.name).and("kind", self.kind_code())
    }
}

/// The choice of a kind, with the one that leaves it to the document.
fn kinds(lang: Lang, chosen: &str) -> Vec<Choice> {
    let mut choices = kind_choices(lang, chosen);
    if let Some(first) = choices.first_mut() {
        lang.say("import.kind-auto").clone_into(&mut first.label);
    }
    choices
}

/// The first page, perhaps with what is wrong with a document.
fn first_page<R>(asked: &Asked<R>, name: &str, trouble: Option<&Trouble>) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let wrong = trouble.map(|trouble| trouble.wrong(lang)).unwrap_or_default();
    let template = |kind: Kind| {
        let (zh, en) = kind.labels();
        (format!("/template/{}", kind.code()), lang.pick(zh, en))
    };
    let shown = ImportPage {
        lang,
        name: name.to_owned(),
        problem: trouble.map(|trouble| trouble.problem(lang)).unwrap_or_default(),
        wrong: wrong.of("file").to_owned(),
        kinds: kinds(lang, asked.form.first("kind")),
        templates: Kind::ALL.map(template).into(),
    };
    let status = trouble.map_or(StatusCode::OK, Trouble::status);
    asked.base.page(status, lang.say("import.title").to_owned(), &shown, &["page.js"])
}

/// What a document is to blame for belongs on the page; what broke has a page of its own.
fn on_page<R>(asked: &Asked<R>, name: &str, trouble: Trouble) -> Result<Response, Trouble> {
    match trouble {
        Trouble::Refused(_) => first_page(asked, name, Some(&trouble)),
        Trouble::SignInFirst | Trouble::Broken(_) => Err(trouble),
    }
}

/// `GET /import`.
pub(super) fn show(asked: Asked<to::ShowImport>) -> std::future::Ready<Result<Response, Trouble>> {
    std::future::ready(first_page(&asked, "", None))
}

/// `POST /import`: keeps the document for a while and leads to what it would become.
pub(super) async fn upload(asked: Asked<to::UploadDocument>) -> Result<Response, Trouble> {
    let Some(file) = asked.files.first().cloned() else {
        let nothing = Refusal::field("file", "is required: choose a file （请先选择文件）");
        return first_page(&asked, "", Some(&nothing.into()));
    };
    let name = intake::file_name(&file.file_name);
    let site = asked.site().clone();
    let (known, now) = (name.clone(), site.world.now());
    let kept = tokio::task::spawn_blocking(move || -> Result<Sha256Hex, Status> {
        intake::recognise(&known, &file.bytes, site.publishing.documents.limits())?;
        site.tray.put(&file.bytes, now).map_err(|error| internal(&error))
    });
    match kept.await.map_err(|error| internal(&error))? {
        Ok(hash) => {
            let kind = asked.form.first("kind").parse().ok();
            let wanted = Wanted { hash, name, kind };
            Ok(reply::see_other(&format!("{}{}", wanted.address(), wanted.fields().query())))
        }
        Err(status) => on_page(&asked, &name, status.into()),
    }
}

/// The document that a path means.
pub(super) async fn document(site: &Site, hash: &Sha256Hex) -> Result<Vec<u8>, Trouble> {
    let (tray, hash) = (site.tray.clone(), hash.clone());
    let taken = tokio::task::spawn_blocking(move || tray.take(&hash)).await;
    let taken = taken.map_err(|error| internal(&error))?.map_err(|error| internal(&error))?;
    taken.ok_or_else(|| {
        let words = "the file is not here any more: upload it again （文件已不在这里，请重新上传）";
        Refusal::not_found("DOCUMENT_GONE", words).into()
    })
}

async fn reading(site: &Site, wanted: &Wanted) -> Result<Reading, Trouble> {
    let bytes = document(site, &wanted.hash).await?;
    Ok(site.publishing.documents.read(wanted.name.clone(), bytes, wanted.kind).await?)
}

/// `GET /import/{sha256}`: what a table would become, row by row; a text in the form of a practice.
pub(super) async fn preview(asked: Asked<to::ShowDocument>) -> Result<Response, Trouble> {
    let (lang, fields) = (asked.lang(), asked.fields());
    let wanted = Wanted::read(&asked, fields)?;
    let reading = match reading(asked.site(), &wanted).await {
        Ok(reading) => reading,
        Err(trouble) => return on_page(&asked, &wanted.name, trouble),
    };
    match reading.format {
        Format::Docx | Format::Pdf => {
            let original = Original { hash: wanted.hash, name: wanted.name };
            return show_original(&asked, reading, original);
        }
        Format::Xlsx | Format::Xls | Format::Csv => {}
    }
    let show = fields.first("show");
    let from = fields.first("from").parse().unwrap_or(0);
    let report = report(lang, &reading, show == "wrong", from);
    let page = |from: Option<usize>| {
        let place = |from: usize| wanted.fields().and("show", show).and("from", &from.to_string());
        from.map(|from| format!("{}{}", wanted.address(), place(from).query())).unwrap_or_default()
    };
    let shows = [("", "import.show-all"), ("wrong", "import.show-wrong")];
    let shown = PreviewPage {
        lang,
        action: wanted.address(),
        kind: wanted.kind_code().to_owned(),
        kinds: kinds(lang, wanted.kind_code()),
        shows: shows.map(|(value, key)| Choice::new(value, lang.say(key), &[show])).into(),
        before: page(report.before),
        after: page(report.after),
        name: wanted.name.clone(),
        report,
    };
    asked.page(lang.say("import.preview").to_owned(), &shown, &["page.js"])
}

/// `POST /import/{sha256}`: imports the rows that are right. Sent again it changes nothing.
pub(super) async fn import(asked: Asked<to::ImportDocument>) -> Result<Response, Trouble> {
    let wanted = Wanted::read(&asked, &asked.form)?;
    let site = asked.site();
    let reading = match reading(site, &wanted).await {
        Ok(reading) => reading,
        Err(trouble) => return on_page(&asked, &wanted.name, trouble),
    };
    let rows = (0_u64..).zip(&reading.rows).filter(|(_, row)| row.violations.is_empty());
    let rows = rows.filter_map(|(index, row)| Some((index, row.publication.clone()?))).collect();
    let taken = site.publishing.take_rows(rows, asked.form.has("do", "draft")).await;
    done(&asked, &wanted.name, &reading, taken)
}

fn done<R>(asked: &Asked<R>, name: &str, reading: &Reading, taken: Taken) -> Result<Response, Trouble> {
    let lang = asked.lang();
    let Taken { answers, stopped } = taken;
    let stopped = stopped.map(Trouble::from);
    let count = |outcome: ImportOutcome| answers.iter().filter(|one| one.outcome() == outcome).count();
    let bad = reading.rows.iter().filter(|row| !row.violations.is_empty());
    let mut refused: Vec<RowView> = bad.map(|row| row_view(lang, row)).collect();
    refused.extend(answers.iter().filter(|one| one.outcome() == ImportOutcome::Refused).filter_map(|one| {
        let row = reading.rows.get(usize::try_from(one.line).ok()?)?;
        Some(refused_view(lang, row, one))
    }));
    let counts = vec![
        (lang.say("import.created").to_owned(), count(ImportOutcome::Created)),
        (lang.say("import.revised").to_owned(), count(ImportOutcome::Revised)),
        (lang.say("import.unchanged").to_owned(), count(ImportOutcome::Unchanged)),
        (lang.say("import.refused").to_owned(), refused.len()),
    ];
    let unshown = refused.len().saturating_sub(SHOWN_REFUSED);
    refused.truncate(SHOWN_REFUSED);
    let shown = DonePage {
        lang,
        name: name.to_owned(),
        problem: stopped.as_ref().map(|stopped| stopped.words(lang)).unwrap_or_default(),
        counts,
        rows: refused,
        unshown,
    };
    let status = stopped.as_ref().map_or(StatusCode::OK, Trouble::status);
    asked.base.page(status, lang.say("import.done").to_owned(), &shown, &["page.js"])
}
