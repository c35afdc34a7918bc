import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs the script of `npm run users` with only DATABASE_URL configured. */
export function runUsers(databasePath: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--conditions=react-server',
      '--disable-warning=ExperimentalWarning',
      'scripts/users.ts',
      ...args,
    ],
    {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        DATABASE_URL: `file:${databasePath}`,
        // Tests run it dozens of times.
        NODE_COMPILE_CACHE: join(tmpdir(), 'call-login-compile-cache'),
      },
      encoding: 'utf8',
      timeout: 20_000,
    },
  );
  return { status, stdout, stderr };
}
