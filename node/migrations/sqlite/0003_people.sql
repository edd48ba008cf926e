-- The member's own people in a browser at their own node. Times are milliseconds since 1970-01-01T00:00:00Z.

create table account (
    id text not null primary key,
    -- Lower case. None until the invitation is taken.
    login text unique,
    display_name text not null,
    post text not null check (post in ('publisher', 'safety-manager', 'administrator')),
    state text not null check (state in ('invited', 'active', 'disabled')),
    -- Argon2id in PHC form.
    password_hash text,
    created_ms integer not null,
    signed_in_ms integer,
    -- Wrong passwords in a row from where nobody knows the person.
    failures integer not null default 0 check (failures >= 0),
    failed_ms integer,
    check (state <> 'active' or (login is not null and password_hash is not null)),
    check (state <> 'invited' or (login is null and password_hash is null))
) strict;

-- Links that work once: the first administrator's, an invitation, a new password.
create table account_link (
    id text not null primary key,
    account_id text not null references account (id),
    secret_hash blob not null unique check (length(secret_hash) = 32),
    purpose text not null check (purpose in ('setup', 'invite', 'reset')),
    created_ms integer not null,
    expires_ms integer not null,
    used_ms integer,
    cancelled_ms integer
) strict;

create index account_link_of_account on account_link (account_id);

create table session (
    -- SHA-256 of what the cookie holds.
    secret_hash blob not null primary key check (length(secret_hash) = 32),
    -- Names it to the person.
    id text not null unique,
    account_id text not null references account (id),
    began_ms integer not null,
    seen_ms integer not null,
    -- What the browser calls itself, shortened.
    agent text not null
) strict;

create index session_of_account on session (account_id);

-- Browsers that somebody signed in from before: what strangers do does not hold them up.
create table device (
    secret_hash blob not null primary key check (length(secret_hash) = 32),
    account_id text not null references account (id),
    used_ms integer not null,
    failures integer not null default 0 check (failures >= 0),
    failed_ms integer
) strict;

create index device_of_account on device (account_id);

-- What was done with accounts, and by whom.
create table account_deed (
    seq integer not null primary key autoincrement,
    at_ms integer not null,
    actor text not null,
    action text not null,
    account_id text not null
) strict;
