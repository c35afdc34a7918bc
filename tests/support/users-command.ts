import { runScript } from './run-script.ts';

/** Runs the script of `npm run users` with only DATABASE_URL configured. */
export const runUsers = (databasePath: string, ...args: string[]) =>
  runScript('users', { DATABASE_URL: `file:${databasePath}` }, ...args);
