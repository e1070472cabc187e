-- Run once, on an empty volume, as the superuser: a login and a database for each that needs one. Passwords come from
-- files, so that they stand in no command line and no environment.
\set ON_ERROR_STOP on
\set owner_password `cat /run/secrets/postgres-owner`
\set api_password `cat /run/secrets/postgres-api`
\set worker_password `cat /run/secrets/postgres-worker`
\set keycloak_password `cat /run/secrets/postgres-keycloak`
\set temporal_password `cat /run/secrets/postgres-temporal`

create role holdfast_engine nologin;
create role holdfast_owner login password :'owner_password';
create role holdfast_api login password :'api_password';
create role holdfast_worker login password :'worker_password';
create role keycloak login password :'keycloak_password';
create role temporal login password :'temporal_password';
grant holdfast_engine to holdfast_owner;

create database holdfast owner holdfast_owner;
create database keycloak owner keycloak;
create database temporal owner temporal;
create database temporal_visibility owner temporal;

revoke connect on database postgres, holdfast, keycloak, temporal, temporal_visibility from public;
grant connect on database holdfast to holdfast_api, holdfast_worker;

\connect holdfast
create extension if not exists vector;
\connect temporal_visibility
create extension if not exists btree_gin;
