-- The link room: the members' logs as they came, what is shown of them, and the hub's own log.

-- Every entry, verbatim. The payload is empty when the entry has none or when its content was destroyed.
create table log_entry (
  member_id text not null references member (id),
  seq integer not null check (seq >= 1),
  epoch integer not null check (epoch >= 1),
  record text not null check (length(record) = 36),
  hash blob not null check (length(hash) = 32),
  header blob not null check (length(header) <= 2048),
  signature blob not null check (length(signature) = 64),
  payload blob not null check (length(payload) <= 262144),
  primary key (member_id, seq)
) strict;

create index log_entry_of_record on log_entry (member_id, record);

-- How far each log is durable here. It moves only in the transaction of its effects.
create table member_cursor (
  member_id text primary key references member (id),
  epoch integer not null check (epoch >= 1),
  seq integer not null check (seq >= 1),
  hash blob not null check (length(hash) = 32),
  -- Running digest of what is live: a counter and 256 sums.
  digest blob not null check (length(digest) = 8200),
  -- The heads are equal and the digests are not: people are told.
  diverged integer not null check (diverged in (0, 1)),
  -- The newest head the node told with its entries.
  head_epoch integer not null,
  head_seq integer not null,
  head_hash blob not null check (length(head_hash) = 32),
  advanced_ms integer not null
) strict;

-- What the hub has of each record: what the log says is live, and what readers see.
create table record (
  member_id text not null references member (id),
  record text not null check (length(record) = 36),
  -- The highest revision that was ever shown.
  revision integer not null check (revision >= 0),
  live_collection integer,
  live_revision integer,
  live_entry blob check (length(live_entry) = 32),
  shown_seq integer,
  shown_revision integer,
  shown_entry blob check (length(shown_entry) = 32),
  kind text check (kind in ('practice', 'course', 'resource')),
  -- JSON list of groups.
  audience text,
  published_ms integer,
  has_files integer check (has_files in (0, 1)),
  primary key (member_id, record),
  foreign key (member_id, shown_seq) references log_entry (member_id, seq),
  check ((live_entry is null) = (live_revision is null) and (live_entry is null) = (live_collection is null)),
  check ((shown_seq is null) = (shown_entry is null) and (shown_seq is null) = (shown_revision is null)
    and (shown_seq is null) = (kind is null) and (shown_seq is null) = (audience is null)
    and (shown_seq is null) = (published_ms is null) and (shown_seq is null) = (has_files is null)),
  check (shown_revision is null or shown_revision <= revision)
) strict, without rowid;

-- The hub's own log, which the index follows. Positions have no gaps: the head is raised in the same transaction.
create table hub_log (
  position integer primary key check (position >= 1),
  member_id text not null,
  record text not null,
  seq integer not null,
  change text not null check (change in ('put', 'remove')),
  foreign key (member_id, seq) references log_entry (member_id, seq)
) strict;

create table hub_log_head (
  one integer primary key check (one = 1),
  position integer not null check (position >= 0)
) strict;

insert into hub_log_head (one, position) values (1, 0);

-- Entries that are stored and acknowledged but not shown: at most one of each record, its newest.
create table quarantine (
  member_id text not null references member (id),
  record text not null,
  epoch integer not null,
  seq integer not null,
  reason text not null,
  detail text not null,
  since_ms integer not null,
  primary key (member_id, record),
  foreign key (member_id, seq) references log_entry (member_id, seq)
) strict;

create index quarantine_by_time on quarantine (since_ms, member_id, record);

-- The files that shown publications name.
create table attachment_wanted (
  member_id text not null references member (id),
  record text not null,
  sha256 text not null check (length(sha256) = 64),
  size_bytes integer not null check (size_bytes between 0 and 33554432),
  primary key (member_id, record, sha256)
) strict, without rowid;

create index attachment_wanted_by_hash on attachment_wanted (sha256);

-- The files whose bytes are on disk.
create table attachment (
  sha256 text primary key check (length(sha256) = 64),
  size_bytes integer not null check (size_bytes between 0 and 33554432),
  stored_ms integer not null
) strict;
