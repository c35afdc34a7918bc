export const byId = (id) => document.getElementById(id);

/** A new element with a class and a text. */
export function make(name, className = '', content = '') {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  element.textContent = content;
  return element;
}

/** Sets a text only when it is another: a live region would speak again. */
export function setText(element, content) {
  if (element.textContent !== content) element.textContent = content;
}

/**
 * Keeps one child per item: those that stay are updated in place, and keep the focus.
 *
 * @param keyOf says which item is which.
 * @param build makes the child of a new item.
 * @param update puts an item into its child.
 */
export function showEach(list, items, { keyOf, build, update }) {
  const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  items.forEach((item, index) => {
    const key = String(keyOf(item));
    const row = rows.get(key) ?? build(item);
    rows.delete(key);
    row.dataset.key = key;
    update(row, item);
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
  for (const row of rows.values()) row.remove();
}

/** A switch with its name. `onChange` is told the new state. */
export function makeSwitch(onChange) {
  const label = make('label', 'switch');
  const input = document.createElement('input');
  input.type = 'checkbox';
  input.addEventListener('change', () => onChange(input.checked));
  label.append(make('span'), input);
  return label;
}
