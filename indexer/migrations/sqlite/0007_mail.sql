-- Alerts may also be handed out as letters. SQLite cannot change a check, so the table is made anew.
create table aid_alert_with_mail (
  number integer primary key check (number >= 1),
  channel text not null check (channel in ('command', 'webhook', 'mail')),
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

insert into aid_alert_with_mail select * from aid_alert;
drop table aid_alert;
alter table aid_alert_with_mail rename to aid_alert;

create index aid_alert_due on aid_alert (channel, due_ms) where outcome is null;
create index aid_alert_of_request on aid_alert (request_id) where outcome is null and until_taken_up;
