create function pg_temp.attempt(
  as_role text, with_claims text, with_subject text, statement text, gives_rows boolean,
  out rows bigint, out keys text, out state text, out message text, out named text, out context text
) language plpgsql as $$
declare
  one record;
  all_keys jsonb := '[]';
  bare text;
begin
  rows := 0;
  begin
    perform set_config('request.jwt.claims', with_claims, true);
    perform set_config('request.jwt.claim.sub', with_subject, true);
    perform set_config('role', as_role, true);
    if gives_rows then
      for one in execute statement loop
        rows := rows + 1;
        all_keys := all_keys || jsonb_build_array((select e.value from json_each_text(row_to_json(one)) e limit 1));
      end loop;
    else
      execute statement;
      get diagnostics rows = row_count;
    end if;
    raise exception using errcode = 'CSV00';  -- undoes it
  exception
    when sqlstate 'CSV00' then
      keys := all_keys;
    when others then
      get stacked diagnostics state = returned_sqlstate, message = message_text, named = constraint_name,
        bare = column_name, context = pg_exception_context;
      named := coalesce('constraint ' || nullif(named, ''), 'not null of ' || nullif(bare, ''));
  end;
end $$
