-- The agency system: its schema, the extensions it uses, its types, and the one trigger function that all tables share.
--
-- These files create the tables and what must hold for everybody. Who may do what is not decided here:
-- row-level security, policies and grants are generated from policies/agency.policy into later files.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create schema agency;
comment on schema agency is 'AI agency workflow: organizations, their people, clients, projects, strategy, content, money and CRM.';

-- Functions and tables the API must never offer. The generated policies keep their helpers here as well.
create schema if not exists countersign;
revoke all on schema countersign from public, anon;
grant usage on schema countersign to authenticated;

-- Supabase has this schema; a bare server gets it here.
create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role;

-- Vector search is part of the product, so pgvector is the one extension this system cannot do without.
-- An extension that is already installed stays in the schema where its owner put it.
do $$
begin
  if not exists (select from pg_catalog.pg_available_extensions where name = 'vector') then
    raise exception using
      errcode = 'feature_not_supported',
      message = 'this server has no "vector" extension',
      detail  = 'documents.embedding and crm_interactions.embedding need it',
      hint    = 'install pgvector 0.8 or newer (package postgresql-NN-pgvector; on Supabase it is present), then apply this file again';
  end if;

  create extension if not exists vector schema extensions;

  if (select string_to_array(split_part(extversion, '-', 1), '.')::int[] < array[0, 8]
      from pg_catalog.pg_extension where extname = 'vector') then
    raise exception using
      errcode = 'feature_not_supported',
      message = 'the "vector" extension is older than 0.8',
      detail  = 'without iterative index scans a search inside a small organization can come back empty',
      hint    = 'run "alter extension vector update", then apply this file again';
  end if;
end $$;

-- The others are welcome where the server offers them. Nothing in this schema calls them, so a server without them,
-- or a role that may not install them, is not held up.
do $$
declare
  v_name text;
begin
  foreach v_name in array array['pgcrypto', 'uuid-ossp', 'pg_stat_statements', 'supabase_vault', 'pg_graphql'] loop
    if exists (select from pg_catalog.pg_extension where extname = v_name) then
      continue;
    elsif not exists (select from pg_catalog.pg_available_extensions where name = v_name) then
      raise notice 'extension "%" is not available on this server: skipped', v_name;
    else
      begin
        -- The last two bring a schema of their own.
        execute format('create extension %I', v_name)
          || case when v_name in ('supabase_vault', 'pg_graphql') then '' else ' schema extensions' end;
      exception when others then
        raise notice 'extension "%" could not be installed (%): skipped', v_name, sqlerrm;
      end;
    end if;
  end loop;
end $$;

create type agency.crm_interaction_type as enum ('email', 'call', 'meeting', 'message', 'note');
comment on type agency.crm_interaction_type is 'How an interaction with a client took place. The order has no meaning.';

create type agency.crm_sentiment as enum ('negative', 'neutral', 'positive');
comment on type agency.crm_sentiment is 'The tone of an interaction. The order has no meaning: compare by equality.';

create function agency.update_updated_at() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.updated_at = now();
  return new;
end $$;
revoke execute on function agency.update_updated_at() from public, anon, authenticated;
comment on function agency.update_updated_at() is
  'Stamps updated_at with the time of the transaction. Soft delete relies on it, so no client may write that column.';
