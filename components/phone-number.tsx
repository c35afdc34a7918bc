import styles from './phone-number.module.css';

/** The longest number that is set in the larger type: `050-1234-5678`, `(212) 555-0100`. */
const MAX_LARGE_LENGTH = 14;

/** The class of a number within a text, which stays on one line at any size of text. */
export function unbroken(text: string): string {
  return text.length > MAX_LARGE_LENGTH ? 'unbroken long' : 'unbroken';
}

/** A phone number in large type, on one line at any size of text. */
export function PhoneNumberText({ text }: { text: string }) {
  const size = text.length > MAX_LARGE_LENGTH ? styles.long : '';
  return (
    <span className={`${styles.number} ${size}`} translate="no">
      {text}
    </span>
  );
}

/** The number to call, in large type: on a device with a touch screen a press on it dials. */
export function CallNumber(props: { number: string; text: string }) {
  const text = <PhoneNumberText text={props.text} />;
  return (
    <p>
      <a className={`for-touch ${styles.link}`} href={`tel:${props.number}`}>
        {text}
      </a>
      <span className="for-mouse">{text}</span>
    </p>
  );
}
