/** What everybody changes through the Worker is what everybody changes without it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { NAMES, ORG_A, ORG_B, database, everybody, seeded } from './support/agency.mjs';
import { gaveNothing, isRefusal, named, outcome } from './support/compare.mjs';

const PROJECT = seeded('a', 5, 1);
const CLIENT = seeded('a', 4, 1);
const EMBED = 'projects!tasks_project_id_org_id_fkey(name)';

const task = (id, more) => ({ id, org_id: ORG_A, project_id: PROJECT, title: 'A task', ...more });
const client = (id, more) => ({ id, org_id: ORG_A, name: 'A client', status: 'prospective', ...more });
const contact = (id, more) => ({ id, org_id: ORG_A, first_name: 'Ada', ...more });
const project = (id, more) => ({ id, org_id: ORG_A, client_id: CLIENT, name: 'A project', ...more });
const brief = (id, more) => ({ id, org_id: ORG_A, client_id: CLIENT, title: 'A brief', ...more });
const invoice = (id, more) =>
  ({ id, org_id: ORG_A, client_id: CLIENT, number: id, amount_cents: 100, currency: 'EUR', ...more });
const service = (id) => ({ id, org_id: ORG_A, name: `Service ${id}` });
const link = (id, service_id) => ({ id, org_id: ORG_A, project_id: PROJECT, service_id });
const elsewhere = { org_id: ORG_B, project_id: seeded('b', 5, 1) };

const people = new Map();

/**
 * What people try: `run` with the ids of up to two rows of `table`, of which those of `given` are
 * there before.
 */
