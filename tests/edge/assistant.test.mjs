/**
 * The assistant's workflows, by real clients through the real Worker to a real database and simulated
 * systems behind it. The simulators have one state, so the parts run one after the other; the agency's ask
 * the same model.
 */
import { alone } from './support/alone.mjs';
import { simulators } from './support/assistant.mjs';

await alone(simulators);
const ASSISTANT = ['hubspot', 'process', 'apply', 'repeats', 'webhook', 'secrets', 'document'];
for (const part of [...ASSISTANT.map((part) => `assistant/${part}`), 'agency/workflows']) {
  await import(`./${part}.mjs`);
}
