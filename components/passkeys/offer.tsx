import { useEffect, useRef, useState } from 'react';
import { findInAppBrowser } from '#lib/shared/in-app-browser.ts';
import type { PasskeyMessages } from '#lib/shared/messages/messages.ts';
import type { ProblemFacts } from '#lib/shared/messages/problem-text.ts';
import { declinePasskey, isPasskeyOffered } from './api.ts';
import { makePasskey } from './ceremonies.ts';
import type { CeremonyOutcome } from './outcome.ts';
import styles from './passkeys.module.css';
import { textOfOutcome } from './use-prompt.ts';

/** Whether to offer a passkey on this device, right after the login. One made in an in-app browser is lost. */
export async function isOffered(): Promise<boolean> {
  return (
    findInAppBrowser(navigator.userAgent) === null &&
    (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()) &&
    (await isPasskeyOffered())
  );
}

/** Offers a passkey for the next login. One press, or "not now", which is remembered. */
export function PasskeyOffer(props: {
  messages: PasskeyMessages;
  textOf(problem: ProblemFacts): string;
  onDone(): void;
}) {
  const { messages, onDone } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  const [isPending, setIsPending] = useState(false);
  const [outcome, setOutcome] = useState<CeremonyOutcome | null>(null);

  useEffect(() => heading.current?.focus(), []);

  const add = async () => {
    if (isPending) {
      return;
    }
    setIsPending(true);
    setOutcome(null);
    const made = await makePasskey();
    if (made.kind === 'done') {
      onDone();
      return;
    }
    setIsPending(false);
    setOutcome(made);
  };

  const decline = () => {
    void declinePasskey();
    onDone();
  };

  return (
    <section className={styles.offer} aria-labelledby="passkey-offer">
      <h2 id="passkey-offer" ref={heading} tabIndex={-1}>
        {messages.offerHeading}
      </h2>
      <p>{messages.offerText}</p>
      <button type="button" className="primary" aria-busy={isPending} onClick={add}>
        {isPending ? messages.adding : messages.offerAdd}
      </button>
      <button type="button" className="secondary" onClick={decline}>
        {messages.offerDecline}
      </button>
      <p role="status">
        {outcome && textOfOutcome(outcome, messages, messages.notAdded, props.textOf)}
      </p>
    </section>
  );
}
