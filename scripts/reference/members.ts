/** A member of an interface. */
export interface Member {
  readonly name: string
  readonly isOptional: boolean
  /** As in the source, in one line. Empty for a method. */
  readonly type: string
  /** The doc comment as Markdown, a paragraph for each. */
  readonly doc: readonly string[]
}

/** Returns the members of an interface or object type in a source file. Relies on the formatter: members are indented by two spaces. */
export function membersOf(source: string, name: string): readonly Member[] {
  const [, body] =
    new RegExp(`(?:interface|type|const) ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(source) ?? []
  if (body === undefined) throw new Error(`${name} was not found`)
  return membersIn(body.replaceAll(/^ {2}/gm, ''))
}

/** Returns the members in the text between the braces of a type, without indentation. */
export function membersIn(body: string): readonly Member[] {
  return [...body.matchAll(MEMBER)].map(({ groups = {} }) => ({
    name: (groups['name'] ?? '').replaceAll("'", ''),
    isOptional: groups['optional'] === '?',
    type: (groups['type'] ?? '').trim(),
    doc: paragraphsOf(groups['doc'] ?? ''),
  }))
}

const MEMBER =
  /^(?:\/\*\*(?<doc>(?:(?!\*\/)[\s\S])*)\*\/\n)?(?:readonly )?(?<name>'[\w.-]+'|\w+)(?<optional>\??)(?:\(|: ?)(?<type>[^\n]*(?:\n(?:[ }|][^\n]*|$))*)/gm

function paragraphsOf(comment: string): readonly string[] {
  const text = comment.replaceAll(/^ *\* ?/gm, '').trim()
  return text === ''
    ? []
    : text.split(/\n\n|\n(?=- )/).map((paragraph) => paragraph.replaceAll(/\s*\n\s*/g, ' '))
}

/** Returns a table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return lines
    .join('\n')
    .replaceAll('| --- ', '|---')
    .replaceAll('---|---|', '---|---|')
    .replaceAll('|--- |', '|---|')
}

/** Returns code for a cell of a table. */
export const code = (text: string): string => `\`${text.replaceAll('|', String.raw`\|`)}\``
