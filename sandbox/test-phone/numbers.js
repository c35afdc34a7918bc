/** Formats a Japanese mobile or IP phone number as `090-1234-5678`; returns any other unchanged. */
export function formatNumber(phoneNumber) {
  return phoneNumber.replace(/^\+81([1-9]0)(\d{4})(\d{4})$/, '0$1-$2-$3');
}

/** Converts a typed Japanese number to E.164. Does not validate it. */
export function toE164(text) {
  const characters = dialable(text);
  return characters.startsWith('+') ? characters : characters.replace(/^0/, '+81');
}

/**
 * Splits a dialled text into prefix and number. The prefix 184 withholds the caller ID for one
 * call, 186 shows it; null without one.
 */
export function parseDialled(text) {
  const [, prefix = null, number] = /^(184|186)?(.*)$/.exec(dialable(text));
  return { prefix, number };
}

/** Replaces the prefix of a dialled text; null removes it. */
export function withPrefix(text, prefix) {
  const number = text.normalize('NFKC').replace(/^\s*18[46][\s-]*/, '');
  return prefix === null ? number : `${prefix} ${number}`;
}

/** Formats seconds as `4:05`. */
export function formatTime(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function dialable(text) {
  return text.normalize('NFKC').replace(/[^\d+*#]/g, '');
}
