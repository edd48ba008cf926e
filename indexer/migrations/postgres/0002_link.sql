-- The link room: the members' logs as they came, what is shown of them, and the hub's own log.

-- Every entry, verbatim. The payload is empty when the entry has none or when its content was destroyed.
create table log_entry (
  member_id text collate "C" not null references member (id),
  seq bigint not null check (seq >= 1),
  epoch bigint not null check (epoch >= 1),
  record text collate "C" not null check (length(record) = 36),
  hash bytea not null check (length(hash) = 32),
  header bytea not null check (length(header) <= 2048),
  signature bytea not null check (length(signature) = 64),
  payload bytea not null check (length(payload) <= 262144),
  primary key (member_id, seq)
);

create index log_entry_of_record on log_entry (member_id, record);

-- How far each log is durable here. It moves only in the transaction of its effects.
create table member_cursor (
  member_id text collate "C" primary key references member (id),
  epoch bigint not null check (epoch >= 1),
  seq bigint not null check (seq >= 1),
  hash bytea not null check (length(hash) = 32),
  -- Running digest of what is live: a counter and 256 sums.
  digest bytea not null check (length(digest) = 8200),
  -- The heads are equal and the digests are not: people are told.
  diverged boolean not null,
  -- The newest head the node told with its entries.
  head_epoch bigint not null,
  head_seq bigint not null,
  head_hash bytea not null check (length(head_hash) = 32),
  advanced_ms bigint not null
);

-- What the hub has of each record: what the log says is live, and what readers see.
create table record (
  member_id text collate "C" not null references member (id),
  record text collate "C" not null check (length(record) = 36),
  -- The highest revision that was ever shown.
  revision bigint not null check (revision >= 0),
  live_collection bigint,
  live_revision bigint,
  live_entry bytea check (length(live_entry) = 32),
  shown_seq bigint,
  shown_revision bigint,
  shown_entry bytea check (length(shown_entry) = 32),
  kind text collate "C" check (kind in ('practice', 'course', 'resource')),
  -- JSON list of groups.
  audience text collate "C",
  published_ms bigint,
  has_files boolean,
  primary key (member_id, record),
  foreign key (member_id, shown_seq) references log_entry (member_id, seq),
  check ((live_entry is null) = (live_revision is null) and (live_entry is null) = (live_collection is null)),
  check ((shown_seq is null) = (shown_entry is null) and (shown_seq is null) = (shown_revision is null)
    and (shown_seq is null) = (kind is null) and (shown_seq is null) = (audience is null)
    and (shown_seq is null) = (published_ms is null) and (shown_seq is null) = (has_files is null)),
  check (shown_revision is null or shown_revision <= revision)
);

-- The hub's own log, which the index follows. Positions have no gaps: the head is raised in the same transaction.
create table hub_log (
  position bigint primary key check (position >= 1),
  member_id text collate "C" not null,
  record text collate "C" not null,
  seq bigint not null,
  change text collate "C" not null check (change in ('put', 'remove')),
  foreign key (member_id, seq) references log_entry (member_id, seq)
);

create table hub_log_head (
  one bigint primary key check (one = 1),
  position bigint not null check (position >= 0)
);

insert into hub_log_head (one, position) values (1, 0);

-- Entries that are stored and acknowledged but not shown: at most one of each record, its newest.
create table quarantine (
  member_id text collate "C" not null references member (id),
  record text collate "C" not null,
  epoch bigint not null,
  seq bigint not null,
  reason text collate "C" not null,
  detail text collate "C" not null,
  since_ms bigint not null,
  primary key (member_id, record),
  foreign key (member_id, seq) references log_entry (member_id, seq)
);

create index quarantine_by_time on quarantine (since_ms, member_id, record);

-- The files that shown publications name.
create table attachment_wanted (
  member_id text collate "C" not null references member (id),
  record text collate "C" not null,
  sha256 text collate "C" not null check (length(sha256) = 64),
  size_bytes bigint not null check (size_bytes between 0 and 33554432),
  primary key (member_id, record, sha256)
);

create index attachment_wanted_by_hash on attachment_wanted (sha256);

-- The files whose bytes are on disk.
create table attachment (
  sha256 text collate "C" primary key check (length(sha256) = 64),
  size_bytes bigint not null check (size_bytes between 0 and 33554432),
  stored_ms bigint not null
);
