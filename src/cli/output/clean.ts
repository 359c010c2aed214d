/** Text of others made fit for a terminal. Pure. */

// Escape sequences (CSI, then OSC), then every control character but tab and line feed.
const unsafe = new RegExp(
  [
    '\\u001b\\[[0-9;?]*[ -/]*[@-~]',
    '\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)',
    '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]',
  ].join('|'),
  'g',
);

/** `text` without what could move a terminal's cursor, change its colours or its title. */
export function clean(text: string): string {
  return text.replace(unsafe, '');
}
