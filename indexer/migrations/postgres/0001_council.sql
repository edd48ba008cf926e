-- The council room: who is in the alliance, by which keys, who may ask, and who did what.

-- One row: what this hub is, and counters that several hubs on one database share.
create table hub (
  one bigint primary key check (one = 1),
  alliance_id text collate "C" not null,
  -- Rises with every restore from a backup: nodes refuse a hub with a lower one than they have seen.
  hub_epoch bigint not null check (hub_epoch >= 1),
  -- Key of the renewal challenges.
  challenge_key bytea not null check (length(challenge_key) = 32),
  -- Rises with every change of members, groups, keys, certificates or tokens.
  roster_version bigint not null,
  -- Rises with every change of the thesaurus.
  thesaurus_version bigint not null,
  -- The end of the audit chain. Raising the number locks the row, so that the chain never forks.
  audit_number bigint not null,
  audit_hash bytea not null check (length(audit_hash) = 32),
  created_ms bigint not null
);

create table member (
  id text collate "C" primary key,
  display_name text collate "C" not null,
  state text collate "C" not null check (state in ('invited', 'active', 'suspended')),
  created_ms bigint not null,
  joined_ms bigint,
  -- The lowest epoch in which this member's node may write: raised when a node is replaced.
  minimum_epoch bigint not null default 0,
  -- The roster's version that this row last changed in.
  version bigint not null,
  check (state <> 'active' or joined_ms is not null)
);

create index member_by_version on member (version);

create table member_group (
  member_id text collate "C" not null references member (id),
  group_id text collate "C" not null check (group_id <> 'alliance'),
  primary key (member_id, group_id)
);

-- Log keys, the newest last. A signature at a seq is checked with the last key whose valid_from_seq is not above it.
create table log_key (
  member_id text collate "C" not null references member (id),
  number bigint not null,
  public_key bytea not null check (length(public_key) = 32),
  valid_from_seq bigint not null check (valid_from_seq >= 1),
  created_ms bigint not null,
  primary key (member_id, number)
);

create table invite (
  id text collate "C" primary key,
  member_id text collate "C" not null references member (id),
  secret_hash bytea not null unique check (length(secret_hash) = 32),
  replace_node boolean not null,
  created_ms bigint not null,
  expires_ms bigint not null,
  used_ms bigint,
  cancelled_ms bigint
);

create index invite_of_member on invite (member_id);

-- The allow-list: a link is served only to a certificate that stands here and is not revoked.
create table certificate (
  -- Lower-case hexadecimal.
  serial text collate "C" primary key,
  member_id text collate "C" not null references member (id),
  -- Of the certificate request: with the invite, what makes joining repeatable.
  public_key bytea not null,
  invite_id text collate "C" references invite (id),
  pem text collate "C" not null,
  issued_ms bigint not null,
  not_after_ms bigint not null,
  -- When a link first used it; from then on older ones are revoked.
  seen_ms bigint,
  revoked_ms bigint,
  version bigint not null
);

create index certificate_by_version on certificate (version);
create index certificate_of_member on certificate (member_id);
create unique index certificate_of_invite on certificate (invite_id) where invite_id is not null;

create table token (
  id text collate "C" primary key,
  secret_hash bytea not null unique check (length(secret_hash) = 32),
  label text collate "C" not null,
  role text collate "C" not null check (role in ('member', 'regulator', 'dispatcher', 'council', 'operator')),
  member_id text collate "C" references member (id),
  created_ms bigint not null,
  expires_ms bigint not null,
  revoked_ms bigint,
  version bigint not null,
  check ((role = 'member') = (member_id is not null))
);

create index token_by_version on token (version);

create table thesaurus_group (
  id text collate "C" primary key,
  -- JSON list of terms.
  terms text collate "C" not null,
  updated_ms bigint not null
);

-- Written in the transaction of the effect it tells of; each row is chained to the one before.
create table audit (
  number bigint primary key,
  at_ms bigint not null,
  actor text collate "C" not null,
  action text collate "C" not null,
  subject text collate "C" not null,
  -- JSON object.
  detail text collate "C" not null,
  hash bytea not null check (length(hash) = 32)
);
