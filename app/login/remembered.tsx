import 'server-only';
import styles from '#components/login/login.module.css';
import { PhoneNumberText } from '#components/phone-number.tsx';
import type { CountryCode } from '#lib/phone/phone-number.ts';
import { maskPhoneNumber } from '#lib/phone/phone-number.ts';
import { fillIn, type LoginMessages } from '#lib/shared/messages/messages.ts';
import type { PhoneNumber } from '#lib/shared/phone-number.ts';

/** The remembered number, masked for whoever sits there, and the links and buttons about it. */
export function showRemembered(
  phoneNumber: PhoneNumber,
  site: { messages: LoginMessages; country: CountryCode; next: string },
) {
  const { messages, next } = site;
  return {
    number: (
      <div className={styles.remembered}>
        <p className={styles.quiet}>{messages.rememberedLabel}</p>
        <span className="visually-hidden">
          {fillIn(messages.rememberedSpoken, { digits: phoneNumber.slice(-4) })}
        </span>
        <div aria-hidden="true">
          <PhoneNumberText text={maskPhoneNumber(phoneNumber, site.country)} />
        </div>
      </div>
    ),
    choices: (
      <div className={styles.choices}>
        <a href={`/login?${new URLSearchParams({ other: '1', next })}`}>{messages.otherNumber}</a>
        <form method="post" action="/login/forget">
          <input type="hidden" name="next" value={next} />
          <button type="submit" className="link">
            {messages.forgetNumber}
          </button>
        </form>
      </div>
    ),
  };
}
