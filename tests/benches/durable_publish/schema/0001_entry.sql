-- One table that is nothing but a log.
create table entry (
    seq integer not null primary key,
    hash blob not null,
    header blob not null,
    signature blob not null,
    payload blob not null
) strict;
