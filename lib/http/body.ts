import 'server-only';
import * as z from 'zod';
import { readLimitedText } from '../limits/limited-text.ts';
import { fail, type Result, succeed } from '../shared/result.ts';

export type BodyProblem = {
  code: 'request_not_json' | 'request_too_large' | 'request_incomplete' | 'request_invalid';
};

/** A phone number, a country, and room for odd spellings. */
export const BODY_MAX_BYTES = 4 * 1024;

/** The slowest network that a person would bear sends it in this time. */
export const BODY_TIMEOUT_MS = 10_000;

/** Reads a small body as text, sent as `mediaType`. */
async function readBody(request: Request, mediaType: string): Promise<Result<string, BodyProblem>> {
  const given = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (given !== mediaType) {
    return fail({ code: 'request_not_json' });
  }
  const signal = AbortSignal.timeout(BODY_TIMEOUT_MS);
  try {
    const body = request.body?.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), {
      signal,
    });
    const text = await readLimitedText(body ?? null, BODY_MAX_BYTES);
    return text === null ? fail({ code: 'request_too_large' }) : succeed(text);
  } catch {
    // Cut off, or held back for too long: whoever sent it can send it again.
    return fail({ code: 'request_incomplete' });
  }
}

/** Reads a small form, only with the fields of `schema`, each once. */
export async function readForm<T>(
  request: Request,
  schema: z.core.$ZodType<T>,
): Promise<Result<T, BodyProblem>> {
  const text = await readBody(request, 'application/x-www-form-urlencoded');
  if (!text.ok) {
    return text;
  }
  const fields = [...new URLSearchParams(text.value)];
  const parsed = z.safeParse(schema, Object.fromEntries(fields));
  const isOnce = new Set(fields.map(([name]) => name)).size === fields.length;
  return parsed.success && isOnce ? succeed(parsed.data) : fail({ code: 'request_invalid' });
}

/** Reads a small JSON body, only in the shape of `schema`. */
export async function readJsonBody<T>(
  request: Request,
  schema: z.core.$ZodType<T>,
): Promise<Result<T, BodyProblem>> {
  const text = await readBody(request, 'application/json');
  if (!text.ok) {
    return text;
  }
  try {
    const parsed = z.safeParse(schema, JSON.parse(text.value));
    return parsed.success ? succeed(parsed.data) : fail({ code: 'request_invalid' });
  } catch (error) {
    if (error instanceof SyntaxError) {
      return fail({ code: 'request_not_json' });
    }
    throw error;
  }
}
