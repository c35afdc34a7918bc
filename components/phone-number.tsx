import { Fragment } from 'react';
import styles from './phone-number.module.css';

/** A number, large. Where it must be broken, it is broken between its groups. */
export function PhoneNumberText({ text }: { text: string }) {
  return (
    <p className={styles.number} translate="no">
      {text.split(/(?<=[- ])/).map((group, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the groups of a number never move.
        <Fragment key={index}>
          {group}
          <wbr />
        </Fragment>
      ))}
    </p>
  );
}
