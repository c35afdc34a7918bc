'use client';

import { ScriptButton } from '#components/script-button.tsx';
import type { PasskeyMessages } from '#lib/shared/messages/messages.ts';
import { usePasskeyPrompt } from './use-prompt.ts';

/** A button that asks for a passkey of the logged-in user, and then opens a page. */
export function PasskeyConfirmation(props: {
  messages: PasskeyMessages;
  label: string;
  next: string;
}) {
  const { messages } = props;
  const { isPending, text, ask } = usePasskeyPrompt('confirm', props.next, messages);

  return (
    <>
      <ScriptButton className="primary" aria-busy={isPending} onClick={ask}>
        {isPending ? messages.using : props.label}
      </ScriptButton>
      <p role="status">{text}</p>
    </>
  );
}
