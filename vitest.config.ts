import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Server modules say so by importing `server-only`, which throws unless this condition is set.
const conditions = ['react-server', ...defaultServerConditions];
const server = {
  ssr: { resolve: { conditions, externalConditions: ['react-server', 'node'] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...server,
        test: {
          name: 'unit',
          include: [
            '{app,bench,components,lib,sandbox,scripts,server}/**/*.test.ts',
            'tests/{fuzz,login,repository}/**/*.test.ts',
          ],
          exclude: [
            'lib/store/postgres.test.ts',
            'tests/login/full-disk-postgres.test.ts',
            'tests/fuzz/requests.test.ts',
          ],
          globalSetup: 'tests/support/start-postgres.ts',
          provide: { dialect: 'SQLite' },
          // Property tests and real commands take their time on a busy machine; none is about speed.
          testTimeout: 30_000,
          execArgv: ['--conditions=react-server'],
        },
      },
      {
        ...server,
        test: {
          name: 'postgres',
          // What reads and writes the store, once more.
          include: [
            'lib/{accounts,login,sessions,store}/**/*.test.ts',
            'lib/{notify/event-poller,limits/start-limits}.test.ts',
            'tests/login/*.test.ts',
          ],
          // The first make SQLite itself fail; a hundred thousand polls are enough on one of them.
          exclude: [
            'lib/store/sqlite.test.ts',
            'tests/login/{attacks,fail-closed,full-disk}.test.ts',
          ],
          testTimeout: 30_000,
          globalSetup: 'tests/support/start-postgres.ts',
          provide: { dialect: 'PostgreSQL' },
          execArgv: ['--conditions=react-server'],
        },
      },
      {
        ...server,
        test: {
          name: 'contract',
          include: ['tests/contract/*.test.ts'],
          globalSetup: 'tests/contract/hosts.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
          execArgv: ['--conditions=react-server'],
        },
      },
      {
        ...server,
        test: {
          name: 'http',
          include: ['tests/{api,attacks,faults}/**/*.test.ts', 'tests/fuzz/requests.test.ts'],
          globalSetup: ['tests/support/start-postgres.ts', 'tests/support/start-servers.ts'],
          // They share one server, and some count what reaches the vendor.
          fileParallelism: false,
          // Some wait for what a server does in its own time.
          testTimeout: 30_000,
          hookTimeout: 60_000,
          execArgv: ['--conditions=react-server'],
        },
      },
    ],
  },
});
