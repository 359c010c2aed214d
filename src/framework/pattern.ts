/**
 * Regular expressions of strangers, matched in linear time: a pattern becomes a small automaton
 * that is run without going back (Thompson), so that no pattern can hold the scheduler up. The
 * syntax is java.util.regex's, without look-around and back-references; a match is of the whole
 * text. Pure.
 */
import { DcosError } from '../core/errors.js';

/** A compiled pattern. */
export interface Pattern {
  /** Whether the whole of `text` matches. */
  matches(text: string): boolean;
}

type CharTest = (char: string) => boolean;
type Node =
  | { readonly kind: 'char'; readonly test: CharTest }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'all' | 'any'; readonly items: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number };

const maxPatternLength = 1_000;
const maxTextLength = 4_096;
const maxDepth = 50;
const maxInstructions = 5_000;

/** Compiles a pattern. Throws `invalid` for what it cannot read or what would grow too large. */
export function compilePattern(source: string): Pattern {
  if (source.length > maxPatternLength) {
    throw wrong(source.slice(0, 40), `it is longer than ${maxPatternLength} characters`);
  }
  const program = assemble(new Parser(source).parse(), source);
  return { matches: (text) => text.length <= maxTextLength && run(program, text) };
}

function wrong(source: string, reason: string): DcosError {
  return new DcosError('invalid', `'${source}' is not a valid regular expression: ${reason}`);
}

const word: CharTest = (char) => /\w/.test(char);
const classes: Readonly<Record<string, CharTest>> = {
  d: (char) => char >= '0' && char <= '9',
  w: word,
  s: (char) => /[ \t\n\v\f\r]/.test(char),
  D: (char) => !(char >= '0' && char <= '9'),
  W: (char) => !word(char),
  S: (char) => !/[ \t\n\v\f\r]/.test(char),
};
const controls: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f' };

/** Recursive descent over one pattern. */
class Parser {
  readonly #source: string;
  readonly #chars: readonly string[];
  #at = 0;
  #depth = 0;
  #ignoreCase = false;

  constructor(source: string) {
    this.#source = source;
    this.#chars = [...source];
  }

