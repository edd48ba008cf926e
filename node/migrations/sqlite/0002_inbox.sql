-- Emergency mutual aid at the member's node. Times are milliseconds since 1970-01-01T00:00:00Z.

-- The newest change number of the inbox.
create table inbox (
    only_row integer not null primary key check (only_row = 1),
    change integer not null
) strict;

insert into inbox values (1, 0);

-- What the hub told this member. `change`: number of the newest change of the row.
create table notice (
    name text not null primary key,
    -- An encoded shouwang.v1.Notice.
    content blob not null,
    incident text not null,
    assignment text,
    wants_answer integer not null check (wants_answer in (0, 1)),
    received_ms integer not null,
    -- By this node's clock; null when it never grows too old.
    expires_ms integer,
    seen_ms integer,
    seen_by text,
    -- Why nobody has to answer any more; null while somebody has to, and for notices that want no answer.
    closed text check (closed in ('answered', 'superseded', 'expired')),
    -- The command that answered it.
    closed_by text,
    change integer not null unique,
    check ((seen_ms is null) = (seen_by is null)),
    check ((closed is 'answered') = (closed_by is not null))
) strict;

create index notice_newest on notice (received_ms desc, name desc);
create index notice_assignment on notice (assignment) where assignment is not null;
create index notice_incident on notice (incident);
create index notice_expiry on notice (expires_ms) where closed is null and expires_ms is not null;
create index notice_answer on notice (closed_by) where closed_by is not null;

-- What people of this node said. `seq` is the order in which they said it and in which it is sent.
create table command (
    seq integer not null primary key autoincrement,
    command_id text not null unique,
    fingerprint blob not null check (length(fingerprint) = 32),
    -- An encoded shouwang.v1.MemberCommand.
    content blob not null,
    assignment text,
    created_ms integer not null,
    -- An encoded shouwang.v1.MemberCommandResult; null until the hub has decided.
    result blob,
    result_ms integer,
    change integer not null unique,
    check ((result is null) = (result_ms is null))
) strict;

create index command_waiting on command (seq) where result is null;
create index command_assignment on command (assignment, seq) where assignment is not null;

-- Who of the duty chain is to be called for a notice and when, unless somebody sees it before.
create table duty_call (
    notice text not null references notice (name),
    step integer not null,
    person text not null,
    phone text not null,
    due_ms integer not null,
    outcome text check (outcome in ('called', 'silenced', 'expired')),
    outcome_ms integer,
    primary key (notice, step),
    check ((outcome is null) = (outcome_ms is null))
) strict;

create index duty_call_due on duty_call (due_ms) where outcome is null;

-- What is handed to the alert hooks: tried until it is taken, is too old, or (only a call of the duty chain) somebody has
-- seen the notice.
create table alert (
    id integer not null primary key autoincrement,
    channel text not null check (channel in ('command', 'webhook')),
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

create index alert_due on alert (channel, due_ms) where outcome is null;
create index alert_silenced on alert (silenced_with) where outcome is null and silenced_with is not null;

-- The newest offline pack, as the hub signed it.
create table offline_pack (
    only_row integer not null primary key check (only_row = 1),
    version integer not null,
    -- An encoded shouwang.v1.SignedOfflinePack, verbatim.
    signed blob not null,
    received_ms integer not null
) strict;
