import { control } from './control.js';
import { readDialled, spell, toE164, withPrefix } from './numbers.js';
import { explain } from './outcome.js';
import { byId, make, setText, showEach } from './page.js';

/** Shorter, and nobody sees that there was a call. */
const SHORTEST_CALL_MS = 900;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

const phone = document.querySelector('.phone');
const [keypad, calling] = ['.keypad', '.calling'].map((name) => phone.querySelector(name));
const [from, to, withhold] = ['from', 'to', 'withhold'].map(byId);
const prefixes = [...phone.querySelectorAll('[data-prefix]')];

/** The words in use, and the sessions as last seen. */
let text;
let sessions = [];
/** True once a person has typed: from then on nothing fills the fields but their own choice. */
let isTyped = false;
/** What the address names, until a call has been verified. */
let addressed = new URLSearchParams(location.search);
let outcome = null;
/** The call on the screen: who calls (null: withheld) and whom, as typed. */
let dialled = null;

/** Puts the phone together. `refresh` looks at the sandbox anew and tells `showWaiting`. */
export function setUpPhone(refresh) {
  for (const key of KEYS) {
    const button = make('button', '', key);
    button.type = 'button';
    button.addEventListener('click', () => dial(to.value + key));
    byId('keys').append(button);
  }
  byId('erase').addEventListener('click', () => dial(to.value.slice(0, -1)));
  for (const button of prefixes) {
    button.addEventListener('click', () => {
      const isOn = readDialled(to.value).prefix === button.dataset.prefix;
      dial(withPrefix(to.value, isOn ? null : button.dataset.prefix));
    });
  }
  for (const field of [from, to]) {
    field.addEventListener('input', () => {
      isTyped = true;
      showFields();
    });
  }
  keypad.addEventListener('submit', (event) => {
    event.preventDefault();
    void call(refresh);
  });
  byId('again').addEventListener('click', () => void call(refresh));
  byId('back').addEventListener('click', () => {
    showScreen('keypad');
    to.focus();
  });
}

/** Puts the phone into a language. */
export function translatePhone(words) {
  text = words;
  showFields();
  showOutcome();
}

/** Offers the sessions that wait for a call. The fields fill where only one can be meant. */
export function showWaiting(everySession) {
  sessions = everySession;
  if (!isTyped) fillFromAddress();
  showFields();
}

function waitingSessions() {
  return sessions.filter(({ status }) => status === 'pending');
}

function fillFromAddress() {
  const [wantedFrom, wantedTo] = ['from', 'to'].map((name) => {
    const value = addressed.get(name);
    // An unescaped + in an address arrives as a space.
    return value === null ? null : toE164(value.replace(/^ /, '+'));
  });
  const meant = waitingSessions().filter(
    (session) =>
      (wantedFrom === null || session.phone_number === wantedFrom) &&
      (wantedTo === null || session.call_number === wantedTo),
  );
  if (meant.length === 1) {
    fill(meant[0]);
  } else if (wantedFrom !== null || wantedTo !== null) {
    from.value = spell(wantedFrom ?? '');
    to.value = spell(wantedTo ?? '');
  }
}

function fill(session) {
  from.value = spell(session.phone_number);
  const { prefix } = readDialled(to.value);
  to.value = withPrefix(spell(session.call_number), prefix);
}

function dial(dialled) {
  isTyped = true;
  to.value = dialled;
  showFields();
}

function showFields() {
  if (text === undefined) return;
  const { prefix, number } = readDialled(to.value);
  for (const button of prefixes) button.ariaPressed = String(button.dataset.prefix === prefix);
  byId('erase').disabled = to.value === '';
  const waiting = waitingSessions();
  byId('waiting-none').hidden = waiting.length > 0;
  showEach(byId('waiting'), waiting, {
    keyOf: ({ id }) => id,
    build: buildChoice,
    update(row, session) {
      const [caller, callNumber] = row.firstChild.children;
      setText(caller, spell(session.phone_number));
      setText(callNumber, `→ ${spell(session.call_number)}`);
      row.firstChild.ariaPressed = String(
        toE164(from.value) === session.phone_number && toE164(number) === session.call_number,
      );
    },
  });
}

function buildChoice({ id }) {
  const row = make('li');
  const button = make('button');
  button.type = 'button';
  button.append(make('span', 'caller'), make('span', 'quiet'));
  button.addEventListener('click', () => {
    isTyped = true;
    fill(sessions.find((session) => session.id === id));
    showFields();
  });
  row.append(button);
  return row;
}

async function call(refresh) {
  const { prefix, number } = readDialled(to.value);
  const isWithheld = prefix === '184' || (prefix === null && withhold.checked);
  const party = { from: isWithheld ? null : from.value, to: number };
  complain('', null);
  dialled = party;
  outcome = null;
  showOutcome();
  showScreen('dialling');
  byId('calling-title').focus();
  const [answer] = await Promise.all([
    control('POST', 'calls', party).catch(() => null),
    new Promise((resolve) => setTimeout(resolve, SHORTEST_CALL_MS)),
  ]);
  await refresh();
  outcome = explain(party, answer, sessions);
  if (outcome.field !== undefined) {
    showScreen('keypad');
    complain(text.badNumber, byId(outcome.field));
    return;
  }
  showScreen(outcome.kind);
  showOutcome();
  if (outcome.kind === 'verified') {
    // What was typed or addressed is done with: the next login may fill the fields.
    isTyped = false;
    addressed = new URLSearchParams();
  }
}

function complain(problem, field) {
  setText(byId('problem'), problem);
  setText(byId('announcement'), problem);
  for (const each of [from, to]) each.ariaInvalid = each === field ? 'true' : null;
  field?.focus();
}

function showScreen(name) {
  phone.dataset.screen = name;
  keypad.inert = name !== 'keypad';
  calling.hidden = name === 'keypad';
  calling.querySelector('.afterwards').inert = name === 'dialling';
}

function showOutcome() {
  if (dialled !== null) {
    const { from: caller, to: called } = dialled;
    setText(byId('party'), spell(toE164(called)));
    setText(
      byId('caller'),
      caller === null ? text.asWithheld : text.asCaller(spell(toE164(caller))),
    );
  }
  const [heading, title, sentence] =
    outcome === null || outcome.field !== undefined
      ? [text.dialling, '', '']
      : [text[outcome.heading], text[outcome.title], outcome.sentence(text)];
  setText(byId('calling-title'), heading);
  setText(byId('outcome-title'), title);
  setText(byId('outcome'), sentence);
  setText(byId('announcement'), outcome === null ? '' : [heading, title, sentence].join(' '));
}
