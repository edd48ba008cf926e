-- When the hub was last restored from a backup, and when the newest thing happened that it still knows of: what people have to
-- find out lies between. Empty: it never was.
alter table hub add column restored_ms integer;
alter table hub add column known_ms integer;
