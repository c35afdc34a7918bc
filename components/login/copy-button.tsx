import { type MouseEvent, useState } from 'react';
import { useIsHydrated } from '#components/use-is-hydrated.ts';
import type { LoginMessages } from '#lib/shared/messages/messages.ts';

/**
 * Copies the number to call. Where the browser refuses, it selects the number beside it, for the person to
 * copy. Hidden without the Clipboard API (no JavaScript, or no HTTPS).
 */
export function CopyButton(props: {
  number: string;
  label: string;
  messages: LoginMessages;
  announce(text: string): void;
}) {
  const { number, messages, announce } = props;
  const [outcome, setOutcome] = useState<'copied' | 'notCopied' | null>(null);
  const copy = async ({ currentTarget: button }: MouseEvent) => {
    // In-app browsers have the interface without the permission.
    const copied = await navigator.clipboard.writeText(number).then(
      () => true,
      () => false,
    );
    if (!copied) {
      selectText(button.closest('li, section'), number);
    }
    const shown = copied ? 'copied' : 'notCopied';
    setOutcome(shown);
    announce(messages[shown]);
  };
  const canCopy = useIsHydrated() && 'clipboard' in navigator;
  return (
    <button type="button" className={`link ${canCopy ? '' : 'absent'}`} onClick={copy}>
      {outcome === null ? props.label : messages[outcome]}
    </button>
  );
}

/** Selects the first visible element of a place that has this text and no other. */
function selectText(place: Element | null, text: string) {
  const element = [...(place?.querySelectorAll('span') ?? [])].find(
    (span) => span.textContent === text && span.getClientRects().length > 0,
  );
  if (element !== undefined) {
    window.getSelection()?.selectAllChildren(element);
  }
}