  parse(): Node {
    if (this.#source.startsWith('(?i)')) {
      this.#ignoreCase = true;
      this.#at = 4;
    }
    const node = this.#alternatives();
    if (this.#at < this.#chars.length) throw wrong(this.#source, "a ')' too much");
    return node;
  }

  #alternatives(): Node {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw wrong(this.#source, 'its groups are nested too deep');
    const items = [this.#sequence()];
    while (this.#take('|')) items.push(this.#sequence());
    this.#depth -= 1;
    return { kind: 'any', items };
  }

  #sequence(): Node {
    const items: Node[] = [];
    for (
      let next = this.#peek();
      next !== undefined && next !== '|' && next !== ')';
      next = this.#peek()
    ) {
      items.push(this.#repeated(this.#atom()));
    }
    return { kind: 'all', items };
  }

  #atom(): Node {
    const char = this.#next();
    if (char === '(') return this.#group();
    if (char === '[') return { kind: 'char', test: this.#set() };
    if (char === '.') return { kind: 'char', test: (c) => c !== '\n' && c !== '\r' };
    if (char === '^') return { kind: 'start' };
    if (char === '$') return { kind: 'end' };
    if (char === '\\') return { kind: 'char', test: this.#escape() };
    if (char === '*' || char === '+' || char === '?')
      throw wrong(this.#source, `nothing to repeat before '${char}'`);
    return { kind: 'char', test: this.#literal(char) };
  }

  #group(): Node {
    if (this.#take('?') && !this.#take(':')) {
      throw wrong(this.#source, 'look-around, named groups and inner flags are not supported');
    }
    const node = this.#alternatives();
    if (!this.#take(')')) throw wrong(this.#source, "a ')' is missing");
    return node;
  }

  #repeated(item: Node): Node {
    const times = this.#times();
    if (times === undefined) return item;
    // Lazy and possessive forms find the same whole matches as the plain one, but possessive ones
    // that give nothing back.
    if (this.#take('+')) throw wrong(this.#source, 'possessive repetition is not supported');
    this.#take('?');
    const node: Node = { kind: 'repeat', item, min: times[0], max: times[1] };
    return this.#repeated(node);
  }

  #times(): [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#take('?')) return [0, 1];
    if (this.#peek() !== '{') return undefined;
    const found = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(
      this.#chars.slice(this.#at, this.#at + 12).join(''),
    );
    if (found === null) throw wrong(this.#source, "a '{' must begin a repetition such as {2,5}");
    this.#at += found[0].length;
    const min = Number(found[1]);
    const max =
      found[2] === undefined
        ? min
        : found[3] === undefined
          ? Number.POSITIVE_INFINITY
          : Number(found[3]);
    if (max < min) throw wrong(this.#source, `${found[0]} ends before it begins`);
    return [min, max];
  }

  #set(): CharTest {
    const negated = this.#take('^');
    const tests: CharTest[] = [];
    for (let first = true; ; first = false) {
      const char = this.#next();
      if (char === ']' && !first) break;
      if (char === '[' || (char === '&' && this.#peek() === '&')) {
        throw wrong(this.#source, 'sets inside of sets are not supported');
      }
      const single = char === '\\' ? this.#escapedLiteral() : char;
      if (typeof single !== 'string') tests.push(single);
      else tests.push(this.#range(single));
    }
    return (char) => tests.some((test) => test(char)) !== negated;
  }

  #range(from: string): CharTest {
    if (this.#peek() !== '-' || this.#chars[this.#at + 1] === ']') return this.#literal(from);
    this.#at += 1;
    const next = this.#next();
    const to = next === '\\' ? this.#escapedLiteral() : next;
    if (typeof to !== 'string' || to < from)
      throw wrong(this.#source, `the range ${from}-… is not in order`);
    if (!this.#ignoreCase) return (char) => char >= from && char <= to;
    return (char) =>
      [char, char.toLowerCase(), char.toUpperCase()].some((c) => c >= from && c <= to);
  }

  #escape(): CharTest {
    const literal = this.#escapedLiteral();
    return typeof literal === 'string' ? this.#literal(literal) : literal;
  }

  #escapedLiteral(): string | CharTest {
    const char = this.#next();
    const known = classes[char];
    if (known !== undefined) return known;
    if (controls[char] !== undefined) return controls[char];
    if (/[A-Za-z0-9]/.test(char)) throw wrong(this.#source, `\\${char} is not supported`);
    return char;
  }

  #literal(wanted: string): CharTest {
    if (!this.#ignoreCase) return (char) => char === wanted;
    return (char) => char.toLowerCase() === wanted.toLowerCase();
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at += 1;
    return true;
  }

  #next(): string {
    const char = this.#peek();
    if (char === undefined) throw wrong(this.#source, 'it ends too early');
    this.#at += 1;
    return char;
  }
}

type Instruction =
  | { readonly op: 'char'; readonly test: CharTest }
  | { readonly op: 'start' | 'end' | 'match' }
  /** Goes on at both; relative. */
  | { readonly op: 'split'; readonly a: number; readonly b: number };

function assemble(root: Node, source: string): Instruction[] {
  const emit = (node: Node): Instruction[] => {
    const code = emitNode(node);
    if (code.length > maxInstructions) throw wrong(source, 'its repetitions are too large');
    return code;
  };
  const emitNode = (node: Node): Instruction[] => {
    switch (node.kind) {
      case 'char':
        return [{ op: 'char', test: node.test }];
      case 'start':
      case 'end':
        return [{ op: node.kind }];
      case 'all':
        return node.items.flatMap(emit);
      case 'any':
        return alternatives(node.items.map(emit));
      case 'repeat':
        return repeat(emit(node.item), node.min, node.max, source);
    }
  };
  return [...emit(root), { op: 'match' }];
}

function alternatives(branches: readonly Instruction[][]): Instruction[] {
  let rest = branches.at(-1) ?? [];
  for (const code of branches.slice(0, -1).reverse()) {
    rest = [{ op: 'split', a: 1, b: code.length + 2 }, ...code, jump(rest.length + 1), ...rest];
  }
  return rest;
}

function jump(distance: number): Instruction {
  return { op: 'split', a: distance, b: distance };
}

function repeat(code: Instruction[], min: number, max: number, source: string): Instruction[] {
  const copies = Number.isFinite(max) ? max : min + 1;
  if (code.length * copies > maxInstructions) throw wrong(source, 'its repetitions are too large');
  const once = Array.from({ length: min }, () => code).flat();
  const skip: Instruction = { op: 'split', a: 1, b: code.length + 1 };
  if (Number.isFinite(max)) {
    return [...once, ...Array.from({ length: max - min }, () => [skip, ...code]).flat()];
  }
  const loop: Instruction = { op: 'split', a: 1, b: code.length + 2 };
  return [...once, loop, ...code, jump(-code.length - 1)];
}

function run(program: readonly Instruction[], text: string): boolean {
  const chars = [...text];
  let current = new Set<number>();
  follow(program, current, 0, 0, chars.length);
  for (const [index, char] of chars.entries()) {
    const next = new Set<number>();
    for (const at of current) {
      const instruction = program[at];
      if (instruction?.op === 'char' && instruction.test(char)) {
        follow(program, next, at + 1, index + 1, chars.length);
      }
    }
    if (next.size === 0) return false;
    current = next;
  }
  return current.has(program.length - 1);
}

/** Adds `from` and all that it leads to without taking a character. */
function follow(
  program: readonly Instruction[],
  into: Set<number>,
  from: number,
  position: number,
  end: number,
): void {
  const stack = [from];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (into.has(at)) continue;
    into.add(at);
    const instruction = program[at];
    if (instruction?.op === 'split') stack.push(at + instruction.a, at + instruction.b);
    else if (instruction?.op === 'start' && position === 0) stack.push(at + 1);
    else if (instruction?.op === 'end' && position === end) stack.push(at + 1);
  }
}
