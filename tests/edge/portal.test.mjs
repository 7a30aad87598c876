/** The portal's workflows, by sessions of Better Auth through the real Worker to a real database and a simulated Baserow. */
await import('./portal/workflows.mjs');
