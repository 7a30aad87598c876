// The Worker's entry, beside what worker-build makes: that one builds three proxies for every request, so that the next
// request after a trap gets a new instance of the module. Here a request costs that only after a trap.
import Recovering from './index.js';

const state = globalThis.__worker_init_state;
if (typeof state?.criticalError !== 'boolean') throw new Error('worker-build keeps its state elsewhere now');

// A request's task is woken twice, and the runtime's own function crosses into C++ each time.
globalThis.queueMicrotask = (task) => {
  Promise.resolve().then(task);
};

function handler(name) {
  const handle = Recovering.prototype[name];
  return async (event, env, ctx) => {
    // worker-build's own way makes the new instance first.
    if (state.criticalError) return new Recovering(ctx, env)[name](event);
    try {
      return await handle.call({ env, ctx }, event);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) state.criticalError = true;
      throw error;
    }
  };
}

const names = Object.getOwnPropertyNames(Recovering.prototype).filter((name) => name !== 'constructor');
export default Object.fromEntries(names.map((name) => [name, handler(name)]));
