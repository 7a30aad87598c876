-- Names that would be something else if they were not quoted.
create schema "my ""app"" -- ";
create table "my ""app"" -- "."select" (
  "id"         uuid primary key,
  "user"       uuid not null,
  "a""b"       text,
  "-- comment" text,
  "/* x */"    boolean not null default false,
  "Grüße; "    integer
);
create table "my ""app"" -- "."tenant" ("self" uuid primary key, "where" text not null);
alter table "my ""app"" -- "."select" enable row level security;
alter table "my ""app"" -- "."tenant" enable row level security;
grant usage on schema "my ""app"" -- " to authenticated, anon;
grant select, insert, delete on "my ""app"" -- "."select", "my ""app"" -- "."tenant" to authenticated;
create policy "p""; drop table x; --" on "my ""app"" -- "."select" for select to authenticated
  using ("user" = auth.uid() and "a""b" = 'it''s -- "quoted" \ );' and not "/* x */" and "Grüße; " in (1, -2));
create policy "odd" on "my ""app"" -- "."select" for delete to authenticated
  using (md5("-- comment") = 'x');
create policy "own" on "my ""app"" -- "."tenant" to authenticated
  using ("self" = (select auth.uid()) and "where" like 'a\_%');
