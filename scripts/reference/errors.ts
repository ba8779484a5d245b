import { code, membersIn, table } from './members.ts'

/** Returns the table of all error codes from the source of their statuses. */
export function errorTable(source: string): string {
  const [, body = ''] = /const STATUS = \{\n([\s\S]*?)\n\}/.exec(source) ?? []
  const rows = membersIn(body.replaceAll(/^ {2}/gm, '')).flatMap(({ name, type, doc }) => {
    const others = doc
      .map((paragraph) => /^- (?<status>[\d, ]+): (?<when>.*)$/.exec(paragraph)?.groups)
      .filter((row) => row !== undefined)
    const when = doc.filter((paragraph) => !/^- [\d, ]+: /.test(paragraph)).join(' ')
    return [
      [code(name), type.replace(/,$/, ''), when],
      ...others.map(({ status = '', when: other = '' }) => ['', status, other]),
    ]
  })
  return table(['code', 'status', 'when'], rows)
}
