import { Fragment } from 'react';
import styles from './phone-number.module.css';

/** A phone number in large type; a line may break only between its digit groups. */
export function PhoneNumberText({ text }: { text: string }) {
  return (
    <p className={styles.number} translate="no">
      {text.split(/(?<=[- ])/).map((group, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the groups of a number are never reordered.
        <Fragment key={index}>
          {group}
          <wbr />
        </Fragment>
      ))}
    </p>
  );
}
