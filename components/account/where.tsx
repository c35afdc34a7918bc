import type { AccountMessages } from '#lib/shared/messages/messages.ts';
import styles from './account.module.css';

/** A network, as far as it is known. Numbers that mean little to most, and all there is to say. */
export function Network(props: { network: string; messages: AccountMessages }) {
  const { network, messages } = props;
  return (
    <span className={styles.quiet}>
      {messages.network} {network === '' ? messages.unknownNetwork : network}
    </span>
  );
}
