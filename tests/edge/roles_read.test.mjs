/** What everybody sees through the Worker is what everybody sees without it. */
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { NAMES, ORG_A, ORG_B, database, everybody, seeded, throughWorker } from './support/agency.mjs';
import { isRefusal, readBoth, sameRead } from './support/compare.mjs';

const embedding = JSON.stringify(Array.from({ length: 768 }, (_, k) => Math.sin(2 * (k + 1))));
const CLIENT = 'clients!projects_client_id_org_id_fkey';
const PROJECTS = 'projects!projects_client_id_org_id_fkey';
const TASKS = 'tasks!tasks_project_id_org_id_fkey';

const OPERATIONS = {
  'list in order': (db) => db.from('projects').select().order('name', { ascending: false }),
  'count': (db) => db.from('tasks').select('*', { count: 'exact', head: true }),
  'count with rows': (db) => db.from('tasks').select('id', { count: 'exact' }).order('id').range(1, 3),
  'a page': (db) => db.from('documents').select('id,title').order('title').range(1, 2),
  'one row': (db) => db.from('clients').select('name').eq('id', seeded('a', 4, 1)).single(),
  'perhaps one row': (db) => db.from('clients').select('name').eq('id', seeded('b', 4, 1)).maybeSingle(),
  'csv': (db) => db.from('services').select('id,name').order('id').csv(),
  'renamed and cast': (db) => db.from('invoices').select('nr:number,cents:amount_cents::text').order('number'),
  'inside json': (db) => db.from('crm_contacts').select('id,stage:properties->>lifecyclestage').order('id'),
  'filter inside json': (db) =>
    db.from('crm_contacts').select('id').eq('properties->>lifecyclestage', 'customer').order('id'),
  'eq': (db) => db.from('projects').select('id,name').eq('org_id', ORG_A).order('id'),
  'eq elsewhere': (db) => db.from('projects').select('id,name').eq('org_id', ORG_B).order('id'),
  'neq, gt and is': (db) =>
    db.from('tasks').select('id').neq('status', 'done').gt('position', 1).is('completed_at', null).order('id'),
  'in': (db) => db.from('projects').select('id').in('status', ['active', 'draft', 'a,b']).order('id'),
  'in nothing': (db) => db.from('projects').select('id').in('id', []),
  'like': (db) => db.from('clients').select('id,name').like('name', '%e%').order('id'),
  'ilike any': (db) => db.from('clients').select('id').ilikeAnyOf('name', ['b%', 'C%']).order('id'),
  'contains': (db) => db.from('documents').select('id').contains('metadata', { tags: ['pricing'] }).order('id'),
  'not': (db) => db.from('tasks').select('id').not('priority', 'in', '(low,normal)').order('id'),
  'or and and': (db) =>
    db.from('tasks').select('id').or('status.eq.done,and(priority.eq.high,due_on.gte.2026-06-01)').order('id'),
  'deleted rows': (db) => db.from('clients').select('id').eq('record_status', 'deleted').order('id'),
  'nulls first': (db) => db.from('tasks').select('id,due_on').order('due_on', { nullsFirst: true }).order('id'),
  'embed to one': (db) => db.from('projects').select(`id,client:${CLIENT}(name)`).order('id'),
  'embed to many': (db) =>
    db.from('clients').select(`name,${PROJECTS}(id,name,${TASKS}(id,title))`).order('id'),
  'embed with everything': (db) => db.from('projects').select(`*,${CLIENT}(*)`).order('id'),
  'embed filtered, ordered, limited': (db) =>
    db.from('projects').select(`id,${TASKS}(id,status)`).neq('tasks.status', 'done').order('id')
      .order('id', { referencedTable: 'tasks' }).limit(2, { referencedTable: 'tasks' }),
  'embed inner': (db) =>
    db.from('projects').select(`id,${CLIENT}!inner(name)`).eq('clients.status', 'active').order('id'),
  'spread': (db) => db.from('projects').select(`id,...${CLIENT}(client_name:name)`).order('id'),
  'what nobody may read': (db) => db.from('ai_cache').select(),
  'embed what nobody may read': (db) => db.from('organizations').select('id,ai_cache(id)').order('id'),
  'no such column': (db) => db.from('clients').select('nothing'),
  'no such table': (db) => db.from('nothings').select(),
  'a view': (db) => db.from('client_crm_status').select().order('client_id'),
  'a view filtered': (db) =>
    db.from('client_crm_status').select('name,open_deals').gt('open_deals', 0).order('client_id'),
  'search documents': (db) => db.rpc('match_documents', { query_embedding: embedding, match_count: 3 }),
  'search documents of one organization': (db) =>
    db.rpc('match_documents', { query_embedding: embedding, match_org_id: ORG_B }).select('id,title'),
  'classify': (db) => db.rpc('get_client_classification', { p_client_id: seeded('a', 4, 1) }),
  'classify by GET': (db) =>
    db.rpc('get_client_classification', { p_client_id: seeded('b', 4, 1) }, { get: true }),
  'spend': (db) => db.rpc('get_ai_spend', { p_org_id: ORG_A }),
  'no such function': (db) => db.rpc('nothing', {}),
};

/** Where both refuse, but the Worker looks before PostgREST does: the error is not the same. */
const REFUSED_BY_BOTH = new Set(['no such column', 'no such table', 'no such function']);

suite('reads', async () => {
  const people = new Map();
  let tables;

  before(async () => {
    for (const one of await everybody()) people.set(one.name, one);
    const sql = database();
    tables = await sql`select table_name as name from information_schema.tables
      where table_schema = 'agency' and table_type = 'BASE TABLE' order by 1`;
    await sql.end();
    assert.equal(tables.length, 32);
  });

  for (const name of NAMES) {
    test(`${name} lists every table`, async () => {
      const person = people.get(name);
      for (const table of tables) {
        sameRead(await readBoth(person, (db) => db.from(table.name).select().order('id')));
      }
    });

    for (const [operation, run] of Object.entries(OPERATIONS)) {
      test(`${name}: ${operation}`, async () => {
        const both = await readBoth(people.get(name), run);
        if (!REFUSED_BY_BOTH.has(operation)) return sameRead(both);
        assert.ok(both.direct.error && both.worker.error);
      });
    }
  }

  test('a viewer sees something of everything but what is closed', async () => {
    const { worker } = people.get('viewer.a');
    const empty = [];
    for (const { name } of tables) {
      const result = await worker.from(name).select();
      if (!isRefusal(result) && result.data.length === 0) empty.push(name);
    }
    assert.deepEqual(empty, []);
  });

  test('a read that the policy makes empty says so', async () => {
    const { worker } = people.get('nobody');
    let reason;
    const fetch = async (...request) => {
      const response = await globalThis.fetch(...request);
      reason = response.headers.get('x-countersign-reason');
      return response;
    };
    const { data } = await worker.auth.getSession();
    const watched = throughWorker({ global: { fetch } });
    await watched.auth.setSession(data.session);
    const { data: rows, status } = await watched.from('projects').select('id');
    assert.deepEqual({ rows, status }, { rows: [], status: 200 });
    assert.match(reason, /agency\.projects/);
  });
});
