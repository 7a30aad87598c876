/** HubSpot's contacts and deals, brought into an organization's own tables. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { database, stack, workerUrl } from '../support/agency.mjs';
import { consent, control } from '../support/assistant.mjs';
import { described } from '../support/openapi.mjs';
import { newcomer } from '../support/newcomer.mjs';
import { canaries, inNoFacts, inNoLine, inNoTable, nowhereIn } from '../support/secrets.mjs';

const sql = database();
const [owner, admin, member, stranger] = ['owner', 'admin', 'member', 'stranger'].map((role) => newcomer(role));
let org;

async function ask(who, method, path, body) {
  const headers = { apikey: stack.publishableKey, authorization: `Bearer ${who.token}`, 'content-type': 'application/json' };
  const response = await fetch(`${workerUrl}/functions/v1/agency-${path}`, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  described(method, `/functions/v1/agency-${path}`, response.status, answer);
  return { status: response.status, body: answer, headers: response.headers };
}

const contacts = () => sql`select external_id, first_name, last_name, email, job_title, client_id, record_status from agency.crm_contacts
  where org_id = ${org} and external_source = 'hubspot' order by external_id`;
const deals = () => sql`select d.*, s.outcome, d.amount_cents::int as cents, d.expected_close_on::text as closes from agency.crm_deals d
  join agency.crm_stages s on s.id = d.stage_id where d.org_id = ${org} and d.external_source = 'hubspot' order by d.external_id`;
/** All parts of an import, their counts added. */
async function whole(kind) {
  const sum = { created: 0, updated: 0, unchanged: 0, retired: 0 };
  let next = null;
  do {
    const { status, body } = await ask(admin, 'POST', `import/${kind}`, next ? { after: next } : {});
    assert.equal(status, 200, JSON.stringify(body));
    for (const name of Object.keys(sum)) sum[name] += body[name];
    next = body.next;
  } while (next);
  return sum;
}
describe('importing from HubSpot', () => {
  before(async () => {
    for (const { id, email } of [owner, admin, member, stranger]) await sql`insert into auth.users (id, email) values (${id}, ${email})`;
    [{ id: org }] = await sql`insert into agency.organizations (name, created_by) values ('Import', ${owner.id}) returning id`;
    for (const [who, role] of [[admin, 'admin'], [member, 'member']]) {
      await sql`insert into agency.team_members (org_id, user_id, role, status) values (${org}, ${who.id}, ${role}, 'active')`;
    }
  });
  beforeEach(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
  });
  after(() => sql.end());

  test('an admin connects the organization, and its members see that', async () => {
    for (const who of [member, stranger]) assert.equal((await ask(who, 'POST', 'hubspot-connect', {})).status, 403);
    assert.equal((await ask(stranger, 'GET', 'hubspot-connect')).status, 403);
    assert.deepEqual((await ask(member, 'GET', 'hubspot-connect')).body, { org_id: org, connection: null });
    const none = await ask(admin, 'POST', 'import/contacts', {});
    assert.deepEqual([none.status, none.body.code], [409, 'not_connected']);

    await control('POST', '/hubspot/consent', {});
    const begun = await ask(admin, 'POST', 'hubspot-connect', {});
    const back = await consent(begun.body.url);
    assert.ok(new URL(begun.body.url).searchParams.get('scope').split(' ').every((scope) => scope === 'oauth' || scope.endsWith('.read')));
    assert.equal((await fetch(back)).status, 400, 'another browser');
    const cookie = begun.headers.get('set-cookie').split(';')[0];
    await sql`update agency.team_members set role = 'member' where org_id = ${org} and user_id = ${admin.id}`;
    assert.equal((await fetch(back, { headers: { cookie } })).status, 403, 'an admin no longer');
    await sql`update agency.team_members set role = 'admin' where org_id = ${org} and user_id = ${admin.id}`;
    const response = await fetch(back, { headers: { cookie } });
    const answer = await response.json();
    described('GET', '/functions/v1/agency-hubspot-callback', response.status, answer);
    assert.deepEqual([response.status, answer], [200, { hubspot: 'connected', org_id: org }]);
    const { body } = await ask(member, 'GET', 'hubspot-connect');
    assert.deepEqual([body.connection.status, body.connection.portal_id, body.connection.reconnect], ['active', '24680135', false]);
    const [row] = await sql`select s.access_token, s.refresh_token from countersign_edge.agency_connection_secrets s where s.org_id = ${org}`;
    for (const sealed of Object.values(row)) assert.match(sealed, /^cs1\.[\w-]+$/);
  });

  test('contacts come over, and once', async () => {
    assert.equal((await ask(member, 'POST', 'import/contacts', {})).status, 403);
    const first = await whole('contacts');
    assert.ok(first.created >= 4 && first.updated === 0, JSON.stringify(first));
    const rows = await contacts();
    assert.equal(rows.length, first.created);
    const petra = rows.find(({ external_id }) => external_id === '101');
    assert.deepEqual([petra.first_name, petra.last_name, petra.job_title, petra.client_id], ['Petra', 'Novak', 'Head of Logistics', null]);
    assert.deepEqual(await whole('contacts'), { created: 0, updated: 0, unchanged: rows.length, retired: 0 });
    assert.deepEqual(await contacts(), rows);
    assert.deepEqual((await control('GET', '/log')).deviations, []);
  });

  test('what changed here is HubSpot\'s again, and what was retired stays so', async () => {
    await sql`update agency.crm_contacts set first_name = 'Pietra' where org_id = ${org} and external_id = '101'`;
    await sql`update agency.crm_contacts set record_status = 'deleted', first_name = 'Nobody' where org_id = ${org} and external_id = '102'`;
    const again = await whole('contacts');
    assert.deepEqual([again.created, again.updated, again.retired], [0, 1, 1]);
    const names = Object.fromEntries((await contacts()).map((row) => [row.external_id, row.first_name]));
    assert.deepEqual([names[101], names[102]], ['Petra', 'Nobody']);
  });

  test('deals go into the default pipeline, and stay where they are put', async () => {
    const missing = await ask(admin, 'POST', 'import/deals', {});
    assert.deepEqual([missing.status, missing.body.code], [409, 'not_set_up']);
    const [{ id: pipeline }] = await sql`insert into agency.crm_pipelines (org_id, name, is_default) values (${org}, 'Sales', true) returning id`;
    for (const [position, [name, outcome]] of [['New', 'open'], ['Offer', 'open'], ['Won', 'won'], ['Lost', 'lost']].entries()) {
      await sql`insert into agency.crm_stages (org_id, pipeline_id, name, position, outcome) values (${org}, ${pipeline}, ${name}, ${position}, ${outcome})`;
    }
    const first = await whole('deals');
    assert.ok(first.created >= 2, JSON.stringify(first));
    const pilot = (await deals()).find(({ external_id }) => external_id === '330044001');
    assert.deepEqual([pilot.title, pilot.cents, pilot.currency, pilot.closes, pilot.status], ['Tidal Freight pilot', 3600000, 'EUR', '2027-02-28', 'open']);
    // People here move it on; the next import leaves it there.
    const [{ id: offer }] = await sql`select id from agency.crm_stages where pipeline_id = ${pipeline} and name = 'Offer'`;
    await sql`update agency.crm_deals set stage_id = ${offer} where id = ${pilot.id}`;
    const again = await whole('deals');
    assert.deepEqual([again.created, again.updated], [0, 0]);
    assert.equal((await deals()).find(({ id }) => id === pilot.id).stage_id, offer);
    await sql`update agency.crm_deals set amount_cents = 5 where id = ${pilot.id}`;
    assert.equal((await whole('deals')).updated, 1);
    const after = (await deals()).find(({ id }) => id === pilot.id);
    assert.deepEqual([after.cents, after.stage_id], [3600000, offer]);
  });

  test('two imports at once are one and a refusal, and HubSpot down is nothing half done', async () => {
    const before = await contacts();
    await control('POST', '/faults', { provider: 'hubspot', path: '/contacts', effect: { latency: 600 } });
    const both = await Promise.all([1, 2].map(() => ask(admin, 'POST', 'import/contacts', {})));
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
    await control('POST', '/faults', { provider: 'hubspot', path: '/contacts', times: 9, effect: { answer: { status: 503 } } });
    const down = await ask(admin, 'POST', 'import/contacts', {});
    assert.deepEqual([down.status, down.body.code], [503, 'provider_down']);
    assert.deepEqual(await contacts(), before);
  });

  test('no token is in an answer, in a table, or in a line of the log', async () => {
    await sql`update countersign_edge.agency_connections set token_expires_at = now() where org_id = ${org}`;
    const answers = [await ask(admin, 'POST', 'import/deals', {}), await ask(member, 'GET', 'hubspot-connect')];
    assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
    const tokens = await canaries('access', 'refresh');
    for (const { body, headers } of answers) nowhereIn(JSON.stringify([body, [...headers]]), 'an answer', tokens);
    await inNoTable(sql, 'agency', tokens);
    await inNoLine('hubspot', tokens);
    await inNoFacts(tokens);
  });

  test('an admin ends it', async () => {
    assert.equal((await ask(member, 'DELETE', 'hubspot-connect')).status, 403);
    const { status, body } = await ask(admin, 'DELETE', 'hubspot-connect');
    assert.deepEqual([status, body], [200, { org_id: org, status: 'revoked', revoked_at_hubspot: true }]);
    assert.deepEqual([...(await sql`select id from countersign_edge.agency_connection_secrets where org_id = ${org}`)], []);
    assert.equal((await ask(admin, 'POST', 'import/contacts', {})).body.code, 'connection_expired');
  });
});
