/** Japanese numbers as people in Japan write them; any other as it is. */
export function spell(phoneNumber) {
  return phoneNumber.replace(/^\+81([1-9]0)(\d{4})(\d{4})$/, '0$1-$2-$3');
}

/** A typed Japanese number in E.164, good enough to find it among sessions. */
export function toE164(text) {
  const digits = plain(text);
  return digits.startsWith('+') ? digits : digits.replace(/^0/, '+81');
}

/**
 * What was dialled, taken apart: 184 in front withholds the number of this phone for one call, 186
 * shows it.
 */
export function readDialled(text) {
  const [, prefix = null, number] = /^(184|186)?(.*)$/.exec(plain(text));
  return { prefix, number };
}

/** What was dialled, with another prefix or (null) none. */
export function withPrefix(text, prefix) {
  const rest = text.normalize('NFKC').replace(/^\s*18[46][\s-]*/, '');
  return prefix === null ? rest : `${prefix} ${rest}`;
}

/** Seconds as `4:05`. */
export function asTime(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function plain(text) {
  return text.normalize('NFKC').replace(/[^\d+*#]/g, '');
}
