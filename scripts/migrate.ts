/** `npm run migrate`: brings the tables up to date, once. May be used while the server runs. */
import { parseArgs } from 'node:util';
import { runCommand, withStore } from './with-store.ts';

const USAGE = `Usage: npm run migrate

Applies the migrations that the database lacks, all or none, and prints their names, as a server does when it
starts. With MIGRATIONS=off, and on previews of Vercel unless MIGRATIONS=apply is set, it does nothing.
Reads DATABASE_URL and MIGRATIONS, as the server does.
Exit code: 0 done or nothing to do, 1 not done, 2 usage error.`;

const readOptions = (args: string[]) => parseArgs({ args }).values;

process.exitCode = await runCommand(USAGE, readOptions, async ({ config }) => {
  if (config.migrations === 'off') {
    console.log(
      'No migration is applied: MIGRATIONS is off, as it is on every deployment of Vercel but production. ' +
        'Where this database may be changed, set MIGRATIONS=apply.',
    );
    return 0;
  }
  return await withStore(config.store, false, async (_store, { done, newer }) => {
    console.log(done.length === 0 ? 'The tables are up to date.' : `Applied: ${done.join(', ')}.`);
    if (newer.length > 0) {
      console.log(`A newer version has applied: ${newer.join(', ')}.`);
    }
    return 0;
  });
});
