-- The people's room: who has an account, where they are signed in, and the links that work once.

create table account (
  id text collate "C" primary key,
  -- Lower case. None until the invitation is taken.
  login text collate "C" unique,
  display_name text collate "C" not null,
  post text collate "C" not null
    check (post in ('publisher', 'safety-manager', 'dispatcher', 'council', 'regulator', 'operator')),
  member_id text collate "C" references member (id),
  state text collate "C" not null check (state in ('invited', 'active', 'disabled')),
  -- Argon2id in PHC form.
  password_hash text collate "C",
  created_ms bigint not null,
  signed_in_ms bigint,
  -- Wrong passwords in a row from where nobody knows the person.
  failures bigint not null default 0 check (failures >= 0),
  failed_ms bigint,
  check ((post in ('publisher', 'safety-manager')) = (member_id is not null)),
  check (state <> 'active' or (login is not null and password_hash is not null)),
  check (state <> 'invited' or (login is null and password_hash is null))
);

-- Links that work once: the first operator's, an invitation, a new password.
create table account_link (
  id text collate "C" primary key,
  account_id text collate "C" not null references account (id),
  secret_hash bytea not null unique check (length(secret_hash) = 32),
  purpose text collate "C" not null check (purpose in ('setup', 'invite', 'reset')),
  created_ms bigint not null,
  expires_ms bigint not null,
  used_ms bigint,
  cancelled_ms bigint
);

create index account_link_of_account on account_link (account_id);

create table session (
  -- SHA-256 of what the cookie holds.
  secret_hash bytea primary key check (length(secret_hash) = 32),
  -- Names it to the person.
  id text collate "C" not null unique,
  account_id text collate "C" not null references account (id),
  began_ms bigint not null,
  seen_ms bigint not null,
  -- What the browser calls itself, shortened.
  agent text collate "C" not null
);

create index session_of_account on session (account_id);

-- Browsers that somebody signed in from before: what strangers do does not hold them up.
create table device (
  secret_hash bytea primary key check (length(secret_hash) = 32),
  account_id text collate "C" not null references account (id),
  used_ms bigint not null,
  failures bigint not null default 0 check (failures >= 0),
  failed_ms bigint
);

create index device_of_account on device (account_id);

-- A person's own tokens; none for tokens that the operator issued.
alter table token add column account_id text collate "C" references account (id);

create index token_of_account on token (account_id);
