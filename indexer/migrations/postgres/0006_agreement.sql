-- What was signed between two members, or between a member and the alliance. A row never changes but for its end.
create table aid_agreement (
  id text collate "C" primary key check (length(id) = 36),
  first_member text collate "C" not null,
  -- None: the alliance.
  second_member text collate "C" check (second_member <> first_member),
  from_ms bigint not null,
  until_ms bigint check (until_ms > from_ms),
  created_ms bigint not null,
  recorded_by text not null,
  ended_ms bigint,
  end_reason text not null default '' check ((end_reason = '') = (ended_ms is null)),
  -- Encoded Agreement, as it was signed.
  agreement bytea not null
);

create index aid_agreement_by_first on aid_agreement (first_member);
create index aid_agreement_by_second on aid_agreement (second_member);
