import { useState } from 'react';
import { useIsHydrated } from '#components/use-is-hydrated.ts';

/** Copies the number to call. Hidden without the Clipboard API (no JavaScript, or no HTTPS). */
export function CopyButton(props: {
  number: string;
  label: string;
  copied: string;
  announce(text: string): void;
}) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(props.number);
    setIsCopied(true);
    props.announce(props.copied);
  };
  const canCopy = useIsHydrated() && 'clipboard' in navigator;
  return (
    <button type="button" className={`link ${canCopy ? '' : 'absent'}`} onClick={copy}>
      {isCopied ? props.copied : props.label}
    </button>
  );
}
