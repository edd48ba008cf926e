-- Mutual aid follows the hub's log only where resources change: it need not read, check and take in every practice that is
-- published. Lines from before this column count as its own, for nobody knows.
alter table hub_log add column is_resource boolean not null default true;

create index hub_log_of_resources on hub_log (position) where is_resource;
