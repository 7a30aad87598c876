/**
 * The assistant's workflows, by real clients through the real Worker to a real database and simulated
 * systems behind it. The simulators have one state, so the parts run one after the other.
 */
import { alone } from './support/alone.mjs';
import { simulators } from './support/assistant.mjs';
import { shown } from './support/workflows.mjs';

await alone(simulators);
for (const part of ['hubspot', 'process', 'apply', 'repeats', 'webhook', 'secrets', 'document']) {
  await import(`./assistant/${part}.mjs`);
}
shown('assistant');
