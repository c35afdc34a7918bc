'use client';

import { useRouter } from 'next/navigation';
import { useRef, useState } from 'react';
import { outcomeOf, removePasskey, renamePasskey } from '#components/passkeys/api.ts';
import { askForPasskey, makePasskey } from '#components/passkeys/ceremonies.ts';
import type { CeremonyOutcome } from '#components/passkeys/outcome.ts';
import passkeyStyles from '#components/passkeys/passkeys.module.css';
import { textOfOutcome } from '#components/passkeys/use-prompt.ts';
import type { Language } from '#lib/shared/language.ts';
import type { Messages, PasskeyMessages } from '#lib/shared/messages/messages.ts';
import { problemText } from '#lib/shared/messages/problem-text.ts';
import { Instant } from '../instant.tsx';
import { ScriptButton } from '../script-button.tsx';
import { useIsHydrated } from '../use-is-hydrated.ts';
import styles from './account.module.css';
import type { PasskeyView } from './views.ts';

/** What became of the last action, and which texts say so. */
interface Status {
  outcome: CeremonyOutcome;
  done: 'added' | 'renamed' | 'removed';
  cancelled: 'notAdded' | 'confirmCancelled';
}

/** The user's passkeys, with what can be done to them. */
export function Passkeys(props: {
  passkeys: readonly PasskeyView[];
  /** Whether passkeys may be removed in this session. */
  isLimited: boolean;
  language: Language;
  messages: PasskeyMessages;
  errors: Messages['errors'];
}) {
  const { messages } = props;
  const router = useRouter();
  const heading = useRef<HTMLHeadingElement>(null);
  const isUnsupported = useIsHydrated() && typeof PublicKeyCredential !== 'function';
  const [pending, setPending] = useState<string | null>(null);
  const [renaming, setRenaming] = useState<string | null>(null);
  const [status, setStatus] = useState<Status | null>(null);

  /** Does one thing at a time. Where the server asks for a passkey first, the browser is asked for one. */
  const act = async (name: string, run: () => Promise<CeremonyOutcome>, done: Status['done']) => {
    if (pending !== null) {
      return;
    }
    setPending(name);
    setStatus(null);
    let outcome = await run();
    if (outcome.kind === 'refused' && outcome.problem.code === 'passkey_needs_confirmation') {
      const confirmed = await askForPasskey('confirm');
      outcome = confirmed.kind === 'done' ? await run() : confirmed;
    }
    setPending(null);
    if (outcome.kind === 'done') {
      setRenaming(null);
      heading.current?.focus();
      router.refresh();
    }
    setStatus({ outcome, done, cancelled: name === 'add' ? 'notAdded' : 'confirmCancelled' });
  };

  const textOfStatus = ({ outcome, done, cancelled }: Status) =>
    outcome.kind === 'done'
      ? messages[done]
      : textOfOutcome(outcome, messages, messages[cancelled], (problem) =>
          problemText(problem, props),
        );

  const add = () => act('add', makePasskey, 'added');

  return (
    <section className={styles.part} aria-labelledby="passkeys">
      <h2 id="passkeys" ref={heading} tabIndex={-1}>
        {messages.heading}
      </h2>
      <p>{messages.intro}</p>
      <p role="status" className={styles.status}>
        {status && textOfStatus(status)}
      </p>
      <ul className={styles.list}>
        {props.passkeys.map((passkey) => (
          <li key={passkey.id} className={styles.session}>
            <p className={styles.device}>{passkey.name}</p>
            <dl className={styles.facts}>
              <dt>{messages.addedOn}</dt>
              <dd>{passkey.device}</dd>
              <dt>{messages.addedAt}</dt>
              <dd>
                <Instant at={passkey.addedAt} language={props.language} precision="minute" />
              </dd>
              <dt>{messages.lastUsedAt}</dt>
              <dd>
                {passkey.lastUsedAt === null ? (
                  messages.neverUsed
                ) : (
                  <Instant at={passkey.lastUsedAt} language={props.language} precision="minute" />
                )}
              </dd>
            </dl>
            {renaming === passkey.id ? (
              <form
                className={passkeyStyles.name}
                onSubmit={(event) => {
                  event.preventDefault();
                  const name = String(new FormData(event.currentTarget).get('name'));
                  void act(
                    passkey.id,
                    async () => outcomeOf(await renamePasskey(passkey.id, name)),
                    'renamed',
                  );
                }}
              >
                <label htmlFor={`name-${passkey.id}`}>{messages.name}</label>
                <input
                  id={`name-${passkey.id}`}
                  name="name"
                  defaultValue={passkey.name}
                  maxLength={60}
                  required
                  // biome-ignore lint/a11y/noAutofocus: it replaces the button that was pressed.
                  autoFocus
                />
                <button type="submit" className="secondary">
                  {messages.save}
                </button>
                <ScriptButton onClick={() => setRenaming(null)}>{messages.cancel}</ScriptButton>
              </form>
            ) : (
              <ScriptButton onClick={() => setRenaming(passkey.id)}>
                {messages.rename}
                <span className="visually-hidden">{passkey.name}</span>
              </ScriptButton>
            )}
            {!props.isLimited && (
              <ScriptButton
                aria-busy={pending === passkey.id}
                onClick={() =>
                  act(passkey.id, async () => outcomeOf(await removePasskey(passkey.id)), 'removed')
                }
              >
                {pending === passkey.id ? messages.removing : messages.remove}
                <span className="visually-hidden">{passkey.name}</span>
              </ScriptButton>
            )}
          </li>
        ))}
      </ul>
      {props.passkeys.length === 0 && <p className={styles.quiet}>{messages.none}</p>}
      {isUnsupported ? (
        <p className={styles.quiet}>{messages.unsupported}</p>
      ) : (
        !props.isLimited && (
          <ScriptButton aria-busy={pending === 'add'} onClick={add}>
            {pending === 'add' ? messages.adding : messages.offerAdd}
          </ScriptButton>
        )
      )}
    </section>
  );
}
