/** One instance of a function that Vercel's builder has made: `node vercel-function-main.ts <launcher>`. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import * as z from 'zod';

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const isHandler = (value: unknown): value is Handler => typeof value === 'function';

const launcher = z.string().parse(process.argv[2]);

// How Vercel's runtime is told what goes on after an answer.
Object.assign(globalThis, {
  [Symbol.for('@vercel/request-context')]: { get: () => ({ waitUntil: () => {} }) },
});

const handler: unknown = createRequire(launcher)(launcher);
if (!isHandler(handler)) {
  throw new Error(`${launcher} exports no function`);
}
const server = createServer((request, response) => void handler(request, response));
server.listen(Number(process.env.PORT), '127.0.0.1', () =>
  process.stdout.write('function ready\n'),
);
