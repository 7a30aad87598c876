-- Rows of a shop in use: nothing of it may be read, waited for or changed by a proof in place.
insert into shop.firms (name) select 'somebody''s' from generate_series(1, 3);
insert into shop.staff (firm_id, person_id, role, nickname)
  select f.id, gen_random_uuid(), r.role, 'somebody''s'
  from shop.firms f, (values ('boss'), ('clerk'), ('viewer')) r (role);
insert into shop."Partners" (firm_id, "user", role) select id, gen_random_uuid(), 'clerk' from shop.firms;
insert into shop.articles (firm_id, title, published, state)
  select id, 'somebody''s', true, 'live' from shop.firms, generate_series(1, 100);
insert into shop."order" (firm_id, article_id, note)
  select firm_id, id, 'somebody''s' from shop.articles;
insert into shop.receipts (firm_id, order_id, cents)
  select firm_id, id, row_number() over () from shop."order";
insert into shop.people (id, name) select person_id, 'somebody''s' from shop.staff;
insert into shop.news (body) select 'somebody''s' from generate_series(1, 300);
