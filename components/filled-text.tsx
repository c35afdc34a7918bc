import { unbroken } from './phone-number.tsx';

/**
 * A text with its placeholders filled in. No line breaks within a value, which may be a phone number.
 *
 * @param props.values by the name of their placeholder.
 */
export function FilledText(props: { text: string; values: Readonly<Record<string, string>> }) {
  const { text, values } = props;
  return text.split(/\{(\w+)\}/).map((part, index) => {
    // What the pattern captured, the names, is at the odd places.
    const isName = index % 2 === 1;
    const shown = isName ? (values[part] ?? '') : part;
    return (
      // Its text is in the key: a browser that translates the page replaces the text nodes that React knows.
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text are never reordered.
      <span key={`${index} ${shown}`} className={isName ? unbroken(shown) : undefined}>
        {shown}
      </span>
    );
  });
}
