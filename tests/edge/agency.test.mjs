/**
 * The agency's workflows, by real clients through the real Worker to a real database, a simulated language
 * model and a simulated HubSpot. The simulators have one state, so the parts run one after the other.
 */
import { alone } from './support/alone.mjs';
import { simulators } from './support/assistant.mjs';
import { shown } from './support/workflows.mjs';

await alone(simulators);
for (const part of ['workflows', 'import', 'document']) {
  await import(`./agency/${part}.mjs`);
}
shown('agency');
