import { spawnSync } from 'node:child_process';

/** Runs `npm run users` for real, with nothing in its environment but where the database lies. */
export function runUsers(databasePath: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=react-server', 'scripts/users.ts', ...args],
    {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', DATABASE_URL: `file:${databasePath}` },
      encoding: 'utf8',
      timeout: 20_000,
    },
  );
  return { status, stdout, stderr };
}
