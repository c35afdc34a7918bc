// What the product itself is run with, so that the two differ only in what their routes do.
export { default } from '../../next.config.mjs';
