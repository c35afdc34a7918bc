import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Server modules import `server-only`, which throws unless this condition is set.
const conditions = ['react-server', ...defaultServerConditions];
const server = {
  ssr: { resolve: { conditions, externalConditions: ['react-server', 'node'] } },
};
const common = {
  // Property tests and real commands take their time on a busy machine; no test is about speed.
  testTimeout: 30_000,
  hookTimeout: 60_000,
  execArgv: ['--conditions=react-server'],
};
const withPostgres = 'tests/support/start-postgres.ts';

/** Minutes of work each: a hundred thousand polls, a process for every command. */
const slow = ['tests/login/attacks.test.ts', 'scripts/users.test.ts'];
/** Access by every method, path and origin; the other attacks send thousands of requests. */
const quickAttacks = 'tests/attacks/{methods,once,paths,requests}.test.ts';
/** What only PostgreSQL can show, and what only SQLite can. */
const postgresOnly = ['lib/store/postgres.test.ts', 'tests/login/full-disk-postgres.test.ts'];
const sqliteOnly = ['lib/store/sqlite.test.ts', 'tests/login/{fail-closed,full-disk}.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        ...server,
        test: {
          ...common,
          name: 'unit',
          include: [
            '{app,bench,components,lib,sandbox,scripts,server}/**/*.test.ts',
            'tests/{fuzz,login,repository}/**/*.test.ts',
          ],
          exclude: [...postgresOnly, ...slow, 'tests/fuzz/requests.test.ts'],
          globalSetup: withPostgres,
          provide: { dialect: 'SQLite' },
        },
      },
      {
        ...server,
        test: {
          ...common,
          name: 'slow',
          include: slow,
          globalSetup: withPostgres,
          provide: { dialect: 'SQLite' },
        },
      },
      {
        ...server,
        test: {
          ...common,
          // What reads and writes the store, once more.
          name: 'postgres',
          include: [
            'lib/{accounts,login,sessions,store}/**/*.test.ts',
            'lib/{notify/event-poller,limits/start-limits}.test.ts',
            'tests/login/*.test.ts',
          ],
          exclude: [...sqliteOnly, ...slow],
          globalSetup: withPostgres,
          provide: { dialect: 'PostgreSQL' },
        },
      },
      {
        ...server,
        test: {
          ...common,
          // The production build on both hosts.
          name: 'contract',
          include: ['tests/contract/*.test.ts'],
          globalSetup: 'tests/contract/hosts.ts',
        },
      },
      ...[
        { name: 'api', include: ['tests/api/*.test.ts', quickAttacks] },
        {
          name: 'faults',
          include: ['tests/{attacks,faults}/*.test.ts', 'tests/fuzz/requests.test.ts'],
          exclude: [quickAttacks],
        },
      ].map((project) => ({
        ...server,
        test: {
          ...common,
          ...project,
          globalSetup: [withPostgres, 'tests/support/start-servers.ts'],
          // They share one server, and some count what reaches the vendor.
          fileParallelism: false,
        },
      })),
    ],
  },
});
