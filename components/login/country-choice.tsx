import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './login.module.css';

/** A country selector for numbers of another country typed without `+` and a country code. */
export function CountryChoice(props: {
  messages: LoginMessages;
  countries: Readonly<Record<string, string>>;
  chosen: string | undefined;
}) {
  const { messages, chosen } = props;
  const [own] = Object.keys(props.countries);
  return (
    <details className={styles.countries} open={chosen !== undefined && chosen !== own}>
      <summary>{messages.otherCountry}</summary>
      <label>
        <span>{messages.countryLabel}</span>
        <select name="country" autoComplete="off" defaultValue={chosen}>
          {Object.entries(props.countries).map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </details>
  );
}
