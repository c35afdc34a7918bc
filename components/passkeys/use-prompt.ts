import { useState } from 'react';
import type { PasskeyMessages } from '#lib/shared/messages/messages.ts';
import type { ProblemFacts } from '#lib/shared/messages/problem-text.ts';
import { askForPasskey } from './ceremonies.ts';
import type { CeremonyOutcome } from './outcome.ts';

/** The browser's prompt for a passkey, behind a button. */
interface PasskeyPrompt {
  isPending: boolean;
  /** Why the last prompt failed, from which its sentence is made; null before. */
  outcome: CeremonyOutcome | null;
  setOutcome(outcome: CeremonyOutcome): void;
  /** Asks for a passkey and opens a page with it; resolves if the prompt failed. */
  ask(): Promise<void>;
}

/** @param next the page that opens with the passkey. */
export function usePasskeyPrompt(purpose: 'login' | 'confirm', next: string): PasskeyPrompt {
  const [isPending, setIsPending] = useState(false);
  const [outcome, setOutcome] = useState<CeremonyOutcome | null>(null);

  const ask = async () => {
    if (isPending) {
      return;
    }
    setIsPending(true);
    setOutcome(null);
    const asked = await askForPasskey(purpose);
    if (asked.kind === 'done') {
      window.location.replace(next);
      return;
    }
    setIsPending(false);
    setOutcome(asked);
  };

  return { isPending, outcome, setOutcome, ask };
}

/**
 * What to tell the person about a ceremony that did not succeed, in the language that the page has now.
 *
 * @param cancelled where the person closed the prompt.
 * @param textOf the sentence about a refusal.
 */
export function textOfOutcome(
  outcome: CeremonyOutcome,
  messages: PasskeyMessages,
  cancelled: string,
  textOf: (problem: ProblemFacts) => string,
): string {
  switch (outcome.kind) {
    case 'refused':
      return textOf(outcome.problem);
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
