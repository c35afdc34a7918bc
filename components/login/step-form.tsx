import type { ReactNode, SubmitEvent } from 'react';

/**
 * A form that works without JavaScript: before hydration the browser posts it and the server
 * responds with the next page; afterwards `onSend` handles it.
 */
export function StepForm(props: {
  action: string;
  /** The path to open after the login, on this origin. */
  next: string;
  className?: string | undefined;
  onSend(data: FormData): void;
  children: ReactNode;
}) {
  const send = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    props.onSend(new FormData(event.currentTarget));
  };
  return (
    <form
      method="post"
      action={props.action}
      className={props.className}
      noValidate
      onSubmit={send}
    >
      <input type="hidden" name="next" value={props.next} />
      {props.children}
    </form>
  );
}
