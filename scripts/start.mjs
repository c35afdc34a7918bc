/**
 * `npm start`: Next's own production server. Next honours PORT by itself; HOSTNAME is read here,
 * where it counts only if it was really handed down: some shells set one of their own.
 *
 * package.json starts it with two options of V8, which by itself lets garbage grow to three times what is
 * alive on a machine with much memory: it collects when there is six tenths more of it, and gives what is
 * new half the space. With less than these a login costs more (bench/README.md).
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// What Next and the app compile to, kept beside the build: the next start takes a third less time.
enableCompileCache(fileURLToPath(new URL('../.next/compiled', import.meta.url)));
process.argv.push('start', '--hostname', process.env.HOSTNAME || '0.0.0.0');
await import('next/dist/bin/next');
