import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { textsIn } from './texts-in.ts'

/** The secrets of a test run, none of which may appear in logs, events or the database. */
export interface KnownSecrets {
  /** Adds a secret and its kind. Returns the secret. */
  add(kind: string, value: string): string
  readonly entries: ReadonlyMap<string, string>
}

/** The places to search. */
export interface Places {
  readonly logs: readonly string[]
  readonly events: readonly unknown[]
  /** A SQLite file. Its journal is searched too. */
  readonly file: string
}

/** Makes an empty knownSecrets. */
export function createKnownSecrets(): KnownSecrets {
  const entries = new Map<string, string>()
  return {
    entries,
    add(kind, value) {
      // Shorter values could match by chance. User codes are the shortest secrets.
      if (value.length >= 8) entries.set(value, kind)
      return value
    },
  }
}

/** Returns every secret that is found: `access token in the log: …`. */
export function findLeaks({ entries }: KnownSecrets, { logs, events, file }: Places): readonly string[] {
  const places: Readonly<Record<string, string>> = {
    'the log': logs.join(''),
    'the events': JSON.stringify(events),
    'the tables': dumpTables(file),
    'the bytes of the file': bytesOf(file),
    'the bytes of its journal': bytesOf(`${file}-wal`),
  }
  const kinds = new Map([...entries].flatMap(([value, kind]) => spellings(value).map((text) => [text, kind])))
  return Object.entries(places).flatMap(([place, text]) =>
    textsIn(text, [...kinds.keys()]).map((found) => `${kinds.get(found)} in ${place}: ${found}`),
  )
}

/** Returns every row of every table as text. */
export function dumpTables(file: string): string {
  if (!existsSync(file)) return ''
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
    const rows = tables.flatMap(({ name }) => database.prepare(`select * from "${String(name)}"`).all())
    return rows.map((row) => Object.values(row).map(String).join('\n')).join('\n')
  } finally {
    database.close()
  }
}

const bytesOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'latin1') : '')

/** Returns the value, and its last part if it has several: the signature of a JWT is a secret too. */
function spellings(value: string): readonly string[] {
  const last = value.split('.').at(-1) ?? value
  return last.length >= 43 && last !== value ? [value, last] : [value]
}
