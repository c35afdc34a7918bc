import { type Answer, post, request } from '#components/api.ts';
import {
  isArrayOf,
  isBoolean,
  isDoneReply,
  isNumber,
  isObjectOf,
  isString,
} from '#components/replies.ts';
import type {
  DoneReply,
  NewPasskeyReply,
  PasskeyAddRequest,
  PasskeyOfferReply,
  PasskeyOptionsReply,
  PasskeyUseRequest,
} from '#lib/shared/contract.ts';

const isPasskeyOptionsReply = isObjectOf<PasskeyOptionsReply>({
  challenge: isString,
  rp_id: isString,
});

const isNewPasskeyReply = isObjectOf<NewPasskeyReply>({
  challenge: isString,
  rp: isObjectOf({ id: isString, name: isString }),
  user: isObjectOf({ id: isString, name: isString }),
  algorithms: isArrayOf(isNumber),
  known: isArrayOf(isString),
});

const isPasskeyOfferReply = isObjectOf<PasskeyOfferReply>({ offer: isBoolean });

/** What the browser needs to ask for a passkey. */
export async function fetchPasskeyOptions(): Promise<Answer<PasskeyOptionsReply>> {
  return await request('/api/auth/passkeys/options', isPasskeyOptionsReply, { method: 'POST' });
}

/** Logs in or confirms with an authenticator's answer. */
export async function sendPasskeyUse(
  purpose: 'login' | 'confirm',
  use: PasskeyUseRequest,
): Promise<Answer<DoneReply>> {
  return await request(`/api/auth/passkeys/${purpose}`, isDoneReply, post(use));
}

/** What the browser needs to make a passkey. */
export async function fetchNewPasskey(): Promise<Answer<NewPasskeyReply>> {
  return await request('/api/auth/passkeys/new', isNewPasskeyReply, { method: 'POST' });
}

/** Adds what an authenticator made. */
export async function addPasskey(made: PasskeyAddRequest): Promise<Answer<DoneReply>> {
  return await request('/api/auth/passkeys/add', isDoneReply, post(made));
}

/** Whether the server would offer a passkey now. */
export async function isPasskeyOffered(): Promise<boolean> {
  const answer = await request('/api/auth/passkeys/offer', isPasskeyOfferReply, {});
  return answer.kind === 'ok' && answer.reply.offer;
}

/** Remembers "not now"; the browser sends it even if the page is left. */
export async function declinePasskey(): Promise<void> {
  const init = { method: 'DELETE', keepalive: true };
  await request('/api/auth/passkeys/offer', isDoneReply, init);
}

/** Names a passkey of the user. */
export async function renamePasskey(id: string, name: string): Promise<Answer<DoneReply>> {
  const init = { ...post({ name }), method: 'PUT' };
  return await request(`/api/auth/passkeys/${encodeURIComponent(id)}/name`, isDoneReply, init);
}

/** Removes a passkey of the user. */
export async function removePasskey(id: string): Promise<Answer<DoneReply>> {
  const path = `/api/auth/passkeys/${encodeURIComponent(id)}`;
  return await request(path, isDoneReply, { method: 'DELETE' });
}

/** What an answer means for the person: done, or why not. */
export function outcomeOf(answer: Answer<DoneReply> | Exclude<Answer<unknown>, { kind: 'ok' }>) {
  return answer.kind === 'ok' ? ({ kind: 'done' } as const) : answer;
}
