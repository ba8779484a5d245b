import { code, membersIn, membersOf, table, type Member } from './members.ts'

/** Sources by path. */
type Files = Readonly<Record<string, string>>

const EVENT_MAP = 'src/event-map.ts'

/** The tables of the page, with the first words of the names of their events. All others are events of the server. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'token events': ['authorization', 'personal-token', 'refresh', 'replay', 'revocation', 'token'],
  'user events': ['device', 'password', 'password-reset', 'session', 'sign-in', 'user'],
  'app events': ['app', 'client', 'consent'],
}

/** Returns the tables of all events, by name, from the sources. */
export function eventTables(files: Files): Readonly<Record<string, string>> {
  const events = membersOf(files[EVENT_MAP] ?? '', 'EventMap')
  const groupOf = (name: string): string =>
    Object.entries(GROUPS).find(([, words]) => words.includes(name.split('.')[0] ?? ''))?.[0] ??
    'server events'
  return Object.fromEntries(
    [...Object.keys(GROUPS), 'server events'].map((group) => [
      group,
      table(
        ['event', 'emitted when', 'payload'],
        events.filter(({ name }) => groupOf(name) === group).map((event) => row(files, event)),
      ),
    ]),
  )
}

const row = (files: Files, { name, doc, type }: Member): readonly string[] => [
  code(name),
  doc.join(' '),
  payloadOf(files[EVENT_MAP] ?? '', type)
    .filter((member) => member.name !== 'requestId')
    .map((member) => describe(files, member))
    .join(', '),
]

/** Returns the fields of a payload: those in braces, and those of the interfaces that it extends. */
function payloadOf(source: string, type: string): readonly Member[] {
  const named = [...type.replaceAll(/\{[\s\S]*\}/g, '').matchAll(/[A-Z]\w+/g)].flatMap(([name]) =>
    membersOf(source, name),
  )
  const [, body = ''] = /\{([\s\S]*)\}/.exec(type) ?? []
  const own = body.includes('\n') ? body.replaceAll(/^ {2}/gm, '') : body.trim().replaceAll('; ', '\n')
  return [...named, ...membersIn(own.trim())]
}

function describe(files: Files, { name, type, doc }: Member): string {
  const shown = literalsOf(files, type.replace(/^readonly /, ''))
  const note = doc.length > 0 ? [`(${doc.join(' ')})`] : []
  return [code(name), ...(shown === 'string' ? [] : [code(shown)]), ...note].join(' ')
}

/** Returns the values of a type that is a union of strings, and other types as they are. */
function literalsOf(files: Files, type: string): string {
  const declaration = new RegExp(`type ${type} =([\\s|]*(?:'[\\w-]+'[\\s|]*)+)\\n`)
  const found = Object.values(files)
    .map((source) => declaration.exec(source)?.[1])
    .find((body) => body !== undefined)
  return found === undefined ? type : (found.match(/'[\w-]+'/g) ?? []).join(' | ')
}
