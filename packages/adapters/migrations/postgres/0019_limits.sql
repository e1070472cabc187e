-- JSON text: numbers that hold for this tenant instead of the installation's, by name (`caller.read`, `agents`).
alter table holdfast.tenants add column limits text not null default '{}';
