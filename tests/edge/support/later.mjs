/** What the Worker does when nobody waits for it. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { workerUrl } from './agency.mjs';

/** Waits for what an answer does not wait for. */
export async function until(what, holds) {
  for (let looks = 0; looks < 400; looks += 1) {
    if (await holds()) return;
    await pause(25);
  }
  assert.fail(`in ten seconds it did not come to this: ${what}`);
}

/** A run by the clock. The path is wrangler's own, and only where it runs locally. */
export async function runSchedule() {
  const response = await fetch(`${workerUrl}/cdn-cgi/handler/scheduled?cron=*+*+*+*+*`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
}
