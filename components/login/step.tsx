import { type ReactNode, useEffect, useRef } from 'react';
import type { LoginMessages, PasskeyMessages } from '#lib/shared/messages/messages.ts';
import type { ProblemFacts } from '#lib/shared/messages/problem-text.ts';

/** What every step of the login gets. */
export interface StepProps {
  messages: LoginMessages;
  /** The texts about passkeys; null where they are switched off. */
  passkeys: PasskeyMessages | null;
  /** The path to open after the login, on this origin. */
  next: string;
  /** Whether a start is in flight. */
  isStarting: boolean;
  /** Whether the step's heading takes the focus. */
  takesFocus: boolean;
  /** The sentence about a problem, in the language of the page. */
  textOf(problem: ProblemFacts): string;
}

/**
 * The heading of a step. It takes the focus when its step replaces another, so that screen readers
 * and keyboard navigation continue from there.
 */
export function StepHeading(props: { takesFocus: boolean; children: ReactNode }) {
  const { takesFocus, children } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takesFocus) {
      heading.current?.focus();
    }
  }, [takesFocus]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/**
 * A form that works without JavaScript: before hydration the browser posts it and the server
 * responds with the next page; afterwards `onSend` handles it, unless it is null.
 */
export function StepForm(props: {
  action: string;
  next: string;
  className?: string | undefined;
  onSend: ((data: FormData) => void) | null;
  children: ReactNode;
}) {
  const { next, onSend, children, ...form } = props;
  return (
    <form
      method="post"
      noValidate
      onSubmit={(event) => {
        if (onSend !== null) {
          event.preventDefault();
          onSend(new FormData(event.currentTarget));
        }
      }}
      {...form}
    >
      <input type="hidden" name="next" value={next} />
      {children}
    </form>
  );
}
