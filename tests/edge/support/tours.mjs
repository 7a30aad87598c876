/**
 * The tours of `docs/tours`: their pieces of code, run as they stand, and the answers that stand below them.
 *
 * A piece of shell and one of JavaScript come in pairs, and do the same. The answers after a pair are what each of the two
 * prints, one after the other; a number behind `json` is the status.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('../../../docs/tours', import.meta.url));
const FENCE = /^```(\w+) ?(\d{3})?\n(.*?)^```$/gms;
/** What is different each time, or more of the same. */
const MORE = '…';

/** The tours by app: each a list of steps with `heading`, `sh`, `js`, and `answers` of `status` and `value`. */
export async function tours() {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.md') && file !== 'README.md').sort();
  const read = async (file) => [basename(file, '.md'), steps(await readFile(join(directory, file), 'utf8'), file)];
  return Object.fromEntries(await Promise.all(files.map(read)));
}

function steps(text, file) {
  const found = [];
  for (const { 1: language, 2: status, 3: code, index } of text.matchAll(FENCE)) {
    const heading = text.slice(0, index).match(/^#+ .*$/gm).at(-1);
    const at = `${file}, ${heading}`;
    const last = found.at(-1);
    if (language === 'sh') found.push({ heading: at, sh: code, answers: [] });
    else if (language === 'js') {
      assert.ok(last?.sh && !last.js && last.answers.length === 0, `${at}: JavaScript comes after the shell of its pair`);
      last.js = code;
    } else {
      assert.equal(language, 'json', at);
      assert.ok(last?.js, `${at}: an answer comes after both that get it`);
      last.answers.push({ status: Number(status ?? 200), value: JSON.parse(code) });
    }
  }
  for (const step of found) assert.ok(step.js, `${step.heading}: no JavaScript`);
  return found;
}

const MARK = '== step ';

/** What the shell's pieces print, step by step: answers, and the statuses that curl says. */
export async function asShell(steps, where) {
  const script = steps.map(({ sh }, at) => `echo '${MARK}${at}'; echo '${MARK}${at}' >&2\n${sh}`).join('\n');
  const { output, errors } = await run('sh', ['-c', script], where);
  const [said, statuses] = [byStep(output), byStep(errors)];
  return steps.map((_, at) => ({
    answers: lines(said[at]).map((line) => JSON.parse(line)),
    statuses: lines(statuses[at]).map(Number),
  }));
}

/** What the pieces in JavaScript print, step by step. */
export async function asJavaScript(steps, where) {
  const program = steps.map(({ js }, at) => `process.stdout.write('${MARK}${at}\\n');\n${js}`).join('\n');
  const file = join(where, 'tour.mjs');
  await writeFile(file, program);
  // Printed for people it could not be read again.
  const print = 'data:text/javascript,console.log = (value) => process.stdout.write(`${JSON.stringify(value)}\\n`);';
  const { output } = await run(process.execPath, ['--import', print, file], where);
  const said = byStep(output);
  return steps.map((_, at) => ({ answers: lines(said[at]).map((line) => JSON.parse(line)) }));
}

async function run(program, args, cwd) {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = ['stdout', 'stderr'].map(async (name) => Buffer.concat(await child[name].toArray()).toString());
  const [[code], output, errors] = await Promise.all([once(child, 'close'), ...texts]);
  assert.equal(code, 0, `${program} ended with ${code}\n${output}\n${errors}`);
  return { output, errors };
}

function byStep(text) {
  const parts = text.split(new RegExp(`^${MARK}(\\d+)\\n`, 'm')).slice(1);
  const found = [];
  for (let at = 0; at < parts.length; at += 2) found[Number(parts[at])] = parts[at + 1];
  return found;
}

const lines = (text = '') => text.split('\n').filter((line) => line.trim() !== '');

/** Where an answer is not what is written. */
export function* differences(written, real, at = 'answer') {
  if (typeof written === 'string' && written.includes(MORE)) {
    if (written === MORE) {
      if (real === null || real === undefined || real === '') yield `${at} is ${real}`;
      return;
    }
    const parts = written.split(MORE).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    if (!new RegExp(`^${parts.join('.+')}$`, 's').test(real)) yield `${at} is ${JSON.stringify(real)}`;
  } else if (Array.isArray(written) && Array.isArray(real)) {
    const open = written.at(-1) === MORE;
    const items = open ? written.slice(0, -1) : written;
    if (open ? real.length <= items.length : real.length !== items.length) yield `${at} has ${real.length} items`;
    for (const [index, item] of items.entries()) yield* differences(item, real[index], `${at}[${index}]`);
  } else if (written && real && typeof written === 'object' && typeof real === 'object' && !Array.isArray(real)) {
    const { [MORE]: open, ...members } = written;
    const further = Object.keys(real).filter((name) => !(name in members));
    if (open ? further.length === 0 : further.length > 0) yield `${at} has ${further.join(', ') || 'nothing'} besides`;
    for (const [name, member] of Object.entries(members)) yield* differences(member, real[name], `${at}.${name}`);
  } else if (written !== real) {
    yield `${at} is ${JSON.stringify(real)}, not ${JSON.stringify(written)}`;
  }
}

/** How much of an answer is written out, and not left open. */
export function exact(written) {
  if (typeof written === 'string') return written.includes(MORE) ? 0 : 1;
  if (written && typeof written === 'object') return Object.values(written).reduce((sum, member) => sum + exact(member), 0);
  return written === null ? 0 : 1;
}
