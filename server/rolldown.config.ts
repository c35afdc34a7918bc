import { defineConfig } from 'rolldown';

/**
 * `npm run build` bundles the Node host: one file loads faster than a thousand modules, and takes less
 * memory (bench/README.md). Next loads itself, and pg chooses its parts at run time.
 */
export default defineConfig({
  input: 'server/main.ts',
  platform: 'node',
  external: ['next', '@next/env', 'pg'],
  // `server-only` throws where this condition is not set.
  resolve: { conditionNames: ['react-server', 'node', 'import'] },
  // Tree shaking would remove a call of decodeURIComponent that is made because it may throw.
  treeshake: false,
  output: {
    dir: 'dist',
    cleanDir: true,
    minify: false,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
  },
});
