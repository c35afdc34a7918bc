/**
 * `npm start`: the Node host. Prepares this process for the modules of `lib`, then runs it.
 *
 * package.json starts it with two options of V8, which otherwise lets garbage grow to three times what
 * is alive on a machine with much memory (bench/README.md has the measurements), and without the warning
 * of Node 22 that SQLite is experimental, which is no line of JSON.
 */
import { enableCompileCache, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is kept beside the build: the next start takes a third less time.
enableCompileCache(fileURLToPath(new URL('../.next/compiled', import.meta.url)));

// `server-only` throws outside of a bundler, unless it is resolved as one for the server would.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'server-only'
      ? next(specifier, { ...context, conditions: [...context.conditions, 'react-server'] })
      : next(specifier, context),
});

const { run } = await import('./run.ts');
await run();
