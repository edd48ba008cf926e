-- Alerts may also be handed out as letters.
alter table aid_alert drop constraint aid_alert_channel_check;
alter table aid_alert add constraint aid_alert_channel_check check (channel in ('command', 'webhook', 'mail'));