const OPERATIONS = {
  'insert': { table: 'clients', run: (db, one) => db.from('clients').insert(client(one)) },
  'insert and read back': {
    table: 'clients',
    run: (db, one) => db.from('clients').insert(client(one)).select('id,name,record_status').single(),
  },
  'insert and embed': {
    table: 'tasks',
    run: (db, one) => db.from('tasks').insert(task(one)).select(`id,title,${EMBED}`),
  },
  'insert elsewhere': { table: 'tasks', run: (db, one) => db.from('tasks').insert(task(one, elsewhere)) },
  'insert without a tenant': {
    table: 'tasks',
    run: (db, one) => db.from('tasks').insert({ id: one, project_id: PROJECT, title: 'x' }),
  },
  'insert several': {
    table: 'tasks',
    run: (db, one, two) =>
      db.from('tasks').insert([task(one), task(two, { priority: 'high' })], { defaultToNull: false }).select('id').order('id'),
  },
  'insert one of them elsewhere': {
    table: 'tasks',
    run: (db, one, two) => db.from('tasks').insert([task(one), task(two, elsewhere)]),
  },
  'insert what a trigger writes': {
    table: 'documents',
    run: (db, one) => db.from('documents').insert({ id: one, org_id: ORG_A, title: 'x', embedding_model: 'mine' }),
  },
  'insert an approved brief': {
    table: 'briefs',
    run: (db, one) => db.from('briefs').insert(brief(one, { status: 'approved' })),
  },
  'insert a deleted task': {
    table: 'tasks',
    run: (db, one) => db.from('tasks').insert(task(one, { record_status: 'deleted' })),
  },
  'insert what only the service may': {
    table: 'ai_cache',
    run: (db, one) => db.from('ai_cache').insert({ id: one, org_id: ORG_A }),
  },
  'insert an activity': {
    table: 'activities',
    run: (db, one) => db.from('activities').insert({ id: one, org_id: ORG_A, kind: 'note', summary: 'x', occurred_at: '2026-01-01' }),
  },
  'insert against a constraint': {
    table: 'tasks',
    run: (db, one) => db.from('tasks').insert(task(one, { status: 'nonsense' })),
  },
  'update': {
    table: 'projects',
    given: (one) => [project(one)],
    run: (db, one) => db.from('projects').update({ name: 'Renamed' }).eq('id', one),
  },
  'update and read back': {
    table: 'projects',
    given: (one) => [project(one)],
    run: (db, one) => db.from('projects').update({ priority: 'high' }).eq('id', one).select('id,priority'),
  },
  'update a column of the admin': {
    table: 'projects',
    given: (one) => [project(one)],
    run: (db, one) => db.from('projects').update({ budget_cents: 1 }).eq('id', one),
  },
  'update several': {
    table: 'tasks',
    given: (one, two) => [task(one), task(two, elsewhere)],
    run: (db, one, two) => db.from('tasks').update({ status: 'done' }).in('id', [one, two]).select('id'),
  },
  'update the tenant': {
    table: 'tasks',
    given: (one) => [task(one)],
    run: (db, one) => db.from('tasks').update(elsewhere).eq('id', one),
  },
  'update what a trigger writes': {
    table: 'clients',
    given: (one) => [client(one)],
    run: (db, one) => db.from('clients').update({ classification: 'lost' }).eq('id', one),
  },
  'update an approved brief': {
    table: 'briefs',
    given: (one) => [brief(one, { status: 'approved' })],
    run: (db, one) => db.from('briefs').update({ title: 'Changed' }).eq('id', one),
  },
  'approve a brief': {
    table: 'briefs',
    given: (one) => [brief(one, { status: 'in_review' })],
    run: (db, one) => db.from('briefs').update({ status: 'approved' }).eq('id', one).eq('status', 'in_review').select('status'),
  },
  'send an invoice': {
    table: 'invoices',
    given: (one) => [invoice(one)],
    run: (db, one) => db.from('invoices').update({ status: 'sent' }).eq('id', one).select('status,number'),
  },
  'change a sent invoice': {
    table: 'invoices',
    given: (one) => [invoice(one, { status: 'sent' })],
    run: (db, one) => db.from('invoices').update({ amount_cents: 7 }).eq('id', one).select('amount_cents'),
  },
  'retire': {
    table: 'tasks',
    given: (one) => [task(one)],
    run: (db, one) => db.from('tasks').update({ record_status: 'deleted' }).eq('id', one),
  },
  'bring back': {
    table: 'tasks',
    given: (one) => [task(one, { record_status: 'deleted' })],
    run: (db, one) => db.from('tasks').update({ record_status: 'active' }).eq('id', one).select('id,record_status'),
  },
  'update nothing': {
    table: 'tasks',
    run: (db, one) => db.from('tasks').update({ title: 'x' }).eq('id', one).select('id'),
  },
  'upsert a new row': { table: 'crm_contacts', run: (db, one) => db.from('crm_contacts').upsert(contact(one)) },
  'upsert an existing row': {
    table: 'crm_contacts',
    given: (one) => [contact(one)],
    run: (db, one) => db.from('crm_contacts').upsert(contact(one, { first_name: 'Eve' })).select('id,first_name'),
  },
  'upsert both': {
    table: 'crm_contacts',
    given: (one) => [contact(one)],
    run: (db, one, two) =>
      db.from('crm_contacts').upsert([contact(one, { phone: '1' }), contact(two, { phone: '2' })]).select('id,phone').order('id'),
  },
  'upsert and ignore': {
    table: 'crm_contacts',
    given: (one) => [contact(one)],
    run: (db, one, two) =>
      db.from('crm_contacts').upsert([contact(one, { first_name: 'Eve' }), contact(two)], { ignoreDuplicates: true }).select('id'),
  },
  'upsert by another key': {
    table: 'crm_contacts',
    given: (one) => [contact(one, { external_source: 'x', external_id: one })],
    run: (db, one) =>
      db.from('crm_contacts').upsert(
        { org_id: ORG_A, external_source: 'x', external_id: one, first_name: 'Eve' },
        { onConflict: 'org_id,external_source,external_id' },
      ),
  },
  'upsert where only inserts are granted': {
    table: 'clients',
    run: (db, one) => db.from('clients').upsert(client(one)),
  },
  'delete': {
    table: 'project_services',
    given: (one, two) => [link(one, two)],
    needs: { services: (one, two) => [service(two)] },
    run: (db, one) => db.from('project_services').delete().eq('id', one).select('id'),
  },
  'delete what nobody may': {
    table: 'tasks',
    given: (one) => [task(one)],
    run: (db, one) => db.from('tasks').delete().eq('id', one),
  },
  'rename the organization': {
    table: 'organizations',
    given: (one) => [{ id: one, name: 'Before' }],
    run: (db) => db.from('organizations').update({ name: 'Northwind Studio' }).eq('id', ORG_A).select('name'),
  },
  'found an organization': {
    table: 'organizations',
    run: (db, one) => db.from('organizations').insert({ id: one, name: 'New' }).select('id,name'),
  },
  "change one's profile": {
    table: 'profiles',
    run: (db, one, two, { id = one }) => db.from('profiles').update({ avatar_url: null }).eq('id', id).select('email'),
  },
  "change another's profile": {
    table: 'profiles',
    run: (db, one, two, { id = one }) => db.from('profiles').update({ avatar_url: null }).neq('id', id).select('email'),
  },
  'change a role': {
    table: 'team_members',
    given: (one) => [{ id: one, org_id: ORG_A, user_id: people.get('nobody').id, role: 'member' }],
    run: (db) => db.rpc('change_role', { p_org_id: ORG_A, p_user_id: people.get('nobody').id, p_role: 'viewer' }),
  },
  'make oneself an owner': {
    table: 'team_members',
    run: (db, one, two, { id = one }) =>
      db.from('team_members').update({ role: 'owner' }).eq('user_id', id).neq('role', 'owner').select('role'),
  },
};

