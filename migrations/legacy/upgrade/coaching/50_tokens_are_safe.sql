-- No token is dropped before it has its other place, sealed.
-- phase: contract
-- if present: "API_Connections".access_token
-- lock: ACCESS SHARE on "API_Connections"

do $$
declare
  v_left bigint := (
    select count(*) from coaching."API_Connections" c
    where c.access_token is not null and not exists (
      select from coaching."API_Connection_Secrets" s
      where s.connection_id = c.id and s.account_id = c.account_id and s.key_id <> 'plaintext'));
begin
  if v_left > 0 then
    raise exception using
      message = format('%s connection(s) have a token that is not sealed yet', v_left),
      hint    = 'Run countersign seal, then apply this file again.';
  end if;
end $$;
