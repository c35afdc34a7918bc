import type { HonoRequest } from 'hono';
import type { z } from 'zod';

/** The parsed JSON body of a request; undefined when it is not JSON or not sent as JSON. */
export async function readJson(request: HonoRequest): Promise<unknown> {
  const mediaType = request.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') return undefined;
  try {
    return await request.json();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Every issue in one sentence, for the `error` of a 422. */
export function describeIssues(value: unknown, error: z.ZodError): string {
  if (value === undefined) return 'the body must be JSON, sent as application/json';
  return error.issues
    .map((issue) => [...issue.path.map(String), ''].join(': ') + issue.message)
    .join('; ');
}
