/** The entry of the Worker, around a module that can be made to trap. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { startModules } from './support/workerd.mjs';

/** What worker-build makes, as far as the entry knows it. */
const BUILT = `
import { WorkerEntrypoint } from 'cloudflare:workers';
const state = (globalThis.__worker_init_state = { criticalError: false });
let instance = 0;
let broken = false;
class Entrypoint extends WorkerEntrypoint {
  async fetch(request) {
    if (broken) throw new WebAssembly.RuntimeError('the module is in no state to go on');
    const { pathname } = new URL(request.url);
    if (pathname === '/trap') {
      broken = true;
      throw new WebAssembly.RuntimeError('unreachable');
    }
    if (pathname === '/error') throw new Error('an ordinary one');
    await new Promise((done) => queueMicrotask(done));
    return Response.json({ instance, word: this.env.WORD, context: typeof this.ctx.waitUntil });
  }
}
export default new Proxy(Entrypoint, {
  construct(made, parts, target) {
    if (state.criticalError) {
      state.criticalError = false;
      broken = false;
      instance += 1;
    }
    return Reflect.construct(made, parts, target);
  },
});`;

suite('the entry', () => {
  let worker;
  before(async () => (worker = await startModules({ 'index.js': BUILT }, { WORD: 'bound' })));
  after(() => worker.close());
  const ask = async (path) => {
    const response = await fetch(worker.url + path);
    return response.ok ? response.json() : response.status;
  };
  const answer = (instance) => ({ instance, word: 'bound', context: 'function' });

  test('hands over the request, the bindings and the context', async () => {
    assert.deepEqual(await ask('/'), answer(0));
  });

  test('an error that is no trap changes nothing', async () => {
    assert.equal(await ask('/error'), 500);
    assert.deepEqual(await ask('/'), answer(0));
  });

  test('a trap is answered by a new instance, once', async () => {
    assert.equal(await ask('/trap'), 500);
    assert.deepEqual(await ask('/'), answer(1));
    assert.deepEqual(await ask('/'), answer(1));
    assert.equal(await ask('/trap'), 500);
    assert.deepEqual(await ask('/'), answer(2));
  });
});
