-- What one member's node keeps. Times are milliseconds since 1970-01-01T00:00:00Z.

-- The shelf: every publication of this member, in the state its own people see.
create table publication (
    record blob not null primary key check (length(record) = 16),
    external_id text unique,
    kind text not null check (kind in ('practice', 'course', 'resource')),
    state text not null check (state in ('draft', 'published', 'withdrawn')),
    -- An encoded shouwang.v1.Publication without its output-only fields.
    content blob not null,
    revision integer not null check (revision >= 0),
    created_ms integer not null,
    updated_ms integer not null,
    published_ms integer,
    -- The entry of the newest published revision; of a withdrawn publication, the entry that took it back.
    entry_seq integer,
    entry_hash blob check (length(entry_hash) = 32),
    withdraw_reason text,
    check ((state = 'draft') = (revision = 0)),
    check ((state = 'draft') = (entry_seq is null)),
    check ((entry_seq is null) = (entry_hash is null)),
    check ((entry_seq is null) = (published_ms is null))
) strict;

create index publication_newest on publication (updated_ms desc, record desc);
create index publication_state on publication (state, kind);

-- The signed log, verbatim.
create table log_entry (
    seq integer not null primary key check (seq > 0),
    epoch integer not null check (epoch > 0),
    entry_hash blob not null check (length(entry_hash) = 32),
    header blob not null,
    signature blob not null check (length(signature) = 64),
    payload blob not null
) strict;

-- Digest of the live set, and the entry it belongs to: of no use when that is not the newest entry.
create table digest (
    only_row integer not null primary key check (only_row = 1),
    entry_hash blob not null check (length(entry_hash) = 32),
    sums blob not null
) strict;

-- What was answered to a request that carried a request id.
create table answer (
    request_id text not null primary key,
    fingerprint blob not null check (length(fingerprint) = 32),
    response blob not null,
    answered_ms integer not null
) strict;

create index answer_age on answer (answered_ms);

-- Attachments whose bytes are on disk. `due_seq`: the entry after which the hub wants the bytes.
create table attachment (
    sha256 text not null primary key check (length(sha256) = 64),
    size_bytes integer not null check (size_bytes >= 0),
    stored_ms integer not null,
    delivered integer not null default 0 check (delivered in (0, 1)),
    due_seq integer
) strict;

create index attachment_due on attachment (due_seq) where due_seq is not null;

-- Own entries that the hub stored and does not show.
create table quarantine (
    seq integer not null primary key,
    epoch integer not null,
    reason text not null,
    detail text not null
) strict;

-- What the node remembers of the hub. The positions are hints: the hub's cursor decides.
create table link (
    only_row integer not null primary key check (only_row = 1),
    boots integer not null,
    hub_epoch integer not null,
    durable_epoch integer not null,
    durable_seq integer not null,
    durable_hash blob not null check (length(durable_hash) = 32),
    searchable_seq integer not null,
    -- Why publishing is held; null when it is not.
    held text
) strict;

insert into link values (1, 0, 0, 0, 0, zeroblob(32), 0, null);
