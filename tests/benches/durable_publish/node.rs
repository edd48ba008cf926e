//! The node's whole publish path: the publishing service's own handler, from the message to the durable entry.

use std::sync::Arc;

use prost::Message as _;
use rusqlite::types::Value;
use shouwang_node::{
    attachments::AttachmentFolder,
    documents::DocumentReader,
    hub_link::{fork::ForkRoom, status::Board},
    publishing_service::Publishing,
    store::{Author, NodeStore},
};
use shouwang_proto::{
    clock::World,
    log::{key::LogKey, sealed::SealedEntry},
    wire::{CreatePublicationRequest, Publication, publishing_service_server::PublishingService as _},
};
use shouwang_serving::store::StoreOptions;
use shouwang_tests::{
    corpus::Corpus,
    measure::{
        Scale,
        bare_store::{BareStore, Row},
        report::{Goal, Report},
        rounds::Rounds,
    },
};
use tonic::Request;

use crate::{CALLERS, ROUNDS, entries, rate};

/// The two tables that a publish touches, without checks and second indexes.
const TABLES: &str = "
create table publication (record blob primary key, external_id text unique, kind text, state text, content blob,
    revision integer, created_ms integer, updated_ms integer, published_ms integer, entry_seq integer,
    entry_hash blob) strict;
create table log_entry (seq integer primary key, epoch integer, entry_hash blob, header blob, signature blob,
    payload blob) strict;";

const INSERTS: &[&str] = &[
    "insert into publication values (?1, ?2, 'practice', 'published', ?3, 1, ?4, ?4, ?4, ?5, ?6)",
    "insert into log_entry values (?1, 1, ?2, ?3, ?4, ?5)",
];

/// Adds the row.
///
/// # Errors
/// What either side said.
pub(crate) async fn compare(scale: Scale, report: &mut Report) -> anyhow::Result<()> {
    let total = scale.of(20_000, 1_000);
    let corpus = Corpus::of_the_demo()?;
    let publications: Arc<Vec<Publication>> =
        Arc::new((0..total).map(|number| corpus.record(1, number)).collect());
    let entries = entries(&"north".parse()?, total)?;
    let rows: Arc<Vec<[Row; 2]>> = Arc::new(entries.iter().zip(publications.iter()).map(rows_of).collect());
    let rounds = Rounds::interleave(
        ROUNDS,
        async |_| ours(Arc::clone(&publications)).await,
        async |_| bare(Arc::clone(&rows)).await,
    )
    .await?;
    report.compare("SQLite: a node's CreatePublication, published", "records/s", &rounds, |_| Goal::none());
    report.note(
        "the node's figure includes checking the content, hashing, signing and the digest of the live set; its \
         baseline only writes the same two rows",
    );
    Ok(())
}

async fn ours(publications: Arc<Vec<Publication>>) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let author =
        Author { alliance: "park".parse()?, member: "north".parse()?, key: LogKey::from_secret([6; 32]) };
    let store = NodeStore::open(folder.path(), Some(author), StoreOptions::default()).await?;
    let service = Arc::new(Publishing {
        store: store.clone(),
        attachments: AttachmentFolder::open(&folder.path().join("attachments"))?,
        documents: DocumentReader::default(),
        board: Board::default(),
        world: World::system(),
        display_name: "north".to_owned(),
        forks: ForkRoom::default(),
    });
    let total = publications.len() as u64;
    let rate = rate(CALLERS, total, move |number| {
        let (service, publications) = (Arc::clone(&service), Arc::clone(&publications));
        async move {
            let publication = publications[usize::try_from(number)?].clone();
            let request = CreatePublicationRequest {
                publication: Some(publication),
                publish: true,
                ..CreatePublicationRequest::default()
            };
            let made = service.create_publication(Request::new(request)).await?.into_inner();
            anyhow::ensure!(made.revision == 1, "it was not published");
            Ok(())
        }
    })
    .await?;
    store.close().await;
    Ok(rate)
}

fn rows_of((entry, publication): (&SealedEntry, &Publication)) -> [Row; 2] {
    let header = entry.header();
    let seq = Value::Integer(i64::try_from(header.seq).unwrap_or(i64::MAX));
    let hash = Value::Blob(entry.hash().to_vec());
    let item = vec![
        Value::Blob(header.record.as_bytes().to_vec()),
        Value::Text(publication.external_id.clone()),
        Value::Blob(publication.encode_to_vec()),
        Value::Integer(header.written_ms),
        seq.clone(),
        hash.clone(),
    ];
    let line = vec![
        seq,
        hash,
        Value::Blob(entry.header_bytes().to_vec()),
        Value::Blob(entry.signature().to_vec()),
        Value::Blob(entry.payload().to_vec()),
    ];
    [(0, item), (1, line)]
}

async fn bare(rows: Arc<Vec<[Row; 2]>>) -> anyhow::Result<f64> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(BareStore::create(&folder.path().join("node.db"), TABLES, INSERTS)?);
    let (callers_store, total) = (Arc::clone(&store), rows.len() as u64);
    let rate = rate(CALLERS, total, move |number| {
        let (store, rows) = (Arc::clone(&callers_store), Arc::clone(&rows));
        async move { store.write(rows[usize::try_from(number)?].to_vec()).await }
    })
    .await?;
    drop(store);
    Ok(rate)
}
