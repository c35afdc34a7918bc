'use client';

import { useState } from 'react';
import { ScriptButton } from '#components/script-button.tsx';
import type { PasskeyMessages } from '#lib/shared/messages/messages.ts';
import { textOf } from './use-button.tsx';

/** A button that asks for a passkey of the logged-in user, and then opens a page. */
export function PasskeyConfirmation(props: {
  messages: PasskeyMessages;
  label: string;
  next: string;
}) {
  const { messages } = props;
  const [isPending, setIsPending] = useState(false);
  const [text, setText] = useState('');

  const press = async () => {
    if (isPending) {
      return;
    }
    setIsPending(true);
    setText('');
    const { askForPasskey } = await import('./ceremonies.ts');
    const outcome = await askForPasskey('confirm');
    if (outcome.kind === 'done') {
      window.location.replace(props.next);
      return;
    }
    setIsPending(false);
    setText(textOf(outcome, { ...messages, cancelled: messages.confirmCancelled }));
  };

  return (
    <>
      <ScriptButton className="primary" aria-busy={isPending} onClick={press}>
        {isPending ? messages.using : props.label}
      </ScriptButton>
      <p role="status">{text}</p>
    </>
  );
}
