/** The simulators have one state: of the files whose tests change it, one runs at a time. */
import { rmdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Waits for its turn, which lasts until this process ends. */
export async function alone(simulators) {
  const turn = join(tmpdir(), `countersign-simulators-${new URL(simulators.url).port}`);
  for (;;) {
    const taken = await mkdir(turn).then(() => true, (error) => {
      if (error.code !== 'EEXIST') throw error;
      return false;
    });
    if (taken) break;
    await pause(250);
  }
  process.on('exit', () => rmdirSync(turn));
}
