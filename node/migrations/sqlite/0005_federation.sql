-- Which hubs the node has met, and what becomes of a log that has parted from the hub's copy.

-- Which restore of its backup the hub last seen is; zeros when it said nothing.
alter table link add column hub_incarnation blob not null
  default x'00000000000000000000000000000000' check (length(hub_incarnation) = 16);

-- Restores that another has taken the place of: the node never goes back to one.
create table hub_left (
    incarnation blob not null primary key check (length(incarnation) = 16)
) strict;

-- The hub's branch after the last entry that both have, as far as it was fetched. Nothing else looks at it before a
-- person has decided that it becomes the log.
create table branch_entry (
    seq integer not null primary key check (seq > 0),
    epoch integer not null check (epoch > 0),
    entry_hash blob not null check (length(entry_hash) = 32),
    header blob not null,
    signature blob not null check (length(signature) = 64),
    payload blob not null
) strict;

-- The entry after which the branch begins; 0: they have nothing in common.
create table branch (
    only_row integer not null primary key check (only_row = 1),
    common_seq integer not null check (common_seq >= 0),
    common_hash blob not null check (length(common_hash) = 32)
) strict;

-- Forks that were resolved.
create table fork (
    name text not null primary key,
    resolved_ms integer not null,
    -- The encoded shouwang.v1.Fork as it was answered.
    answer blob not null
) strict;

-- Own entries that are no part of the log any more, verbatim, by the fork in which they were set aside.
create table parted_entry (
    fork text not null references fork (name),
    seq integer not null,
    epoch integer not null,
    entry_hash blob not null,
    header blob not null,
    signature blob not null,
    payload blob not null,
    primary key (fork, seq)
) strict;
