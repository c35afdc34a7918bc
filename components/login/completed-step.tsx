import { useEffect, useState } from 'react';
import { Tick } from '../tick.tsx';
import styles from './login.module.css';
import { StepHeading, type StepProps } from './step.tsx';
import { leaveLogin } from './use-back-to-number.ts';

/** Long enough to be noticed, too short to be felt as a delay. */
const DISPLAY_MS = 500;

/** How long to wait for the server to say whether a passkey is offered. */
const OFFER_LIMIT_MS = 2_000;

const delay = (ms: number) => new Promise<null>((resolve) => setTimeout(resolve, ms, null));

type Offer = typeof import('../passkeys/offer.tsx').PasskeyOffer;

/** Shows success briefly, then opens the page the person wanted. A passkey may be offered before. */
export function CompletedStep({ messages, passkeys, next, takesFocus, textOf }: StepProps) {
  const [Offer, setOffer] = useState<Offer | null>(null);

  useEffect(() => {
    let isOver = false;
    const goOn = async () => {
      const found = passkeys === null ? null : Promise.race([findOffer(), delay(OFFER_LIMIT_MS)]);
      const [offer] = await Promise.all([found, delay(DISPLAY_MS)]);
      if (isOver) {
        return;
      }
      if (offer === null) {
        leaveLogin(next);
      } else {
        setOffer(() => offer);
      }
    };
    void goOn();
    return () => {
      isOver = true;
    };
  }, [next, passkeys]);

  return (
    <section className={styles.step}>
      <Tick />
      <StepHeading takesFocus={takesFocus}>{messages.completedHeading}</StepHeading>
      {Offer === null || passkeys === null ? (
        <p>{messages.completedText}</p>
      ) : (
        <Offer messages={passkeys} textOf={textOf} onDone={() => leaveLogin(next)} />
      )}
    </section>
  );
}

/** The offer of a passkey; null if there is none, or if that cannot be found out. */
async function findOffer(): Promise<Offer | null> {
  if (typeof PublicKeyCredential !== 'function') {
    return null;
  }
  try {
    const { isOffered, PasskeyOffer } = await import('../passkeys/offer.tsx');
    return (await isOffered()) ? PasskeyOffer : null;
  } catch {
    return null;
  }
}
