import * as z from 'zod';

const BASE_URL = process.env.PAUTH_BASE_URL;
const API_KEY = process.env.PAUTH_API_KEY;
const TIMEOUT_MS = 10_000;

const createdSchema = z.object({ id: z.string(), call_number: z.string() });
const checkedSchema = z.object({
  status: z.string().optional(),
  phone_number: z.string().optional(),
});

/** Opens a session at the vendor. Throws when the vendor does not answer with success. */
export async function createSession(phoneNumber: string, callbackUrl: string) {
  const response = await fetch(`${BASE_URL}/v1/auth/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ phone_number: phoneNumber, callback_url: callbackUrl }),
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) {
    throw new Error(`pAuth API error: ${await response.text()}`);
  }
  return createdSchema.parse(await response.json());
}

/** Asks the vendor what became of a session. */
export async function checkStatus(sessionId: string) {
  const response = await fetch(`${BASE_URL}/v1/auth/sessions/${sessionId}`, {
    headers: { authorization: `Bearer ${API_KEY}` },
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return checkedSchema.parse(await response.json());
}
