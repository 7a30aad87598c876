/** The built Worker in a workerd of its own, for settings and neighbours that no real system has. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const build = join(root, 'functions/build');

export const SECRET = 'only-for-these-tests-and-longer-than-thirty-two-bytes';
export const KEY = 'sb_publishable_only_for_these_tests';

/** A server that answers with `handle(request, response, body)` and remembers what it was asked. */
export async function neighbour(handle) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const body = Buffer.concat(chunks).toString();
    asked.push({ method, url, headers, body });
    await handle(request, response, body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  const close = () => server.closeAllConnections() ?? server.close();
  return { url, asked, server, close };
}

/** A port where nobody listens. */
export async function nobody() {
  const { url, close } = await neighbour(() => {});
  close();
  return url;
}

/**
 * Starts the Worker with these settings. Its log is in `lines`, one entry a line. `limits` says how
 * many requests of a key each named limit lets through, ever.
 */
export function startWorker(settings, limits = {}) {
  const variables = { APPS: 'agency', SUPABASE_JWT_SECRET: SECRET, SUPABASE_PUBLISHABLE_KEY: KEY, ...settings };
  const modules = ['entry.js', 'index.js', 'index_bg.wasm'].map((name) => [name, `embed "/${name}"`]);
  return start(modules, variables, limits);
}

/** Starts the Worker's entry with other modules, given as text, in place of those behind it. */
export function startModules(modules, variables) {
  const given = Object.entries(modules).map(([name, text]) => [name, JSON.stringify(text)]);
  return start([['entry.js', 'embed "/entry.js"'], ...given], variables, {});
}

async function start(modules, variables, limits) {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-'));
  const config = join(directory, 'worker.capnp');
  await writeFile(config, capnp(modules, variables, limits));
  const program = join(root, 'node_modules/.bin/workerd');
  const args = ['serve', config, `--import-path=${build}`, '--socket-addr=http=127.0.0.1:0', '--control-fd=3'];
  const workerd = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const lines = [];
  for (const output of [workerd.stdout, workerd.stderr]) {
    createInterface({ input: output }).on('line', (line) => lines.push(line));
  }
  const port = await listening(workerd, lines);
  return {
    url: `http://127.0.0.1:${port}`,
    lines,
    async close() {
      workerd.kill();
      await once(workerd, 'exit');
      await rm(directory, { recursive: true });
    },
  };
}

/** workerd says on its control channel where it listens. */
async function listening(workerd, lines) {
  for await (const line of createInterface({ input: workerd.stdio[3] })) {
    const said = JSON.parse(line);
    if (said.event === 'listen') return said.port;
  }
  throw new Error(`workerd did not start\n${lines.join('\n')}`);
}

/** A limiter with the platform's interface, which workerd alone does not bring. */
const LIMITER = `class Limiter {
  #counts = new Map();
  #most;
  constructor(most) { this.#most = most; }
  async limit({ key }) {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (this.#most === 0) throw new Error('the limiter is broken');
    return { success: count <= this.#most };
  }
}
export default (env) => new Limiter(env.most);`;

const kind = (name) => (name.endsWith('.wasm') ? 'wasm' : 'esModule');

function capnp(modules, variables, limits) {
  const text = (value) => JSON.stringify(value);
  const bindings = [
    ...Object.entries(variables).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.entries(limits).map(
      ([name, most]) =>
        `(name = ${text(name)}, wrapped = (moduleName = "tests:limiter", innerBindings = [(name = "most", json = "${most}")]))`,
    ),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .countersign),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", http = (), service = "worker")],
  extensions = [(modules = [(name = "tests:limiter", internal = true, esModule = ${text(LIMITER)})])],
);
const countersign :Workerd.Worker = (
  modules = [${modules.map(([name, content]) => `(name = "${name}", ${kind(name)} = ${content})`).join(', ')}],
  compatibilityDate = "2026-10-01",
  bindings = [${bindings.join(', ')}],
);
`;
}
