/**
 * `docs/workflows.md` held against the routes that there are and against what the tests of an app have called: a route that
 * the page does not name fails, and so does one that no test beside its name has called.
 */
import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { called, operations } from './openapi.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const KINDS = ['calls', 'companies', 'contacts', 'deals', 'emails', 'meetings', 'notes', 'tasks'];

/** The page: by app its rows of `what`, `routes` and `tests`. */
export async function page() {
  const text = await readFile(`${root}/docs/workflows.md`, 'utf8');
  const sections = text.split(/^## /m).slice(1).map((section) => [section.split('\n')[0].trim(), section]);
  const words = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
  const rows = (section) =>
    section
      .split('\n')
      .filter((line) => /^\| (?!workflow|---)/.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, what, routes, tests]) => ({ what, routes: words(routes).flatMap(whole), tests: words(tests) }));
  return Object.fromEntries(sections.map(([app, section]) => [app, rows(section)]));
}

/** A route as the page writes it: all that it stands for. What is not a workflow's is left out. */
function whole(route) {
  const [, method, path] = /^(GET|POST|PUT|PATCH|DELETE) ([a-z].*)$/.exec(route) ?? [];
  if (!method) return [];
  const kinds = path.includes('<kind>') ? KINDS : [''];
  return kinds.map((kind) => `${method} /functions/v1/${path.replace('<kind>', kind)}`);
}

/** The last of an app's tests: the page says what they did. */
export function shown(app) {
  test(`every workflow of ${app} is where the page says`, async () => {
    const rows = (await page())[app];
    assert.ok(rows?.length > 0, `docs/workflows.md has no section ${app}`);
    const named = rows.flatMap(({ routes }) => routes);
    const own = operations.filter(({ tags }) => tags.includes(app)).map(({ method, path }) => `${method} ${path}`);
    assert.ok(own.length > 0);
    assert.deepEqual([...new Set(named)].sort(), [...own].sort(), 'the routes, and those that the page names');
    for (const { what, routes, tests } of rows) {
      assert.ok(tests.length > 0, `${what}: no test`);
      for (const file of tests) await access(`${root}/${file}`);
      const missing = routes.filter((route) => !tests.some((file) => called.get(route)?.has(file)));
      assert.deepEqual(missing, [], `${what}: these are called by none of ${tests.join(', ')}`);
    }
  });
}
