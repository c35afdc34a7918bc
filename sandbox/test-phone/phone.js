import { control } from './control.js';
import { formatNumber, parseDialled, toE164, withPrefix } from './numbers.js';
import { explain } from './outcome.js';
import { byId, make, makeButton, setText, showEach } from './page.js';

/** How long the calling screen is shown at least: a shorter call would go unnoticed. */
const MIN_CALL_MS = 900;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

const phone = document.querySelector('.phone');
const [keypad, calling] = ['.keypad', '.calling'].map((name) => phone.querySelector(name));
const [from, to, withhold] = ['from', 'to', 'withhold'].map(byId);
const prefixButtons = [...phone.querySelectorAll('[data-prefix]')];

let text;
let sessions = [];
/** Whether a person has typed or chosen a number: the fields are no longer filled automatically. */
let isTyped = false;
/** The numbers in the page's address, used until a call has been verified. */
let addressed = new URLSearchParams(location.search);
/** The call on the screen, `from` (null if withheld) and `to` as typed; and its outcome. */
let currentCall = null;
let outcome = null;

/** Sets up the phone. `refresh` reads the sandbox's state and passes it to `showPhone`. */
export function setUpPhone(refresh) {
  for (const key of KEYS) {
    const button = makeButton('', () => dial(to.value + key));
    setText(button, key);
    byId('keys').append(button);
  }
  byId('erase').addEventListener('click', () => dial(to.value.slice(0, -1)));
  for (const button of prefixButtons) {
    button.addEventListener('click', () => {
      const isOn = parseDialled(to.value).prefix === button.dataset.prefix;
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

/** Sets the language of the phone. */
export function translatePhone(words) {
  text = words;
  showFields();
  showOutcome();
}

/** Lists the sessions that wait for a call. Fills the fields if only one can be meant. */
export function showPhone(state) {
  sessions = state.sessions;
  if (!isTyped) {
    fillFromAddress();
  }
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
    from.value = formatNumber(wantedFrom ?? '');
    to.value = formatNumber(wantedTo ?? '');
  }
}

function fill(session) {
  from.value = formatNumber(session.phone_number);
  to.value = withPrefix(formatNumber(session.call_number), parseDialled(to.value).prefix);
}

function dial(dialled) {
  isTyped = true;
  to.value = dialled;
  showFields();
}

function showFields() {
  if (text === undefined) {
    return;
  }
  const { prefix, number } = parseDialled(to.value);
  for (const button of prefixButtons) {
    button.ariaPressed = String(button.dataset.prefix === prefix);
  }
  byId('erase').disabled = to.value === '';
  const waiting = waitingSessions();
  byId('waiting-none').hidden = waiting.length > 0;
  showEach(byId('waiting'), waiting, {
    keyOf: ({ id }) => id,
    build: buildChoice,
    update(row, session) {
      const [caller, callNumber] = row.firstChild.children;
      setText(caller, formatNumber(session.phone_number));
      setText(callNumber, `→ ${formatNumber(session.call_number)}`);
      row.firstChild.ariaPressed = String(
        toE164(from.value) === session.phone_number && toE164(number) === session.call_number,
      );
    },
  });
}

function buildChoice({ id }) {
  const row = make('li');
  const button = makeButton('', () => {
    isTyped = true;
    fill(sessions.find((session) => session.id === id));
    showFields();
  });
  button.append(make('span', 'caller'), make('span', 'quiet'));
  row.append(button);
  return row;
}

async function call(refresh) {
  const { prefix, number } = parseDialled(to.value);
  const isWithheld = prefix === '184' || (prefix === null && withhold.checked);
  const placed = { from: isWithheld ? null : from.value, to: number };
  showProblem('', null);
  currentCall = placed;
  outcome = null;
  showOutcome();
  showScreen('dialling');
  byId('calling-title').focus();
  const [answer] = await Promise.all([
    control('POST', 'calls', placed).catch(() => null),
    new Promise((resolve) => setTimeout(resolve, MIN_CALL_MS)),
  ]);
  await refresh();
  outcome = explain(placed, answer, sessions);
  if (outcome.field !== undefined) {
    showScreen('keypad');
    showProblem(text.badNumber, byId(outcome.field));
    return;
  }
  showScreen(outcome.kind);
  showOutcome();
  if (outcome.kind === 'verified') {
    // The next login may fill the fields again.
    isTyped = false;
    addressed = new URLSearchParams();
  }
}

function showProblem(problem, field) {
  setText(byId('problem'), problem);
  setText(byId('announcement'), problem);
  for (const each of [from, to]) {
    each.ariaInvalid = each === field ? 'true' : null;
  }
  field?.focus();
}

function showScreen(name) {
  phone.dataset.screen = name;
  keypad.inert = name !== 'keypad';
  calling.hidden = name === 'keypad';
  calling.querySelector('.afterwards').inert = name === 'dialling';
}

function showOutcome() {
  if (currentCall !== null) {
    const { from: caller, to: called } = currentCall;
    setText(byId('party'), formatNumber(toE164(called)));
    setText(
      byId('caller'),
      caller === null ? text.asWithheld : text.asCaller(formatNumber(toE164(caller))),
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
