/** The entry of the Worker, around a module that can be made to trap, and that asks for whatever a test wants. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, suite, test } from 'node:test';
import { neighbour, nobody, startModules } from './support/workerd.mjs';

/** What worker-build makes, as far as the entry knows it. */
const BUILT = `
import { WorkerEntrypoint } from 'cloudflare:workers';
const state = (globalThis.__worker_init_state = { criticalError: false });
let instance = 0;
let broken = false;
let waiting = new Map();
class Entrypoint extends WorkerEntrypoint {}
const trap = () => {
  broken = true;
  throw new WebAssembly.RuntimeError('unreachable');
};
const json = (event, value) => {
  const body = new TextEncoder().encode(JSON.stringify(value));
  event.answer(200, 'content-type\\napplication/json\\n', body);
};
Entrypoint.prototype.arrive = (event, env, text, body) => {
  if (broken) trap();
  const [method, url, ...headers] = text.split('\\n');
  const { pathname, searchParams } = new URL(url);
  if (pathname === '/trap') trap();
  if (pathname === '/trap-later') queueMicrotask(trap);
  else if (pathname === '/error') throw new Error('an ordinary one');
  else if (pathname === '/never') event.later(new Promise(() => {}));
  else if (pathname === '/send') {
    const patience = Number(searchParams.get('patience') ?? 10_000);
    const lines = ['POST', searchParams.get('to'), 'x-one', '1', 'x-two', '2', 'x-two', '3', ''];
    const id = event.send(lines.join('\\n'), body ?? undefined, patience);
    waiting.set(id, { event, told: 0, forgets: searchParams.has('forgets') });
  } else if (pathname === '/impossible') event.answer(99, '', undefined);
  else json(event, { instance, word: env.WORD, context: typeof event.ctx.waitUntil, method, headers });
};
Entrypoint.prototype.due = (event) => event.end();
Entrypoint.prototype.answered = (id, status, headers, body) => {
  const { event, forgets } = waiting.get(id) ?? {};
  if (forgets) json(event, 'forgotten');
  else event?.answer(status, headers, body);
  return event !== undefined && !forgets;
};
Entrypoint.prototype.unanswered = (id, why) => {
  const waits = waiting.get(id);
  waits.told += 1;
  json(waits.event, { why: why === undefined ? 'late' : 'broken', told: waits.told });
};
export default new Proxy(Entrypoint, {
  construct(made, parts, target) {
    if (state.criticalError) {
      state.criticalError = false;
      broken = false;
      waiting = new Map();
      instance += 1;
    }
    return Reflect.construct(made, parts, target);
  },
});`;

suite('the entry', () => {
  let worker, upstream;
  before(async () => {
    worker = await startModules({ 'index.js': BUILT }, { WORD: 'bound' });
    upstream = await neighbour(async (request, response) => {
      if (request.url === '/late') return once(response, 'close');
      if (request.url === '/moved') return response.writeHead(302, { location: '/elsewhere' }).end();
      response.writeHead(201, { 'x-back': 'yes', 'set-cookie': ['a=1', 'b=2'] });
      if (request.url === '/endless') return response.write('begun');
      response.end('the answer');
    });
  });
  after(() => Promise.all([worker.close(), upstream.close()]));
  const ask = async (path) => {
    const response = await fetch(worker.url + path);
    return response.ok ? response.json() : response.status;
  };
  const send = (to, more = '') => `/send?to=${encodeURIComponent(to)}${more}`;
  const instance = async () => (await ask('/')).instance;

  test('hands over the request, the bindings and the context', async () => {
    const response = await fetch(worker.url + '/?x=1', { method: 'DELETE', headers: { 'x-given': 'a, b' } });
    const { method, word, context, headers } = await response.json();
    assert.deepEqual([method, word, context], ['DELETE', 'bound', 'function']);
    assert.equal(headers[headers.indexOf('x-given') + 1], 'a, b');
    assert.equal(response.headers.get('content-type'), 'application/json');
  });

  test('sends what it is asked to, and brings back what comes', async () => {
    const to = `${upstream.url}/path?query=1`;
    const response = await fetch(worker.url + send(to), { method: 'POST', body: 'the body' });
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('x-back'), 'yes');
    assert.equal(await response.text(), 'the answer');
    const { method, url, headers, body } = upstream.asked.at(-1);
    assert.deepEqual([method, url, body], ['POST', '/path?query=1', 'the body']);
    assert.deepEqual([headers['x-one'], headers['x-two']], ['1', '2, 3']);
  });

  test('a redirect is an answer', async () => {
    const response = await fetch(worker.url + send(`${upstream.url}/moved`), { redirect: 'manual' });
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), '/elsewhere');
  });

  test('no answer is told once, with its reason', async () => {
    assert.deepEqual(await ask(send(`${upstream.url}/late`, '&patience=50')), { why: 'late', told: 1 });
    assert.deepEqual(await ask(send(await nobody())), { why: 'broken', told: 1 });
    assert.deepEqual(await ask(send('no address')), { why: 'broken', told: 1 });
  });

  test('an answer that nobody takes does not hold its connection', async () => {
    const closed = new Promise((done) => {
      upstream.server.once('request', (_, response) => response.once('close', done));
    });
    assert.equal(await ask(send(`${upstream.url}/endless`, '&forgets')), 'forgotten');
    await closed;
  });

  test('an error that is no trap, and an answer that is none, change nothing', async () => {
    const before = await instance();
    assert.equal(await ask('/error'), 500);
    assert.equal(await ask('/impossible'), 500);
    assert.equal(await instance(), before);
  });

  test('a trap is answered by a new instance, once, whenever it happens', async () => {
    for (const path of ['/trap', '/trap-later']) {
      const before = await instance();
      assert.equal(await ask(path), 500);
      assert.equal(await instance(), before + 1);
      assert.equal(await instance(), before + 1);
    }
  });

  test('what is under way when the module traps ends with it', async () => {
    const asked = upstream.asked.length;
    const under = ask(send(`${upstream.url}/late`));
    while (upstream.asked.length === asked) await new Promise((done) => setTimeout(done, 5));
    assert.equal(await ask('/trap'), 500);
    assert.equal(await under, 500);
    assert.equal(typeof (await instance()), 'number');
  });
});
