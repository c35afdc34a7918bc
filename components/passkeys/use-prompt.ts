import { useState } from 'react';
import type { PasskeyMessages } from '#lib/shared/messages/messages.ts';
import type { CeremonyOutcome } from './ceremonies.ts';

/** The browser's prompt for a passkey, behind a button. */
export interface PasskeyPrompt {
  isPending: boolean;
  /** Why the last prompt came to nothing; empty before. */
  text: string;
  setText(text: string): void;
  /** Asks for a passkey and opens a page with it; resolves when the prompt came to nothing. */
  ask(): Promise<void>;
}

/** @param next the page that opens with the passkey. */
export function usePasskeyPrompt(
  purpose: 'login' | 'confirm',
  next: string,
  messages: PasskeyMessages,
): PasskeyPrompt {
  const [isPending, setIsPending] = useState(false);
  const [text, setText] = useState('');

  const ask = async () => {
    if (isPending) {
      return;
    }
    setIsPending(true);
    setText('');
    const { askForPasskey } = await import('./ceremonies.ts');
    const outcome = await askForPasskey(purpose);
    if (outcome.kind === 'done') {
      window.location.replace(next);
      return;
    }
    setIsPending(false);
    const cancelled = purpose === 'login' ? messages.cancelled : messages.confirmCancelled;
    setText(textOf(outcome, messages, cancelled));
  };

  return { isPending, text, setText, ask };
}

/**
 * What to say of a ceremony that did not succeed.
 *
 * @param cancelled where the person closed the prompt.
 */
export function textOf(
  outcome: CeremonyOutcome,
  messages: PasskeyMessages,
  cancelled: string,
): string {
  switch (outcome.kind) {
    case 'refused':
      return outcome.error;
    case 'no_answer':
      return messages.notSent;
    case 'cancelled':
      return cancelled;
    case 'exists':
      return messages.exists;
    default:
      return '';
  }
}
