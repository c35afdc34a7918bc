export const byId = (id) => document.getElementById(id);

/** Creates an element with a class. */
export function make(name, className = '') {
  const element = document.createElement(name);
  if (className !== '') {
    element.className = className;
  }
  return element;
}

/** Creates a button that submits nothing. */
export function makeButton(className, onClick) {
  const button = make('button', className);
  button.type = 'button';
  button.addEventListener('click', onClick);
  return button;
}

/** Sets a text only if it has changed, so that live regions do not announce it again. */
export function setText(element, content) {
  if (element.textContent !== content) {
    element.textContent = content;
  }
}

/**
 * Keeps one child of `list` per item. Existing children are updated in place and keep the focus.
 *
 * @param keyOf the identity of an item.
 * @param build creates the child of a new item.
 * @param update shows an item in its child.
 */
export function showEach(list, items, { keyOf, build, update }) {
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  items.forEach((item, index) => {
    const key = String(keyOf(item));
    const row = rows.get(key) ?? build(item);
    rows.delete(key);
    row.dataset.key = key;
    update(row, item);
    if (list.children[index] !== row) {
      list.insertBefore(row, list.children[index] ?? null);
    }
  });
  for (const row of rows.values()) {
    row.remove();
  }
}

/** Creates a labelled switch. `onChange` receives whether it is on. */
export function makeSwitch(onChange) {
  const label = make('label', 'switch');
  const input = make('input');
  input.type = 'checkbox';
  input.addEventListener('change', () => onChange(input.checked));
  label.append(make('span'), input);
  return label;
}
