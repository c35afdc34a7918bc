import { useEffect, useRef, useState } from 'react';
import { findInAppBrowser } from '#lib/shared/in-app-browser.ts';
import type { PasskeyMessages } from '#lib/shared/messages/messages.ts';
import { declinePasskey, isPasskeyOffered } from './api.ts';
import { makePasskey } from './ceremonies.ts';
import styles from './passkeys.module.css';

/** Whether to offer a passkey on this device, right after the login. One made inside an app is lost or does not work. */
export async function isOffered(): Promise<boolean> {
  return (
    findInAppBrowser(navigator.userAgent) === null &&
    (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()) &&
    (await isPasskeyOffered())
  );
}

/** Offers a passkey for the next login. One press, or "not now", which is remembered. */
export function PasskeyOffer(props: { messages: PasskeyMessages; onDone(): void }) {
  const { messages, onDone } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  const [isPending, setIsPending] = useState(false);
  const [text, setText] = useState('');

  useEffect(() => heading.current?.focus(), []);

  const add = async () => {
    if (isPending) {
      return;
    }
    setIsPending(true);
    setText('');
    const outcome = await makePasskey();
    if (outcome.kind === 'done') {
      onDone();
      return;
    }
    setIsPending(false);
    setText(
      outcome.kind === 'exists'
        ? messages.exists
        : outcome.kind === 'refused'
          ? outcome.error
          : messages.notAdded,
    );
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
      <p role="status">{text}</p>
    </section>
  );
}
