import { connect } from 'node:net';

export interface RawAnswer {
  /** Null when the connection was closed without an answer. */
  status: number | null;
  /** Lower-case names, one entry for each line. */
  headers: readonly (readonly [name: string, value: string])[];
  body: string;
}

/**
 * Sends bytes to a server and reads whatever comes back until it closes, so that nothing between
 * mends a request that is wrong.
 *
 * @throws when the server does not come to an end in `timeoutMs`.
 */
export async function sendRaw(port: number, bytes: Buffer, timeoutMs: number): Promise<RawAnswer> {
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the answer in ${timeoutMs} ms`));
    }, timeoutMs);
    const done = () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString());
    };
    socket.on('data', (chunk) => void chunks.push(chunk));
    socket.on('close', done);
    // Cut off is an answer too.
    socket.on('error', () => socket.destroy());
    socket.write(bytes);
  });
  return parse(text);
}

function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(startLine)?.[1];
  const body = end < 0 ? '' : text.slice(end + 4);
  // Interim answers say that the real one is coming.
  if (status?.startsWith('1') && body !== '') {
    return parse(body);
  }
  return {
    status: status === undefined ? null : Number(status),
    headers: lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
    body,
  };
}
