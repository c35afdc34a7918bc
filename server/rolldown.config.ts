import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import { defineConfig, type Plugin } from 'rolldown';

const compress = promisify(brotliCompress);

/** Compresses the scripts and styles that Next has built, for `compressed-files.ts`. */
const compressFiles: Plugin = {
  name: 'compress files',
  async generateBundle() {
    const folder = '.next/static/';
    for (const path of await readdir(folder, { recursive: true })) {
      if (/\.(?:js|css)$/.test(path)) {
        const source = await compress(await readFile(folder + path));
        this.emitFile({ type: 'asset', fileName: `static/${path}.br`, source });
      }
    }
  },
};

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
  plugins: [compressFiles],
  output: {
    dir: 'dist',
    cleanDir: true,
    minify: false,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
  },
});
