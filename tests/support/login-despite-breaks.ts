import { expect } from 'vitest';
import { attemptViewSchema, statusReplySchema } from '#lib/shared/contract.ts';
import type { ControlClient } from '#sandbox/control-client.ts';
import { randomPhoneNumber, type Visitor } from './visitor.ts';

/** The JSON answer of `send`; null when the connection broke before it was complete. */
async function answerTo(send: () => Promise<Response>): Promise<unknown> {
  try {
    return await (await send()).json();
  } catch (error) {
    if (error instanceof TypeError) {
      return null;
    }
    throw error;
  }
}

/**
 * Logs a person in as they and the page do where connections break.
 *
 * @returns how often the person had to press again.
 */
export async function logInDespiteBreaks(visitor: Visitor, vendor: ControlClient): Promise<number> {
  const phoneNumber = randomPhoneNumber();
  const press = () => answerTo(() => visitor.start(phoneNumber));
  let start = await press();
  let pressedAgain = 0;
  // The page does not repeat a start by itself: it asks the person to press again.
  for (; start === null; pressedAgain += 1) {
    start = await press();
  }
  const attempt = attemptViewSchema.parse(start);
  await vendor.call(phoneNumber, attempt.call_number);
  for (;;) {
    const answer = await answerTo(() => visitor.status());
    // The page repeats a poll by itself, after a pause.
    if (answer === null) {
      continue;
    }
    const reply = statusReplySchema.parse(answer);
    if (reply.status === 'verified') {
      return pressedAgain;
    }
    expect(reply.status).toBe('pending');
  }
}
