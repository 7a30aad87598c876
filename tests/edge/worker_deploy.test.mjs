/** What `wrangler deploy` would send: everything but the last step, which needs an account. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUT = join(ROOT, 'target/test/deploy');

suite('deployment', () => {
  const written = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8');

  test('wrangler takes the configuration, and sends the entry and the WebAssembly', async () => {
    // The Worker is built by now, so the build of the configuration is left out.
    const config = written
      .replace(/\[build\]\ncommand = .*\n/, '')
      .replace(/^main = "(.*)"$/m, (_, main) => `main = ${JSON.stringify(join(ROOT, main))}`);
    assert.notEqual(config, written);
    mkdirSync(OUT, { recursive: true });
    const file = join(OUT, 'wrangler.toml');
    writeFileSync(file, config);
    const arguments_ = ['deploy', '--dry-run', '--config', file, '--outdir', join(OUT, 'sent')];
    const { stdout } = await promisify(execFile)(join(ROOT, 'node_modules/.bin/wrangler'), arguments_, {
      cwd: ROOT,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: '1' },
    });
    const sent = readdirSync(join(OUT, 'sent'));
    assert.ok(sent.includes('entry.js') && sent.some((name) => name.endsWith('.wasm')), `${sent}`);
    assert.match(stdout, /--dry-run: exiting now/);
    // Each setting and each limit of the configuration is bound.
    const names = [...written.matchAll(/^([A-Z][A-Z0-9_]*) = /gm)].map(([, name]) => name);
    assert.ok(names.length > 20, `${names.length} settings`);
    for (const name of names) assert.ok(stdout.includes(name), `${name} is not bound`);
    for (const [, name] of written.matchAll(/\[\[ratelimits\]\]\nname = "(.*)"/g)) {
      assert.ok(stdout.includes(name), `the limit ${name} is not bound`);
    }
  });
});
