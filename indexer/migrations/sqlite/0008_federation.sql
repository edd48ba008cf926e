-- Restores of the hub, and its own log over the years.

-- Made anew with every restore from a backup: two restores of one backup have the same epoch. Zeros: founded before.
alter table hub add column incarnation blob not null
  default x'00000000000000000000000000000000' check (length(incarnation) = 16);

-- Which life of the hub wrote which part of its log: a restored database that has grown again has other lives from some
-- position on, so an index of the history before is recognised.
create table hub_era (
  first_position integer primary key check (first_position >= 1),
  id blob not null check (length(id) = 16)
) strict;

-- Removals up to here may be gone from the log: a follower that is behind has to begin at the first line again.
alter table hub_log_head add column removals_gone integer not null default 0;
