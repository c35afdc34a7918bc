/**
 * `npm start` runs the bundle of this file: the Node host.
 *
 * package.json starts it with two options of V8, which otherwise lets garbage grow to three times what
 * is alive on a machine with much memory (bench/README.md has the measurements), and without Node
 * 22's warning that SQLite is experimental, which is not a line of JSON. It starts it with `exec`: npm passes
 * signals on to its child alone, which is a shell unless the shell has become Node.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is kept beside the bundle: the next start takes a third less time.
enableCompileCache(fileURLToPath(new URL('compiled', import.meta.url)));

const { run } = await import('./run.ts');
await run();
