import { once } from 'node:events';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

export const WEBHOOK_SECRET = 'whsec_Zk9xq2Rr7Tn4Vb1Ls8Wd3Yh6Pj0Mc5GfQeXu';

const eventSchema = z.object({
  type: z.string(),
  timestamp: z.string(),
  data: z.object({
    attempt: z.string().nullable(),
    user_id: z.string().nullable(),
    reason: z.string().nullable(),
    device: z.string().nullable(),
    network: z.string().nullable(),
  }),
});

/** What a receiver was sent. */
export interface Received {
  id: string;
  headers: Record<string, string>;
  body: string;
  event: z.infer<typeof eventSchema>;
}

/**
 * A receiver of webhooks for one test.
 *
 * @param answer the status for each request, or its address for a redirect.
 */
export async function startReceiver(answer: (tries: number) => number | string = () => 204) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks).toString();
    const headers = z.record(z.string(), z.string()).parse(request.headers);
    const event = eventSchema.parse(JSON.parse(body));
    received.push({ id: headers['webhook-id'] ?? '', headers, body, event });
    const status = answer(received.length);
    if (typeof status === 'number') {
      response.writeHead(status).end();
    } else {
      response.writeHead(307, { location: status }).end();
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { url: new URL(`http://127.0.0.1:${port}/events`), received };
}

/** Whether the library of the specification takes what was received for ours, at the time it was sent. */
export function isSigned({ headers, body }: Received, secret = WEBHOOK_SECRET): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
