import type { HonoRequest } from 'hono';
import type * as z from 'zod';

/** The parsed JSON body of a request, or undefined if it is not valid JSON sent as such. */
export async function readJson(request: HonoRequest): Promise<unknown> {
  const mediaType = request.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    return undefined;
  }
  try {
    return await request.json();
  } catch (error) {
    if (error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/** All issues as one line, for the `error` of a 422. */
export function describeIssues(input: unknown, error: z.ZodError): string {
  return input === undefined
    ? 'the body must be JSON, sent as application/json'
    : error.issues
        .map((issue) => [...issue.path.map(String), ''].join(': ') + issue.message)
        .join('; ');
}
