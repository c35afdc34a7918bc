import { useState } from 'react';
import { useIsHydrated } from '#components/use-is-hydrated.ts';

/** Copies the number to call. Hidden without the Clipboard API (no JavaScript, or no HTTPS). */
export function CopyButton(props: {
  number: string;
  label: string;
  copied: string;
  /** Says how to copy it by hand, where the browser refuses. */
  notCopied: string;
  announce(text: string): void;
}) {
  const [outcome, setOutcome] = useState<string | null>(null);
  const show = (text: string) => {
    setOutcome(text);
    props.announce(text);
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.number);
      show(props.copied);
    } catch {
      // In-app browsers have the interface without the permission.
      show(props.notCopied);
    }
  };
  const canCopy = useIsHydrated() && 'clipboard' in navigator;
  return (
    <button type="button" className={`link ${canCopy ? '' : 'absent'}`} onClick={copy}>
      {outcome ?? props.label}
    </button>
  );
}