/** What has no effect for anybody. */
const FOR_NOBODY = new Set([
  'insert without a tenant',
  'insert one of them elsewhere',
  'insert what a trigger writes',
  'insert an approved brief',
  'insert what only the service may',
  'insert against a constraint',
  'update the tenant',
  'update what a trigger writes',
  'change a sent invoice',
  'update nothing',
  'upsert where only inserts are granted',
  'delete what nobody may',
  "change another's profile",
  'make oneself an owner',
]);

suite('writes', async () => {
  const effects = new Map();
  let sql;

  before(async () => {
    for (const one of await everybody()) people.set(one.name, one);
    sql = database();
  });
  after(() => sql.end());

  for (const [operation, { table, given, needs = {}, run }] of Object.entries(OPERATIONS)) {
    for (const name of NAMES) {
      test(`${name}: ${operation}`, async () => {
        const person = people.get(name);
        const direct = await attempt(person, person.direct);
        const worker = await attempt(person, person.worker);
        if (isRefusal(worker)) {
          assert.deepEqual(worker.rows, worker.before, 'a refusal changes nothing');
          assert.deepEqual(direct.rows, direct.before, `refused, but it has an effect: ${worker.error.message}`);
          assert.ok(gaveNothing(direct), `refused, but there is something: ${worker.error.message}`);
        } else {
          assert.deepEqual(worker.outcome, direct.outcome);
          assert.deepEqual(worker.rows, direct.rows);
        }
        if (!gaveNothing(worker) || JSON.stringify(worker.rows) !== JSON.stringify(worker.before)) {
          effects.set(operation, [...(effects.get(operation) ?? []), name]);
        }
      });
    }

    const nobody = FOR_NOBODY.has(operation);
    test(`${operation}: for ${nobody ? 'nobody' : 'somebody, not for everybody'}`, () => {
      const whom = effects.get(operation) ?? [];
      assert.ok(nobody ? whom.length === 0 : whom.length > 0 && whom.length < NAMES.length, `for ${whom}`);
    });

    /** Tries it on rows of its own, which are gone afterwards. */
    async function attempt(person, db) {
      const [one, two] = [randomUUID(), randomUUID()].sort();
      const tables = [...Object.keys(needs), table];
      try {
        for (const [other, rows] of Object.entries(needs)) await fill(other, rows(one, two));
        if (given) await fill(table, given(one, two));
        const before = await rows(table, { one, two });
        const result = await run(db, one, two, person);
        const after = await rows(table, { one, two });
        return { ...result, before, rows: after, outcome: outcome(result, { one, two }) };
      } finally {
        for (const used of tables.reverse()) {
          await sql`delete from ${sql(`agency.${used}`)} where id in ${sql([one, two])}`;
        }
      }
    }
  }

  const fill = (table, rows) => sql`insert into ${sql(`agency.${table}`)} ${sql(rows)}`;

  async function rows(table, ids) {
    const found = await sql`
      select to_jsonb(t) - 'created_at' - 'updated_at' as row from ${sql(`agency.${table}`)} t
      where id in ${sql(Object.values(ids))} order by id`;
    return JSON.parse(named(JSON.stringify(found.map(({ row }) => row)), ids));
  }
});
