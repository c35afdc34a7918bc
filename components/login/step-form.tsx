import type { ReactNode, SubmitEvent } from 'react';

/**
 * A form that does its work without scripts as well: until they run, the browser posts it and the
 * server answers with the next page. Afterwards `onSend` takes it over.
 */
export function StepForm(props: {
  action: string;
  /** Where the person wanted to go: a path of ours. */
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
