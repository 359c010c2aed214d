/**
 * The notation of the message definitions beside this file. One definition begins a line:
 * `message Name: field…` or `enum Name: VALUE=number…`, and goes on over lines that are indented. A
 * field is `name`, a mark, its type, `=` and its number; the marks are `!` required, `?` optional,
 * `*` repeated, `%` a map from strings. Types are those of proto2, or full names.
 */
import type { INamespace } from 'protobufjs';

const rules: Readonly<Record<string, string>> = {
  '!': 'required',
  '?': 'optional',
  '*': 'repeated',
};

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
type Node = Mutable<INamespace> & {
  edition?: string;
  nested?: Record<string, Node>;
  fields?: Record<string, unknown>;
  values?: Record<string, number>;
};

/** The definitions as protobufjs takes them, all under `mesos`. */
export function namespaceOf(texts: readonly string[]): INamespace {
  const root: Node = { nested: {} };
  for (const line of texts.join('\n').replaceAll(/\n +/g, ' ').split('\n')) {
    const [, kind, name = '', body = ''] = /^(message|enum) ([\w.]+):(.*)$/.exec(line) ?? [];
    if (kind === undefined) continue;
    const node = nodeAt(root, name);
    // Else protobufjs takes it for proto3, which loses values that are defaults.
    node.edition = 'proto2';
    const words = body.split(' ').filter((word) => word !== '');
    if (kind === 'enum') node.values = Object.fromEntries(words.map(enumValue));
    else node.fields = Object.fromEntries(words.map(field));
  }
  return root;
}

function nodeAt(root: Node, name: string): Node {
  let node = root;
  for (const part of ['mesos', ...name.split('.')]) {
    node.nested ??= {};
    node.nested[part] ??= {};
    node = node.nested[part] as Node;
  }
  return node;
}

function enumValue(word: string): [string, number] {
  const [name = '', value] = word.split('=');
  return [name, Number(value)];
}

const scalars = /^(?:double|float|u?int(?:32|64)|bool|string|bytes)$/;

function field(word: string): [string, unknown] {
  const [, name = '', mark = '', type = '', id] = /^(\w+)([!?*%])([\w.]+)=(\d+)$/.exec(word) ?? [];
  const full = scalars.test(type) ? type : `.mesos.${type}`;
  if (mark === '%') return [name, { keyType: 'string', type: full, id: Number(id) }];
  return [name, { rule: rules[mark], type: full, id: Number(id) }];
}
