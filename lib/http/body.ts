import 'server-only';
import * as z from 'zod';
import { readCappedText } from '../capped-text.ts';
import { fail, type Result, succeed } from '../result.ts';

export type BodyProblem = { code: 'request_not_json' | 'request_too_large' | 'request_invalid' };

/** A phone number, a country, and room for odd spellings. */
const BODY_MAX_BYTES = 4 * 1024;

/** Reads a small body as text; null when it is too large. */
export async function readBody(request: Request): Promise<string | null> {
  return await readCappedText(request.body, BODY_MAX_BYTES);
}

/** Reads a small JSON body, only in the shape of `schema`. */
export async function readJsonBody<T>(
  request: Request,
  schema: z.core.$ZodType<T>,
): Promise<Result<T, BodyProblem>> {
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    return fail({ code: 'request_not_json' });
  }
  const text = await readBody(request);
  if (text === null) {
    return fail({ code: 'request_too_large' });
  }
  try {
    const parsed = z.safeParse(schema, JSON.parse(text));
    return parsed.success ? succeed(parsed.data) : fail({ code: 'request_invalid' });
  } catch (error) {
    if (error instanceof SyntaxError) {
      return fail({ code: 'request_not_json' });
    }
    throw error;
  }
}
