/**
 * The portal's workflows, by sessions of Better Auth through the real Worker to a real database and a
 * simulated Baserow.
 */
import { alone } from './support/alone.mjs';
import { simulators } from './support/assistant.mjs';
import { shown } from './support/workflows.mjs';

await alone(simulators);
for (const part of ['sessions', 'workflows']) {
  await import(`./portal/${part}.mjs`);
}
shown('portal');
