import type { AttemptView } from '#lib/shared/contract.ts';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';
import styles from './login.module.css';

/** Links to the sandbox's test phone, with both numbers filled in. */
export function SandboxHint(props: {
  messages: LoginMessages;
  attempt: AttemptView;
  sandboxUrl: string;
}) {
  const { messages, attempt } = props;
  const testPhone = new URL(props.sandboxUrl);
  if (attempt.number_memory !== 'remembered') {
    testPhone.searchParams.set('from', attempt.phone_number_text);
  }
  testPhone.searchParams.set('to', attempt.call_number);
  return (
    <p className={styles.quiet}>
      <span>{messages.sandboxHint}</span>{' '}
      <a href={testPhone.href} target="_blank" rel="noreferrer">
        {messages.sandboxLink}
      </a>
    </p>
  );
}
