import { pgcrypto } from '@electric-sql/pglite/contrib/pgcrypto';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { uuid_ossp } from '@electric-sql/pglite/contrib/uuid_ossp';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite/vector';
import { createPgliteConnection } from '@supabase/lite/pglite';
import { createPostgresConnection } from '@supabase/lite/postgres';
import { Turns } from './turns.mjs';

const extensions = { pgcrypto, pg_trgm, uuid_ossp, vector };

/**
 * Opens a PostgreSQL by its URL, or PGlite in a directory, or in memory if neither is given.
 *
 * `connection` is what the REST server wants. `exec` runs SQL text of any number of statements and
 * answers the rows of the last. `turns` is there where there is but one session to share.
 */
export async function openDatabase({ url, directory }) {
  return url ? openPostgres(url) : openPglite(directory ?? 'memory://');
}

async function openPglite(directory) {
  const connection = await createPgliteConnection({ url: directory, pgliteOptions: { extensions } });
  const pglite = connection.driver;
  await pglite.waitReady;
  return {
    connection,
    pglite,
    turns: new Turns(),
    exec: async (sql) => (await pglite.exec(sql)).at(-1)?.rows ?? [],
    close: () => connection.close(),
  };
}

function openPostgres(url) {
  const quiet = { onnotice: () => {} };
  const connection = createPostgresConnection({ url, postgresOptions: quiet });
  return {
    connection,
    exec: async (sql) => {
      // One session for the whole text; results come as one list per statement, or one list.
      const session = await connection.driver.reserve();
      try {
        const results = await session.unsafe(sql);
        return Array.isArray(results.at(-1)) ? results.at(-1) : results;
      } catch (error) {
        await session.unsafe('rollback');
        throw error;
      } finally {
        session.release();
      }
    },
    close: () => connection.close(),
  };
}

/**
 * A PGlite without REST and auth, for tools that speak PostgreSQL.
 *
 * The REST server's own is PostgreSQL 17. It loses an answer after some ten thousand errors in one
 * process, so the longest proofs are for the newer one, PostgreSQL 18, which does not.
 */
export async function openBarePglite({ directory = 'memory://', major = '17' } = {}) {
  const open = { 17: openSeventeen, 18: openEighteen }[major];
  if (!open) throw new Error(`there is no PGlite of PostgreSQL ${major}; --major is 17 or 18`);
  const pglite = await open(directory);
  return { pglite, turns: new Turns(), close: () => pglite.close() };
}

function openSeventeen(directory) {
  return PGlite.create(directory, { extensions });
}

async function openEighteen(directory) {
  const { PGlite } = await import('pglite-bare');
  const { pgcrypto } = await import('pglite-bare/contrib/pgcrypto');
  const { pg_trgm } = await import('pglite-bare/contrib/pg_trgm');
  const { uuid_ossp } = await import('pglite-bare/contrib/uuid_ossp');
  const { vector } = await import('@electric-sql/pglite-pgvector');
  return PGlite.create(directory, { extensions: { pgcrypto, pg_trgm, uuid_ossp, vector } });
}
