-- What was signed between two members, or between a member and the alliance. A row never changes but for its end.
create table aid_agreement (
  id text primary key check (length(id) = 36),
  first_member text not null,
  -- None: the alliance.
  second_member text check (second_member <> first_member),
  from_ms integer not null,
  until_ms integer check (until_ms > from_ms),
  created_ms integer not null,
  recorded_by text not null,
  ended_ms integer,
  end_reason text not null default '' check ((end_reason = '') = (ended_ms is null)),
  -- Encoded Agreement, as it was signed.
  agreement blob not null
) strict;

create index aid_agreement_by_first on aid_agreement (first_member);
create index aid_agreement_by_second on aid_agreement (second_member);
