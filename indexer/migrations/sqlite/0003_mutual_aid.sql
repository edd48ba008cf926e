-- Emergency mutual aid: what is going on, who asks, who is sent, how much is free, and whom to tell.
-- The bodies are the machines' own values; the columns beside them are what the database itself watches over.

create table aid_incident (
  id text primary key check (length(id) = 36),
  version integer not null check (version >= 1),
  mode text not null check (mode in ('actual', 'exercise', 'test')),
  state text not null check (state in ('open', 'halted', 'closed')),
  -- The member where it happens; none on public ground.
  member_id text references member (id),
  opened_ms integer not null,
  -- Number of the newest timeline entry. Raising it locks the row, so that a timeline never has gaps.
  sequence integer not null check (sequence >= 0),
  -- JSON.
  body text not null
) strict;

create index aid_incident_by_time on aid_incident (opened_ms, id);

create table aid_request (
  id text primary key check (length(id) = 36),
  incident_id text not null references aid_incident (id),
  version integer not null check (version >= 1),
  mode text not null check (mode in ('actual', 'exercise', 'test')),
  requester_id text not null references member (id),
  priority text not null check (priority in ('p1', 'p2', 'p3')),
  state text not null check (state in ('draft', 'submitted', 'open', 'standing-down', 'closed', 'reviewed',
    'rejected', 'merged', 'expired')),
  created_ms integer not null,
  -- JSON, with the need lines.
  body text not null
) strict;

create index aid_request_of_incident on aid_request (incident_id, id);
create index aid_request_of_member on aid_request (requester_id, id);
create index aid_request_by_urgency on aid_request (priority, created_ms, id);

-- How much of a resource is free. An empty scope is the real ledger; a drill or test has a copy under its incident's id.
create table aid_ledger (
  owner_id text not null references member (id),
  record text not null check (length(record) = 36),
  scope text not null check (length(scope) in (0, 36)),
  mode text not null check ((mode = 'actual') = (scope = '') and mode in ('actual', 'exercise', 'test')),
  version integer not null check (version >= 1),
  title text not null,
  unit text not null,
  serialised integer not null check (serialised in (0, 1)),
  pre_authorised integer not null check (pre_authorised in (0, 1)),
  quota integer not null check (quota >= 0),
  held integer not null check (held >= 0),
  committed integer not null check (committed >= 0),
  deployed integer not null check (deployed >= 0),
  consumed integer not null check (consumed >= 0),
  damaged integer not null check (damaged >= 0),
  -- What is missing because the owner lowered its quota under what is in use, or a team came without an order. Only
  -- by as much, and only shown to people, may a resource be over-committed.
  shortfall integer not null check (shortfall >= 0),
  epoch integer not null check (epoch >= 0),
  confirmed_ms integer not null,
  primary key (owner_id, record, scope),
  check (held + committed + deployed + consumed + damaged <= quota + shortfall),
  check (shortfall = 0 or held + committed + deployed + consumed + damaged = quota + shortfall)
) strict, without rowid;

create table aid_assignment (
  id text primary key check (length(id) = 36),
  request_id text not null references aid_request (id),
  incident_id text not null references aid_incident (id),
  line integer not null check (line >= 1),
  owner_id text not null references member (id),
  record text not null check (length(record) = 36),
  scope text not null check (length(scope) in (0, 36)),
  version integer not null check (version >= 1),
  state text not null check (state in ('solicited', 'offered', 'held', 'committed', 'mobilising', 'en-route', 'staged',
    'on-scene', 'returning', 'returned', 'settled', 'declined', 'lapsed', 'stood-down', 'failed')),
  quantity integer not null check (quantity >= 0),
  serialised integer not null check (serialised in (0, 1)),
  self_deployed integer not null check (self_deployed in (0, 1)),
  changed_ms integer not null,
  -- JSON.
  body text not null
) strict;

create index aid_assignment_of_request on aid_assignment (request_id, id);
create index aid_assignment_of_resource on aid_assignment (owner_id, record, scope);
create index aid_assignment_of_incident on aid_assignment (incident_id, id);
create index aid_assignment_by_change on aid_assignment (changed_ms, id);

-- The third fence: one thing is ordered to one place. Only a team that came of itself may be in the books beside it.
create unique index aid_unit_in_one_place on aid_assignment (owner_id, record, scope)
  where serialised and not self_deployed
    and state in ('held', 'committed', 'mobilising', 'en-route', 'staged', 'on-scene', 'returning');

