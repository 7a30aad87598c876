/** The table of threats names the tests that stand against them, all of them and no other. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';

const here = new URL('.', import.meta.url);
const THREATS = 31;

/** The tests by the number of their threat, as the test files call them. */
async function tests() {
  const found = {};
  const files = (await readdir(here)).filter((file) => /^tokens_.*\.test\.mjs$/.test(file));
  for (const file of [...files, 'portal/sessions.mjs']) {
    const text = await readFile(new URL(file, here), 'utf8');
    for (const [, number, , name] of text.matchAll(/^\s*(?:threat|refused|useless)\((\d+), (['"])(.*?)\2,/gm)) {
      (found[number] ??= []).push(name);
    }
  }
  return found;
}

/** The tests by the number of their threat, as the table names them. */
async function table() {
  const text = await readFile(new URL('../../functions/src/caller/threats.md', here), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| \d+ \|/.test(line));
  return Object.fromEntries(
    rows.map((row) => {
      const cells = row.split('|').map((cell) => cell.trim());
      return [cells[1], [...cells.at(-2).matchAll(/`([^`]+)`/g)].map(([, name]) => name)];
    }),
  );
}

test('every threat has its tests, and every test its threat', async () => {
  const sorted = (lists) => Object.fromEntries(Object.entries(lists).map(([key, list]) => [key, [...list].sort()]));
  const [named, found] = [await table(), await tests()];
  assert.deepEqual(sorted(found), sorted(named));
  const numbers = Array.from({ length: THREATS }, (_, index) => `${index + 1}`);
  assert.deepEqual(Object.keys(named), numbers);
  for (const number of numbers) assert.ok(named[number].length > 0, number);
});
