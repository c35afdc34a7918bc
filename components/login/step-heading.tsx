import { type ReactNode, useEffect, useRef } from 'react';

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
