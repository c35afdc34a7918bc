import { z } from 'zod';

/** A vendor request as a test sends it, with the right key unless told otherwise. */
export function vendorRequest(url: string, path: string, init: RequestInit = {}) {
  const headers = new Headers(init.headers);
  if (!headers.has('authorization')) headers.set('authorization', 'Bearer sandbox-key');
  return fetch(`${url}/v1/auth/sessions${path}`, { redirect: 'manual', ...init, headers });
}

export function create(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
) {
  return vendorRequest(url, '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal,
  });
}

export function check(url: string, id: string, init: RequestInit = {}) {
  return vendorRequest(url, `/${id}`, init);
}

const CALLBACK_URL = 'https://app.example/callback';

/** Opens a session that must succeed. */
export async function openSession(url: string, phoneNumber: string, callbackUrl = CALLBACK_URL) {
  const response = await create(url, { phone_number: phoneNumber, callback_url: callbackUrl });
  const { id, call_number } = z
    .strictObject({ id: z.string(), call_number: z.string() })
    .parse(await response.json());
  return { id, callNumber: call_number };
}

/** The body of a check that must succeed. */
export async function checkedSession(url: string, id: string): Promise<unknown> {
  return (await check(url, id)).json();
}

let lastNumber = 0;

/** A phone number that no other test of this file uses. */
export function freshPhoneNumber(): string {
  lastNumber += 1;
  return `+8190${String(10_000_000 + lastNumber)}`;
}
