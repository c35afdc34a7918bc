import 'server-only';
import * as z from 'zod';
import { readLimitedText } from '../limits/limited-text.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { RouteRequest } from './route-request.ts';

/** The codes with which a body is refused. */
export const bodyCodes = [
  'request_not_json',
  'request_too_large',
  'request_incomplete',
  'request_invalid',
] as const;

type BodyProblem = { code: (typeof bodyCodes)[number] };

/** Reads the body of a request, only in the shape that its route declares. */
export interface BodyReader<T> {
  schema: z.core.$ZodType<T>;
  /** Null where no body is read. */
  mediaType: 'application/json' | 'application/x-www-form-urlencoded' | null;
  read(request: RouteRequest): Promise<Result<T, BodyProblem>>;
}

/** A phone number, a country, and room for odd spellings. */
export const BODY_MAX_BYTES = 4 * 1024;

/** The slowest usable network sends `BODY_MAX_BYTES` in this time. */
export const BODY_TIMEOUT_MS = 10_000;

/** A JSON body of at most `BODY_MAX_BYTES`. */
export function jsonBody<T>(schema: z.core.$ZodType<T>): BodyReader<T> {
  return textBody(schema, 'application/json', parseJson);
}

/** A URL-encoded form of at most `BODY_MAX_BYTES`, each field at most once. */
export function formBody<T>(schema: z.core.$ZodType<T>): BodyReader<T> {
  return textBody(schema, 'application/x-www-form-urlencoded', parseForm);
}

function textBody<T>(
  schema: z.core.$ZodType<T>,
  mediaType: 'application/json' | 'application/x-www-form-urlencoded',
  parse: (text: string) => Result<unknown, BodyProblem>,
): BodyReader<T> {
  return {
    schema,
    mediaType,
    async read(request) {
      const text = await readText(request, mediaType);
      const content = text.ok ? parse(text.value) : text;
      if (!content.ok) {
        return content;
      }
      const parsed = z.safeParse(schema, content.value);
      return parsed.success ? succeed(parsed.data) : fail({ code: 'request_invalid' });
    },
  };
}

function parseJson(text: string): Result<unknown, BodyProblem> {
  try {
    return succeed(JSON.parse(text));
  } catch {
    return fail({ code: 'request_not_json' });
  }
}

function parseForm(text: string): Result<unknown, BodyProblem> {
  const fields = [...new URLSearchParams(text)];
  const isUnambiguous = new Set(fields.map(([name]) => name)).size === fields.length;
  return isUnambiguous ? succeed(Object.fromEntries(fields)) : fail({ code: 'request_invalid' });
}

async function readText(
  { headers, body }: RouteRequest,
  mediaType: string,
): Promise<Result<string, BodyProblem>> {
  const given = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (given !== mediaType) {
    return fail({ code: 'request_not_json' });
  }
  try {
    const text = await readLimitedText(chunksOf(body), BODY_MAX_BYTES);
    return text === null ? fail({ code: 'request_too_large' }) : succeed(text);
  } catch {
    // The connection broke or the time ran out: the client may send it again.
    return fail({ code: 'request_incomplete' });
  }
}

/** The chunks of a body. A stream must deliver all of them within `BODY_TIMEOUT_MS`. */
function chunksOf(body: RouteRequest['body']): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (body === null) {
    return [];
  }
  return body instanceof Uint8Array
    ? [body]
    : body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), {
        signal: AbortSignal.timeout(BODY_TIMEOUT_MS),
      });
}

/** For routes that take no body: whatever comes is not read. */
export const noBody: BodyReader<null> = {
  schema: z.null(),
  mediaType: null,
  read: async () => succeed(null),
};
