/**
 * Templates into nodes, with the whitespace and error rules of mustache.java 0.9.6
 * (`MustacheParser`), which the Universe's packages were written against: they are not those of the
 * Mustache specification.
 */

/** A part of a template. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string }
  | {
      readonly kind: 'section' | 'inverted' | 'block';
      readonly name: string;
      readonly nodes: readonly Node[];
      /** The text between the tags, for lambdas. */
      readonly source: string;
    };

/** A template that cannot be read, or that does what no package may (partials). */
export class MustacheError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MustacheException';
  }
}

const maxDepth = 100;

/** Parses a template. Throws MustacheError. */
export function parseMustache(template: string): readonly Node[] {
  return new Parser(template).parse(undefined, '{{', '}}', true, 0);
}

/** Of one level of nesting. */
interface Level {
  readonly nodes: Node[];
  /** Text since the last tag or line end. */
  out: string;
  onlyWhitespace: boolean;
  startOfLine: boolean;
  /** The last thing on this line was a section of several lines: its line end may be dropped. */
  iterable: boolean;
  open: string;
  close: string;
}

class Parser {
  private readonly template: string;
  private at = 0;
  private line = 0;

  constructor(template: string) {
    this.template = template;
  }

  /** Reads up to the end tag of `tag`, or to the end of the template where it is undefined. */
  parse(
    tag: string | undefined,
    open: string,
    close: string,
    startOfLine: boolean,
    depth: number,
  ): readonly Node[] {
    if (depth > maxDepth) throw new MustacheError(`Sections nested deeper than ${maxDepth}`);
    const iterable = this.line !== 0;
    if (this.line === 0) this.line = 1;
    const level: Level = {
      nodes: [],
      out: '',
      onlyWhitespace: true,
      startOfLine,
      iterable,
      open,
      close,
    };
    let carriageReturn = false;
    while (this.at < this.template.length) {
      const character = this.template.charAt(this.at);
      if (character === '\r') {
        carriageReturn = true;
        this.at += 1;
      } else if (character === '\n') {
        this.endLine(level, carriageReturn);
      } else if (this.template.startsWith(level.open, this.at)) {
        carriageReturn = false;
        if (this.tag(level, tag, depth)) return level.nodes;
        level.startOfLine = false;
      } else {
        carriageReturn = false;
        level.onlyWhitespace &&= character === ' ' || character === '\t';
        level.out += character;
        this.at += 1;
      }
    }
    flush(level);
    if (tag !== undefined) throw new MustacheError(`Failed to close '${tag}' tag`);
    return level.nodes;
  }

  private endLine(level: Level, carriageReturn: boolean): void {
    this.at += 1;
    this.line += 1;
    if (!level.iterable || !level.onlyWhitespace) level.out += carriageReturn ? '\r\n' : '\n';
    flush(level);
    level.iterable = false;
    level.onlyWhitespace = true;
    level.startOfLine = true;
  }

  /** Handles one tag; true if it ends this level. */
  private tag(level: Level, tag: string | undefined, depth: number): boolean {
    const { command, closed } = this.command(level);
    if (command.length === 0) throw new MustacheError('Empty mustache');
    const variable = command.slice(1).trim();
    switch (command.charAt(0)) {
      case '#':
        this.section(level, 'section', variable, depth);
        return false;
      case '^':
        this.section(level, 'inverted', variable, depth);
        return false;
      case '$':
        this.section(level, 'block', variable, depth);
        return false;
      case '/':
        if (!level.startOfLine || !level.onlyWhitespace) flush(level);
        if (variable === tag) return true;
        throw new MustacheError(
          `Mismatched start/end tags: ${tag ?? 'null'} != ${variable} in line ${this.line}`,
        );
      case '>':
      case '<':
        throw new MustacheError(`Template ${variable} not found`);
      case '!':
      case '%':
        flush(level);
        return false;
      case '=':
        flush(level);
        changeDelimiters(level, variable);
        return false;
      default:
        this.value(level, command, variable, closed);
        return false;
    }
  }

  /** Reads what is between the delimiters. */
  private command(level: Level): { command: string; closed: boolean } {
    const start = this.at + level.open.length;
    // In a change of delimiters the closing ones count only behind the second `=`.
    const second = this.template.startsWith('=', start)
      ? this.template.indexOf('=', start + 1)
      : start;
    const end = second < 0 ? -1 : this.template.indexOf(level.close, second);
    const stop = end < 0 ? this.template.length : end;
    this.at = end < 0 ? stop : end + level.close.length;
    const text = this.template.slice(start, stop);
    return { command: text.startsWith('=') ? text.replace(/=$/, '') : text, closed: end >= 0 };
  }

  private section(
    level: Level,
    kind: 'section' | 'inverted' | 'block',
    name: string,
    depth: number,
  ): void {
    level.startOfLine &&= level.onlyWhitespace;
    const firstLine = this.line;
    const start = this.at;
    const nodes = this.parse(name, level.open, level.close, level.startOfLine, depth + 1);
    const source = this.template.slice(start, this.template.lastIndexOf(level.open, this.at - 1));
    const lines = this.line - firstLine;
    if (!level.onlyWhitespace || lines === 0) flush(level);
    level.out = '';
    level.nodes.push({ kind, name, nodes, source });
    level.iterable = lines !== 0;
  }

  private value(level: Level, command: string, variable: string, closed: boolean): void {
    if (!closed) throw new MustacheError('Improperly closed variable');
    flush(level);
    const sign = command.charAt(0);
    if (sign !== '{') {
      level.nodes.push({ kind: 'value', name: sign === '&' ? variable : command.trim() });
      return;
    }
    if (level.close.charAt(1) !== '}') {
      level.nodes.push({ kind: 'value', name: variable.slice(0, -1) });
      return;
    }
    if (this.template.charAt(this.at) !== '}') {
      throw new MustacheError(`Improperly closed variable in line ${this.line}`);
    }
    this.at += 1;
    level.nodes.push({ kind: 'value', name: variable });
  }
}

function flush(level: Level): void {
  if (level.out !== '') level.nodes.push({ kind: 'text', text: level.out });
  level.out = '';
}

function changeDelimiters(level: Level, text: string): void {
  const [open, close, ...rest] = text.split(/\s+/);
  if (!open || !close || rest.length > 0) {
    throw new MustacheError(`Invalid delimiter string: ${text}`);
  }
  level.open = open;
  level.close = close;
}
