import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';

/** Headers between Next's own parts. Sent by clients, they have bypassed checks in past versions. */
const INTERNAL_HEADERS = /^x-(middleware|nextjs|invoke|matched|now|prerender|next)-/;

/** Sent by Next's script: what the page shows already, so that Next renders only the rest. */
const ROUTER_STATE_HEADER = 'next-router-state-tree';

/** Removes the headers that Next must not see: its internal ones, and unreadable ones. */
export function guardNext(headers: IncomingHttpHeaders): void {
  for (const name of Object.keys(headers)) {
    if (INTERNAL_HEADERS.test(name)) {
      delete headers[name];
    }
  }
  const routerState = headers[ROUTER_STATE_HEADER];
  if (routerState !== undefined && !isRouterState(routerState)) {
    delete headers[ROUTER_STATE_HEADER];
  }
}

/** Twice what our pages need. Next takes seconds to read a thousand nested ones. */
const MAX_BRACKETS = 64;

const MAX_LENGTH = 8_192;

/** The part of Next's `FlightRouterState` that our pages use. */
interface RouterState extends Array<unknown> {}

const segmentSchema = z.union([
  z.string(),
  z.tuple([z.string(), z.string(), z.enum(['d', 'c', 'oc']), z.nullable(z.array(z.string()))]),
]);

const routerStateSchema: z.ZodType<RouterState> = z.lazy(() =>
  z.tuple([
    segmentSchema,
    z.record(z.string(), routerStateSchema),
    z.nullable(z.tuple([z.string(), z.string()])).optional(),
    z.nullable(z.enum(['refetch', 'inside-shared-layout', 'metadata-only'])).optional(),
    z.nullable(z.number()).optional(),
    z.string().optional(),
  ]),
);

/**
 * Whether Next can read a router state, and quickly. One that it cannot read makes it answer 500; where
 * there is none, it answers with the whole page. A test holds this against Next's own reader.
 */
export function isRouterState(text: unknown): boolean {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) {
    return false;
  }
  try {
    const json = decodeURIComponent(text);
    const brackets = json.match(/[[{]/g) ?? [];
    return brackets.length <= MAX_BRACKETS && routerStateSchema.safeParse(JSON.parse(json)).success;
  } catch {
    return false;
  }
}
