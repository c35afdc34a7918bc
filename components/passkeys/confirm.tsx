'use client';

import { ScriptButton } from '#components/script-button.tsx';
import type { Language } from '#lib/shared/language.ts';
import type { Messages, PasskeyMessages } from '#lib/shared/messages/messages.ts';
import { problemText } from '#lib/shared/messages/problem-text.ts';
import { textOfOutcome, usePasskeyPrompt } from './use-prompt.ts';

/** A button that asks for a passkey of the logged-in user, and then opens a page. */
export function PasskeyConfirmation(props: {
  messages: PasskeyMessages;
  errors: Messages['errors'];
  language: Language;
  label: string;
  next: string;
}) {
  const { messages } = props;
  const { isPending, outcome, ask } = usePasskeyPrompt('confirm', props.next);

  return (
    <>
      <ScriptButton className="primary" aria-busy={isPending} onClick={ask}>
        {isPending ? messages.using : props.label}
      </ScriptButton>
      <p role="status">
        {outcome &&
          textOfOutcome(outcome, messages, messages.confirmCancelled, (problem) =>
            problemText(problem, props),
          )}
      </p>
    </>
  );
}
