-- So that who has read the ledgers once reads only what has changed since: number of the change (aid_counter.change_number)
-- that wrote the row last. Rows of before count as read by nobody.
alter table aid_ledger add column change_number integer not null default 0;

create index aid_ledger_by_change on aid_ledger (scope, change_number);

-- What people have said to have done. A task is made from the state; it is left out as long as its cause is no worse than it
-- was then.
create table aid_task_done (
  name text primary key check (length(name) between 7 and 200),
  stage integer not null check (stage >= 0),
  at_ms integer not null
) strict;

-- Who is missing something.
create index aid_notice_undelivered on aid_notice (number) where state in ('queued', 'sent');

-- What is handed to the hub's alert hooks: tried until it is taken, too old, or needless.
alter table aid_counter add column alert_number integer not null default 0;

create table aid_alert (
  number integer primary key check (number >= 1),
  channel text not null check (channel in ('command', 'webhook')),
  -- The same at every try and on every hook, so that a receiver can tell a repetition.
  message_id text not null,
  incident_id text,
  request_id text,
  assignment_id text,
  -- Needless as soon as somebody has taken up the request.
  until_taken_up integer not null check (until_taken_up in (0, 1)),
  -- Who is called and why, in words for the timeline.
  who text not null,
  note text not null,
  -- JSON for the hook.
  body text not null,
  due_ms integer not null,
  expires_ms integer,
  attempts integer not null default 0,
  outcome text check (outcome in ('delivered', 'silenced', 'expired')),
  outcome_ms integer,
  problem text not null default '',
  check ((outcome is null) = (outcome_ms is null))
) strict;

create index aid_alert_due on aid_alert (channel, due_ms) where outcome is null;
create index aid_alert_of_request on aid_alert (request_id) where outcome is null and until_taken_up;