-- What happened, for ever. The number has no gaps within an incident.
create table aid_timeline (
  incident_id text not null references aid_incident (id),
  sequence integer not null check (sequence >= 1),
  request_id text references aid_request (id),
  assignment_id text references aid_assignment (id),
  recorded_ms integer not null,
  -- JSON.
  body text not null,
  primary key (incident_id, sequence)
) strict, without rowid;

create index aid_timeline_of_request on aid_timeline (request_id, sequence) where request_id is not null;

-- The outbox: one row for each that must be told, written with what there is to tell.
create table aid_notice (
  number integer primary key check (number >= 1),
  id text not null unique check (length(id) = 36),
  recipient_id text not null references member (id),
  incident_id text not null references aid_incident (id),
  request_id text references aid_request (id),
  assignment_id text references aid_assignment (id),
  state text not null check (state in ('queued', 'sent', 'delivered', 'seen', 'answered', 'expired')),
  created_ms integer not null,
  state_ms integer not null,
  -- When it is too old to be of use; none: never.
  expires_ms integer,
  -- Whom to phone, in order: JSON list.
  phones text not null,
  -- An encoded Notice, as it goes on the wire.
  notice blob not null check (length(notice) <= 49152)
) strict;

create index aid_notice_waiting on aid_notice (recipient_id, number) where state in ('queued', 'sent');
create index aid_notice_of_incident on aid_notice (incident_id, number);
create index aid_notice_of_assignment on aid_notice (assignment_id, number) where assignment_id is not null;
create index aid_notice_by_expiry on aid_notice (expires_ms) where state in ('queued', 'sent') and expires_ms is not null;

create table aid_counter (
  one integer primary key check (one = 1),
  -- Number of the newest outbox row. Raising it makes writers wait for each other until they commit.
  notice_number integer not null check (notice_number >= 0),
  -- Rises with every change of anything here, for those who look on.
  change_number integer not null check (change_number >= 0),
  -- Up to here the ledger has followed the hub's log.
  intake_position integer not null check (intake_position >= 0)
) strict;

insert into aid_counter (one, notice_number, change_number, intake_position) values (1, 0, 0, 0);

-- The first answer to every command, given again when the command comes again.
create table aid_command (
  -- Who may have sent it: a member's node, a member's people, or the council's desk.
  sender text not null,
  id text not null check (length(id) = 36),
  -- SHA-256 of what was asked.
  content blob not null check (length(content) = 32),
  refused integer not null check (refused in (0, 1)),
  -- Encoded answer, or the refusal as JSON.
  answer blob not null,
  at_ms integer not null,
  primary key (sender, id)
) strict, without rowid;

-- What an owner says of what it lends, outside any incident; the number is the ledger's version then.
create table aid_ledger_entry (
  owner_id text not null,
  record text not null,
  scope text not null,
  sequence integer not null check (sequence >= 1),
  recorded_ms integer not null,
  -- JSON.
  body text not null,
  primary key (owner_id, record, scope, sequence),
  foreign key (owner_id, record, scope) references aid_ledger (owner_id, record, scope)
) strict, without rowid;

-- What is due when. All rows of a subject are replaced in the transaction that changes it, so that a deadline ends with
-- its cause.
create table aid_timer (
  -- What waits, such as `assignment/UUID`.
  subject text not null,
  number integer not null check (number >= 0),
  due_ms integer not null,
  -- JSON.
  body text not null,
  primary key (subject, number)
) strict, without rowid;

create index aid_timer_by_time on aid_timer (due_ms);

-- The park's roads: one graph, and what lies over it.
create table aid_road_graph (
  one integer primary key check (one = 1),
  version integer not null check (version >= 1),
  nodes integer not null check (nodes >= 0),
  edges integer not null check (edges >= 0),
  updated_ms integer not null,
  -- Encoded UploadRoadGraphRequest with all nodes and edges.
  graph blob not null
) strict;

create table aid_closure (
  id text primary key check (length(id) = 36),
  incident_id text references aid_incident (id),
  created_ms integer not null,
  expires_ms integer,
  removed_ms integer,
  -- Encoded Closure.
  closure blob not null
) strict;

-- Proposals; they hold nothing.
create table aid_plan (
  id text primary key check (length(id) = 36),
  created_ms integer not null,
  -- Encoded PlanProposal.
  plan blob not null
) strict;

-- The newest offline pack of each member.
create table aid_pack (
  member_id text primary key references member (id),
  version integer not null check (version >= 1),
  created_ms integer not null,
  -- SHA-256 of what it holds, without version and time.
  content blob not null check (length(content) = 32)
) strict;
