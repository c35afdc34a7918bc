import type { AttemptView } from '#lib/shared/contract.ts';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './handoff.module.css';

/** A QR code that opens the call page on a phone, for devices that cannot place calls. */
export function Handoff(props: { messages: LoginMessages; handoff: AttemptView['handoff'] }) {
  const { messages } = props;
  const { address, qr } = props.handoff;
  return (
    <aside className={styles.handoff}>
      <h2>{messages.handoffHeading}</h2>
      <a href={address} target="_blank" rel="noreferrer" className={styles.code}>
        <svg viewBox={`0 0 ${qr.size} ${qr.size}`} role="img" aria-label={messages.handoffName}>
          <path d={qr.path} />
        </svg>
      </a>
      <p>{messages.handoffText}</p>
    </aside>
  );
}
