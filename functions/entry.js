// The Worker's entry. Rust decides; what is here carries: a request in, its requests to other systems, and its answer
// out. Each crosses the boundary of WebAssembly once, as one text, and is put together here, where that is cheapest.
import Recovering from './index.js';

const state = globalThis.__worker_init_state;
if (typeof state?.criticalError !== 'boolean') throw new Error('worker-build keeps its state elsewhere now');

const { answered, arrive, due, unanswered } = Recovering.prototype;

// The events that are under way, and the last request that was sent, which names it. They outlive a trap.
const open = new Set();
let last = 0;

// After a trap the module is in no state to go on. Whatever was under way in it has ended too.
function trapped(error) {
  if (!(error instanceof WebAssembly.RuntimeError)) return false;
  state.criticalError = true;
  for (const event of [...open]) event.fail(error);
  return true;
}

// Rust's tasks are woken twice for each of their requests, and the runtime's own function crosses into C++ each time.
globalThis.queueMicrotask = (task) => {
  Promise.resolve().then(() => {
    try {
      task();
    } catch (error) {
      if (!trapped(error)) throw error;
    }
  });
};

// Names and values in turn, each on a line: neither can hold the end of one.
function lines(headers) {
  let text = '';
  headers.forEach((value, name) => {
    text += `${name}\n${value}\n`;
  });
  return text;
}

function append(headers, lines, first) {
  for (let i = first; i + 1 < lines.length; i += 2) headers.append(lines[i], lines[i + 1]);
}

// What Rust asks for during an event. None of it throws: an exception must not pass through WebAssembly.
class Event {
  constructor(ctx) {
    this.ctx = ctx;
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    open.add(this);
  }

  // Sends a request, given as method, address and headers. Rust is told once what came of it: an answer that has begun,
  // or why there is none; no reason is that it took too long. What is late is not aborted: the signal for that would
  // make every request slower, and the runtime gives up whatever is under way once the answer has gone out.
  send(text, body, patience) {
    last += 1;
    const id = last;
    let timer = setTimeout(() => {
      timer = undefined;
      unanswered(id);
    }, patience);
    const waits = () => {
      if (timer === undefined) return false;
      clearTimeout(timer);
      timer = undefined;
      return true;
    };
    forward(text, body).then(
      (response) => {
        const { status } = response;
        if (!waits()) return;
        const body = (status === 101 ? response.webSocket : response.body) ?? undefined;
        // Nobody takes it after a trap: then what holds the connection is given up.
        if (!answered(id, status, lines(response.headers), body)) response.body?.cancel();
      },
      (error) => {
        if (waits()) unanswered(id, error?.message ?? String(error));
      },
    );
    return id;
  }

  // Answers a request. The headers are appended one by one: as an array of pairs they take the runtime ten times as long.
  answer(status, text, body) {
    try {
      const webSocket = status === 101 ? body : undefined;
      const response = new Response(webSocket ? null : body, { status, webSocket });
      append(response.headers, text.split('\n'), 0);
      this.end(response);
    } catch (error) {
      this.fail(error);
    }
  }

  // Goes on after the answer.
  later(promise) {
    this.ctx.waitUntil(promise);
  }

  end(result) {
    open.delete(this);
    this.resolve(result);
  }

  fail(error) {
    open.delete(this);
    this.reject(error);
  }
}

// The headers of a request that goes out: as a record they take the runtime two thirds of the time of appending them.
function record(lines, first) {
  const headers = {};
  for (let i = first; i + 1 < lines.length; i += 2) {
    const name = lines[i];
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${lines[i + 1]}` : lines[i + 1];
  }
  return headers;
}

// A redirect is the client's to follow: what follows it here would carry the caller's token.
function forward(text, body) {
  try {
    const parts = text.split('\n');
    return fetch(parts[1], { method: parts[0], headers: record(parts, 2), body, redirect: 'manual' });
  } catch (error) {
    return Promise.reject(error);
  }
}

function event(ctx, env, begin) {
  // worker-build's own way makes the new instance as one of its handlers is constructed.
  if (state.criticalError) new Recovering(ctx, env);
  const event = new Event(ctx);
  try {
    begin(event);
  } catch (error) {
    trapped(error);
    event.fail(error);
  }
  return event.done;
}

export default {
  fetch(request, env, ctx) {
    const text = `${request.method}\n${request.url}\n${lines(request.headers)}`;
    return event(ctx, env, (event) => arrive(event, env, text, request.body));
  },
  scheduled(_, env, ctx) {
    return event(ctx, env, (event) => due(event, env));
  },
};
