/**
 * The portal's workflows, by sessions of Better Auth through the real Worker to a real database and a
 * simulated Baserow.
 */
for (const part of ['sessions', 'workflows']) {
  await import(`./portal/${part}.mjs`);
}
