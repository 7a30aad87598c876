/** A draft and a date go into HubSpot once, and never over what somebody else changed. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { database } from '../support/agency.mjs';
import { connect, control, fault, person } from '../support/assistant.mjs';
import { runSchedule } from '../support/later.mjs';

const dov = person('dov@assistant.example.test');
const cleo = person('cleo@assistant.example.test');
const sql = database();

/** A new activity of a kind, and a run on it. */
async function processed(kind = 'notes', properties = { hs_note_body: '<p>She asked for two references.</p>' }) {
  const made = await dov.invoke(kind, 'POST', { properties: { hs_timestamp: '2027-01-15T08:00:00Z', ...properties } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const run = await dov.invoke('process', 'POST', { activity_type: kind, activity_id: made.body.id, tones: ['warm', 'brief'] });
  assert.equal(run.status, 201, JSON.stringify(run.body));
  const read = async (name) => (await dov.invoke(`${kind}/${made.body.id}?properties=${name}`)).body.properties[name];
  return { id: made.body.id, run: run.body, read };
}
const apply = (what, body, who = dov) => who.invoke(`apply-${what}`, 'POST', body);
const writes = async (id) => {
  const { requests } = await control('GET', '/log');
  return requests.filter(({ request }) => request.method === 'PATCH' && request.path.endsWith(`/${id}`)).length;
};

describe('applying what a run proposed', () => {
  before(async () => {
    await sql`delete from assistant.hubspot_connections where user_id = ${dov.id}`;
    await connect(dov);
  });
  beforeEach(async () => {
    await control('DELETE', '/faults');
    await control('DELETE', '/log');
  });
  after(async () => {
    await control('DELETE', '/faults');
    await sql`delete from assistant.ai_processing_logs where user_id = ${dov.id}`;
    await sql`delete from countersign_edge.outbox where user_id = ${dov.id}`;
    await sql.end();
  });

  test('a draft is added to the activity, chosen, and applied once', async () => {
    const { id, run, read } = await processed();
    const [draft, other] = run.drafts;
    await dov.invoke('select', 'POST', { draft_id: other.id });
    const done = await apply('draft', { draft_id: draft.id });
    assert.deepEqual([done.status, done.body.status, done.body.draft.selected], [200, 'applied', true], JSON.stringify(done.body));
    assert.ok(done.body.draft.applied_at);
    const text = await read('hs_note_body');
    assert.ok(text.startsWith('<p>She asked for two references.</p><br><br>'), text);
    const again = await apply('draft', { draft_id: draft.id });
    assert.deepEqual([again.status, again.body], [200, done.body]);
    assert.equal(await writes(id), 1);
    const chosen = await sql`select id from assistant.ai_generated_drafts where log_id = ${run.id} and selected`;
    assert.deepEqual(chosen.map((one) => one.id), [draft.id]);
    const [effect] = await sql`select * from countersign_edge.outbox where effect_key = ${`draft/${draft.id}`}`;
    assert.deepEqual([effect.status, effect.request, effect.external_id], ['done', {}, id]);
    assert.deepEqual((await control('GET', '/log')).deviations, []);
  });

  test('a draft may take the place of what is there, and its own change is no conflict for the next one', async () => {
    const { run, read } = await processed('emails', { hs_email_text: 'They ask for references.' });
    const [draft, other] = run.drafts;
    assert.equal((await apply('draft', { draft_id: draft.id, mode: 'replace' })).body.status, 'applied');
    assert.equal(await read('hs_email_text'), draft.draft_text);
    assert.equal((await apply('draft', { draft_id: other.id })).body.status, 'applied');
    assert.equal(await read('hs_email_text'), `${draft.draft_text}\n\n${other.draft_text}`);
  });

  test('dates go where an activity of that kind has its time', async () => {
    const times = { tasks: ['hs_timestamp'], calls: ['hs_timestamp'], meetings: ['hs_meeting_start_time', 'hs_meeting_end_time'] };
    const bodies = { tasks: { hs_task_body: 'a' }, calls: { hs_call_body: 'a' }, meetings: { hs_meeting_body: 'a' } };
    for (const [kind, names] of Object.entries(times)) {
      const { run, read } = await processed(kind, bodies[kind]);
      const [dates] = run.dates;
      const { status, body } = await apply('date', { date_id: dates.id });
      assert.deepEqual([status, body.status, body.dates?.applied], [200, 'applied', true], JSON.stringify(body));
      const [{ recommended_start: start, recommended_due: due }] =
        await sql`select recommended_start, recommended_due from assistant.touch_date_recommendations where id = ${dates.id}`;
      const expected = { tasks: [due ?? start], calls: [start ?? due], meetings: [start, due] }[kind];
      for (const [at, name] of names.entries()) {
        if (expected[at]) assert.equal(new Date(await read(name)).getTime(), expected[at].getTime(), `${kind} ${name}`);
      }
    }
  });

  test('an activity that was changed since is not written over, until somebody has seen it', async () => {
    const { id, run, read } = await processed();
    const [draft] = run.drafts;
    await dov.invoke(`notes/${id}`, 'PATCH', { properties: { hs_note_body: 'She found two herself.' } });
    const { status, body } = await apply('draft', { draft_id: draft.id });
    assert.deepEqual([status, body.code], [409, 'activity_changed']);
    assert.match(body.run.notes, /asked for two references/);
    assert.equal(body.now.notes, 'She found two herself.');
    assert.equal(await writes(id), 1);
    const done = await apply('draft', { draft_id: draft.id, over: body.now.updated_at });
    assert.deepEqual([done.status, done.body.status], [200, 'applied'], JSON.stringify(done.body));
    assert.ok((await read('hs_note_body')).startsWith('She found two herself.<br><br>'));
  });

  test('what HubSpot could not take is done by the schedule', async () => {
    const { id, run, read } = await processed();
    const [draft] = run.drafts;
    await fault({ answer: { status: 503 } }, { method: 'PATCH', times: 9 });
    const { status, body } = await apply('draft', { draft_id: draft.id });
    assert.deepEqual([status, body], [202, { status: 'pending', id: draft.id, of: 'draft', reason: 'provider_down' }]);
    await control('DELETE', '/faults');
    const due = () => sql`update countersign_edge.outbox set next_attempt_at = now() where effect_key = ${`draft/${draft.id}`}`;
    await due();
    await runSchedule();
    assert.ok((await read('hs_note_body')).includes('<br><br>'));
    const [{ applied_at: applied }] = await sql`select applied_at from assistant.ai_generated_drafts where id = ${draft.id}`;
    assert.ok(applied);
    await runSchedule();
    const { requests } = await control('GET', '/log');
    assert.equal(requests.filter((of) => of.request.method === 'PATCH' && of.request.path.endsWith(id) && of.status === 200).length, 1);
  });

  test('what HubSpot refuses is told, and may be asked for again', async () => {
    const { run } = await processed();
    const [draft] = run.drafts;
    await fault({ answer: { status: 403, body: { category: 'MISSING_SCOPES' } } }, { method: 'PATCH' });
    const { status, body } = await apply('draft', { draft_id: draft.id });
    assert.deepEqual([status, body.code], [403, 'provider_forbidden']);
    const [effect] = await sql`select status, last_error from countersign_edge.outbox where effect_key = ${`draft/${draft.id}`}`;
    assert.deepEqual({ ...effect }, { status: 'dead', last_error: 'provider_forbidden: hubspot objects.update' });
    assert.equal((await apply('draft', { draft_id: draft.id })).body.status, 'applied');
  });

  test('nobody applies what is another\'s, or nothing', async () => {
    const { run } = await processed();
    const [draft] = run.drafts;
    assert.equal((await apply('draft', { draft_id: draft.id }, cleo)).status, 404);
    assert.equal((await apply('date', { date_id: draft.id })).status, 404);
    assert.equal((await apply('draft', { draft_id: 'x' })).status, 400);
    assert.equal((await apply('draft', { draft_id: draft.id, mode: 'prepend' })).status, 400);
  });
});
