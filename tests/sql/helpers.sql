-- What the scripts `*_test*.sql` have in common. It runs first, in the same session; the functions end with it.

create function pg_temp.holds(what text, truth boolean) returns void language plpgsql as $$
begin
  if truth is not true then raise exception 'does not hold: %', what; end if;
end $$;

-- The statement fails, with one of these states, and is undone.
create function pg_temp.fails(states text, statement text) returns void language plpgsql as $$
begin
  execute statement;
  raise exception 'was not refused: %', statement;
exception
  when others then
    if not sqlstate = any (string_to_array(states, ' ')) then
      raise exception 'expected %, got % (%): %', states, sqlstate, sqlerrm, statement;
    end if;
end $$;

-- How many rows a statement touched.
create function pg_temp.touched(statement text) returns bigint language plpgsql as $$
declare
  v_rows bigint;
begin
  execute statement;
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;

-- From here on, the session of whoever has this id.
create function pg_temp.become_id(id text) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claim.sub', id, true);
  perform set_config('request.jwt.claims', jsonb_build_object('sub', id, 'role', 'authenticated')::text, true);
  perform set_config('role', 'authenticated', true);
end $$;

-- From here on, the session of this one of the script's people, whom its temporary table `person` names.
create function pg_temp.become(who text) returns void language plpgsql as $$
declare
  v_id uuid := (select id from pg_temp.person where name = who);
begin
  perform pg_temp.holds(who || ' exists', v_id is not null);
  perform pg_temp.become_id(v_id::text);
end $$;

-- Functions start closed: the migrations take EXECUTE from PUBLIC.
grant execute on all functions in schema pg_temp to public;
