import * as z from 'zod';

const CALLBACK_URL = 'https://app.example/callback';
const createReplySchema = z.strictObject({ id: z.string(), call_number: z.string() });

/** Sends a request to the vendor API, with the sandbox's default key unless `init` has another. */
export async function vendorRequest(
  url: string,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (!headers.has('authorization')) {
    headers.set('authorization', 'Bearer sandbox-key');
  }
  return await fetch(`${url}/v1/auth/sessions${path}`, { redirect: 'manual', ...init, headers });
}

/** Requests a session. A `body` that is a string is sent unchanged, anything else as JSON. */
export async function create(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<Response> {
  return await vendorRequest(url, '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal,
  });
}

/** Requests the status of a session. */
export async function check(url: string, id: string, init?: RequestInit): Promise<Response> {
  return await vendorRequest(url, `/${id}`, init);
}

/** Opens a session; throws if the vendor refuses. */
export async function openSession(url: string, phoneNumber: string, callbackUrl = CALLBACK_URL) {
  const response = await create(url, { phone_number: phoneNumber, callback_url: callbackUrl });
  const { id, call_number } = createReplySchema.parse(await response.json());
  return { id, callNumber: call_number };
}

/** The JSON body of the answer to a check. */
export async function checkedSession(url: string, id: string): Promise<unknown> {
  const response = await check(url, id);
  return await response.json();
}

let lastNumber = 0;

/** A phone number that no other test of the file uses. */
export function freshPhoneNumber(): string {
  lastNumber += 1;
  return `+8190${String(10_000_000 + lastNumber)}`;
}
