import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'vitest';
import { platform } from '#tests/support/app-server.ts';
import { appOrigin } from '#tests/support/servers.ts';

/** Whether `next start` is under attack. What Next answers before it calls us is its own. */
export const isNextHost = platform.host === 'next';

/** Whether Next itself refused a request that it cannot read: what our host answers with less than 500. */
export const isRefusedByNext = ({ status, text }: RawAnswer) =>
  isNextHost && status === 500 && text === 'Internal Server Error';

/** A request sent as written: unlike `fetch`, nothing is normalized. */
export interface RawRequest {
  origin?: string;
  method?: string;
  path: string;
  /** Sent in this order, duplicates included. */
  headers?: readonly (readonly [name: string, value: string])[];
  body?: string | Buffer;
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  setCookies: readonly string[];
  text: string;
}

/** The headers of a request by a script of our own page. */
export const ownPage = [
  ['sec-fetch-site', 'same-origin'],
  ['sec-fetch-mode', 'cors'],
  ['sec-fetch-dest', 'empty'],
] as const;

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** Sends a request and reads the whole answer; status 0 when the connection was closed without one. */
export async function send(raw: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(raw.origin ?? appOrigin);
  const names = new Set(raw.headers?.map(([name]) => name.toLowerCase()));
  const headers = [
    ...(names.has('host') ? [] : ['host', `${hostname}:${port}`]),
    ...(raw.body === undefined || names.has('content-length') || names.has('transfer-encoding')
      ? []
      : ['content-length', String(Buffer.byteLength(raw.body))]),
    ...(raw.headers ?? []).flat(),
  ];
  return await new Promise((resolve) => {
    const { method = 'GET', path } = raw;
    const request = httpRequest({ agent, hostname, port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          setCookies: response.headers['set-cookie'] ?? [],
          text,
        }),
      );
      response.on('error', () => resolve(noAnswer));
    });
    request.on('error', (error) => {
      // The server closed a kept-alive connection just when it was reused.
      const isTooLate = request.reusedSocket && 'code' in error && error.code === 'ECONNRESET';
      resolve(isTooLate ? send(raw) : noAnswer);
    });
    request.end(raw.body);
  });
}

const noAnswer: RawAnswer = { status: 0, headers: {}, setCookies: [], text: '' };

/** Opens a connection, writes the pieces and returns everything received until it is closed. */
export async function sendBytes(origin: string, ...pieces: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
  }
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  await new Promise((resolve) => socket.on('close', resolve));
  return text;
}

/** Runs a task for each item, a few at a time. */
export async function forEachOf<T>(
  items: readonly T[],
  task: (item: T) => Promise<void>,
  atOnce = 16,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        await task(item);
      }
    }),
  );
}

/** Expects an answer without a 5xx status, a stack trace, internal names or CORS headers. */
export function expectHarmless(answer: RawAnswer, what: string): void {
  if (!isRefusedByNext(answer)) {
    expect(answer.status, what).toBeLessThan(500);
  }
  expect(answer.text, what).not.toMatch(/\n\s+at .+:\d+|node_modules|SQLITE|sandbox-key/);
  const headerNames = Object.keys(answer.headers);
  expect(
    headerNames.filter((name) => name.startsWith('access-control-')),
    what,
  ).toEqual([]);
}
