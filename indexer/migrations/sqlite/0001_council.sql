-- The council room: who is in the alliance, by which keys, who may ask, and who did what.

-- One row: what this hub is, and counters that several hubs on one database share.
create table hub (
  one integer primary key check (one = 1),
  alliance_id text not null,
  -- Rises with every restore from a backup: nodes refuse a hub with a lower one than they have seen.
  hub_epoch integer not null check (hub_epoch >= 1),
  -- Key of the renewal challenges.
  challenge_key blob not null check (length(challenge_key) = 32),
  -- Rises with every change of members, groups, keys, certificates or tokens.
  roster_version integer not null,
  -- Rises with every change of the thesaurus.
  thesaurus_version integer not null,
  -- The end of the audit chain. Raising the number locks the row, so that the chain never forks.
  audit_number integer not null,
  audit_hash blob not null check (length(audit_hash) = 32),
  created_ms integer not null
) strict;

create table member (
  id text primary key,
  display_name text not null,
  state text not null check (state in ('invited', 'active', 'suspended')),
  created_ms integer not null,
  joined_ms integer,
  -- The lowest epoch in which this member's node may write: raised when a node is replaced.
  minimum_epoch integer not null default 0,
  -- The roster's version that this row last changed in.
  version integer not null,
  check (state <> 'active' or joined_ms is not null)
) strict;

create index member_by_version on member (version);

create table member_group (
  member_id text not null references member (id),
  group_id text not null check (group_id <> 'alliance'),
  primary key (member_id, group_id)
) strict, without rowid;

-- Log keys, the newest last. A signature at a seq is checked with the last key whose valid_from_seq is not above it.
create table log_key (
  member_id text not null references member (id),
  number integer not null,
  public_key blob not null check (length(public_key) = 32),
  valid_from_seq integer not null check (valid_from_seq >= 1),
  created_ms integer not null,
  primary key (member_id, number)
) strict, without rowid;

create table invite (
  id text primary key,
  member_id text not null references member (id),
  secret_hash blob not null unique check (length(secret_hash) = 32),
  replace_node integer not null check (replace_node in (0, 1)),
  created_ms integer not null,
  expires_ms integer not null,
  used_ms integer,
  cancelled_ms integer
) strict;

create index invite_of_member on invite (member_id);

-- The allow-list: a link is served only to a certificate that stands here and is not revoked.
create table certificate (
  -- Lower-case hexadecimal.
  serial text primary key,
  member_id text not null references member (id),
  -- Of the certificate request: with the invite, what makes joining repeatable.
  public_key blob not null,
  invite_id text references invite (id),
  pem text not null,
  issued_ms integer not null,
  not_after_ms integer not null,
  -- When a link first used it; from then on older ones are revoked.
  seen_ms integer,
  revoked_ms integer,
  version integer not null
) strict;

create index certificate_by_version on certificate (version);
create index certificate_of_member on certificate (member_id);
create unique index certificate_of_invite on certificate (invite_id) where invite_id is not null;

create table token (
  id text primary key,
  secret_hash blob not null unique check (length(secret_hash) = 32),
  label text not null,
  role text not null check (role in ('member', 'regulator', 'dispatcher', 'council', 'operator')),
  member_id text references member (id),
  created_ms integer not null,
  expires_ms integer not null,
  revoked_ms integer,
  version integer not null,
  check ((role = 'member') = (member_id is not null))
) strict;

create index token_by_version on token (version);

create table thesaurus_group (
  id text primary key,
  -- JSON list of terms.
  terms text not null,
  updated_ms integer not null
) strict;

-- Written in the transaction of the effect it tells of; each row is chained to the one before.
create table audit (
  number integer primary key,
  at_ms integer not null,
  actor text not null,
  action text not null,
  subject text not null,
  -- JSON object.
  detail text not null,
  hash blob not null check (length(hash) = 32)
) strict;
