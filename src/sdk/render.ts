/**
 * Templates of config files: the part of mustache that config files need. Values are put in as
 * they are, since what a config file must escape is its own affair; a name that does not exist is
 * an error, never an empty text.
 */
import { DcosError } from '../core/errors.js';
import { nearest } from '../core/suggest.js';

/** What templates see. */
export type TemplateValue =
  | string
  | number
  | boolean
  | undefined
  | readonly TemplateValue[]
  | { readonly [key: string]: TemplateValue };

/** A scope: names and their values. */
export type TemplateScope = { readonly [key: string]: TemplateValue };

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly path: readonly string[] }
  | {
      readonly kind: 'section';
      readonly path: readonly string[];
      readonly inverted: boolean;
      readonly body: readonly Node[];
    };

/** A template that was read. */
export interface Template {
  readonly nodes: readonly Node[];
}

const maxDepth = 20;
/** Base64 of it must fit into one variable of the environment (128 KiB on Linux). */
const maxRenderedBytes = 90 * 1024;

/**
 * Reads a template: `{{name}}`, `{{a.b.0.c}}` (also `a.b[0].c`), `{{#section}}…{{/section}}`,
 * `{{^inverted}}…{{/inverted}}`,
 * `{{! comment }}`. A section tag alone on its line leaves no line. Throws `invalid` with the
 * line of a malformed tag.
 */
export function parseTemplate(text: string): Template {
  // Standalone tags take their whole line with them, as in mustache.
  const source = text.replace(/^[ \t]*(\{\{[#^/!][^{}]*\}\})[ \t]*(?:\r?\n|$)/gm, '$1');
  const open: { path: string; inverted: boolean; body: Node[] }[] = [];
  const root: Node[] = [];
  let body = root;
  let position = 0;
  const lineAt = (index: number): number => source.slice(0, index).split('\n').length;
  for (const found of source.matchAll(/\{\{([#^/!&]?)\s*([^{}]*?)\s*\}\}/g)) {
    if (found.index > position) {
      body.push({ kind: 'text', text: source.slice(position, found.index) });
    }
    position = found.index + found[0].length;
    const [, sigil = '', name = ''] = found;
    if (sigil === '!') continue;
    const path = pathOf(name, lineAt(found.index));
    if (sigil === '/') {
      const section = open.pop();
      if (section?.path !== path.join('.')) throw malformed(name, lineAt(found.index));
      body = open.at(-1)?.body ?? root;
      body.push({ kind: 'section', path, inverted: section.inverted, body: section.body });
    } else if (sigil === '#' || sigil === '^') {
      if (open.length >= maxDepth) throw malformed(name, lineAt(found.index));
      const section = { path: path.join('.'), inverted: sigil === '^', body: [] };
      open.push(section);
      body = section.body;
    } else body.push({ kind: 'value', path });
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) throw malformed(unclosed.path, lineAt(source.length));
  body.push({ kind: 'text', text: source.slice(position) });
  return { nodes: root };
}

/**
 * Fills a template in. Throws `invalid` for a name that does not exist and for a result over 90
 * KiB.
 */
export function renderTemplate(template: Template, scope: TemplateScope): string {
  const text = renderNodes(template.nodes, [scope]);
  if (Buffer.byteLength(text) > maxRenderedBytes) {
    throw new DcosError('invalid', `a rendered template is larger than ${maxRenderedBytes} bytes`);
  }
  return text;
}

/** The first names of all paths in a template: `pods`, `BROKER_COUNT`… */
export function namesIn(template: Template): Set<string> {
  return new Set([...pathsIn(template)].map(([first = '']) => first));
}

/** The paths of all tags of a template. */
export function* pathsIn(template: Template): Generator<readonly string[]> {
  for (const node of template.nodes) {
    if (node.kind === 'text') continue;
    yield node.path;
    if (node.kind === 'section') yield* pathsIn({ nodes: node.body });
  }
}

function pathOf(name: string, line: number): readonly string[] {
  if (name === '.') return ['.'];
  const path = name.replace(/\[(\d+)\]/g, '.$1').split('.');
  if (path.some((part) => !/^[\w@-]+$/.test(part))) throw malformed(name, line);
  return path;
}

function malformed(name: string, line: number): DcosError {
  return new DcosError('invalid', `line ${line}: the tag '${name}' is malformed or not closed`);
}

function renderNodes(nodes: readonly Node[], scopes: readonly TemplateValue[]): string {
  return nodes.map((node) => renderNode(node, scopes)).join('');
}

function renderNode(node: Node, scopes: readonly TemplateValue[]): string {
  if (node.kind === 'text') return node.text;
  const value = lookup(node.path, scopes);
  if (node.kind === 'value') return textOf(value, node.path, scopes);
  const empty = isEmpty(value);
  if (node.inverted) return empty ? renderNodes(node.body, scopes) : '';
  if (empty) return '';
  const items = Array.isArray(value) ? (value as readonly TemplateValue[]) : [value];
  return items.map((item) => renderNodes(node.body, [...scopes, item])).join('');
}

function textOf(
  value: TemplateValue,
  path: readonly string[],
  scopes: readonly TemplateValue[],
): string {
  const name = path.join('.');
  if (value === undefined) {
    const known = scopes.flatMap((scope) => (isScope(scope) ? Object.keys(scope) : []));
    const near = nearest(path[0] ?? '', known);
    throw new DcosError('invalid', `the template names '${name}', which does not exist`, {
      ...(near ? { hint: `Did you mean '${near}'?` } : {}),
    });
  }
  if (typeof value === 'object') {
    throw new DcosError('invalid', `the template puts in '${name}', which is no single value`);
  }
  return String(value);
}

/** The innermost scope that has the first name decides. */
function lookup(path: readonly string[], scopes: readonly TemplateValue[]): TemplateValue {
  const [first = '', ...rest] = path;
  if (first === '.') return scopes.at(-1);
  const scope = scopes.findLast(
    (candidate) => isScope(candidate) && Object.hasOwn(candidate, first),
  );
  let value: TemplateValue = isScope(scope) ? scope[first] : undefined;
  for (const name of rest) value = memberOf(value, name);
  return value;
}

function memberOf(value: TemplateValue, name: string): TemplateValue {
  if (Array.isArray(value)) return (value as readonly TemplateValue[])[Number(name)];
  return isScope(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isScope(value: TemplateValue): value is TemplateScope {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `false` as a text counts: options reach templates as texts. */
function isEmpty(value: TemplateValue): boolean {
  return (
    value === undefined ||
    value === false ||
    value === '' ||
    value === 'false' ||
    (Array.isArray(value) && value.length === 0)
  );
}
