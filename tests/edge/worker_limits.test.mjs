/** Too many requests, from an address or from a person. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { hs256 } from './support/tokens.mjs';
import { SECRET, neighbour, startWorker } from './support/workerd.mjs';

const SOMEBODY = '01a1fd9a-6f8b-7040-8992-132a13be477d';
const OTHER = '01a1fd9a-6f8b-7040-8992-132a13be477e';
const bearer = (sub, more) => {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const claims = { sub, role: 'authenticated', aud: 'authenticated', exp, ...more };
  return { authorization: `Bearer ${hs256({ alg: 'HS256' }, claims, SECRET)}` };
};
const from = (address) => ({ 'cf-connecting-ip': address });

suite('requests are counted', () => {
  let database;
  before(async () => (database = await neighbour((_, response) => response.end('[]'))));
  after(() => database.close());

  /** Uses a Worker with these limits. */
  async function limited(limits, use, settings = {}) {
    const worker = await startWorker({ SUPABASE_URL: database.url, ...settings }, limits);
    const ask = (headers, path = '/me') =>
      fetch(worker.url + path, { headers: { origin: 'https://a.example', ...headers } });
    const statuses = async (...all) => {
      const found = [];
      for (const headers of all) found.push((await ask(headers)).status);
      return found;
    };
    try {
      await use({ ask, statuses, worker });
    } finally {
      await worker.close();
    }
  }

  test('of a person, whatever their token and their address', () =>
    limited({ RATE_LIMIT_CALLER: 3 }, async ({ ask, statuses }) => {
      const tokens = ['aal1', 'aal2', 'aal1', 'aal2'].map((aal) => bearer(SOMEBODY, { aal }));
      assert.deepEqual(await statuses(...tokens), [200, 200, 200, 429]);
      const response = await ask({ ...bearer(SOMEBODY), ...from('192.0.2.9') });
      assert.equal(response.status, 429);
      assert.equal(response.headers.get('retry-after'), '60');
      assert.equal(response.headers.get('access-control-allow-origin'), '*');
      const body = await response.json();
      assert.deepEqual(Object.keys(body).sort(), ['code', 'details', 'hint', 'message', 'request_id']);
      assert.equal(body.code, 'CS429');
      const before = database.asked.length;
      assert.equal((await ask(bearer(SOMEBODY), '/rest/v1/projects?select=id')).status, 429);
      assert.equal(database.asked.length, before, 'the database is not asked');
      assert.deepEqual(await statuses(bearer(OTHER)), [200]);
      assert.deepEqual(await statuses({}, {}, {}, {}), [200, 200, 200, 200], 'nobody is no person');
    }));

  test('of an address, whoever calls and whatever they ask', () =>
    limited(
      { RATE_LIMIT_ADDRESS: 3 },
      async ({ ask, statuses }) => {
        const one = from('192.0.2.1');
        assert.deepEqual(await statuses(one, { ...one, ...bearer(SOMEBODY) }, one), [200, 200, 200]);
        const forged = await ask({ ...one, authorization: 'Bearer x' });
        assert.equal(forged.status, 429, 'before a token is looked at');
        const passed = await ask(one, '/auth/v1/user');
        assert.equal(passed.status, 429);
        assert.equal(passed.headers.get('retry-after'), '10');
        assert.equal((await ask(one, '/healthz')).status, 200);
        assert.deepEqual(await statuses(from('192.0.2.2')), [200]);
        const network = [1, 2, 3, 4].map((n) => from(`2001:db8:1:2::${n}`));
        assert.deepEqual(await statuses(...network), [200, 200, 200, 429], 'a network of IPv6 is one address');
        assert.deepEqual(await statuses(from('2001:db8:1:3::1')), [200]);
      },
      { RATE_LIMIT_PERIOD_SECONDS: '10' },
    ));

  test('and nobody is refused when the counting fails', () =>
    limited({ RATE_LIMIT_ADDRESS: 0, RATE_LIMIT_CALLER: 0, RATE_LIMIT_HUBSPOT: 0, RATE_LIMIT_HUBSPOT_SEARCH: 0 }, async ({ statuses, worker }) => {
      assert.deepEqual(await statuses({ ...bearer(SOMEBODY), ...from('192.0.2.1') }), [200]);
      assert.ok(!worker.lines.some((line) => line.includes('not limited by')));
    }));

  test('or not, without a binding, and the log says so once', () =>
    limited({}, async ({ statuses, worker }) => {
      const all = Array.from({ length: 10 }, () => ({ ...bearer(SOMEBODY), ...from('192.0.2.1') }));
      assert.ok((await statuses(...all)).every((status) => status === 200));
      const said = (name) => worker.lines.filter((line) => line.includes(`not limited by ${name}:`)).length;
      assert.deepEqual(['RATE_LIMIT_ADDRESS', 'RATE_LIMIT_CALLER', 'RATE_LIMIT_HUBSPOT', 'RATE_LIMIT_HUBSPOT_SEARCH'].map(said), [1, 1, 1, 1]);
    }));
});
