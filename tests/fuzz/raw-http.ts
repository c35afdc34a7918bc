import { connect } from 'node:net';

export interface RawAnswer {
  /** Null when the connection was closed without an answer. */
  status: number | null;
  /** Lower-case names, one entry for each line. */
  headers: readonly (readonly [name: string, value: string])[];
  body: string;
}

/**
 * Sends raw bytes to a server and reads the answer until it closes the connection, so that no client
 * library repairs an invalid request.
 *
 * @throws when the server does not close the connection within `timeoutMs`.
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
    // A reset counts as an answer too.
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
  // Skip interim responses (1xx).
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
