-- Alerts may also be handed out as letters. SQLite cannot change a check, so the table is made anew; its numbers go on.
create table alert_with_mail (
    id integer not null primary key autoincrement,
    channel text not null check (channel in ('command', 'webhook', 'mail')),
    -- The same at every try, so that a receiver can tell a repetition.
    message_id text not null,
    -- The notice whose being seen makes it needless; null when it is always delivered.
    silenced_with text,
    body text not null,
    due_ms integer not null,
    expires_ms integer,
    attempts integer not null default 0,
    outcome text check (outcome in ('delivered', 'silenced', 'expired')),
    outcome_ms integer,
    problem text not null default '',
    check ((outcome is null) = (outcome_ms is null))
) strict;

insert into alert_with_mail select * from alert;
delete from sqlite_sequence where name = 'alert_with_mail';
insert into sqlite_sequence (name, seq) select 'alert_with_mail', seq from sqlite_sequence where name = 'alert';
drop table alert;
alter table alert_with_mail rename to alert;

create index alert_due on alert (channel, due_ms) where outcome is null;
create index alert_silenced on alert (silenced_with) where outcome is null and silenced_with is not null;
