import type { IncomingMessage } from 'node:http';

/**
 * Reads the body of a request whole.
 *
 * @returns null where there is none; at most `maxBytes` and one, which shows a handler that it is too
 * long; `incomplete` when it has not come within `timeoutMs`, or the connection broke. The rest is then
 * discarded as it comes, so that the client gets to read its answer.
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
  const chunks: Buffer[] = [];
  let bytes = 0;
  return await new Promise((resolve) => {
    const stop = (result: Buffer | 'incomplete') => {
      clearTimeout(timer);
      // The stream keeps flowing, and its data is discarded.
      incoming.off('data', read);
      resolve(result);
    };
    const read = (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) {
        stop(Buffer.concat(chunks).subarray(0, maxBytes + 1));
      }
    };
    const timer = setTimeout(stop, timeoutMs, 'incomplete');
    incoming.on('data', read);
    incoming.once('end', () => stop(Buffer.concat(chunks)));
    incoming.once('close', () => stop('incomplete'));
  });
}
