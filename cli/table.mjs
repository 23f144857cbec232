// Tables for a terminal.

/**
 * @param {string[]} heads
 * @param {string[][]} rows
 * @returns {string} lines without trailing blanks
 */
export function table(heads, rows) {
  const cells = [heads, ...rows].map((row) => row.map(printable));
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => width(row[column]))));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column]))
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((size) => '─'.repeat(size)).join('  '));
  return lines.join('\n');
}

/**
 * Replaces characters that move a terminal's cursor or change the direction of text.
 *
 * @param {string} text
 */
export function printable(text) {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, '\u{FFFD}');
}

/** @param {string} text @param {number} size */
function pad(text, size) {
  return text + ' '.repeat(Math.max(0, size - width(text)));
}

/**
 * The width of a text on a terminal: wide East Asian characters take two columns.
 *
 * @param {string} text
 */
function width(text) {
  const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;
  return [...text].reduce((sum, character) => sum + (wide.test(character) ? 2 : 1), 0);
}
