-- Restores of the hub, and its own log over the years.

-- Made anew with every restore from a backup: two restores of one backup have the same epoch. Zeros: founded before.
alter table hub add column incarnation bytea not null
  default '\x00000000000000000000000000000000' check (length(incarnation) = 16);
