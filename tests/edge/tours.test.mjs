/**
 * The tours of `docs/tours`, as a newcomer takes them: beside `cargo xtask dev`, from the first piece of code to the last, once as
 * shell and once as JavaScript. Each time in systems of their own, so that nothing is there but what the seed has.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asJavaScript, asShell, differences, exact, tours } from './support/tours.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const all = await tours();

/** `cargo xtask dev`, with everything it keeps below a directory of its own. */
async function dev() {
  const program = process.env.COUNTERSIGN_XTASK;
  assert.ok(program, 'run by `cargo xtask test --only edge`, or beside `cargo xtask stack`');
  const where = await mkdtemp(join(tmpdir(), 'countersign-tours-'));
  await symlink(join(root, 'node_modules'), join(where, 'node_modules'));
  const ports = ['--port=0', '--stack-port=0', '--database-port=0'];
  const { DATABASE_URL, ...env } = process.env;
  const args = ['dev', '--json', ...ports, '--directory', join(where, 'target/dev')];
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  // It says where everything is once everything is there.
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.endsWith('\n}\n')) break;
  }
  assert.ok(said.endsWith('\n}\n'), '`cargo xtask dev` did not start');
  return {
    where,
    async close() {
      child.kill('SIGINT');
      await ended;
      await rm(where, { recursive: true });
    },
  };
}

test('there is a tour for each app, with a refusal in full', async () => {
  const apps = (await readdir(join(root, 'policies'))).filter((file) => file.endsWith('.policy'));
  assert.deepEqual(Object.keys(all), apps.map((file) => file.replace('.policy', '')).sort());
  for (const [app, steps] of Object.entries(all)) {
    const answers = steps.flatMap(({ answers }) => answers);
    assert.ok(answers.length >= 7, `${app} shows ${answers.length} answers`);
    for (const { value } of answers) assert.ok(exact(value) > 0, `${app}: ${JSON.stringify(value)} says nothing`);
    const refusals = answers.filter(({ status }) => status >= 400);
    for (const { value } of refusals) {
      for (const member of ['code', 'message', 'details', 'hint', 'request_id']) assert.ok(member in value, `${app}: ${member}`);
    }
    assert.ok(refusals.some(({ value }) => exact(value) >= 2), app);
  }
});

test('what is written is told from what is not', () => {
  const found = (written, real) => [...differences(written, real)].length;
  const written = { id: '…', name: 'Ada', tags: ['one', '…'], text: 'a … c', '…': '…' };
  const real = { id: 7, name: 'Ada', tags: ['one', 'two'], text: 'a b c', more: 1 };
  assert.equal(found(written, real), 0);
  for (const change of [{ id: null }, { name: 'Bo' }, { tags: ['one'] }, { tags: ['two', 'one'] }, { text: 'a b' }, { more: undefined }]) {
    const changed = JSON.parse(JSON.stringify({ ...real, ...change }));
    assert.equal(found(written, changed), 1, JSON.stringify(change));
  }
  assert.equal(found({ a: 1 }, { a: 1, b: 2 }), 1);
  assert.equal(found([{ a: 1 }], [{ a: 1 }, { a: 1 }]), 1);
});

for (const [name, take] of Object.entries({ shell: asShell, JavaScript: asJavaScript })) {
  describe(`as ${name}`, () => {
    let running;
    before(async () => {
      running = await dev();
    });
    after(() => running?.close());

    for (const [app, steps] of Object.entries(all)) {
      test(app, async () => {
        const taken = await take(steps, running.where);
        for (const [at, { heading, answers }] of steps.entries()) {
          const { answers: real, statuses } = taken[at];
          assert.equal(real.length, answers.length, `${heading}: ${JSON.stringify(real)}`);
          for (const [index, { value }] of answers.entries()) {
            assert.deepEqual([...differences(value, real[index])], [], `${heading}: ${JSON.stringify(real[index])}`);
          }
          // A request that goes wrong on the way to an answer would not be seen in it.
          const wanted = answers.at(-1)?.status;
          if (statuses?.length > 0) {
            assert.ok(statuses.slice(0, -1).every((status) => status < 300), `${heading}: ${statuses}`);
            if (wanted) assert.equal(statuses.at(-1), wanted, heading);
          }
        }
      });
    }

    test('no token that a provider gave out is in what describes the run', async () => {
      const file = join(running.where, 'target/dev.json');
      const described = await readFile(file, 'utf8');
      const { simulatorsUrl } = JSON.parse(described);
      const { requests } = await (await fetch(`${simulatorsUrl}/control/log`)).json();
      const text = JSON.stringify(requests).replaceAll('%2D', '-');
      const tokens = [...new Set(text.match(/(?:access|refresh|code)-\d{6,}[\w-]*/g))];
      assert.ok(tokens.length >= 4, `the tours connect accounts: ${tokens}`);
      for (const token of tokens) assert.ok(!described.includes(token), `${file} has ${token.slice(0, 9)}...`);
    });
  });
}
