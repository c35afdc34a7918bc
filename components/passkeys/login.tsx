import { useEffect, useState } from 'react';
import type { PasskeyMessages } from '#lib/shared/messages/messages.ts';
import type { ProblemFacts } from '#lib/shared/messages/problem-text.ts';
import { abortCeremony, askForPasskey } from './ask.ts';
import { textOfOutcome, usePasskeyPrompt } from './use-prompt.ts';

/** Renews the challenge before it is too old for the server. */
const RENEW_MS = 4 * 60 * 1_000;

/**
 * Logs in with a passkey: by the browser's own autofill in the number field, or by press. For a browser that
 * has passkeys.
 */
export function PasskeyLogin(props: {
  messages: PasskeyMessages;
  next: string;
  /** Whether a login by call is being started: the browser's prompt must not lie over it. */
  isStarting: boolean;
  textOf(problem: ProblemFacts): string;
}) {
  const { messages, next, isStarting } = props;
  const { isPending, outcome, setOutcome, ask } = usePasskeyPrompt('login', next);
  /** Counts the prompts, each of which ends the browser's autofill of passkeys. */
  const [prompts, setPrompts] = useState(0);

  const press = async () => {
    await ask();
    setPrompts((count) => count + 1);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: autofill starts again after each prompt.
  useEffect(() => {
    if (isStarting) {
      return;
    }
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = async () => {
      if (!(await supportsAutofill()) || isOver) {
        return;
      }
      timer = setTimeout(wait, RENEW_MS);
      const asked = await askForPasskey('login', true);
      if (asked.kind === 'done') {
        window.location.replace(next);
      } else if (!isOver && asked.kind === 'refused') {
        setOutcome(asked);
        setPrompts((count) => count + 1);
      }
    };
    void wait();
    return () => {
      isOver = true;
      clearTimeout(timer);
      abortCeremony();
    };
  }, [isStarting, next, prompts]);

  const text = outcome && textOfOutcome(outcome, messages, messages.cancelled, props.textOf);

  return (
    <div>
      <button type="button" className="link" aria-busy={isPending} onClick={press}>
        {isPending ? messages.using : messages.use}
      </button>
      {text && <p role="alert">{text}</p>}
    </div>
  );
}

/** Whether the browser offers passkeys by autofill. */
async function supportsAutofill(): Promise<boolean> {
  return (
    'isConditionalMediationAvailable' in PublicKeyCredential &&
    (await PublicKeyCredential.isConditionalMediationAvailable())
  );
}
