import type { IncomingMessage } from 'node:http';

/**
 * Reads the body of a request whole.
 *
 * @returns null where there is none; at most `maxBytes` and one, which tells a handler that it is too
 * long; `incomplete` when it has not come within `timeoutMs`, or the connection broke.
 */
export async function readBody(
  incoming: IncomingMessage,
  maxBytes: number,
  timeoutMs: number,
): Promise<Buffer | null | 'incomplete'> {
  const { headers, method } = incoming;
  const isEmpty =
    headers['content-length'] === '0' ||
    (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined);
  if (isEmpty || method === 'GET' || method === 'HEAD') {
    return null;
  }
  const timeout = setTimeout(() => incoming.destroy(), timeoutMs);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) {
        break;
      }
    }
    return Buffer.concat(chunks).subarray(0, maxBytes + 1);
  } catch {
    return 'incomplete';
  } finally {
    clearTimeout(timeout);
  }
}
