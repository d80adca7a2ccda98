// Numbers, times and keys as people read them.

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** 1234567 -> "1.2 MB" */
function sizeText(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)}\u00a0${UNITS[unit]}`;
}

/** Thousands apart: "16 384", with narrow blanks. */
function countText(count) {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

const plural = (count, one, many = `${one}s`) => `${countText(count)} ${count === 1 ? one : many}`;

/** 93784 -> "1 d 2 h" */
function spanText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const first = parts.findIndex(([unit]) => whole >= unit);
  if (first < 0) return '0 s';
  const text = `${Math.floor(whole / parts[first][0])} ${parts[first][1]}`;
  const rest = first < 2 ? Math.floor((whole % parts[first][0]) / parts[first + 1][0]) : 0;
  return rest > 0 ? `${text} ${rest} ${parts[first + 1][1]}` : text;
}

/** "+0.4 ms", "−12 s" */
function offsetText(micros) {
  const size = Math.abs(micros);
  const sign = micros < 0 ? '−' : '+';
  if (size < 50) return '0 ms';
  if (size < 10_000) return `${sign}${(size / 1000).toFixed(1)} ms`;
  if (size < 1_000_000) return `${sign}${Math.round(size / 1000)} ms`;
  return `${sign}${(size / 1e6).toFixed(1)} s`;
}

const percentText = (part) => `${(100 * part).toFixed(part > 0 && part < 0.0995 ? 1 : 0)}\u00a0%`;

/** How long ago, roughly; the exact time goes into a tooltip. */
function agoText(seconds) {
  const ago = Date.now() / 1000 - seconds;
  if (ago < 5) return 'just now';
  if (ago < 7 * 86400) return `${spanText(ago).split(' ').slice(0, 2).join(' ')} ago`;
  return new Date(seconds * 1000).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
}

// What cannot be seen, or would turn the text around it: control bytes, blanks at the ends, marks of direction.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|^ +| +$/g;

const ESCAPES = { ' ': '␣', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function hiddenText(text) {
  return [...text].map((c) => {
    const code = c.codePointAt(0);
    if (ESCAPES[c] !== undefined) return ESCAPES[c];
    const hex = code.toString(16).toUpperCase();
    return code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `U+${hex.padStart(4, '0')}`;
  }).join('');
}

/** A key as an element: its text, in which what is hidden shows; or percent-encoded, if it is no text. */
function keyElement(entry) {
  const element = make('bdi', { className: 'key-text' });
  if (entry.text === undefined) {
    element.append(make('span', { className: 'hidden-char', title: 'not UTF-8: shown percent-encoded' }, '%'),
      ` ${entry.key}`);
    return element;
  }
  let from = 0;
  for (const hit of entry.text.matchAll(HIDDEN)) {
    element.append(entry.text.slice(from, hit.index),
      make('span', { className: 'hidden-char' }, hiddenText(hit[0])));
    from = hit.index + hit[0].length;
  }
  element.append(entry.text.slice(from));
  return element;
}

/** A key in a sentence. */
const keyPlain = (entry) => (entry.text === undefined ? entry.key : entry.text.replace(HIDDEN, hiddenText));

/** The path of a value, or nothing if it is not one of this node's: a link must not lead elsewhere. */
function ownPath(url) {
  return typeof url === 'string' && /^\/(?!\/)/.test(url) ? url : undefined;
}

/** The address of a path on another node, if its name can be nothing but a host and a port: it comes from others. */
function nodeUrl(name, path = '/') {
  return /^[A-Za-z0-9.\-_]+(:\d+)?$|^\[[0-9A-Fa-f:.]+\](:\d+)?$/.test(name) ? `${location.protocol}//${name}${path}` : undefined;
}
