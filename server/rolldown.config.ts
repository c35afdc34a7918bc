import { defineConfig } from 'rolldown';

/**
 * `npm run build` bundles the Node host: one file loads faster than a thousand modules, and takes less
 * memory (bench/README.md). Next loads itself, and pg decides at run time what it is made of.
 */
export default defineConfig({
  input: 'server/main.ts',
  platform: 'node',
  external: ['next', '@next/env', 'pg'],
  // `server-only` throws where this condition is not set.
  resolve: { conditionNames: ['react-server', 'node', 'import'] },
  // Nothing is left out: a call of decodeURIComponent that is there for what it throws would be.
  treeshake: false,
  output: {
    dir: 'dist',
    cleanDir: true,
    minify: false,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
  },
});
