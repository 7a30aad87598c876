/** Coaching's workflows, by its people through the real Worker to a real database and simulated systems behind it. */
import { alone } from './support/alone.mjs';
import { simulators } from './support/assistant.mjs';
import { shown } from './support/workflows.mjs';

await alone(simulators);
for (const part of ['connect', 'sync', 'coach', 'secrets']) {
  await import(`./coaching/${part}.mjs`);
}
shown('coaching');
